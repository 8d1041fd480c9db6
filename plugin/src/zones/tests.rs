use super::*;

/// 2026-01-01T00:00:00Z and 2037-01-01T00:00:00Z.
const YEARS: std::ops::Range<i64> = 1_767_225_600..2_114_380_800;

fn others_offset(zone: &jiff::tz::TimeZone, at: i64) -> i32 {
    zone.to_offset(jiff::Timestamp::from_second(at).unwrap())
        .seconds()
}

#[test]
fn every_zone_agrees_with_an_independent_library_from_2026_to_2036() {
    for entry in &ZONES {
        let zone = Zone::find(entry.name).unwrap();
        let other = jiff::tz::TimeZoneDatabase::bundled()
            .get(entry.name)
            .unwrap();
        let mut checked = 0;
        let mut check = |at: i64| {
            checked += 1;
            let (ours, theirs) = (zone.clock().offset_at(at), others_offset(&other, at));
            assert_eq!(
                ours,
                theirs,
                "{} at {}",
                entry.name,
                crate::time::rfc3339(at)
            );
        };
        for at in YEARS.step_by(6 * 3_600) {
            check(at);
        }
        let start = jiff::Timestamp::from_second(YEARS.start).unwrap();
        for change in other.following(start) {
            let at = change.timestamp().as_second();
            if at >= YEARS.end {
                break;
            }
            check(at - 1);
            check(at);
        }
        assert!(checked > 16_000, "{}", entry.name);
    }
}

#[test]
fn no_zone_of_the_database_is_missing() {
    let other = jiff::tz::TimeZoneDatabase::bundled();
    for name in other.available() {
        let known = Zone::find(name.as_str()).is_some();
        assert_eq!(
            known,
            !matches!(name.as_str(), "Factory" | "Etc/Unknown"),
            "{name}"
        );
    }
    assert_eq!(ZONES.len(), 597);
}

#[test]
fn names_are_taken_exactly() {
    for name in [
        "",
        "europe/london",
        "Europe/London ",
        "Europe",
        "GMT+1",
        "BST",
        "Factory",
        "Europe/Lond\0n",
    ] {
        assert_eq!(Zone::find(name), None, "{name:?}");
    }
    assert_eq!(
        Zone::find("Europe/London").map(|zone| zone.name()),
        Some("Europe/London")
    );
}

#[test]
fn the_zones_that_no_yearly_rule_can_say_are_these() {
    let named: Vec<&str> = ZONES
        .iter()
        .filter(|entry| !CLOCKS[usize::from(entry.clock)].changes.is_empty())
        .map(|entry| entry.name)
        .collect();
    insta::assert_snapshot!(format!("IANA {DATABASE}: {}", named.join(" ")));
}

#[test]
fn zones_without_a_windows_name_of_the_same_time_are_these() {
    let named: Vec<&str> = ZONES
        .iter()
        .filter(|entry| entry.windows.is_none())
        .map(|entry| entry.name)
        .collect();
    insta::assert_snapshot!(format!("IANA {DATABASE}: {}", named.join(" ")));
}

#[test]
fn well_known_zones_have_the_windows_names_that_everybody_expects() {
    for (iana, windows) in [
        ("Europe/London", "GMT Standard Time"),
        ("Europe/Berlin", "W. Europe Standard Time"),
        ("America/New_York", "Eastern Standard Time"),
        ("America/Los_Angeles", "Pacific Standard Time"),
        ("Asia/Kolkata", "India Standard Time"),
        ("Asia/Tokyo", "Tokyo Standard Time"),
        ("Australia/Sydney", "AUS Eastern Standard Time"),
        ("Etc/UTC", "UTC"),
    ] {
        assert_eq!(Zone::find(iana).unwrap().windows(), Some(windows), "{iana}");
    }
}
