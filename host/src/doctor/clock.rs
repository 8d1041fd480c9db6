//! Whether this machine, the database and the providers agree what time it is. Tokens and
//! signatures are good for minutes.

use super::{Report, reach::Elsewhere};
use crate::db::Database;
use jiff::Timestamp;

const AREA: &str = "Clock";

/// By how many seconds a clock may differ before it is worth a word. `Date` is as much as a
/// second late by itself.
const NOTED: u64 = 5;

/// By how many users' tokens are refused that were just signed.
const TOO_MUCH: u64 = 30;

pub(super) async fn examine(
    database: Option<&Database>,
    clocks: &[Elsewhere],
    report: &mut Report,
) {
    // The middle of them: one provider's clock may be wrong, too.
    let mut ahead: Vec<i64> = clocks.iter().map(|clock| clock.ahead).collect();
    ahead.sort_unstable();
    match ahead.get(ahead.len() / 2) {
        Some(ahead) => {
            let of: Vec<&str> = clocks.iter().map(|clock| &*clock.of).collect();
            judge("the providers' clocks", *ahead, &of.join(", "), report);
        }
        None => report.warning(
            AREA,
            "It could not be compared with anybody's: no provider has answered.",
            "Let a time service (systemd-timesyncd, chrony) keep it.",
        ),
    }
    let Some(database) = database else { return };
    if let Ok(theirs) = database.now().await {
        let ahead = theirs - Timestamp::now().as_second();
        judge("the database's clock", ahead, "the database", report);
    }
}

fn judge(what: &str, ahead: i64, of: &str, report: &mut Report) {
    let by = ahead.unsigned_abs();
    if by <= NOTED {
        report.ok(AREA, format!("It agrees with {what}."));
        return;
    }
    let side = if ahead > 0 { "behind" } else { "ahead of" };
    let says = format!("It is {by} s {side} {what} ({of}).");
    let remedy = "Let a time service (systemd-timesyncd, chrony) keep it, here and there.";
    if by > TOO_MUCH {
        report.problem(AREA, says, remedy);
    } else {
        report.warning(AREA, says, remedy);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[tokio::test]
    async fn a_clock_that_is_off_is_told_with_its_side() {
        for (ahead, verdict, said) in [
            (vec![0, 1, -1], Verdict::Ok, "agrees"),
            (vec![0, 0, 86_400], Verdict::Ok, "agrees"),
            (vec![10], Verdict::Warning, "10 s behind"),
            (vec![-3_600, -3_600], Verdict::Problem, "3600 s ahead of"),
            (vec![], Verdict::Warning, "no provider"),
        ] {
            let clock = |ahead| Elsewhere {
                of: "https://provider.example".to_owned(),
                ahead,
            };
            let clocks: Vec<_> = ahead.into_iter().map(clock).collect();
            let mut report = Report::default();
            examine(None, &clocks, &mut report).await;
            let [finding] = report.findings() else {
                panic!("{report:?}")
            };
            assert_eq!(finding.verdict, verdict, "{finding:?}");
            assert!(finding.says.contains(said), "{finding:?}");
        }
    }
}
