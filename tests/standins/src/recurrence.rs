//! Recurrence lines of RFC 5545: checked, expanded, and put into words for the calendar page.
//!
//! The expansion is the `rrule` crate's, so that it is never the product's own idea of a rule that judges it.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rrule::{RRuleSet, Tz as RuleTz};

use crate::zoned::{Range, When};

/// No calendar shows more occurrences of one event at a time.
const MOST_OCCURRENCES: u16 = 2_500;

/// Parses `RRULE:`, `EXRULE:`, `RDATE:` and `EXDATE:` lines for an event that takes place first at `when`.
/// The error is what a developer should read.
pub(crate) fn parse(lines: &[String], when: &When) -> Result<RRuleSet, String> {
    let start = match when {
        When::Timed { start, .. } => {
            let zone = start.timezone().name();
            format!(
                "DTSTART;TZID={zone}:{}",
                start.naive_local().format("%Y%m%dT%H%M%S")
            )
        }
        When::AllDay { start, .. } => format!("DTSTART:{}T000000Z", start.format("%Y%m%d")),
    };
    let mut text = start;
    for line in lines {
        text.push('\n');
        text.push_str(&checked(line, when)?);
    }
    text.parse::<RRuleSet>().map_err(|error| error.to_string())
}

fn checked(line: &str, when: &When) -> Result<String, String> {
    if line.contains(['\r', '\n']) || !line.is_ascii() {
        return Err("a recurrence line is one line of ASCII".into());
    }
    let Some((head, value)) = line.split_once(':') else {
        return Err(format!("no colon in the recurrence line {line:?}"));
    };
    let name = head.split(';').next().unwrap_or_default();
    let all_day = matches!(when, When::AllDay { .. });
    match name {
        "RRULE" | "EXRULE" => rule(name, head, value, all_day),
        "RDATE" | "EXDATE" => dates(name, head, value, all_day),
        _ => Err(format!("{name} is not allowed in recurrence")),
    }
}

fn rule(name: &str, head: &str, value: &str, all_day: bool) -> Result<String, String> {
    if head != name {
        return Err(format!("{name} takes no parameters"));
    }
    let mut parts = Vec::new();
    let mut seen = Vec::new();
    for part in value.split(';') {
        let Some((key, given)) = part.split_once('=').filter(|(_, given)| !given.is_empty()) else {
            return Err(format!("{part:?} is no part of a rule"));
        };
        if seen.contains(&key) {
            return Err(format!("{key} stands twice"));
        }
        seen.push(key);
        let number = given.parse::<u32>().ok();
        match key {
            "FREQ" if matches!(given, "DAILY" | "WEEKLY" | "MONTHLY" | "YEARLY") => {}
            "FREQ" => return Err(format!("the frequency {given} is not supported")),
            "INTERVAL" | "COUNT" if number.is_some_and(|number| number > 0) => {}
            "INTERVAL" | "COUNT" => return Err(format!("{key} must be a positive number")),
            "UNTIL"
                if all_day != (given.len() == 8) || given.len() > 8 && !given.ends_with('Z') =>
            {
                return Err("UNTIL must be a date for all-day events, else a UTC time".into());
            }
            "UNTIL" | "BYDAY" | "BYMONTHDAY" | "BYYEARDAY" | "BYWEEKNO" | "BYMONTH"
            | "BYSETPOS" | "WKST" => {}
            _ => return Err(format!("{key} is not supported")),
        }
        let midnight = if key == "UNTIL" && all_day {
            "T000000Z"
        } else {
            ""
        };
        parts.push(format!("{part}{midnight}"));
    }
    match (
        seen.contains(&"FREQ"),
        seen.contains(&"COUNT") && seen.contains(&"UNTIL"),
    ) {
        (false, _) => Err("a rule needs FREQ".into()),
        (true, true) => Err("COUNT and UNTIL exclude each other".into()),
        (true, false) => Ok(format!("{name}:{}", parts.join(";"))),
    }
}

fn dates(name: &str, head: &str, value: &str, all_day: bool) -> Result<String, String> {
    let parameters: Vec<&str> = head.split(';').skip(1).collect();
    if all_day {
        if parameters != ["VALUE=DATE"] {
            return Err(format!("{name} of an all-day event needs VALUE=DATE"));
        }
        let list: Vec<String> = value
            .split(',')
            .map(|date| format!("{date}T000000Z"))
            .collect();
        return Ok(format!("{name}:{}", list.join(",")));
    }
    match parameters.as_slice() {
        [] if value.split(',').all(|time| time.ends_with('Z')) => {}
        [zone]
            if zone
                .strip_prefix("TZID=")
                .is_some_and(|zone| zone.parse::<Tz>().is_ok()) => {}
        [] | [..] => return Err(format!("{name} needs UTC times or a known TZID")),
    }
    Ok(format!("{head}:{value}"))
}

/// The occurrences that overlap `range`, in order, at most 2,500.
pub(crate) fn occurrences(set: &RRuleSet, when: &When, zone: Tz, range: Range) -> Vec<When> {
    // A day more at either end: whole days are expanded in UTC and shifted into their zone afterwards.
    let margin = when.duration() + chrono::TimeDelta::days(1);
    let bound = |time: DateTime<Utc>| time.with_timezone(&RuleTz::UTC);
    let found = set
        .clone()
        .after(bound(range.0 - margin))
        .before(bound(range.1 + chrono::TimeDelta::days(1)))
        .all(MOST_OCCURRENCES);
    let starts = found.dates.into_iter().map(|start| match when {
        When::Timed { start: first, .. } => start.with_timezone(&first.timezone()),
        When::AllDay { .. } => start.with_timezone(&Tz::UTC),
    });
    starts
        .map(|start| when.moved_to(start))
        .filter(|one| overlaps(one.range(zone), range))
        .collect()
}

/// Whether a span lies in a range, at least partly. A span of no length does when it begins there.
pub(crate) fn overlaps(span: Range, range: Range) -> bool {
    span.0 < range.1 && (span.1 > range.0 || span.0 == span.1 && span.0 >= range.0)
}

/// Recurrence lines for people: `every 2 weeks on Mon and Wed, 10 times`.
pub(crate) fn in_words(lines: &[String]) -> Option<String> {
    let rule = lines.iter().find_map(|line| line.strip_prefix("RRULE:"))?;
    let part = |name: &str| {
        rule.split(';')
            .find_map(|part| part.strip_prefix(name)?.strip_prefix('='))
    };
    let unit = match part("FREQ")? {
        "DAILY" => "day",
        "WEEKLY" => "week",
        "MONTHLY" => "month",
        "YEARLY" => "year",
        _ => return Some(rule.to_owned()),
    };
    let mut words = match part("INTERVAL").unwrap_or("1") {
        "1" => format!("every {unit}"),
        interval => format!("every {interval} {unit}s"),
    };
    if let Some(days) = part("BYDAY") {
        let days: Vec<String> = days.split(',').map(day_in_words).collect();
        words = format!("{words} on {}", days.join(", "));
    }
    if let Some(days) = part("BYMONTHDAY") {
        words = format!("{words} on day {}", days.replace(',', ", "));
    }
    if let Some(count) = part("COUNT") {
        words = format!("{words}, {count} times");
    }
    if let Some((year, rest)) = part("UNTIL").and_then(|until| until.split_at_checked(4)) {
        let month = rest.get(..2).unwrap_or_default();
        let day = rest.get(2..4).unwrap_or_default();
        words = format!("{words}, until {year}-{month}-{day}");
    }
    let dates = |name| {
        let lines = lines.iter().filter(move |line| line.starts_with(name));
        lines.map(|line| line.split(',').count()).sum::<usize>()
    };
    match dates("EXDATE") {
        0 => {}
        1 => words.push_str(", except one"),
        more => words = format!("{words}, except {more}"),
    }
    Some(words)
}

fn day_in_words(day: &str) -> String {
    let (nth, day) = day.split_at(day.len().saturating_sub(2));
    let day = match day {
        "MO" => "Mon",
        "TU" => "Tue",
        "WE" => "Wed",
        "TH" => "Thu",
        "FR" => "Fri",
        "SA" => "Sat",
        "SU" => "Sun",
        other => other,
    };
    match nth {
        "" => day.to_owned(),
        "1" | "+1" => format!("the first {day}"),
        "2" | "+2" => format!("the second {day}"),
        "3" | "+3" => format!("the third {day}"),
        "4" | "+4" => format!("the fourth {day}"),
        "-1" => format!("the last {day}"),
        nth => format!("{day} ({nth})"),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{NaiveDate, TimeZone};

    use super::*;

    fn london() -> When {
        let start = Tz::Europe__London
            .with_ymd_and_hms(2026, 10, 19, 9, 0, 0)
            .unwrap();
        When::Timed {
            start,
            end: start + chrono::TimeDelta::hours(1),
        }
    }

    fn days() -> When {
        let start = NaiveDate::from_ymd_opt(2026, 12, 24).unwrap();
        When::AllDay {
            start,
            end: start.succ_opt().unwrap(),
        }
    }

    fn year() -> Range {
        let at = |year| Utc.with_ymd_and_hms(year, 1, 1, 0, 0, 0).unwrap();
        (at(2026), at(2027))
    }

    #[test]
    fn a_weekly_event_keeps_its_local_time_when_the_clock_changes() {
        let lines = ["RRULE:FREQ=WEEKLY;COUNT=2".to_owned()];
        let set = parse(&lines, &london()).unwrap();
        let found = occurrences(&set, &london(), Tz::UTC, year());
        let starts: Vec<String> = found
            .iter()
            .map(|when| when.range(Tz::UTC).0.to_rfc3339())
            .collect();
        assert_eq!(
            starts,
            ["2026-10-19T08:00:00+00:00", "2026-10-26T09:00:00+00:00"]
        );
    }

    #[test]
    fn an_excluded_day_does_not_take_place() {
        let lines = [
            "RRULE:FREQ=DAILY;UNTIL=20261226".to_owned(),
            "EXDATE;VALUE=DATE:20261225".to_owned(),
        ];
        let set = parse(&lines, &days()).unwrap();
        let found = occurrences(&set, &days(), Tz::America__Los_Angeles, year());
        let starts: Vec<String> = found
            .iter()
            .map(|when| when.range(Tz::America__Los_Angeles).0.to_rfc3339())
            .collect();
        assert_eq!(
            starts,
            ["2026-12-24T08:00:00+00:00", "2026-12-26T08:00:00+00:00"]
        );
    }

    /// Case 41, as the providers refuse it.
    #[test]
    fn rules_that_no_calendar_takes_are_refused() {
        for line in [
            "RRULE:FREQ=SECONDLY",
            "RRULE:FREQ=HOURLY;COUNT=2",
            "RRULE:FREQ=DAILY;INTERVAL=0",
            "RRULE:FREQ=DAILY;COUNT=0",
            "RRULE:FREQ=DAILY;COUNT=2;UNTIL=20270101T000000Z",
            "RRULE:FREQ=DAILY;UNTIL=20270101",
            "RRULE:FREQ=DAILY;UNTIL=20270101T000000",
            "RRULE:FREQ=DAILY;FREQ=DAILY",
            "RRULE:COUNT=2",
            "RRULE:FREQ=WEEKLY;BYDAY=XX",
            "RRULE:FREQ=DAILY;X-WEIRD=1",
            "RRULE;X=1:FREQ=DAILY",
            "FREQ=DAILY",
            "DTSTART:20260101T000000Z",
            "EXDATE:20261020T090000",
            "EXDATE;TZID=Mars/Olympus:20261020T090000",
            "RRULE:FREQ=DAILY\r\nDTSTART:20260101T000000Z",
        ] {
            assert!(parse(&[line.to_owned()], &london()).is_err(), "{line}");
        }
    }

    #[test]
    fn rules_read_like_a_sentence() {
        for (lines, words) in [
            (
                vec!["RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10"],
                "every week on Mon, Wed, 10 times",
            ),
            (
                vec!["RRULE:FREQ=MONTHLY;BYDAY=-1FR;INTERVAL=2"],
                "every 2 months on the last Fri",
            ),
            (
                vec![
                    "RRULE:FREQ=DAILY;UNTIL=20270131T000000Z",
                    "EXDATE:20270102T090000Z",
                ],
                "every day, until 2027-01-31, except one",
            ),
        ] {
            let lines: Vec<String> = lines.into_iter().map(str::to_owned).collect();
            assert_eq!(in_words(&lines).unwrap(), words);
        }
    }
}
