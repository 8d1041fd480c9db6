//! Graph's structured recurrence as an RRULE, for expansion.
//!
//! Graph's reference, "recurrencePattern" and "recurrenceRange". What it requires is required, and where Outlook
//! differs from RFC 5545 (a month without a 31st) this does as Outlook does.

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde_json::Value;

use super::super::zones;
use super::error::GraphError;

/// The longest series that Outlook keeps by number ([MS-OXOCAL] 2.2.1.44.1).
const MOST_OCCURRENCES: i64 = 999;

/// The rule of a series that begins on `first` in `zone`, without `RRULE:`.
pub(super) fn rule(
    value: &Value,
    first: NaiveDate,
    zone: Tz,
    all_day: bool,
) -> Result<String, GraphError> {
    let wrong = |what: &str| GraphError::property(format!("recurrence: {what}"));
    let pattern = value
        .get("pattern")
        .ok_or_else(|| wrong("pattern is missing"))?;
    let range = value
        .get("range")
        .ok_or_else(|| wrong("range is missing"))?;
    let text = |of: &Value, name: &str| of.get(name).and_then(Value::as_str).map(str::to_owned);
    let whole = |of: &Value, name: &str| {
        of.get(name)
            .and_then(Value::as_i64)
            .filter(|number| *number != 0)
    };

    let most = if text(pattern, "type").as_deref() == Some("daily") {
        999
    } else {
        99
    };
    let interval = whole(pattern, "interval").filter(|number| (1..=most).contains(number));
    let interval = interval.ok_or_else(|| wrong("interval is missing or too large"))?;
    let day = || {
        let day = whole(pattern, "dayOfMonth").filter(|day| (1..=31).contains(day));
        day.map(by_month_day)
            .ok_or_else(|| wrong("dayOfMonth must be 1 to 31"))
    };
    let month = || {
        let month = whole(pattern, "month").filter(|month| (1..=12).contains(month));
        month
            .map(|month| format!(";BYMONTH={month}"))
            .ok_or_else(|| wrong("month must be 1 to 12"))
    };
    let days = || {
        let days = pattern.get("daysOfWeek").and_then(Value::as_array);
        let days = days.map(|days| {
            days.iter()
                .map(|day| weekday(day.as_str()?))
                .collect::<Option<Vec<_>>>()
        });
        let days = days.flatten().filter(|days| !days.is_empty());
        days.map(|days| days.join(","))
            .ok_or_else(|| wrong("daysOfWeek is missing or unknown"))
    };
    let nth = || {
        let index = text(pattern, "index").unwrap_or_else(|| "first".into());
        let index = ["first", "second", "third", "fourth", "last"]
            .iter()
            .position(|known| *known == index);
        let index = index.ok_or_else(|| wrong("index is unknown"))?;
        let position = if index == 4 {
            "-1".to_owned()
        } else {
            (index + 1).to_string()
        };
        // The first of the days that fits, where there are several.
        Ok::<_, GraphError>(format!(";BYDAY={};BYSETPOS={position}", days()?))
    };
    let mut rule = match text(pattern, "type").as_deref() {
        Some("daily") => format!("FREQ=DAILY;INTERVAL={interval}"),
        Some("weekly") => {
            let first = text(pattern, "firstDayOfWeek").and_then(|day| weekday(&day));
            let first = first.ok_or_else(|| wrong("firstDayOfWeek is missing or unknown"))?;
            format!(
                "FREQ=WEEKLY;INTERVAL={interval};WKST={first};BYDAY={}",
                days()?
            )
        }
        Some("absoluteMonthly") => format!("FREQ=MONTHLY;INTERVAL={interval}{}", day()?),
        Some("relativeMonthly") => format!("FREQ=MONTHLY;INTERVAL={interval}{}", nth()?),
        Some("absoluteYearly") => format!("FREQ=YEARLY;INTERVAL={interval}{}{}", month()?, day()?),
        Some("relativeYearly") => format!("FREQ=YEARLY;INTERVAL={interval}{}{}", month()?, nth()?),
        Some(_) | None => return Err(wrong("type is missing or unknown")),
    };

    let date = |name: &str| {
        let date = text(range, name).and_then(|date| date.parse::<NaiveDate>().ok());
        date.ok_or_else(|| wrong(&format!("{name} is missing or no date")))
    };
    if date("startDate")? != first {
        return Err(wrong("startDate must be the day of start"));
    }
    if let Some(name) = text(range, "recurrenceTimeZone").filter(|name| !name.is_empty()) {
        let given = zones::zone(&name).ok_or_else(|| GraphError::zone(&name))?;
        if zones::windows_name(given) != zones::windows_name(zone) {
            return Err(wrong("recurrenceTimeZone must be the zone of start"));
        }
    }
    match text(range, "type").as_deref() {
        Some("noEnd") => {}
        Some("numbered") => {
            let count = whole(range, "numberOfOccurrences");
            let count = count.filter(|count| (1..=MOST_OCCURRENCES).contains(count));
            let count = count.ok_or_else(|| wrong("numberOfOccurrences must be 1 to 999"))?;
            rule.push_str(&format!(";COUNT={count}"));
        }
        Some("endDate") => {
            let end = date("endDate")?;
            if end < first {
                return Err(wrong("endDate lies before startDate"));
            }
            rule.push_str(&format!(";UNTIL={}", until(end, zone, all_day)));
        }
        Some(_) | None => return Err(wrong("the range's type is missing or unknown")),
    }
    Ok(rule)
}

/// The whole of the last day belongs to the series.
fn until(end: NaiveDate, zone: Tz, all_day: bool) -> String {
    if all_day {
        return end.format("%Y%m%d").to_string();
    }
    let last = end.and_hms_opt(23, 59, 59).unwrap_or_default();
    crate::zoned::local(last, zone)
        .to_utc()
        .format("%Y%m%dT%H%M%SZ")
        .to_string()
}

/// In a month that has no such day Outlook takes the last one.
fn by_month_day(day: i64) -> String {
    if day <= 28 {
        return format!(";BYMONTHDAY={day}");
    }
    let days: Vec<String> = (28..=day).map(|day| day.to_string()).collect();
    format!(";BYMONTHDAY={};BYSETPOS=-1", days.join(","))
}

fn weekday(name: &str) -> Option<&'static str> {
    Some(match name {
        "monday" => "MO",
        "tuesday" => "TU",
        "wednesday" => "WE",
        "thursday" => "TH",
        "friday" => "FR",
        "saturday" => "SA",
        "sunday" => "SU",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(pattern: Value, range: Value) -> Result<String, GraphError> {
        let first = NaiveDate::from_ymd_opt(2026, 12, 1).unwrap();
        rule(
            &json!({ "pattern": pattern, "range": range }),
            first,
            Tz::Europe__London,
            false,
        )
    }

    #[test]
    fn patterns_become_rules() {
        let endless = json!({ "type": "noEnd", "startDate": "2026-12-01" });
        for (pattern, wanted) in [
            (
                json!({ "type": "daily", "interval": 2 }),
                "FREQ=DAILY;INTERVAL=2",
            ),
            (
                json!({ "type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"], "firstDayOfWeek": "monday" }),
                "FREQ=WEEKLY;INTERVAL=1;WKST=MO;BYDAY=TU",
            ),
            (
                json!({ "type": "absoluteMonthly", "interval": 1, "dayOfMonth": 30 }),
                "FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=28,29,30;BYSETPOS=-1",
            ),
            (
                json!({ "type": "relativeYearly", "interval": 1, "month": 12, "index": "last", "daysOfWeek": ["friday"] }),
                "FREQ=YEARLY;INTERVAL=1;BYMONTH=12;BYDAY=FR;BYSETPOS=-1",
            ),
        ] {
            assert_eq!(of(pattern, endless.clone()).unwrap(), wanted);
        }
        let daily = json!({ "type": "daily", "interval": 1 });
        let ends = json!({ "type": "endDate", "startDate": "2026-12-01", "endDate": "2026-12-03" });
        assert!(
            of(daily, ends)
                .unwrap()
                .ends_with(";UNTIL=20261203T235959Z")
        );
    }

    #[test]
    fn incomplete_patterns_and_ranges_are_refused() {
        let daily = json!({ "type": "daily", "interval": 1 });
        let endless = json!({ "type": "noEnd", "startDate": "2026-12-01" });
        for (pattern, range) in [
            (json!({ "type": "daily" }), endless.clone()),
            (json!({ "type": "hourly", "interval": 1 }), endless.clone()),
            (
                json!({ "type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"] }),
                endless.clone(),
            ),
            (
                json!({ "type": "weekly", "interval": 1, "firstDayOfWeek": "monday" }),
                endless.clone(),
            ),
            (
                json!({ "type": "absoluteMonthly", "interval": 1 }),
                endless.clone(),
            ),
            (
                json!({ "type": "absoluteYearly", "interval": 1, "dayOfMonth": 1 }),
                endless,
            ),
            (daily.clone(), json!({ "type": "noEnd" })),
            (
                daily.clone(),
                json!({ "type": "noEnd", "startDate": "2026-12-02" }),
            ),
            (
                daily.clone(),
                json!({ "type": "numbered", "startDate": "2026-12-01" }),
            ),
            (
                daily.clone(),
                json!({ "type": "numbered", "startDate": "2026-12-01", "numberOfOccurrences": 1000 }),
            ),
            (
                daily.clone(),
                json!({ "type": "endDate", "startDate": "2026-12-01", "endDate": "2026-11-30" }),
            ),
            (
                daily,
                json!({ "type": "noEnd", "startDate": "2026-12-01", "recurrenceTimeZone": "UTC" }),
            ),
        ] {
            assert!(
                of(pattern.clone(), range.clone()).is_err(),
                "{pattern} {range}"
            );
        }
    }
}
