//! How a zone's clock changes: scheduled changes first, then a rule for every year
//! after (POSIX TZ with the extensions of RFC 9636). Never says anything about the
//! time before 2026.

use crate::time::{DAY, Date, days_in_month};

/// The clock of a zone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    /// Seconds east of UTC before the first of `changes`. Meaningless without any.
    pub(crate) before: i32,
    /// Changes that the rule does not know, in order; the rule holds after the last.
    /// Only zones whose law names dates have them (Ramadan in Gaza, a country that
    /// gives up summer time).
    pub(crate) changes: &'static [Change],
    pub(crate) rule: Rule,
}

/// A change that is scheduled for one instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Seconds since the epoch.
    pub(crate) at: i64,
    /// Seconds east of UTC from then on.
    pub(crate) offset: i32,
}

/// What happens every year. Offsets are seconds east of UTC.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Fixed(i32),
    Alternating {
        standard: i32,
        summer: i32,
        to_summer: Turn,
        to_standard: Turn,
    },
}

/// A yearly change, POSIX `Mm.w.d/time`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) month: u8,
    /// 1 to 4, or 5 for the last one of the month.
    pub(crate) week: u8,
    /// 0 is Sunday.
    pub(crate) weekday: u8,
    /// Seconds after that day's midnight on the clock that is still in force; may
    /// be negative or go beyond the day.
    pub(crate) time: i32,
}

impl Clock {
    /// Seconds east of UTC.
    pub(crate) fn offset_at(&self, instant: i64) -> i32 {
        match self.changes.last() {
            Some(last) if instant < last.at => {
                let passed = self.changes.partition_point(|change| change.at <= instant);
                passed
                    .checked_sub(1)
                    .and_then(|index| self.changes.get(index))
                    .map_or(self.before, |change| change.offset)
            }
            Some(_) | None => self.rule.offset_at(instant),
        }
    }
}

impl Rule {
    /// Seconds east of UTC.
    pub(crate) fn offset_at(&self, instant: i64) -> i32 {
        match self {
            Self::Fixed(offset) => *offset,
            Self::Alternating {
                standard,
                summer,
                to_summer,
                to_standard,
            } => {
                let (year, _, _) = Date::of(instant + i64::from(*standard)).parts();
                let summer_begins = to_summer.local(year) - i64::from(*standard);
                let summer_ends = to_standard.local(year) - i64::from(*summer);
                let is_summer = if summer_begins < summer_ends {
                    (summer_begins..summer_ends).contains(&instant)
                } else {
                    !(summer_ends..summer_begins).contains(&instant)
                };
                if is_summer { *summer } else { *standard }
            }
        }
    }
}

impl Turn {
    /// What the old clock shows at the change, as seconds since the epoch.
    pub(crate) fn local(&self, year: i64) -> i64 {
        let first = Date::new(year, self.month, 1).unwrap_or(Date(0));
        let ahead = i64::from((7 + self.weekday - first.weekday()) % 7);
        let mut day = ahead + 7 * (i64::from(self.week) - 1);
        if day >= i64::from(days_in_month(year, self.month)) {
            day -= 7;
        }
        (first.0 + day) * DAY + i64::from(self.time)
    }
}
