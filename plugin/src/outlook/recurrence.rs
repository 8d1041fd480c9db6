//! Recurrence rules as Graph's patterns and ranges. What Graph would show on other
//! days than every other calendar is refused, with the part's name: a booking that
//! is an hour or a day off is worse than one that is not there.

use serde_json::Value;

use crate::bindings::calport::calendar::types::InvalidField;
use crate::event::rrule::{End, Frequency, Rule, Weekday};
use crate::fault::field;
use crate::json::object;
use crate::time::{Date, days_in_month};

/// Exchange keeps the number of occurrences in so many digits.
const MOST_OCCURRENCES: u32 = 999;

/// The last day that every month has.
const LAST_SAFE_DAY: u8 = 28;

/// When a rule ends, in days of the event's own zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LastDay {
    Never,
    Count(u32),
    On(Date),
}

/// `recurrence` of an event. `start` is the first day in the event's own zone;
/// `zone` is Windows' name for it.
pub(super) fn patterned<T>(
    rule: &Rule<T>,
    start: Date,
    last: LastDay,
    zone: &str,
) -> Result<Value, InvalidField> {
    let pattern = Pattern::of(rule, start)?;
    if !pattern.meets(start) {
        return Err(refuse(
            "leaves out the day that the event starts on, which Outlook cannot show",
            "start on a day of the rule",
        ));
    }
    let mut range = vec![
        ("startDate", start.to_string().into()),
        ("recurrenceTimeZone", zone.into()),
    ];
    match last {
        LastDay::Never => range.push(("type", "noEnd".into())),
        LastDay::Count(count) if count > MOST_OCCURRENCES => {
            return Err(refuse(
                "has a COUNT beyond what Outlook holds",
                "send 1 to 999, or UNTIL",
            ));
        }
        LastDay::Count(count) => {
            range.extend([
                ("type", "numbered".into()),
                ("numberOfOccurrences", count.into()),
            ]);
        }
        LastDay::On(day) => range.extend([
            ("type", "endDate".into()),
            ("endDate", day.to_string().into()),
        ]),
    }
    Ok(object(vec![
        ("pattern", pattern.value(rule.interval)),
        ("range", object(range)),
    ]))
}

/// Until when a rule goes, in days: the last occurrence must not start later than
/// UNTIL, so that UNTIL's own day counts only from the event's time of day on.
pub(super) fn last_day(rule: &Rule<i64>, start: i64, local: impl Fn(i64) -> i64) -> LastDay {
    match rule.end {
        End::Never => LastDay::Never,
        End::Count(count) => LastDay::Count(count),
        End::Until(until) => {
            let (start, until) = (local(start), local(until));
            let day = Date::of(until);
            let reaches = until - day.midnight() >= start - Date::of(start).midnight();
            LastDay::On(if reaches { day } else { Date(day.0 - 1) })
        }
    }
}

/// Graph's `recurrencePattern`, as far as rules map to it.
#[derive(Debug)]
enum Pattern {
    Daily,
    Weekly {
        days: Vec<Weekday>,
        first: Weekday,
    },
    AbsoluteMonthly {
        day: u8,
    },
    RelativeMonthly {
        days: Vec<Weekday>,
        index: Index,
    },
    AbsoluteYearly {
        month: u8,
        day: u8,
    },
    RelativeYearly {
        month: u8,
        days: Vec<Weekday>,
        index: Index,
    },
}

/// Which of the days that fit; Graph has no fifth one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Index {
    Nth(u8),
    Last,
}

impl Pattern {
    fn of<T>(rule: &Rule<T>, start: Date) -> Result<Self, InvalidField> {
        if !rule.weeks.is_empty() {
            return Err(unknown("BYWEEKNO"));
        }
        if !rule.year_days.is_empty() {
            return Err(unknown("BYYEARDAY"));
        }
        let (_, month, day) = start.parts();
        match rule.frequency {
            Frequency::Daily | Frequency::Weekly => Self::of_days(rule, start),
            Frequency::Monthly => {
                if !rule.months.is_empty() {
                    return Err(unknown("BYMONTH in a monthly rule"));
                }
                if let Some((days, index)) = relative(rule)? {
                    return Ok(Self::RelativeMonthly { days, index });
                }
                if !rule.days.is_empty() {
                    // Every such weekday of every month is every such weekday.
                    return match rule.interval {
                        1 => Self::of_days(rule, start),
                        _ => Err(unknown("BYDAY without a number and an INTERVAL")),
                    };
                }
                let day = single_day(rule)?.unwrap_or(day);
                if day > LAST_SAFE_DAY {
                    return Err(short_months());
                }
                Ok(Self::AbsoluteMonthly { day })
            }
            Frequency::Yearly => {
                let named = match rule.months.as_slice() {
                    [] => None,
                    [month] => Some(*month),
                    _ => return Err(unknown("more than one month in BYMONTH")),
                };
                if let Some((days, index)) = relative(rule)? {
                    let month =
                        named.ok_or_else(|| unknown("BYDAY without BYMONTH in a yearly rule"))?;
                    return Ok(Self::RelativeYearly { month, days, index });
                }
                if !rule.days.is_empty() {
                    return Err(unknown("BYDAY without a number in a yearly rule"));
                }
                let given = single_day(rule)?;
                if given.is_some() && named.is_none() {
                    return Err(unknown("BYMONTHDAY without BYMONTH in a yearly rule"));
                }
                let (month, day) = (named.unwrap_or(month), given.unwrap_or(day));
                // 2027 is a common year: only 29 February is not there in every year.
                if day > days_in_month(2027, month) {
                    return Err(short_months());
                }
                Ok(Self::AbsoluteYearly { month, day })
            }
        }
    }

    fn of_days<T>(rule: &Rule<T>, start: Date) -> Result<Self, InvalidField> {
        if !rule.months.is_empty() {
            return Err(unknown("BYMONTH in a daily or weekly rule"));
        }
        if !rule.month_days.is_empty() {
            return Err(unknown("BYMONTHDAY beside other days"));
        }
        if !rule.positions.is_empty() {
            return Err(unknown("BYSETPOS in a daily or weekly rule"));
        }
        if rule.frequency == Frequency::Daily && rule.days.is_empty() {
            return Ok(Self::Daily);
        }
        if rule.frequency == Frequency::Daily && rule.interval != 1 {
            return Err(unknown("BYDAY and INTERVAL in a daily rule"));
        }
        let mut days: Vec<Weekday> = rule.days.iter().map(|day| day.weekday).collect();
        if days.is_empty() {
            days.push(weekday(start));
        }
        // RFC 5545's weeks begin on Monday unless WKST says otherwise, Graph's on Sunday.
        Ok(Self::Weekly {
            days,
            first: rule.week_start.unwrap_or(Weekday::Monday),
        })
    }

    fn value(&self, interval: u32) -> Value {
        let (name, mut fields): (&str, Vec<(&'static str, Value)>) = match self {
            Self::Daily => ("daily", Vec::new()),
            Self::Weekly { days, first } => (
                "weekly",
                vec![
                    ("daysOfWeek", names(days)),
                    ("firstDayOfWeek", name(*first).into()),
                ],
            ),
            Self::AbsoluteMonthly { day } => {
                ("absoluteMonthly", vec![("dayOfMonth", (*day).into())])
            }
            Self::RelativeMonthly { days, index } => (
                "relativeMonthly",
                vec![("daysOfWeek", names(days)), ("index", index.name().into())],
            ),
            Self::AbsoluteYearly { month, day } => (
                "absoluteYearly",
                vec![("month", (*month).into()), ("dayOfMonth", (*day).into())],
            ),
            Self::RelativeYearly { month, days, index } => (
                "relativeYearly",
                vec![
                    ("month", (*month).into()),
                    ("daysOfWeek", names(days)),
                    ("index", index.name().into()),
                ],
            ),
        };
        fields.extend([("type", name.into()), ("interval", interval.into())]);
        object(fields)
    }

    /// Whether the event's own start is one of the pattern's days: Graph would move
    /// the first occurrence to one, others keep it where it is.
    fn meets(&self, start: Date) -> bool {
        let (year, month, day) = start.parts();
        match self {
            Self::Daily => true,
            Self::Weekly { days, .. } => days.contains(&weekday(start)),
            Self::AbsoluteMonthly { day: only } => day == *only,
            Self::AbsoluteYearly {
                month: only,
                day: that,
            } => (month, day) == (*only, *that),
            Self::RelativeMonthly { days, index } => {
                index.of_month(year, month, days) == Some(start)
            }
            Self::RelativeYearly {
                month: only,
                days,
                index,
            } => month == *only && index.of_month(year, month, days) == Some(start),
        }
    }
}

impl Index {
    fn of(position: i16) -> Option<Self> {
        match position {
            -1 => Some(Self::Last),
            1..=4 => u8::try_from(position).ok().map(Self::Nth),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Nth(1) => "first",
            Self::Nth(2) => "second",
            Self::Nth(3) => "third",
            Self::Nth(_) => "fourth",
            Self::Last => "last",
        }
    }

    fn of_month(self, year: i64, month: u8, days: &[Weekday]) -> Option<Date> {
        let mut fitting = (1..=days_in_month(year, month))
            .filter_map(|day| Date::new(year, month, day))
            .filter(|date| days.contains(&weekday(*date)));
        match self {
            Self::Nth(nth) => fitting.nth(usize::from(nth).checked_sub(1)?),
            Self::Last => fitting.next_back(),
        }
    }
}

/// The so-manieth of some days: `2TU`, or `MO,TU;BYSETPOS=-1`, or the month's last
/// day, which is the last of all seven.
fn relative<T>(rule: &Rule<T>) -> Result<Option<(Vec<Weekday>, Index)>, InvalidField> {
    if rule.month_days == [-1] && rule.days.is_empty() && rule.positions.is_empty() {
        return Ok(Some((Weekday::ALL.to_vec(), Index::Last)));
    }
    if rule.days.is_empty() {
        return if rule.positions.is_empty() {
            Ok(None)
        } else {
            Err(unknown("BYSETPOS without BYDAY"))
        };
    }
    if !rule.month_days.is_empty() {
        return Err(unknown("BYDAY beside BYMONTHDAY"));
    }
    let days: Vec<Weekday> = rule.days.iter().map(|day| day.weekday).collect();
    let numbers: Vec<i16> = rule.days.iter().filter_map(|day| day.ordinal).collect();
    match (numbers.as_slice(), rule.positions.as_slice()) {
        ([], []) => Ok(None),
        ([], [position]) => match Index::of(*position) {
            Some(index) => Ok(Some((days, index))),
            None => Err(unknown("a BYSETPOS other than 1 to 4 or -1")),
        },
        ([number], []) if days.len() == 1 => match Index::of(*number) {
            Some(index) => Ok(Some((days, index))),
            None => Err(unknown("a number in BYDAY other than 1 to 4 or -1")),
        },
        (_, []) => Err(unknown("more than one numbered BYDAY")),
        _ => Err(unknown("this BYSETPOS")),
    }
}

fn single_day<T>(rule: &Rule<T>) -> Result<Option<u8>, InvalidField> {
    match rule.month_days.as_slice() {
        [] => Ok(None),
        [day] => u8::try_from(*day)
            .map(Some)
            .map_err(|_| unknown("a BYMONTHDAY below -1")),
        _ => Err(unknown("more than one day in BYMONTHDAY")),
    }
}

fn weekday(date: Date) -> Weekday {
    Weekday::ALL
        .get(usize::from(date.weekday()))
        .copied()
        .unwrap_or(Weekday::Sunday)
}

fn name(day: Weekday) -> &'static str {
    match day {
        Weekday::Sunday => "sunday",
        Weekday::Monday => "monday",
        Weekday::Tuesday => "tuesday",
        Weekday::Wednesday => "wednesday",
        Weekday::Thursday => "thursday",
        Weekday::Friday => "friday",
        Weekday::Saturday => "saturday",
    }
}

fn names(days: &[Weekday]) -> Value {
    days.iter().map(|day| Value::from(name(*day))).collect()
}

/// Outlook moves such days to the end of shorter months; every other calendar skips
/// those months.
fn short_months() -> InvalidField {
    refuse(
        "falls on a day that some months do not have, which Outlook shows on another day",
        "use a day up to 28, or BYMONTHDAY=-1 for the last one",
    )
}

fn unknown(part: &str) -> InvalidField {
    refuse(
        format!("has {part}, which Outlook cannot show"),
        "send a simpler rule, or single events",
    )
}

fn refuse(problem: impl Into<String>, remedy: impl Into<String>) -> InvalidField {
    field("recurrence.rule", problem, remedy)
}

#[cfg(test)]
mod tests;
