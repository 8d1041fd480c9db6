//! When an event takes place, in its zone or in whole days.
//!
//! It never guesses a zone: whoever reads an event says which zone whole days lie in.

use chrono::{
    DateTime, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc,
};
use chrono_tz::Tz;

/// A half-open range of instants.
pub(crate) type Range = (DateTime<Utc>, DateTime<Utc>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum When {
    Timed {
        start: DateTime<Tz>,
        end: DateTime<Tz>,
    },
    /// `end` is exclusive.
    AllDay { start: NaiveDate, end: NaiveDate },
}

impl When {
    /// As instants; whole days begin at midnight in `zone`.
    pub(crate) fn range(&self, zone: Tz) -> Range {
        match self {
            Self::Timed { start, end } => (start.to_utc(), end.to_utc()),
            Self::AllDay { start, end } => (midnight(*start, zone), midnight(*end, zone)),
        }
    }

    /// The same span, but starting at `start`: a further occurrence. Whole days count from its date.
    pub(crate) fn moved_to(&self, start: DateTime<Tz>) -> Self {
        match self {
            Self::Timed { start: from, end } => Self::Timed {
                end: start + (end.to_utc() - from.to_utc()),
                start,
            },
            Self::AllDay { start: from, end } => {
                let first = start.date_naive();
                let days = u64::try_from((*end - *from).num_days()).unwrap_or(1);
                Self::AllDay {
                    start: first,
                    end: first.checked_add_days(Days::new(days)).unwrap_or(first),
                }
            }
        }
    }

    pub(crate) fn duration(&self) -> TimeDelta {
        match self {
            Self::Timed { start, end } => end.to_utc() - start.to_utc(),
            Self::AllDay { start, end } => *end - *start,
        }
    }
}

fn midnight(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    local(date.and_time(NaiveTime::MIN), zone).to_utc()
}

/// A wall-clock time in a zone. The earlier one where the clock strikes it twice; one that a clock leaves out
/// is an hour later, as calendars show it.
pub(crate) fn local(time: NaiveDateTime, zone: Tz) -> DateTime<Tz> {
    match zone.from_local_datetime(&time) {
        LocalResult::Single(found) | LocalResult::Ambiguous(found, _) => found,
        LocalResult::None => match zone.from_local_datetime(&(time + TimeDelta::hours(1))) {
            LocalResult::Single(found) | LocalResult::Ambiguous(found, _) => found,
            LocalResult::None => zone.from_utc_datetime(&time),
        },
    }
}

/// Overlapping and touching ranges made one, in order.
pub(crate) fn merged(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_unstable();
    let mut merged: Vec<Range> = Vec::new();
    for (start, end) in ranges {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            Some(_) | None => merged.push((start, end)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_ranges_that_overlap_or_touch_become_one() {
        let at = |hour| Utc.with_ymd_and_hms(2026, 12, 1, hour, 0, 0).unwrap();
        let ranges = vec![
            (at(12), at(13)),
            (at(9), at(10)),
            (at(10), at(11)),
            (at(9), at(9)),
        ];
        assert_eq!(merged(ranges), [(at(9), at(11)), (at(12), at(13))]);
    }

    #[test]
    fn a_time_that_the_clock_leaves_out_is_an_hour_later() {
        let time = NaiveDate::from_ymd_opt(2026, 3, 29)
            .unwrap()
            .and_hms_opt(1, 30, 0)
            .unwrap();
        assert_eq!(
            local(time, Tz::Europe__London).to_rfc3339(),
            "2026-03-29T02:30:00+01:00"
        );
    }
}
