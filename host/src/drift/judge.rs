//! What a finding means under the platform's policy. Knows no database and no provider.

use super::known::{Known, Touched};
use crate::{
    plugin::{
        calendar::RemoteEvent,
        changes::{Aspects, Difference, Finding},
        types::Event,
    },
    sync::{DELETED, Drift, Policy, State, Stated, Stays, What},
};

/// How often one event is put back within a day. An app that keeps moving it would have us
/// move it back for ever; people and their apps win after this.
pub(super) const MOST_RESTORES: i64 = 3;

/// The day in which they are counted, in seconds.
const DAY: i64 = 86_400;

/// The reason of deliveries that are put back.
const PUTTING_BACK: &str = "changed in the calendar by its owner; it is being put back";

/// What is to be noted.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    /// Nothing that was not known. Perhaps another version.
    Known(Option<RemoteEvent>),
    /// Its owner has put it right again by themselves.
    Right(RemoteEvent),
    /// It drifted, and stays so.
    Stays {
        drift: Drift,
        state: State,
        reason: Option<&'static str>,
        remote: Option<RemoteEvent>,
        /// What is done about this one.
        policy: Policy,
    },
    /// It drifted, and is put back.
    Restore {
        drift: Drift,
        reason: &'static str,
        /// None: it has to be made anew.
        remote: Option<RemoteEvent>,
        /// How often in this day, this time included.
        restores: i64,
        since: i64,
    },
}

/// `event` is what was pushed.
pub(super) fn judge(
    policy: Policy,
    known: &Known,
    event: &Event,
    finding: Finding,
    now: i64,
) -> Verdict {
    let (what, difference) = match finding {
        Finding::Same(remote) => return same(known, event, remote, now),
        Finding::Missing => (What::Deleted, None),
        Finding::Different(difference) => (what(difference.aspects), Some(difference)),
    };
    let seen = difference.as_ref().and_then(|d| d.when.as_ref());
    let mut drift = Drift {
        what,
        seen: seen.map(Into::into),
        seen_title: difference.as_ref().and_then(|d| d.title.clone()),
        seen_at: now,
        stays: Stays::Not,
    };
    let remote = difference.map(|Difference { remote, .. }| remote);
    if let Some(before) = &known.delivery.drift
        && before.is_same(&drift)
        && before.stays != Stays::Not
    {
        return Verdict::Known(remote);
    }
    let (policy, stays) = match policy {
        Policy::Restore => {
            let (before, since) = match known.restoring_since {
                Some(since) if now - since < DAY => (known.restores, since),
                Some(_) | None => (0, now),
            };
            if before < MOST_RESTORES {
                return Verdict::Restore {
                    drift,
                    reason: PUTTING_BACK,
                    remote,
                    restores: before + 1,
                    since,
                };
            }
            (Policy::Report, Stays::Revision(event.revision))
        }
        Policy::Report => (Policy::Report, Stays::Revision(event.revision)),
        Policy::Accept => {
            let stays = Stays::Time {
                revision: event.revision,
                stated: Stated::of(event),
            };
            (Policy::Accept, stays)
        }
    };
    drift.stays = stays;
    let is_deleted = what == What::Deleted;
    Verdict::Stays {
        drift,
        state: match is_deleted {
            true => State::Failed,
            false => State::InCalendar,
        },
        reason: is_deleted.then_some(DELETED),
        remote,
        policy,
    }
}

/// The event as a whole is as it should be. A single date of a series cannot be put back by
/// pushing the series, so that it is reported under any policy.
fn same(known: &Known, event: &Event, remote: RemoteEvent, now: i64) -> Verdict {
    let before = known.delivery.drift.as_ref().map(|drift| drift.what);
    match (known.touched, before) {
        (_, Some(What::Occurrence)) => Verdict::Known(Some(remote)),
        (Some(Touched::Occurrence), _) => Verdict::Stays {
            drift: Drift {
                what: What::Occurrence,
                seen: None,
                seen_title: None,
                seen_at: now,
                stays: Stays::Revision(event.revision),
            },
            state: State::InCalendar,
            reason: None,
            remote: Some(remote),
            policy: Policy::Report,
        },
        (_, None) => Verdict::Known(Some(remote)),
        (_, Some(What::Moved | What::Deleted | What::Changed)) => Verdict::Right(remote),
    }
}

fn what(aspects: Aspects) -> What {
    match aspects.intersects(Aspects::WHEN | Aspects::RECURRENCE) {
        true => What::Moved,
        false => What::Changed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::known::tests::{event, known, remote};
    use crate::plugin::types::{Span, Timed};

    const NOW: i64 = 1_900_000_000;

    fn moved() -> Finding {
        Finding::Different(Difference {
            aspects: Aspects::WHEN,
            when: Some(Span::Timed(Timed {
                start: 500,
                end: 600,
                zone: "UTC".to_owned(),
            })),
            title: None,
            remote: remote("2"),
        })
    }

    fn verdict(policy: Policy, known: &Known, finding: Finding) -> Verdict {
        judge(policy, known, &event(3), finding, NOW)
    }

    #[test]
    fn the_same_drift_is_told_once_under_every_policy() {
        for policy in [Policy::Report, Policy::Accept] {
            for finding in [moved(), Finding::Missing] {
                let mut known = known("a", "1");
                let Verdict::Stays { drift, state, .. } = verdict(policy, &known, finding.clone())
                else {
                    panic!("{policy:?}");
                };
                assert_eq!(drift.seen_at, NOW);
                known.delivery.drift = Some(drift);
                known.delivery.state = state;
                let again = verdict(policy, &known, finding);
                assert!(matches!(again, Verdict::Known(_)), "{again:?}");
            }
        }
    }

    #[test]
    fn restoring_counts_by_the_day_and_ends_in_a_report() {
        let mut known = known("a", "1");
        for (restores, since, expected) in [
            (0, None, Some((1, NOW))),
            (2, Some(NOW - 86_399), Some((3, NOW - 86_399))),
            (3, Some(NOW - 86_399), None),
            (3, Some(NOW - 86_400), Some((1, NOW))),
        ] {
            (known.restores, known.restoring_since) = (restores, since);
            let counted = match verdict(Policy::Restore, &known, moved()) {
                Verdict::Restore {
                    restores, since, ..
                } => Some((restores, since)),
                Verdict::Stays { policy, .. } => {
                    assert_eq!(policy, Policy::Report);
                    None
                }
                other => panic!("{other:?}"),
            };
            assert_eq!(counted, expected);
        }
    }

    #[test]
    fn what_is_gone_is_made_anew_and_what_differs_is_overwritten() {
        let known = known("a", "1");
        for (finding, expected) in [(Finding::Missing, None), (moved(), Some(remote("2")))] {
            let Verdict::Restore { remote, drift, .. } = verdict(Policy::Restore, &known, finding)
            else {
                panic!();
            };
            assert_eq!(remote, expected);
            assert_eq!(drift.stays, Stays::Not);
        }
    }

    #[test]
    fn another_recurrence_counts_as_moved_and_another_text_as_changed() {
        for (aspects, expected) in [
            (Aspects::RECURRENCE | Aspects::TITLE, What::Moved),
            (Aspects::WHEN, What::Moved),
            (Aspects::TITLE | Aspects::STATUS, What::Changed),
            (Aspects::LOCATION, What::Changed),
        ] {
            assert_eq!(what(aspects), expected);
        }
    }
}
