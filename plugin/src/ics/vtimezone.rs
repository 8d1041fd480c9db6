//! One VTIMEZONE (RFC 5545, section 3.6.5): yearly rules from 1970 on, and single
//! onsets where a zone's law names dates. Never RDATE, which breaks Outlook.

use super::lines::Lines;
use crate::event::rrule::Weekday;
use crate::time::{self, DAY, Date, days_in_month};
use crate::zones::{Clock, Rule, Turn, Zone};

/// Where a zone's rules begin unless scheduled changes come first.
const FIRST_YEAR: i64 = 1970;

/// 2038-01-01T00:00:00Z. Later scheduled changes (Gaza has them until 2086) would
/// swell every file; by then the database will have changed anyway.
const LAST_SCHEDULED: i64 = 2_145_916_800;

pub(super) fn write(out: &mut Lines, zone: &Zone) {
    out.raw("BEGIN", "VTIMEZONE");
    out.raw("TZID", zone.name());
    let clock = zone.clock();
    let from = scheduled(out, clock);
    yearly(out, &clock.rule, from);
    out.raw("END", "VTIMEZONE");
}

/// Writes the changes that no rule knows; answers with the year and the instant
/// from which the rule holds.
fn scheduled(out: &mut Lines, clock: &Clock) -> Option<i64> {
    let first = clock.changes.first()?;
    let mut offset = clock.before;
    let begins = Onset {
        to: offset,
        from: offset,
        local: 0,
        rule: None,
    };
    begins.write(out, "STANDARD");
    let mut last = first.at;
    for change in clock
        .changes
        .iter()
        .take_while(|change| change.at < LAST_SCHEDULED)
    {
        let onset = Onset {
            from: offset,
            to: change.offset,
            local: change.at + i64::from(offset),
            rule: None,
        };
        onset.write(
            out,
            if change.offset > offset {
                "DAYLIGHT"
            } else {
                "STANDARD"
            },
        );
        offset = change.offset;
        last = change.at;
    }
    Some(last)
}

/// `after`: the last scheduled change.
fn yearly(out: &mut Lines, rule: &Rule, after: Option<i64>) {
    match rule {
        Rule::Fixed(offset) => {
            if after.is_none() {
                Onset {
                    from: *offset,
                    to: *offset,
                    local: 0,
                    rule: None,
                }
                .write(out, "STANDARD");
            }
        }
        Rule::Alternating {
            standard,
            summer,
            to_summer,
            to_standard,
        } => {
            for (name, turn, from, to) in [
                ("DAYLIGHT", to_summer, *standard, *summer),
                ("STANDARD", to_standard, *summer, *standard),
            ] {
                for (month, rule) in onsets(turn) {
                    let local = first_in(turn, month, after.map(|at| at + i64::from(from)));
                    Onset {
                        from,
                        to,
                        local,
                        rule: Some(rule),
                    }
                    .write(out, name);
                }
            }
        }
    }
}

struct Onset {
    from: i32,
    to: i32,
    /// What the clock shows before the change, as seconds since the epoch.
    local: i64,
    rule: Option<String>,
}

impl Onset {
    fn write(&self, out: &mut Lines, name: &str) {
        out.raw("BEGIN", name);
        out.raw("DTSTART", &time::basic(self.local));
        out.raw("TZOFFSETFROM", &offset(self.from));
        out.raw("TZOFFSETTO", &offset(self.to));
        if let Some(rule) = &self.rule {
            out.raw("RRULE", rule);
        }
        out.raw("END", name);
    }
}

/// The rules that say a turn, each with its month. Two when a time beyond the day
/// carries it across a month's end in some years (Cairo: the last Thursday of
/// October at 24:00 may be 1 November).
fn onsets(turn: &Turn) -> Vec<(u8, String)> {
    let shift = i64::from(turn.time).div_euclid(DAY);
    let weekday = (i64::from(turn.weekday) + shift).rem_euclid(7);
    let weekday = usize::try_from(weekday)
        .ok()
        .and_then(|index| Weekday::ALL.get(index));
    let weekday = weekday.map_or("SU", |day| day.code());
    let month = turn.month;
    if shift == 0 {
        let week = if turn.week == 5 {
            -1
        } else {
            i64::from(turn.week)
        };
        return vec![(
            month,
            format!("FREQ=YEARLY;BYMONTH={month};BYDAY={week}{weekday}"),
        )];
    }
    // No zone shifts a turn of February, so that any common year will do.
    let length = i64::from(days_in_month(FIRST_YEAR, month));
    let last = if turn.week == 5 {
        length
    } else {
        7 * i64::from(turn.week)
    };
    let (before, after) = (if month == 1 { 12 } else { month - 1 }, month % 12 + 1);
    let length_before = i64::from(days_in_month(FIRST_YEAR, before));
    let days = (last - 6 + shift)..=(last + shift);
    let in_month = |month: u8, days: Vec<i64>| {
        let list: Vec<String> = days.iter().map(i64::to_string).collect();
        let list = list.join(",");
        (!days.is_empty()).then(|| {
            (
                month,
                format!("FREQ=YEARLY;BYMONTH={month};BYMONTHDAY={list};BYDAY={weekday}"),
            )
        })
    };
    [
        in_month(
            before,
            days.clone()
                .filter(|day| *day < 1)
                .map(|day| day + length_before)
                .collect(),
        ),
        in_month(
            month,
            days.clone()
                .filter(|day| (1..=length).contains(day))
                .collect(),
        ),
        in_month(
            after,
            days.filter(|day| *day > length)
                .map(|day| day - length)
                .collect(),
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The first time that a turn falls into a month; `after` as local time.
fn first_in(turn: &Turn, month: u8, after: Option<i64>) -> i64 {
    let first_year = after.map_or(FIRST_YEAR, |local| Date::of(local).parts().0);
    // Weekdays come back after 28 years, or 40 across a century.
    (first_year..first_year + 41)
        .map(|year| turn.local(year))
        .find(|local| {
            Date::of(*local).parts().1 == month && after.is_none_or(|after| *local > after)
        })
        .unwrap_or_else(|| turn.local(first_year))
}

/// UTC-OFFSET (section 3.3.14).
fn offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let seconds = seconds.unsigned_abs();
    let (hours, minutes, rest) = (seconds / 3_600, seconds % 3_600 / 60, seconds % 60);
    if rest == 0 {
        format!("{sign}{hours:02}{minutes:02}")
    } else {
        format!("{sign}{hours:02}{minutes:02}{rest:02}")
    }
}

#[cfg(test)]
mod tests;
