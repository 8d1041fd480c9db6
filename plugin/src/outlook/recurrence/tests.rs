use serde_json::json;

use super::*;
use crate::time::parse_rfc3339;
use crate::zones::Zone;

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn mapped(rule: &str, start: &str) -> Result<Value, InvalidField> {
    let start = day(start);
    let rule = Rule::parse(rule, start).unwrap();
    let last = match rule.end {
        End::Never => LastDay::Never,
        End::Count(count) => LastDay::Count(count),
        End::Until(day) => LastDay::On(day),
    };
    patterned(&rule, start, last, "GMT Standard Time")
}

#[test]
fn rules_become_the_patterns_that_mean_the_same() {
    // 2026-12-01 is a Tuesday, the first of its month.
    for (rule, start, pattern) in [
        (
            "FREQ=DAILY",
            "2026-12-01",
            json!({ "type": "daily", "interval": 1 }),
        ),
        (
            "FREQ=DAILY;INTERVAL=3",
            "2026-12-01",
            json!({ "type": "daily", "interval": 3 }),
        ),
        (
            "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR",
            "2026-12-01",
            json!({ "type": "weekly", "interval": 1, "firstDayOfWeek": "monday",
                    "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"] }),
        ),
        (
            "FREQ=WEEKLY",
            "2026-12-01",
            json!({ "type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"], "firstDayOfWeek": "monday" }),
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU",
            "2026-12-01",
            json!({ "type": "weekly", "interval": 2, "daysOfWeek": ["tuesday", "sunday"], "firstDayOfWeek": "sunday" }),
        ),
        (
            "FREQ=MONTHLY",
            "2026-12-28",
            json!({ "type": "absoluteMonthly", "interval": 1, "dayOfMonth": 28 }),
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=5",
            "2026-12-05",
            json!({ "type": "absoluteMonthly", "interval": 1, "dayOfMonth": 5 }),
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=-1",
            "2026-12-31",
            json!({ "type": "relativeMonthly", "interval": 1, "index": "last", "daysOfWeek":
                    ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] }),
        ),
        (
            "FREQ=MONTHLY;INTERVAL=3;BYDAY=2TH",
            "2026-12-10",
            json!({ "type": "relativeMonthly", "interval": 3, "index": "second", "daysOfWeek": ["thursday"] }),
        ),
        (
            "FREQ=MONTHLY;BYDAY=-1FR",
            "2026-12-25",
            json!({ "type": "relativeMonthly", "interval": 1, "index": "last", "daysOfWeek": ["friday"] }),
        ),
        (
            "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=4",
            "2026-12-22",
            json!({ "type": "relativeMonthly", "interval": 1, "index": "fourth", "daysOfWeek": ["tuesday"] }),
        ),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "2026-12-31",
            json!({ "type": "relativeMonthly", "interval": 1, "index": "last",
                    "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"] }),
        ),
        (
            "FREQ=MONTHLY;BYDAY=TU",
            "2026-12-01",
            json!({ "type": "weekly", "interval": 1, "daysOfWeek": ["tuesday"], "firstDayOfWeek": "monday" }),
        ),
        (
            "FREQ=YEARLY",
            "2026-12-31",
            json!({ "type": "absoluteYearly", "interval": 1, "month": 12, "dayOfMonth": 31 }),
        ),
        (
            "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=1",
            "2027-03-01",
            json!({ "type": "absoluteYearly", "interval": 1, "month": 3, "dayOfMonth": 1 }),
        ),
        (
            "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
            "2026-11-26",
            json!({ "type": "relativeYearly", "interval": 1, "month": 11, "index": "fourth", "daysOfWeek": ["thursday"] }),
        ),
    ] {
        assert_eq!(mapped(rule, start).unwrap()["pattern"], pattern, "{rule}");
    }
}

#[test]
fn what_outlook_would_show_on_other_days_is_refused_with_the_parts_name() {
    for (rule, start, part) in [
        (
            "FREQ=MONTHLY",
            "2026-12-29",
            "a day that some months do not have",
        ),
        (
            "FREQ=MONTHLY",
            "2026-12-31",
            "a day that some months do not have",
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=30",
            "2026-12-30",
            "a day that some months do not have",
        ),
        (
            "FREQ=YEARLY",
            "2028-02-29",
            "a day that some months do not have",
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=1,15",
            "2026-12-01",
            "more than one day in BYMONTHDAY",
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=-2",
            "2026-12-30",
            "BYMONTHDAY below -1",
        ),
        ("FREQ=MONTHLY;BYDAY=5TU", "2026-12-29", "a number in BYDAY"),
        (
            "FREQ=MONTHLY;BYDAY=1TU,3TU",
            "2026-12-01",
            "more than one numbered BYDAY",
        ),
        (
            "FREQ=MONTHLY;BYDAY=TU,WE;BYSETPOS=1,2",
            "2026-12-01",
            "this BYSETPOS",
        ),
        (
            "FREQ=MONTHLY;BYDAY=TU;BYSETPOS=5",
            "2026-12-29",
            "a BYSETPOS other",
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=1,2;BYSETPOS=1",
            "2026-12-01",
            "BYSETPOS without BYDAY",
        ),
        (
            "FREQ=MONTHLY;BYDAY=TU;INTERVAL=2",
            "2026-12-01",
            "BYDAY without a number and an INTERVAL",
        ),
        (
            "FREQ=MONTHLY;BYDAY=TU;BYMONTHDAY=1",
            "2026-12-01",
            "BYDAY beside BYMONTHDAY",
        ),
        (
            "FREQ=MONTHLY;BYMONTH=12",
            "2026-12-01",
            "BYMONTH in a monthly rule",
        ),
        ("FREQ=DAILY;BYMONTH=12", "2026-12-01", "BYMONTH in a daily"),
        (
            "FREQ=WEEKLY;BYMONTH=12",
            "2026-12-01",
            "BYMONTH in a daily or weekly",
        ),
        ("FREQ=DAILY;BYMONTHDAY=1", "2026-12-01", "BYMONTHDAY beside"),
        (
            "FREQ=DAILY;BYDAY=TU;INTERVAL=2",
            "2026-12-01",
            "BYDAY and INTERVAL",
        ),
        (
            "FREQ=WEEKLY;BYDAY=TU;BYSETPOS=1",
            "2026-12-01",
            "BYSETPOS in a daily or weekly",
        ),
        (
            "FREQ=YEARLY;BYMONTH=3,9",
            "2027-03-01",
            "more than one month",
        ),
        (
            "FREQ=YEARLY;BYMONTHDAY=1",
            "2026-12-01",
            "BYMONTHDAY without BYMONTH",
        ),
        (
            "FREQ=YEARLY;BYDAY=1TU",
            "2026-12-01",
            "BYDAY without BYMONTH",
        ),
        (
            "FREQ=YEARLY;BYDAY=TU",
            "2026-12-01",
            "BYDAY without a number in a yearly",
        ),
        ("FREQ=YEARLY;BYWEEKNO=20", "2026-12-01", "BYWEEKNO"),
        ("FREQ=YEARLY;BYYEARDAY=1", "2026-12-01", "BYYEARDAY"),
        ("FREQ=DAILY;COUNT=1000", "2026-12-01", "a COUNT beyond"),
        ("FREQ=WEEKLY;BYDAY=MO", "2026-12-01", "leaves out the day"),
        ("FREQ=MONTHLY;BYDAY=2TU", "2026-12-01", "leaves out the day"),
        (
            "FREQ=MONTHLY;BYMONTHDAY=2",
            "2026-12-01",
            "leaves out the day",
        ),
        ("FREQ=YEARLY;BYMONTH=11", "2026-12-01", "leaves out the day"),
    ] {
        let error = mapped(rule, start).unwrap_err();
        assert_eq!(error.field, "recurrence.rule");
        assert!(error.problem.contains(part), "{rule}: {}", error.problem);
        assert!(!error.remedy.is_empty());
    }
}

#[test]
fn patterns_give_the_days_that_the_rule_gives() {
    // Graph's own days, by the meaning of its documentation; the rule's by an
    // independent library.
    for (rule, start) in [
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-12-31"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "2026-12-25"),
        ("FREQ=MONTHLY;BYDAY=3WE", "2026-12-16"),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "2026-12-31",
        ),
        ("FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=2", "2026-12-06"),
        ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "2026-11-26"),
        ("FREQ=YEARLY", "2026-12-31"),
    ] {
        let first = day(start);
        let pattern = Pattern::of(&Rule::parse(rule, first).unwrap(), first).unwrap();
        let ours: Vec<i64> = (first.0..first.0 + 1_500)
            .filter(|n| pattern.meets(Date(*n)))
            .collect();
        let set = format!(
            "DTSTART:{}T000000Z\nRRULE:{rule};COUNT={}",
            first.basic(),
            ours.len()
        );
        let set = set.parse::<rrule::RRuleSet>().unwrap().all(1_000);
        let theirs: Vec<i64> = set
            .dates
            .iter()
            .map(|date| date.timestamp() / 86_400)
            .collect();
        assert_eq!(ours, theirs, "{rule}");
    }
}

#[test]
fn ranges_end_where_the_rule_ends() {
    assert_eq!(
        mapped("FREQ=DAILY;COUNT=999", "2026-12-01").unwrap()["range"],
        json!({ "type": "numbered", "numberOfOccurrences": 999, "startDate": "2026-12-01",
                "recurrenceTimeZone": "GMT Standard Time" })
    );
    assert_eq!(
        mapped("FREQ=DAILY", "2026-12-01").unwrap()["range"],
        json!({ "type": "noEnd", "startDate": "2026-12-01", "recurrenceTimeZone": "GMT Standard Time" })
    );
    assert_eq!(
        mapped("FREQ=DAILY;UNTIL=20261224", "2026-12-01").unwrap()["range"]["endDate"],
        "2026-12-24"
    );
}

#[test]
fn untils_own_day_counts_only_from_the_events_time_of_day_on() {
    let zone = Zone::find("America/New_York").unwrap();
    // 22:00 on 1 December in New York.
    let start = parse_rfc3339("2026-12-02T03:00:00Z").unwrap();
    for (until, last) in [
        ("20261211T030000Z", "2026-12-10"),
        ("20261211T025959Z", "2026-12-09"),
        ("20261211T045959Z", "2026-12-10"),
        ("20261211T050000Z", "2026-12-10"),
        // After the clocks have changed: 22:00 is 02:00 in UTC.
        ("20270401T020000Z", "2027-03-31"),
        ("20270401T015959Z", "2027-03-30"),
    ] {
        let rule = Rule::parse(&format!("FREQ=DAILY;UNTIL={until}"), start).unwrap();
        assert_eq!(
            last_day(&rule, start, |at| zone.local(at)),
            LastDay::On(day(last)),
            "{until}"
        );
    }
}
