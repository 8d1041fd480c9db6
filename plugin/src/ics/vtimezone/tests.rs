use std::collections::BTreeSet;

use super::*;
use crate::time::parse_rfc3339;

/// 2026-01-01T00:00:00Z and 2037-01-01T00:00:00Z.
const YEARS: std::ops::Range<i64> = 1_767_225_600..2_114_380_800;

fn written(name: &str) -> String {
    let mut out = Lines::with_room_for(0, 1);
    write(&mut out, &Zone::find(name).unwrap());
    out.finish()
}

/// Reads a VTIMEZONE the way that calendar apps do: every onset until 2042, in
/// order, with the offset from then on. An independent library expands the rules.
fn onsets_as_readers_see_them(text: &str) -> Vec<(i64, i32)> {
    let text = text.replace("\r\n ", "");
    let mut onsets = Vec::new();
    for block in text.split("BEGIN:").skip(2) {
        let value = |name: &str| {
            block
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
                .map(str::to_owned)
        };
        let start = value("DTSTART").unwrap();
        let from = seconds(&value("TZOFFSETFROM").unwrap());
        let to = seconds(&value("TZOFFSETTO").unwrap());
        let rule = value("RRULE").map(|rule| format!("\nRRULE:{rule};UNTIL=20420101T000000Z"));
        let set = format!(
            "DTSTART:{start}Z{}",
            rule.unwrap_or_else(|| "\nRRULE:FREQ=DAILY;COUNT=1".into())
        );
        let dates = set.parse::<rrule::RRuleSet>().unwrap().all(1_000).dates;
        onsets.extend(
            dates
                .iter()
                .map(|date| (date.timestamp() - i64::from(from), to)),
        );
    }
    onsets.sort_unstable();
    onsets
}

fn seconds(offset: &str) -> i32 {
    let number: i32 = offset[1..5].parse().unwrap();
    let rest: i32 = offset
        .get(5..)
        .filter(|rest| !rest.is_empty())
        .map_or(0, |rest| rest.parse().unwrap());
    let seconds = number / 100 * 3_600 + number % 100 * 60 + rest;
    if offset.starts_with('-') {
        -seconds
    } else {
        seconds
    }
}

#[test]
fn readers_see_the_right_offset_in_every_zone_from_2026_to_2036() {
    let mut seen = BTreeSet::new();
    for name in jiff::tz::TimeZoneDatabase::bundled().available() {
        let Some(zone) = Zone::find(name.as_str()) else {
            continue;
        };
        let text = written(zone.name());
        // Many zones share their rules: once is enough.
        if !seen.insert(text.replace(zone.name(), "")) {
            continue;
        }
        let onsets = onsets_as_readers_see_them(&text);
        let other = jiff::tz::TimeZoneDatabase::bundled()
            .get(zone.name())
            .unwrap();
        let check = |at: i64| {
            let passed = onsets.partition_point(|(onset, _)| *onset <= at);
            let theirs = other
                .to_offset(jiff::Timestamp::from_second(at).unwrap())
                .seconds();
            assert_eq!(
                onsets[passed - 1].1,
                theirs,
                "{} at {}\n{text}",
                zone.name(),
                time::rfc3339(at)
            );
        };
        for at in YEARS.step_by(86_400) {
            check(at);
        }
        let start = jiff::Timestamp::from_second(YEARS.start).unwrap();
        for change in other
            .following(start)
            .map(|change| change.timestamp().as_second())
        {
            if change >= YEARS.end {
                break;
            }
            check(change - 1);
            check(change);
        }
    }
    assert!(seen.len() > 60, "{}", seen.len());
}

#[test]
fn rules_whose_hours_go_beyond_the_day_move_to_the_right_days() {
    for (zone, expected) in [
        (
            "Asia/Jerusalem",
            "BYMONTH=3;BYMONTHDAY=23,24,25,26,27,28,29;BYDAY=FR",
        ),
        (
            "America/Nuuk",
            "BYMONTH=3;BYMONTHDAY=24,25,26,27,28,29,30;BYDAY=SA",
        ),
        (
            "America/Santiago",
            "BYMONTH=4;BYMONTHDAY=2,3,4,5,6,7,8;BYDAY=SU",
        ),
        (
            "Africa/Cairo",
            "BYMONTH=10;BYMONTHDAY=26,27,28,29,30,31;BYDAY=FR",
        ),
        ("Africa/Cairo", "BYMONTH=11;BYMONTHDAY=1;BYDAY=FR"),
        (
            "Asia/Gaza",
            "BYMONTH=3;BYMONTHDAY=24,25,26,27,28,29,30;BYDAY=SA",
        ),
    ] {
        let text = written(zone).replace("\r\n ", "");
        assert!(text.contains(expected), "{zone}: {expected}\n{text}");
    }
}

#[test]
fn every_onset_that_repeats_begins_with_its_own_rule() {
    // Readers disagree about a DTSTART that its rule does not meet.
    for name in jiff::tz::TimeZoneDatabase::bundled().available() {
        let Some(zone) = Zone::find(name.as_str()) else {
            continue;
        };
        for block in written(zone.name())
            .replace("\r\n ", "")
            .split("BEGIN:")
            .skip(2)
        {
            if !block.contains("RRULE") {
                continue;
            }
            let line = |name: &str| {
                block
                    .lines()
                    .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
                    .unwrap()
            };
            let set = format!("DTSTART:{}Z\nRRULE:{}", line("DTSTART"), line("RRULE"));
            let first = set.parse::<rrule::RRuleSet>().unwrap().all(1).dates[0].timestamp();
            let start = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%S", line("DTSTART")).unwrap();
            assert_eq!(
                first,
                start
                    .to_zoned(jiff::tz::TimeZone::UTC)
                    .unwrap()
                    .timestamp()
                    .as_second(),
                "{name}"
            );
        }
    }
}

#[test]
fn zones_as_files_hold_them() {
    for zone in [
        "Europe/London",
        "Asia/Kolkata",
        "Africa/Cairo",
        "Africa/Casablanca",
        "America/Vancouver",
    ] {
        insta::assert_snapshot!(zone.replace('/', "_"), written(zone).replace("\r\n", "\n"));
    }
}

#[test]
fn no_zone_shifts_a_turn_of_february() {
    for name in jiff::tz::TimeZoneDatabase::bundled().available() {
        let Some(zone) = Zone::find(name.as_str()) else {
            continue;
        };
        if let Rule::Alternating {
            to_summer,
            to_standard,
            ..
        } = &zone.clock().rule
        {
            for turn in [to_summer, to_standard] {
                let shifted = !(0..DAY).contains(&i64::from(turn.time));
                assert!(turn.month != 2 || !shifted, "{name}");
            }
        }
    }
}

#[test]
fn offsets_are_written_with_seconds_only_where_there_are_some() {
    for (seconds, text) in [
        (0, "+0000"),
        (-12_600, "-0330"),
        (45_900, "+1245"),
        (-2_670, "-004430"),
    ] {
        assert_eq!(offset(seconds), text);
    }
    assert_eq!(parse_rfc3339("2038-01-01T00:00:00Z"), Some(LAST_SCHEDULED));
}
