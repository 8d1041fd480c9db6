//! The page's words for times, states and outcomes: plain sentences, each with what to do
//! next where there is something to do.

use super::replies::InCalendar;
use crate::bookings::{Body, Status, When};
use jiff::{Timestamp, Zoned, civil::Date, tz::TimeZone};

/// A day as a calendar leaf shows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) weekday: String,
    pub(super) day: String,
    pub(super) month: String,
}

/// The day that a booking begins on.
pub(super) fn leaf(body: &Body) -> Option<Leaf> {
    let date = match body.when().ok()? {
        When::Timed { start, zone, .. } => local(start, &zone).date(),
        When::AllDay { start, .. } => start,
    };
    let part = |format| date.strftime(format).to_string();
    Some(Leaf {
        weekday: part("%a"),
        day: part("%-d"),
        month: part("%b %Y"),
    })
}

/// When a booking takes place: `10:00 to 12:00, London time`.
pub(super) fn when(body: &Body) -> String {
    match body.when() {
        Ok(When::Timed { start, end, zone }) => {
            let (start, end) = (local(start, &zone), local(end, &zone));
            let last = if start.date() == end.date() {
                "%H:%M"
            } else {
                "%a %-d %b %H:%M"
            };
            let place = zone.rsplit('/').next().unwrap_or(&zone).replace('_', " ");
            let time = if place == "UTC" {
                place
            } else {
                format!("{place} time")
            };
            format!(
                "{} to {}, {time}",
                start.strftime("%H:%M"),
                end.strftime(last)
            )
        }
        Ok(When::AllDay { start, end }) => match end.yesterday() {
            Ok(last) if last > start => format!("All day, until {}", short(last)),
            Ok(_) | Err(_) => "All day".to_owned(),
        },
        Err(_) => String::new(),
    }
}

fn short(date: Date) -> String {
    date.strftime("%a %-d %b").to_string()
}

fn local(at: Timestamp, zone: &str) -> Zoned {
    at.to_zoned(TimeZone::get(zone).unwrap_or(TimeZone::UTC))
}

/// How a booking repeats, for the rules that this platform makes.
pub(super) fn repeats(body: &Body) -> Option<String> {
    let rule = &body.recurrence.as_ref()?.rule;
    let part = |name: &str| {
        let mut parts = rule.split(';').filter_map(|part| part.split_once('='));
        parts
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value)
    };
    let every = match part("FREQ")? {
        "DAILY" => "every day",
        "WEEKLY" => "every week",
        "MONTHLY" => "every month",
        _ => return Some("repeatedly".to_owned()),
    };
    Some(match part("COUNT") {
        Some(count) => format!("{every}, {count} times"),
        None => every.to_owned(),
    })
}

/// How a state looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Waiting,
    Bad,
    Quiet,
}

impl Tone {
    /// Its CSS class.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Waiting => "waiting",
            Self::Bad => "bad",
            Self::Quiet => "quiet",
        }
    }

    /// Its mark, for those who do not see colours.
    pub(super) fn mark(self) -> &'static str {
        match self {
            Self::Good => "\u{2713}",
            Self::Waiting => "\u{2026}",
            Self::Bad => "!",
            Self::Quiet => "\u{2013}",
        }
    }
}

/// How far a booking has come in one calendar.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) tone: Tone,
    pub(super) text: String,
    pub(super) detail: Option<String>,
    pub(super) link: Option<String>,
    /// The provider to connect again.
    pub(super) reconnect: Option<String>,
    /// Whether something keeps it waiting.
    pub(super) is_held_up: bool,
}

/// What to say of a booking in one calendar. `label` is the provider's.
pub(super) fn progress(
    status: Status,
    calendar: &InCalendar,
    label: &str,
    now: Timestamp,
) -> Progress {
    let is_off = status == Status::Cancelled;
    let reason = calendar.reason.clone();
    let mut progress = Progress {
        tone: Tone::Quiet,
        text: String::new(),
        detail: None,
        link: None,
        reconnect: None,
        is_held_up: false,
    };
    match calendar.state.as_str() {
        "in_calendar" => {
            progress.tone = Tone::Good;
            progress.text = format!("In {label}");
            progress.link = calendar.link.clone();
        }
        "waiting" => {
            progress.tone = Tone::Waiting;
            progress.text = match is_off {
                true => format!("Being taken out of {label}"),
                false => format!("On its way to {label}"),
            };
            progress.is_held_up = reason.is_some();
            progress.detail = reason.map(|reason| {
                let next = calendar.next_try.map_or_else(String::new, |at| {
                    let seconds = at.as_second().saturating_sub(now.as_second());
                    if seconds > 0 {
                        format!(" Next try in {}.", span(seconds))
                    } else {
                        String::new()
                    }
                });
                format!("{}.{next}", sentence(&reason))
            });
        }
        "needs_reconnect" => {
            progress.tone = Tone::Bad;
            progress.text = format!("{label} must be connected again");
            progress.detail = reason.map(|reason| format!("{}.", sentence(&reason)));
            progress.reconnect = Some(calendar.provider.clone());
        }
        _ => {
            progress.tone = Tone::Bad;
            progress.text = format!("{label} did not take it");
            progress.detail = reason.map(|reason| format!("{}.", sentence(&reason)));
        }
    }
    progress
}

/// The same where the grant is dead: what is in the calendar stays there, and no change
/// reaches it.
pub(super) fn under_dead_grant(progress: Progress, calendar: &InCalendar, label: &str) -> Progress {
    if calendar.state != "in_calendar" {
        return progress;
    }
    Progress {
        tone: Tone::Bad,
        text: format!("Still in {label}, no longer kept up to date"),
        reconnect: Some(calendar.provider.clone()),
        ..progress
    }
}

/// What to say of a grant that was ended here. `pages`: where only its owner can end it.
pub(super) fn of_grant(revocation: &str, pages: &[String]) -> String {
    match revocation {
        "done" => "Access was withdrawn at the provider, and erased here.".to_owned(),
        "pending" => {
            "Access was erased here. The provider did not answer: withdrawing it there is \
                      tried again for a day."
                .to_owned()
        }
        "by_user" => {
            let pages = pages.join(" or ");
            format!(
                "Access was erased here. The provider still lists the permission, and only you \
                 can withdraw it there: at {pages}."
            )
        }
        "shared" => "Access was erased here. Somebody else here uses the same account, so the \
                     provider was not told."
            .to_owned(),
        _ => "Access was erased here. The provider did not confirm that it was withdrawn there, \
              too: you can look in your account."
            .to_owned(),
    }
}

/// What to say of a booking in the feed, which always is as the booking is.
pub(super) fn in_feed(status: Status) -> Progress {
    let is_off = status == Status::Cancelled;
    Progress {
        tone: if is_off { Tone::Quiet } else { Tone::Good },
        text: if is_off {
            "Cancelled in the feed"
        } else {
            "In the feed"
        }
        .to_owned(),
        detail: None,
        link: None,
        reconnect: None,
        is_held_up: false,
    }
}

fn span(seconds: i64) -> String {
    match seconds {
        ..=1 => "a second".to_owned(),
        2..=119 => format!("{seconds} seconds"),
        120..=7_199 => format!("{} minutes", seconds / 60),
        _ => format!("{} hours", seconds / 3_600),
    }
}

/// When something happened: `fetched 5 seconds ago`.
pub(super) fn ago(at: Timestamp, now: Timestamp) -> String {
    format!(
        "fetched {} ago",
        span(now.as_second().saturating_sub(at.as_second()))
    )
}

/// With a capital letter, and without a full stop.
pub(super) fn sentence(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// What the page says when a browser comes back from a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) tone: Tone,
    pub(super) heading: &'static str,
    pub(super) text: &'static str,
    pub(super) next: Next,
}

/// The next step after a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Look at the bookings.
    Bookings,
    /// Connect again.
    Connect,
    /// Finish a parked flow.
    Complete,
    /// Say which account it shall be.
    Choose,
}

/// The words for each `status` of the return URL. Codes come from anywhere, so there are
/// words for unknown ones, too.
pub(super) fn outcome(status: &str) -> Outcome {
    let (tone, heading, text, next) = match status {
        "connected" => (
            Tone::Good,
            "Your calendar is connected",
            "Your bookings appear in it within moments, and follow every change.",
            Next::Bookings,
        ),
        "parked" => (
            Tone::Waiting,
            "One step is left",
            "You came back in another browser than the one you began in. If you are the one \
             who began, finish here; nobody else can.",
            Next::Complete,
        ),
        "account-changed" => (
            Tone::Waiting,
            "Which account shall it be?",
            "You have just agreed with another account than the one that is connected. So far \
             nothing has changed.",
            Next::Choose,
        ),
        "denied" => (
            Tone::Quiet,
            "Nothing was connected",
            "You chose not to allow it, and that is fine. Your bookings stay here, and each \
             has a file for your calendar. You can connect at any time.",
            Next::Connect,
        ),
        "needs-scope" => (
            Tone::Bad,
            "A permission is missing",
            "Nothing was connected, because a box was left unticked that bookings cannot do \
             without. Connect again and leave every box ticked.",
            Next::Connect,
        ),
        "needs-admin" => (
            Tone::Bad,
            "Your organisation has to agree first",
            "Its administrator does not let this app in yet. Ask them to approve it, or \
             connect another account.",
            Next::Connect,
        ),
        "expired" => (
            Tone::Bad,
            "This link is not valid any more",
            "It works once, and for ten minutes. Please begin again.",
            Next::Connect,
        ),
        "retry" => (
            Tone::Bad,
            "The calendar provider did not answer",
            "Nothing was connected. Please try again in a moment.",
            Next::Connect,
        ),
        "not-configured" | "misconfigured" => (
            Tone::Bad,
            "This calendar is temporarily unavailable",
            "That is not your fault, and everything else works. Please try again later.",
            Next::Bookings,
        ),
        _ => (
            Tone::Bad,
            "Nothing was connected",
            "The calendar provider did not go along with it. Please try once more.",
            Next::Connect,
        ),
    };
    Outcome {
        tone,
        heading,
        text,
        next,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        bookings::Recurrence,
        demo::seed,
        plugin::{error_code, types},
    };

    #[test]
    fn a_time_is_said_in_the_zone_of_the_booking() {
        let mut body = seed::blank("x", &[]);
        let start: Timestamp = "2026-07-01T22:30:00Z".parse().unwrap();
        body.start = Some(start);
        body.end = Some("2026-07-01T23:30:00Z".parse().unwrap());
        body.zone = Some("America/New_York".into());
        assert_eq!(when(&body), "18:30 to 19:30, New York time");
        body.zone = Some("Europe/London".into());
        assert_eq!(when(&body), "23:30 to Thu 2 Jul 00:30, London time");
        assert_eq!(leaf(&body).unwrap().day, "1");
        let mut days = seed::blank("x", &[]);
        days.start_date = Some("2026-12-24".parse().unwrap());
        days.end_date = Some("2026-12-25".parse().unwrap());
        assert_eq!(when(&days), "All day");
        days.end_date = Some("2026-12-26".parse().unwrap());
        assert_eq!(when(&days), "All day, until Fri 25 Dec");
        let rule = "FREQ=WEEKLY;COUNT=10".into();
        days.recurrence = Some(Recurrence {
            rule,
            excluded: vec![],
        });
        assert_eq!(repeats(&days).unwrap(), "every week, 10 times");
    }

    #[test]
    fn waiting_says_why_and_until_when() {
        let now: Timestamp = "2026-07-01T12:00:00Z".parse().unwrap();
        let calendar = InCalendar {
            provider: "google".into(),
            state: "waiting".into(),
            link: None,
            reason: Some("the provider is not available".into()),
            next_try: Some("2026-07-01T12:00:05Z".parse().unwrap()),
        };
        let said = progress(Status::Confirmed, &calendar, "Google Calendar", now);
        assert_eq!(said.text, "On its way to Google Calendar");
        assert_eq!(
            said.detail.unwrap(),
            "The provider is not available. Next try in 5 seconds."
        );
        assert!(said.is_held_up);
        let off = progress(Status::Cancelled, &calendar, "Google Calendar", now);
        assert_eq!(off.text, "Being taken out of Google Calendar");
    }

    #[test]
    fn nothing_is_called_withdrawn_that_nobody_has_withdrawn() {
        let pages = ["https://provider.example/apps".to_owned()];
        for revocation in ["done", "pending", "by_user", "shared", "refused", "nothing"] {
            let said = of_grant(revocation, &pages);
            let is_claimed = said.contains("was withdrawn at the provider");
            assert_eq!(is_claimed, revocation == "done", "{said}");
        }
        assert!(of_grant("by_user", &pages).contains("https://provider.example/apps"));
    }

    #[test]
    fn what_a_dead_grant_left_in_the_calendar_is_not_called_up_to_date() {
        let calendar = |state: &str| InCalendar {
            provider: "google".into(),
            state: state.into(),
            link: Some("https://calendar.example/1".into()),
            reason: None,
            next_try: None,
        };
        let now: Timestamp = "2026-07-01T12:00:00Z".parse().unwrap();
        let under = |state| {
            let calendar = calendar(state);
            let said = progress(Status::Confirmed, &calendar, "Google Calendar", now);
            under_dead_grant(said, &calendar, "Google Calendar")
        };
        let there = under("in_calendar");
        assert_eq!(
            there.text,
            "Still in Google Calendar, no longer kept up to date"
        );
        assert_eq!(there.tone, Tone::Bad);
        assert_eq!(there.reconnect.as_deref(), Some("google"));
        assert!(there.link.is_some());
        assert_eq!(
            under("needs_reconnect").text,
            "Google Calendar must be connected again"
        );
    }

    #[test]
    fn only_a_connection_is_called_connected() {
        use types::Error;
        let retry = types::RetryAdvice {
            after: None,
            cause: types::RetryCause::NoReply,
        };
        for error in [
            Error::NotConfigured(vec![]),
            Error::Misconfigured(String::new()),
            Error::NeedsScope(vec![]),
            Error::NeedsAdmin(String::new()),
            Error::Denied,
            Error::Retry(retry),
            Error::Rejected(String::new()),
            Error::Other(None),
        ] {
            let said = outcome(error_code(&error));
            assert_ne!(said.tone, Tone::Good, "{error:?}");
            assert!(!said.text.is_empty());
        }
        assert_eq!(outcome("parked").next, Next::Complete);
        assert_eq!(outcome("account-changed").next, Next::Choose);
        assert_eq!(outcome("connected").tone, Tone::Good);
    }
}
