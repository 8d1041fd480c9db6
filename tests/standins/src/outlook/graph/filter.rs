//! `$filter` on events, and the `$filter` inside `$expand`.
//!
//! Only what Graph documents for calendars; anything else is refused, never ignored.

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;

use super::super::event::Event;
use super::error::GraphError;
use super::extended;
use super::words::{Word, words};

/// Conditions that must all hold.
#[derive(Debug, Default)]
pub(super) struct Filter(Vec<Condition>);

#[derive(Debug)]
enum Condition {
    Property {
        id: String,
        value: String,
    },
    Text {
        field: Field,
        value: String,
    },
    Time {
        start: bool,
        order: Order,
        value: DateTime<Utc>,
    },
}

#[derive(Clone, Copy, Debug)]
enum Field {
    Subject,
    ICalUid,
}

#[derive(Clone, Copy, Debug)]
enum Order {
    Before,
    NotAfter,
    After,
    NotBefore,
}

fn wrong(what: &str) -> GraphError {
    GraphError::new(
        400,
        "ErrorInvalidUrlQueryFilter",
        format!("Invalid filter clause: {what}"),
    )
}

impl Filter {
    pub(super) fn parse(text: &str) -> Result<Self, GraphError> {
        let words = words(text).ok_or_else(|| wrong("it cannot be read"))?;
        let mut rest = words.as_slice();
        let mut conditions = Vec::new();
        loop {
            let (condition, after) = condition(rest)?;
            conditions.push(condition);
            match after {
                [] => return Ok(Self(conditions)),
                [Word::Name(and), after @ ..] if and == "and" => rest = after,
                _ => return Err(wrong("only 'and' joins conditions here")),
            }
        }
    }

    pub(super) fn fits(&self, event: &Event) -> bool {
        self.0.iter().all(|condition| match condition {
            Condition::Property { id, value } => event.properties.get(id) == Some(value),
            Condition::Text {
                field: Field::Subject,
                value,
            } => event.text("subject") == value,
            Condition::Text {
                field: Field::ICalUid,
                value,
            } => event.ical_uid == *value,
            Condition::Time {
                start,
                order,
                value,
            } => {
                let (first, last) = event.when.range(Tz::UTC);
                let time = if *start { first } else { last };
                match order {
                    Order::Before => time < *value,
                    Order::NotAfter => time <= *value,
                    Order::After => time > *value,
                    Order::NotBefore => time >= *value,
                }
            }
        })
    }
}

fn condition(words: &[Word]) -> Result<(Condition, &[Word]), GraphError> {
    if let [
        Word::Name(any),
        Word::Sign('('),
        Word::Name(variable),
        Word::Sign(':'),
        rest @ ..,
    ] = words
    {
        if any.eq_ignore_ascii_case("singleValueExtendedProperties/any") {
            return property(variable, rest);
        }
        return Err(wrong("there is no such collection"));
    }
    let [
        Word::Name(field),
        Word::Name(operator),
        Word::Text(value),
        rest @ ..,
    ] = words
    else {
        return Err(wrong("expected: property operator 'text'"));
    };
    let condition = match (field.as_str(), operator.as_str()) {
        ("subject", "eq") => Condition::Text {
            field: Field::Subject,
            value: value.clone(),
        },
        ("iCalUId", "eq") => Condition::Text {
            field: Field::ICalUid,
            value: value.clone(),
        },
        ("start/dateTime" | "end/dateTime", operator) => {
            let order = match operator {
                "lt" => Order::Before,
                "le" => Order::NotAfter,
                "gt" => Order::After,
                "ge" => Order::NotBefore,
                _ => return Err(wrong("unknown operator")),
            };
            let value = time(value).ok_or_else(|| wrong("not a time"))?;
            Condition::Time {
                start: field == "start/dateTime",
                order,
                value,
            }
        }
        _ => {
            return Err(wrong(&format!(
                "'{field}' cannot be filtered by '{operator}'"
            )));
        }
    };
    Ok((condition, rest))
}

/// `ep/id eq '...' and ep/value eq '...')`
fn property<'a>(variable: &str, words: &'a [Word]) -> Result<(Condition, &'a [Word]), GraphError> {
    let [
        Word::Name(id_field),
        Word::Name(first),
        Word::Text(id),
        Word::Name(and),
        Word::Name(value_field),
        Word::Name(second),
        Word::Text(value),
        Word::Sign(')'),
        rest @ ..,
    ] = words
    else {
        return Err(wrong(
            "expected: any(ep: ep/id eq '...' and ep/value eq '...')",
        ));
    };
    let fields = (format!("{variable}/id"), format!("{variable}/value"));
    if (id_field, value_field) != (&fields.0, &fields.1)
        || (first.as_str(), and.as_str(), second.as_str()) != ("eq", "and", "eq")
    {
        return Err(wrong(
            "expected: any(ep: ep/id eq '...' and ep/value eq '...')",
        ));
    }
    Ok((
        Condition::Property {
            id: extended::id(id)?,
            value: value.clone(),
        },
        rest,
    ))
}

/// `singleValueExtendedProperties($filter=id eq '...' or id eq '...')`: the ids.
pub(super) fn expanded(text: &str) -> Result<Vec<String>, GraphError> {
    let wrong = || {
        GraphError::query("Only singleValueExtendedProperties($filter=id eq '...') can be expanded")
    };
    let words = words(text).ok_or_else(wrong)?;
    let [
        Word::Name(name),
        Word::Sign('('),
        Word::Name(filter),
        Word::Sign('='),
        inner @ ..,
        Word::Sign(')'),
    ] = words.as_slice()
    else {
        return Err(wrong());
    };
    if name != "singleValueExtendedProperties" || filter != "$filter" {
        return Err(wrong());
    }
    let mut ids = Vec::new();
    let mut rest = inner;
    loop {
        let [
            Word::Name(field),
            Word::Name(eq),
            Word::Text(id),
            after @ ..,
        ] = rest
        else {
            return Err(wrong());
        };
        if (field.as_str(), eq.as_str()) != ("id", "eq") {
            return Err(wrong());
        }
        ids.push(extended::id(id)?);
        match after {
            [] => return Ok(ids),
            [Word::Name(or), after @ ..] if or == "or" => rest = after,
            _ => return Err(wrong()),
        }
    }
}

/// A time of a query: with an offset, or in UTC without one.
pub(super) fn time(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let naive = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok();
    naive
        .or_else(|| text.parse::<chrono::NaiveDate>().ok()?.and_hms_opt(0, 0, 0))
        .map(|time| time.and_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "String {66f5a359-4659-4830-9070-00040ec6ac6e} Name calport";

    #[test]
    fn filters_that_graph_documents_are_read() {
        for filter in [
            &format!(
                "singleValueExtendedProperties/Any(ep: ep/id eq '{ID}' and ep/value eq 'it''s')"
            ),
            "iCalUId eq '04'",
            "start/dateTime ge '2026-12-01T00:00:00' and end/dateTime lt '2026-12-02T00:00:00Z'",
        ] {
            assert!(Filter::parse(filter).is_ok(), "{filter}");
        }
        let expand = format!("singleValueExtendedProperties($filter=id eq '{ID}')");
        assert_eq!(expanded(&expand).unwrap(), [ID]);
    }

    #[test]
    fn other_filters_are_refused() {
        for filter in [
            "",
            "subject eq 'a' or subject eq 'b'",
            "transactionId eq 'x'",
            "subject eq 'unended",
            "singleValueExtendedProperties/any(ep: ep/value eq 'x')",
            "singleValueExtendedProperties/any(ep: ep/id eq 'calport' and ep/value eq 'x')",
            "start/dateTime ge 'soon'",
        ] {
            assert!(Filter::parse(filter).is_err(), "{filter}");
        }
    }
}
