//! RFC 5545 recurrence rules as types: what repeats, never when. Only what every
//! calendar can show gets through: daily and longer, no bombs, nothing doubled.

mod occurring;
mod parse;

pub(super) use occurring::occurs;

use std::fmt;

use crate::time::{self, Date};

/// A recurrence rule for an event whose starts are `T`: an instant in seconds, or
/// a [`Date`]. `Display` writes the RRULE's value in RFC 5545's own order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rule<T> {
    pub(crate) frequency: Frequency,
    /// Every so many days, weeks, months or years; at least 1.
    pub(crate) interval: u32,
    pub(crate) end: End<T>,
    pub(crate) months: Vec<u8>,
    /// ISO weeks, negative from the year's end.
    pub(crate) weeks: Vec<i16>,
    pub(crate) year_days: Vec<i16>,
    /// Negative from the month's end.
    pub(crate) month_days: Vec<i16>,
    pub(crate) days: Vec<Day>,
    pub(crate) positions: Vec<i16>,
    pub(crate) week_start: Option<Weekday>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// When a rule ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End<T> {
    Never,
    /// After so many occurrences, excluded ones counted.
    Count(u32),
    /// With the last occurrence that starts no later.
    Until(T),
}

/// One entry of BYDAY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Day {
    /// The so-manieth of the month or year, negative from its end; `None`: every.
    pub(crate) ordinal: Option<i16>,
    pub(crate) weekday: Weekday,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weekday {
    Sunday,
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
}

/// What an event can start with: an instant or a day.
pub(crate) trait Start: Copy + Ord {
    /// RFC 5545, section 3.3.10: UNTIL is of DTSTART's type, and in UTC if that is
    /// a time.
    fn parse_until(text: &str) -> Option<Self>;
    /// What [`Start::parse_until`] reads, for a remedy.
    const UNTIL_FORM: &'static str;
    /// As UNTIL says it.
    fn until(self) -> String;
}

impl Start for i64 {
    const UNTIL_FORM: &'static str = "an instant such as 20261224T100000Z";

    fn parse_until(text: &str) -> Option<Self> {
        let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
        if clock.len() != 6 {
            return None;
        }
        let hours = time::digits(clock.get(0..2)?)?;
        let minutes = time::digits(clock.get(2..4)?)?;
        let seconds = time::digits(clock.get(4..6)?)?;
        if hours > 23 || minutes > 59 || seconds > 59 {
            return None;
        }
        Some(Date::parse_until(date)?.midnight() + hours * 3_600 + minutes * 60 + seconds)
    }

    fn until(self) -> String {
        format!("{}Z", time::basic(self))
    }
}

impl Start for Date {
    const UNTIL_FORM: &'static str = "a day such as 20261224";

    fn parse_until(text: &str) -> Option<Self> {
        if text.len() != 8 {
            return None;
        }
        let month = u8::try_from(time::digits(text.get(4..6)?)?).ok()?;
        let day = u8::try_from(time::digits(text.get(6..8)?)?).ok()?;
        Self::new(time::digits(text.get(0..4)?)?, month, day)
    }

    fn until(self) -> String {
        self.basic()
    }
}

impl Weekday {
    pub(crate) const ALL: [Self; 7] = [
        Self::Sunday,
        Self::Monday,
        Self::Tuesday,
        Self::Wednesday,
        Self::Thursday,
        Self::Friday,
        Self::Saturday,
    ];

    /// RFC 5545's two letters.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Sunday => "SU",
            Self::Monday => "MO",
            Self::Tuesday => "TU",
            Self::Wednesday => "WE",
            Self::Thursday => "TH",
            Self::Friday => "FR",
            Self::Saturday => "SA",
        }
    }
}

impl Frequency {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Daily => "DAILY",
            Self::Weekly => "WEEKLY",
            Self::Monthly => "MONTHLY",
            Self::Yearly => "YEARLY",
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(ordinal) = self.ordinal {
            write!(f, "{ordinal}")?;
        }
        f.write_str(self.weekday.code())
    }
}

impl<T: Start> fmt::Display for Rule<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FREQ={}", self.frequency.code())?;
        match self.end {
            End::Never => {}
            End::Count(count) => write!(f, ";COUNT={count}")?,
            End::Until(until) => write!(f, ";UNTIL={}", until.until())?,
        }
        if self.interval != 1 {
            write!(f, ";INTERVAL={}", self.interval)?;
        }
        list(f, "BYDAY", &self.days)?;
        list(f, "BYMONTHDAY", &self.month_days)?;
        list(f, "BYYEARDAY", &self.year_days)?;
        list(f, "BYWEEKNO", &self.weeks)?;
        list(f, "BYMONTH", &self.months)?;
        list(f, "BYSETPOS", &self.positions)?;
        if let Some(start) = self.week_start {
            write!(f, ";WKST={}", start.code())?;
        }
        Ok(())
    }
}

fn list(f: &mut fmt::Formatter<'_>, name: &str, values: &[impl fmt::Display]) -> fmt::Result {
    for (index, value) in values.iter().enumerate() {
        if index == 0 {
            write!(f, ";{name}={value}")?;
        } else {
            write!(f, ",{value}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
