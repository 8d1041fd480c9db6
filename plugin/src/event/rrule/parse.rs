//! Reads an RRULE's value strictly: each part once, every range checked, and what
//! contradicts itself refused with the part's name. Never repeats the value.

use super::{Day, End, Frequency, Rule, Start, Weekday};
use crate::bindings::calport::calendar::types::InvalidField;
use crate::fault::field;
use crate::time::days_in_month;

const FIELD: &str = "recurrence.rule";

/// Longer than any rule that a person could mean: all 366 days of BYYEARDAY fit.
const LONGEST_RULE: usize = 2_048;

/// types.wit.
const MOST_OCCURRENCES: u32 = 10_000;

/// Twenty-seven years of days; beyond it readers overflow before anybody notices.
const WIDEST_INTERVAL: u32 = 9_999;

#[derive(Default)]
struct Parts<'a> {
    frequency: Option<&'a str>,
    until: Option<&'a str>,
    count: Option<&'a str>,
    interval: Option<&'a str>,
    by_day: Option<&'a str>,
    by_month_day: Option<&'a str>,
    by_year_day: Option<&'a str>,
    by_week_no: Option<&'a str>,
    by_month: Option<&'a str>,
    by_set_pos: Option<&'a str>,
    week_start: Option<&'a str>,
}

impl<T: Start> Rule<T> {
    /// `value` without `RRULE:`; `start` is the event's own.
    pub(crate) fn parse(value: &str, start: T) -> Result<Self, InvalidField> {
        if value.len() > LONGEST_RULE {
            return Err(refuse(
                "is longer than 2,048 characters",
                "send a simpler rule",
            ));
        }
        if !value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"=;,+-:".contains(&b))
        {
            return Err(refuse(
                "holds a character that no rule has",
                "send the value of an RFC 5545 RRULE, such as FREQ=WEEKLY;COUNT=10",
            ));
        }
        let value = value.to_ascii_uppercase();
        if value.contains(':') {
            return Err(refuse("holds a colon", "leave out the RRULE: in front"));
        }
        let parts = Parts::split(&value)?;
        let rule = Self {
            frequency: frequency(parts.frequency)?,
            interval: interval(parts.interval)?,
            end: end(parts.count, parts.until, start)?,
            months: numbers("BYMONTH", parts.by_month, 1, 12)?
                .into_iter()
                .filter_map(|month| u8::try_from(month).ok())
                .collect(),
            weeks: numbers("BYWEEKNO", parts.by_week_no, -53, 53)?,
            year_days: numbers("BYYEARDAY", parts.by_year_day, -366, 366)?,
            month_days: numbers("BYMONTHDAY", parts.by_month_day, -31, 31)?,
            days: days(parts.by_day)?,
            positions: numbers("BYSETPOS", parts.by_set_pos, -366, 366)?,
            week_start: parts
                .week_start
                .map(|text| {
                    weekday(text)
                        .ok_or_else(|| refuse("has a WKST that is no weekday", "send MO or SU"))
                })
                .transpose()?,
        };
        rule.check_combination()?;
        Ok(rule)
    }

    /// What RFC 5545, section 3.3.10, forbids to stand together, and rules that no
    /// day can ever meet: a reader would search for one for ever.
    fn check_combination(&self) -> Result<(), InvalidField> {
        let yearly = self.frequency == Frequency::Yearly;
        let clash = |part: &str, frequency: &str| {
            refuse(
                format!("has {part} in a rule that is {frequency}"),
                format!("leave out {part} or change FREQ"),
            )
        };
        if !self.weeks.is_empty() && !yearly {
            return Err(clash("BYWEEKNO", "not yearly"));
        }
        if !self.year_days.is_empty() && !yearly {
            return Err(clash("BYYEARDAY", "not yearly"));
        }
        if !self.month_days.is_empty() && self.frequency == Frequency::Weekly {
            return Err(clash("BYMONTHDAY", "weekly"));
        }
        if self.days.iter().any(|day| day.ordinal.is_some()) {
            match self.frequency {
                Frequency::Daily | Frequency::Weekly => {
                    return Err(clash("a numbered BYDAY", "daily or weekly"));
                }
                Frequency::Yearly if !self.weeks.is_empty() => {
                    return Err(clash("a numbered BYDAY beside BYWEEKNO", "yearly"));
                }
                Frequency::Monthly | Frequency::Yearly => {}
            }
            let by_month = self.frequency == Frequency::Monthly || !self.months.is_empty();
            let beyond = |day: &Day| day.ordinal.is_some_and(|nth| nth.unsigned_abs() > 5);
            if by_month && self.days.iter().any(beyond) {
                return Err(refuse(
                    "numbers a weekday beyond the fifth of a month",
                    "send -5 to 5 in BYDAY",
                ));
            }
        }
        let selects = !self.days.is_empty()
            || !self.month_days.is_empty()
            || !self.year_days.is_empty()
            || !self.weeks.is_empty()
            || !self.months.is_empty();
        if !self.positions.is_empty() && !selects {
            return Err(refuse(
                "has BYSETPOS and nothing to choose from",
                "add BYDAY or leave it out",
            ));
        }
        let possible = |month: &u8| {
            // 2028 is a leap year: 29 February does come.
            let longest = i16::from(days_in_month(2028, *month));
            self.month_days.iter().any(|day| day.abs() <= longest)
        };
        if !self.month_days.is_empty()
            && !self.months.is_empty()
            && !self.months.iter().any(possible)
        {
            return Err(refuse(
                "names a day that none of its months has",
                "check BYMONTHDAY and BYMONTH",
            ));
        }
        Ok(())
    }
}

impl<'a> Parts<'a> {
    fn split(value: &'a str) -> Result<Self, InvalidField> {
        let mut parts = Self::default();
        for part in value.split(';') {
            let Some((name, value)) = part.split_once('=') else {
                return Err(refuse(
                    "has a part without a value",
                    "write each part as NAME=VALUE",
                ));
            };
            let (name, slot) = match name {
                "FREQ" => ("FREQ", &mut parts.frequency),
                "UNTIL" => ("UNTIL", &mut parts.until),
                "COUNT" => ("COUNT", &mut parts.count),
                "INTERVAL" => ("INTERVAL", &mut parts.interval),
                "BYDAY" => ("BYDAY", &mut parts.by_day),
                "BYMONTHDAY" => ("BYMONTHDAY", &mut parts.by_month_day),
                "BYYEARDAY" => ("BYYEARDAY", &mut parts.by_year_day),
                "BYWEEKNO" => ("BYWEEKNO", &mut parts.by_week_no),
                "BYMONTH" => ("BYMONTH", &mut parts.by_month),
                "BYSETPOS" => ("BYSETPOS", &mut parts.by_set_pos),
                "WKST" => ("WKST", &mut parts.week_start),
                "BYSECOND" | "BYMINUTE" | "BYHOUR" => {
                    return Err(refuse(
                        "repeats within a day (BYHOUR, BYMINUTE or BYSECOND)",
                        "send one event for each time of day",
                    ));
                }
                _ => {
                    return Err(refuse(
                        "has a part that RFC 5545 does not know",
                        "leave it out",
                    ));
                }
            };
            if slot.replace(value).is_some() {
                return Err(refuse(format!("has {name} twice"), "send each part once"));
            }
        }
        Ok(parts)
    }
}

fn frequency(text: Option<&str>) -> Result<Frequency, InvalidField> {
    match text {
        Some("DAILY") => Ok(Frequency::Daily),
        Some("WEEKLY") => Ok(Frequency::Weekly),
        Some("MONTHLY") => Ok(Frequency::Monthly),
        Some("YEARLY") => Ok(Frequency::Yearly),
        Some("HOURLY" | "MINUTELY" | "SECONDLY") => Err(refuse(
            "repeats more often than daily",
            "send FREQ=DAILY, WEEKLY, MONTHLY or YEARLY",
        )),
        Some(_) | None => Err(refuse(
            "has no FREQ that RFC 5545 knows",
            "send FREQ=DAILY, WEEKLY, MONTHLY or YEARLY",
        )),
    }
}

fn interval(text: Option<&str>) -> Result<u32, InvalidField> {
    let Some(text) = text else {
        return Ok(1);
    };
    unsigned(text)
        .filter(|interval| (1..=WIDEST_INTERVAL).contains(interval))
        .ok_or_else(|| refuse("has an INTERVAL out of range", "send 1 to 9,999"))
}

fn end<T: Start>(
    count: Option<&str>,
    until: Option<&str>,
    start: T,
) -> Result<End<T>, InvalidField> {
    match (count, until) {
        (None, None) => Ok(End::Never),
        (Some(_), Some(_)) => Err(refuse("has both COUNT and UNTIL", "send one of them")),
        (Some(count), None) => unsigned(count)
            .filter(|count| (1..=MOST_OCCURRENCES).contains(count))
            .map(End::Count)
            .ok_or_else(|| refuse("has a COUNT out of range", "send 1 to 10,000")),
        (None, Some(until)) => {
            let until = T::parse_until(until).ok_or_else(|| {
                refuse(
                    "has an UNTIL that does not fit the event's start",
                    format!("send {}", T::UNTIL_FORM),
                )
            })?;
            if until < start {
                return Err(refuse("ends before the event starts", "send a later UNTIL"));
            }
            Ok(End::Until(until))
        }
    }
}

fn days(text: Option<&str>) -> Result<Vec<Day>, InvalidField> {
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    text.split(',')
        .map(|entry| {
            let at = entry.len().checked_sub(2)?;
            let (ordinal, name) = entry.split_at_checked(at)?;
            let weekday = weekday(name)?;
            if ordinal.is_empty() {
                return Some(Day {
                    ordinal: None,
                    weekday,
                });
            }
            let ordinal = signed(ordinal).filter(|nth| *nth != 0 && nth.unsigned_abs() <= 53)?;
            Some(Day {
                ordinal: Some(ordinal),
                weekday,
            })
        })
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| {
            refuse(
                "has a BYDAY that is no weekday",
                "send such as MO,FR or 2TU or -1SU",
            )
        })
}

fn numbers(name: &str, text: Option<&str>, low: i16, high: i16) -> Result<Vec<i16>, InvalidField> {
    let Some(text) = text else {
        return Ok(Vec::new());
    };
    text.split(',')
        .map(|entry| signed(entry).filter(|n| *n != 0 && (low..=high).contains(n)))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| {
            let range = if low < 0 {
                format!("{low} to {high} without 0")
            } else {
                format!("{low} to {high}")
            };
            refuse(
                format!("has a {name} out of range"),
                format!("send {range}"),
            )
        })
}

fn weekday(code: &str) -> Option<Weekday> {
    Weekday::ALL.into_iter().find(|day| day.code() == code)
}

fn signed(text: &str) -> Option<i16> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let number = i16::try_from(unsigned(digits)?).ok()?;
    Some(if negative { -number } else { number })
}

fn unsigned(text: &str) -> Option<u32> {
    if text.is_empty() || text.len() > 9 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn refuse(problem: impl Into<String>, remedy: impl Into<String>) -> InvalidField {
    field(FIELD, problem, remedy)
}
