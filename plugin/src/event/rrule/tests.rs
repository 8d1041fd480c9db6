use super::*;
use crate::time::parse_rfc3339;

fn start() -> i64 {
    parse_rfc3339("2026-12-01T10:00:00Z").unwrap()
}

#[test]
fn rules_that_calendars_share_are_read_and_written_in_one_order() {
    for (given, written) in [
        ("FREQ=DAILY", "FREQ=DAILY"),
        (
            "freq=weekly;byday=mo,fr;count=10",
            "FREQ=WEEKLY;COUNT=10;BYDAY=MO,FR",
        ),
        ("INTERVAL=2;FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2"),
        ("FREQ=DAILY;INTERVAL=1", "FREQ=DAILY"),
        (
            "FREQ=MONTHLY;BYDAY=+1MO,-1FR",
            "FREQ=MONTHLY;BYDAY=1MO,-1FR",
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=15,-1",
            "FREQ=MONTHLY;BYMONTHDAY=15,-1",
        ),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        ),
        (
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
            "FREQ=YEARLY;BYMONTHDAY=29;BYMONTH=2",
        ),
        (
            "FREQ=YEARLY;BYWEEKNO=1,-1;BYDAY=MO;WKST=SU",
            "FREQ=YEARLY;BYDAY=MO;BYWEEKNO=1,-1;WKST=SU",
        ),
        (
            "FREQ=YEARLY;BYYEARDAY=1,-366",
            "FREQ=YEARLY;BYYEARDAY=1,-366",
        ),
        ("FREQ=YEARLY;BYDAY=53MO", "FREQ=YEARLY;BYDAY=53MO"),
        (
            "FREQ=DAILY;UNTIL=20261231T235959Z",
            "FREQ=DAILY;UNTIL=20261231T235959Z",
        ),
        ("FREQ=DAILY;COUNT=10000", "FREQ=DAILY;COUNT=10000"),
    ] {
        let rule = Rule::parse(given, start()).unwrap();
        assert_eq!(rule.to_string(), written);
        assert_eq!(Rule::parse(written, start()).unwrap(), rule, "{written}");
    }
    let day = Date::new(2026, 12, 1).unwrap();
    assert_eq!(
        Rule::parse("FREQ=DAILY;UNTIL=20261224", day).unwrap().end,
        End::Until(Date::new(2026, 12, 24).unwrap())
    );
}

#[test]
fn bombs_and_contradictions_are_refused_by_name_case_41() {
    for (rule, problem) in [
        ("", "has a part without a value"),
        ("FREQ", "has a part without a value"),
        ("FREQ=DAILY;", "has a part without a value"),
        ("COUNT=3", "has no FREQ that RFC 5545 knows"),
        ("FREQ=FORTNIGHTLY", "has no FREQ that RFC 5545 knows"),
        ("FREQ=SECONDLY", "repeats more often than daily"),
        ("FREQ=MINUTELY;COUNT=3", "repeats more often than daily"),
        ("FREQ=HOURLY", "repeats more often than daily"),
        (
            "FREQ=DAILY;BYHOUR=1,2,3",
            "repeats within a day (BYHOUR, BYMINUTE or BYSECOND)",
        ),
        (
            "FREQ=DAILY;BYSECOND=1",
            "repeats within a day (BYHOUR, BYMINUTE or BYSECOND)",
        ),
        ("FREQ=DAILY;FREQ=DAILY", "has FREQ twice"),
        ("FREQ=DAILY;COUNT=1;count=2", "has COUNT twice"),
        ("FREQ=DAILY;COUNT=1000000000", "has a COUNT out of range"),
        ("FREQ=DAILY;COUNT=10001", "has a COUNT out of range"),
        ("FREQ=DAILY;COUNT=0", "has a COUNT out of range"),
        ("FREQ=DAILY;COUNT=-1", "has a COUNT out of range"),
        ("FREQ=DAILY;COUNT=", "has a COUNT out of range"),
        (
            "FREQ=DAILY;COUNT=99999999999999999999",
            "has a COUNT out of range",
        ),
        (
            "FREQ=DAILY;COUNT=3;UNTIL=20261231T000000Z",
            "has both COUNT and UNTIL",
        ),
        ("FREQ=DAILY;INTERVAL=0", "has an INTERVAL out of range"),
        (
            "FREQ=DAILY;INTERVAL=4294967296",
            "has an INTERVAL out of range",
        ),
        (
            "FREQ=DAILY;UNTIL=20261231",
            "has an UNTIL that does not fit the event's start",
        ),
        (
            "FREQ=DAILY;UNTIL=20261231T000000",
            "has an UNTIL that does not fit the event's start",
        ),
        (
            "FREQ=DAILY;UNTIL=20260231T000000Z",
            "has an UNTIL that does not fit the event's start",
        ),
        (
            "FREQ=DAILY;UNTIL=20261201T240000Z",
            "has an UNTIL that does not fit the event's start",
        ),
        (
            "FREQ=DAILY;UNTIL=20261201T095959Z",
            "ends before the event starts",
        ),
        (
            "FREQ=WEEKLY;BYDAY=1MO",
            "has a numbered BYDAY in a rule that is daily or weekly",
        ),
        (
            "FREQ=MONTHLY;BYDAY=6MO",
            "numbers a weekday beyond the fifth of a month",
        ),
        (
            "FREQ=YEARLY;BYMONTH=2;BYDAY=-6MO",
            "numbers a weekday beyond the fifth of a month",
        ),
        ("FREQ=YEARLY;BYDAY=54MO", "has a BYDAY that is no weekday"),
        ("FREQ=WEEKLY;BYDAY=", "has a BYDAY that is no weekday"),
        ("FREQ=WEEKLY;BYDAY=MO,,TU", "has a BYDAY that is no weekday"),
        ("FREQ=WEEKLY;BYDAY=XX", "has a BYDAY that is no weekday"),
        ("FREQ=MONTHLY;BYDAY=0MO", "has a BYDAY that is no weekday"),
        (
            "FREQ=WEEKLY;BYMONTHDAY=1",
            "has BYMONTHDAY in a rule that is weekly",
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=32",
            "has a BYMONTHDAY out of range",
        ),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "has a BYMONTHDAY out of range"),
        ("FREQ=YEARLY;BYMONTH=13", "has a BYMONTH out of range"),
        ("FREQ=YEARLY;BYMONTH=-1", "has a BYMONTH out of range"),
        (
            "FREQ=DAILY;BYYEARDAY=1",
            "has BYYEARDAY in a rule that is not yearly",
        ),
        ("FREQ=YEARLY;BYYEARDAY=367", "has a BYYEARDAY out of range"),
        (
            "FREQ=MONTHLY;BYWEEKNO=1",
            "has BYWEEKNO in a rule that is not yearly",
        ),
        (
            "FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO",
            "has a numbered BYDAY beside BYWEEKNO in a rule that is yearly",
        ),
        ("FREQ=YEARLY;BYWEEKNO=54", "has a BYWEEKNO out of range"),
        (
            "FREQ=DAILY;BYSETPOS=1",
            "has BYSETPOS and nothing to choose from",
        ),
        (
            "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=0",
            "has a BYSETPOS out of range",
        ),
        (
            "FREQ=YEARLY;BYMONTH=2,4;BYMONTHDAY=31",
            "names a day that none of its months has",
        ),
        ("FREQ=WEEKLY;WKST=XX", "has a WKST that is no weekday"),
        (
            "FREQ=DAILY;X-BOMB=1",
            "has a part that RFC 5545 does not know",
        ),
        (
            "FREQ=DAILY;RSCALE=CHINESE",
            "has a part that RFC 5545 does not know",
        ),
        ("RRULE:FREQ=DAILY", "holds a colon"),
        ("FREQ=DAILY\r\nX:1", "holds a character that no rule has"),
        ("FREQ=DAILY ", "holds a character that no rule has"),
        ("FREQ=MONTHLY;BYDAY=é", "holds a character that no rule has"),
    ] {
        let error = Rule::parse(rule, start()).unwrap_err();
        assert_eq!(
            (error.field.as_str(), error.problem.as_str()),
            ("recurrence.rule", problem),
            "{rule}"
        );
        assert!(!error.remedy.is_empty());
    }
    let long = format!("FREQ=YEARLY;BYYEARDAY={}1", "1,".repeat(1_100));
    assert_eq!(
        Rule::parse(&long, start()).unwrap_err().problem,
        "is longer than 2,048 characters"
    );
    let day = Date::new(2026, 12, 1).unwrap();
    for rule in [
        "FREQ=DAILY;UNTIL=20261231T000000Z",
        "FREQ=DAILY;UNTIL=2026123",
        "FREQ=DAILY;UNTIL=20261131",
    ] {
        let error = Rule::parse(rule, day).unwrap_err();
        assert_eq!(
            error.problem, "has an UNTIL that does not fit the event's start",
            "{rule}"
        );
        assert_eq!(error.remedy, "send a day such as 20261224");
    }
}

#[test]
fn every_rule_that_is_accepted_is_accepted_by_an_independent_parser() {
    for rule in [
        "FREQ=DAILY;COUNT=3",
        "FREQ=WEEKLY;UNTIL=20271231T000000Z;INTERVAL=2;BYDAY=MO,SU;WKST=SU",
        "FREQ=MONTHLY;BYDAY=2TU,-1FR",
        "FREQ=MONTHLY;BYMONTHDAY=-1",
        "FREQ=YEARLY;BYMONTHDAY=29;BYMONTH=2",
        "FREQ=YEARLY;BYYEARDAY=1,-366",
        "FREQ=YEARLY;BYDAY=MO;BYWEEKNO=20",
        "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1,-1",
    ] {
        let written = Rule::parse(rule, start()).unwrap().to_string();
        let other = format!("DTSTART:20261201T100000Z\nRRULE:{written}").parse::<rrule::RRuleSet>();
        assert!(other.is_ok(), "{written}: {other:?}");
    }
}

#[test]
fn a_rule_that_never_comes_to_a_day_is_known_by_it_case_41() {
    for (first, rule, comes) in [
        ("20261201", "FREQ=DAILY", true),
        ("20261201", "FREQ=DAILY;INTERVAL=7;BYDAY=TU", true),
        ("20261201", "FREQ=DAILY;INTERVAL=7;BYDAY=MO", false),
        (
            "20261201",
            "FREQ=DAILY;BYDAY=MO;BYMONTH=2;BYMONTHDAY=29",
            true,
        ),
        ("20261201", "FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=2", true),
        ("20261201", "FREQ=WEEKLY;BYDAY=MO,TU;BYSETPOS=-3", false),
        ("20261201", "FREQ=MONTHLY;BYDAY=5MO", true),
        ("20261201", "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=29", true),
        ("20261201", "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=28", false),
        ("20261201", "FREQ=MONTHLY;BYDAY=-5MO;BYMONTHDAY=4", false),
        ("20261201", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=5", true),
        ("20261201", "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6", false),
        ("20270131", "FREQ=MONTHLY;BYMONTHDAY=31", true),
        ("20270201", "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30", false),
        ("20270131", "FREQ=YEARLY;BYMONTH=2", false),
        ("20270131", "FREQ=YEARLY;BYMONTH=3", true),
        ("20261201", "FREQ=YEARLY;BYDAY=53MO", true),
        (
            "20261201",
            "FREQ=YEARLY;BYDAY=53MO,-53TU;BYYEARDAY=8",
            false,
        ),
        ("20261201", "FREQ=YEARLY;BYMONTHDAY=13;BYDAY=FR", true),
        ("20261201", "FREQ=YEARLY;BYYEARDAY=366", true),
        ("20261201", "FREQ=YEARLY;BYYEARDAY=-366", true),
        ("20261201", "FREQ=YEARLY;BYYEARDAY=1;BYMONTH=12", false),
        ("20261201", "FREQ=YEARLY;BYYEARDAY=60;BYMONTHDAY=29", true),
        ("20261201", "FREQ=YEARLY;BYYEARDAY=61;BYMONTHDAY=29", false),
        (
            "20261201",
            "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO;BYMONTH=12",
            true,
        ),
        ("20261201", "FREQ=YEARLY;BYWEEKNO=1;BYMONTH=6", false),
        ("20261201", "FREQ=YEARLY;BYWEEKNO=53", true),
        ("20271201", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", true),
        (
            "20271201",
            "FREQ=YEARLY;INTERVAL=2;BYMONTH=2;BYMONTHDAY=29",
            false,
        ),
        (
            "20261201",
            "FREQ=YEARLY;INTERVAL=100;BYMONTH=2;BYMONTHDAY=29",
            false,
        ),
        (
            "20001201",
            "FREQ=YEARLY;INTERVAL=400;BYMONTH=2;BYMONTHDAY=29",
            true,
        ),
        ("20261201", "FREQ=YEARLY;INTERVAL=9999;BYMONTH=1", false),
        ("20261201", "FREQ=YEARLY;INTERVAL=9999;BYMONTH=12", true),
    ] {
        let day = Date::parse_until(first).unwrap();
        let read = Rule::parse(rule, day).unwrap();
        assert_eq!(occurs(&read, day), comes, "{first} {rule}");
        // Another reader finds one, too; where there is none, it takes its time to give up.
        if comes {
            let set = format!("DTSTART:{first}T100000Z\nRRULE:{rule}");
            let found = set.parse::<rrule::RRuleSet>().unwrap().all(1);
            assert_eq!(found.dates.len(), 1, "{first} {rule}");
        }
    }
}
