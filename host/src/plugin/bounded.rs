//! The border that every answer of a plugin passes. What is for people is cut and plain; what
//! the host hands back, compares or stores must be as the contract says, or the answer is
//! refused: an id that was mended would be another one (case 28).

use super::{
    calendar::{Account, Authorization, CalendarEntry, RemoteEvent},
    changes::{ChangePage, Difference, Finding},
    error::CallError,
    types::{Error, InvalidField, Range, RetryAdvice, Span},
};
use crate::plain;
use std::borrow::Cow;
use url::Url;

/// Names and labels, in characters.
const LABEL: usize = 256;

/// Texts of errors and titles, in characters, as the contract says.
const TEXT: usize = 1_024;

/// Ids and versions, in bytes. Google's ids have at most 1,024, Microsoft's some 200.
pub(super) const ID: usize = 1_024;

/// Addresses that browsers open, in bytes.
const LINK: usize = 2_048;

/// A consent page's address, in bytes: it holds a redirect URI, scopes and a state.
const CONSENT_URL: usize = 8_192;

/// A change cursor, in bytes, as the contract says.
const CURSOR: usize = 8_192;

/// The longest list of an error's names.
const NAMES: usize = 32;

/// Calendars of one account. Google's web page stops being usable at some hundreds.
const CALENDARS: usize = 5_000;

/// Busy ranges of 250 calendars in 92 days: five of every day, if none overlaps.
const RANGES: usize = 150_000;

/// Changes of one page, as the contract says.
const CHANGES: usize = 2_500;

/// Seconds that a plugin may ask to wait, as the contract says.
const WAIT: u32 = 86_400;

/// An answer that can be brought within bounds.
pub(super) trait Bounded: Sized {
    /// The answer as the host takes it.
    ///
    /// # Errors
    /// [`CallError::Improper`] names what cannot be mended.
    fn bounded(self) -> Result<Self, CallError>;
}

impl Bounded for () {
    fn bounded(self) -> Result<Self, CallError> {
        Ok(())
    }
}

impl<T: Bounded> Bounded for Option<T> {
    fn bounded(self) -> Result<Self, CallError> {
        self.map(T::bounded).transpose()
    }
}

impl Bounded for Authorization {
    fn bounded(self) -> Result<Self, CallError> {
        opaque("authorization.url", &self.url, CONSENT_URL)?;
        Ok(self)
    }
}

impl Bounded for Account {
    fn bounded(self) -> Result<Self, CallError> {
        opaque("account.id", &self.id, ID)?;
        Ok(Self {
            id: self.id,
            label: label(self.label),
            calendar: self.calendar.bounded()?,
        })
    }
}

impl Bounded for CalendarEntry {
    fn bounded(self) -> Result<Self, CallError> {
        opaque("calendar.id", &self.id, ID)?;
        Ok(Self {
            name: label(self.name),
            ..self
        })
    }
}

impl Bounded for Vec<CalendarEntry> {
    fn bounded(self) -> Result<Self, CallError> {
        at_most("calendars", self.len(), CALENDARS)?;
        self.into_iter().map(CalendarEntry::bounded).collect()
    }
}

impl Bounded for RemoteEvent {
    fn bounded(self) -> Result<Self, CallError> {
        opaque("event.id", &self.id, ID)?;
        opaque("event.calendar", &self.calendar, ID)?;
        if let Some(etag) = &self.etag {
            opaque("event.etag", etag, ID)?;
        }
        Ok(Self {
            // Nothing but a convenience: better none than a wrong one.
            link: self.link.filter(|link| is_link(link)),
            ..self
        })
    }
}

impl Bounded for Vec<Range> {
    fn bounded(self) -> Result<Self, CallError> {
        at_most("busy", self.len(), RANGES)?;
        match self.iter().all(|range| range.start < range.end) {
            true => Ok(self),
            false => Err(CallError::Improper("busy")),
        }
    }
}

impl Bounded for ChangePage {
    fn bounded(self) -> Result<Self, CallError> {
        at_most("changes", self.changes.len(), CHANGES)?;
        for change in &self.changes {
            opaque("change.id", &change.id, ID)?;
            if let Some(etag) = &change.etag {
                opaque("change.etag", etag, ID)?;
            }
        }
        let is_cursor = self.next.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        if !is_cursor || self.next.is_empty() || self.next.len() > CURSOR {
            return Err(CallError::Improper("changes.next"));
        }
        Ok(self)
    }
}

impl Bounded for Finding {
    fn bounded(self) -> Result<Self, CallError> {
        Ok(match self {
            Self::Same(remote) => Self::Same(remote.bounded()?),
            Self::Different(difference) => Self::Different(difference.bounded()?),
            Self::Missing => Self::Missing,
        })
    }
}

impl Bounded for Difference {
    fn bounded(self) -> Result<Self, CallError> {
        if let Some(when) = &self.when {
            span(when)?;
        }
        Ok(Self {
            title: self.title.map(|title| plain(title, TEXT)),
            remote: self.remote.bounded()?,
            ..self
        })
    }
}

/// A file's text. What it says is the plugin's; that it is lines of text is checked.
impl Bounded for String {
    fn bounded(self) -> Result<Self, CallError> {
        let is_text = |c: char| !c.is_control() || matches!(c, '\r' | '\n' | '\t');
        match self.starts_with("BEGIN:VCALENDAR\r\n") && self.chars().all(is_text) {
            true => Ok(self),
            false => Err(CallError::Improper("file")),
        }
    }
}

/// An error's texts are read by people, and its numbers are waited for.
impl Bounded for Error {
    fn bounded(self) -> Result<Self, CallError> {
        Ok(match self {
            Self::Invalid(invalid) => Self::Invalid(InvalidField {
                field: plain(invalid.field, LABEL),
                problem: plain(invalid.problem, TEXT),
                remedy: plain(invalid.remedy, TEXT),
            }),
            Self::NotConfigured(names) => Self::NotConfigured(few(names)),
            Self::Misconfigured(what) => Self::Misconfigured(plain(what, TEXT)),
            Self::NeedsReconnect(why) => Self::NeedsReconnect(plain(why, TEXT)),
            Self::NeedsScope(scopes) => Self::NeedsScope(few(scopes)),
            Self::NeedsAdmin(why) => Self::NeedsAdmin(plain(why, TEXT)),
            Self::Retry(advice) => Self::Retry(RetryAdvice {
                after: advice.after.map(|seconds| seconds.clamp(1, WAIT)),
                ..advice
            }),
            Self::Rejected(why) => Self::Rejected(plain(why, TEXT)),
            Self::Other(why) => Self::Other(why.map(|why| plain(why, TEXT))),
            Self::NotConnected | Self::Denied | Self::Conflict | Self::Gone => self,
        })
    }
}

fn few(mut names: Vec<String>) -> Vec<String> {
    names.truncate(NAMES);
    names.into_iter().map(label).collect()
}

fn label(text: String) -> String {
    plain(text, LABEL)
}

/// The same text, without a copy, in the usual case.
fn plain(text: String, most: usize) -> String {
    if let Cow::Owned(line) = plain::line(&text, most) {
        return line;
    }
    text
}

/// What the host takes as it is: one word or more of visible text.
fn opaque(what: &'static str, text: &str, most: usize) -> Result<(), CallError> {
    if !text.is_empty() && is_storable(text, most) {
        return Ok(());
    }
    Err(CallError::Improper(what))
}

/// Whether a text has no more bytes than this, and only those that every database takes.
pub(super) fn is_storable(text: &str, most: usize) -> bool {
    text.len() <= most && !text.contains(plain::is_steering)
}

fn at_most(what: &'static str, length: usize, most: usize) -> Result<(), CallError> {
    if length <= most {
        return Ok(());
    }
    Err(CallError::Improper(what))
}

fn span(span: &Span) -> Result<(), CallError> {
    match span {
        Span::Timed(timed) => {
            opaque("when.zone", &timed.zone, LABEL)?;
            match timed.start < timed.end {
                true => Ok(()),
                false => Err(CallError::Improper("when")),
            }
        }
        Span::AllDay(days) => {
            opaque("when.start", &days.start, LABEL)?;
            opaque("when.end", &days.end, LABEL)
        }
    }
}

/// Whether browsers may be sent there: an absolute https URL, or an http one of the same form,
/// without a user.
fn is_link(link: &str) -> bool {
    link.len() <= LINK
        && link.bytes().all(|b| b.is_ascii_graphic())
        && Url::parse(link).is_ok_and(|url| {
            matches!(url.scheme(), "https" | "http")
                && url.username().is_empty()
                && url.password().is_none()
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::{changes::Change, types::RetryCause, types::Timed};

    fn remote() -> RemoteEvent {
        RemoteEvent {
            id: "id".into(),
            calendar: "casey@gmail.example".into(),
            etag: Some("\"3181161784712000\"".into()),
            link: Some("https://calendar.example/event?eid=x".into()),
        }
    }

    #[test]
    fn an_ordinary_answer_passes_as_it_is() {
        assert_eq!(remote().bounded().unwrap(), remote());
        let page = ChangePage {
            changes: vec![Change {
                id: "id".into(),
                etag: None,
                occurrence: false,
            }],
            next: "CPDA v=1".into(),
            more: true,
            full: false,
        };
        assert_eq!(page.clone().bounded().unwrap(), page);
        let file = "BEGIN:VCALENDAR\r\nSUMMARY:Käse\r\n\tund Brot\r\nEND:VCALENDAR\r\n";
        assert_eq!(file.to_owned().bounded().unwrap(), file);
    }

    #[test]
    fn case_28_what_cannot_be_mended_is_refused_by_name() {
        for wrong in [
            "",
            "a\0",
            "a\r\nb",
            "\u{202e}a",
            "\u{1b}[2J",
            &"x".repeat(1_025),
        ] {
            for (changed, named) in [
                (
                    RemoteEvent {
                        id: wrong.into(),
                        ..remote()
                    },
                    "event.id",
                ),
                (
                    RemoteEvent {
                        calendar: wrong.into(),
                        ..remote()
                    },
                    "event.calendar",
                ),
                (
                    RemoteEvent {
                        etag: Some(wrong.into()),
                        ..remote()
                    },
                    "event.etag",
                ),
            ] {
                let refused = changed.bounded();
                assert!(matches!(refused, Err(CallError::Improper(what)) if what == named));
            }
        }
        for url in [
            "",
            "https://x.example/\r\nSet-Cookie: a=b",
            &"u".repeat(8_193),
        ] {
            assert!(Authorization { url: url.into() }.bounded().is_err());
        }
        let range = |start, end| Range { start, end };
        assert!(vec![range(0, 1), range(1, 1)].bounded().is_err());
        assert!(vec![range(0, 1); RANGES + 1].bounded().is_err());
        for file in [
            "",
            "BEGIN:VCALENDAR\r\n\0",
            "<html>",
            "BEGIN:VCALENDAR\r\n\u{1b}c",
        ] {
            assert!(file.to_owned().bounded().is_err(), "{file:?}");
        }
        let page = |next: &str, changes| ChangePage {
            changes: vec![
                Change {
                    id: "id".into(),
                    etag: None,
                    occurrence: false
                };
                changes
            ],
            next: next.into(),
            more: false,
            full: false,
        };
        assert!(page("next", CHANGES).bounded().is_ok());
        assert!(page("next", CHANGES + 1).bounded().is_err());
        for next in ["", "a\nb", "ä", &"x".repeat(8_193)] {
            assert!(page(next, 0).bounded().is_err());
        }
        let timed = Timed {
            start: 1,
            end: 0,
            zone: "UTC".into(),
        };
        assert!(span(&Span::Timed(timed)).is_err());
    }

    #[test]
    fn case_28_a_link_that_no_browser_should_open_is_left_out() {
        for link in [
            "javascript:alert(1)",
            "data:text/html,x",
            "//evil.example",
            "https://user@evil.example/",
            "https://evil.example/\u{202e}",
            "https://evil.example/ x",
            &format!("https://evil.example/{}", "x".repeat(2_048)),
        ] {
            let link = Some(link.to_owned());
            assert_eq!(
                RemoteEvent { link, ..remote() }.bounded().unwrap().link,
                None
            );
        }
    }

    #[test]
    fn case_28_what_people_read_is_cut_and_plain() {
        let account = Account {
            id: "1".into(),
            label: "a\u{1b}[31m\u{202e}".to_owned() + &"b".repeat(10 << 20),
            calendar: CalendarEntry {
                id: "primary".into(),
                name: "c\r\nd".into(),
                primary: true,
            },
        };
        let account = account.bounded().unwrap();
        assert_eq!(account.label.chars().count(), LABEL);
        assert!(!account.label.contains(plain::is_steering));
        assert_eq!(account.calendar.name, "c  d");
        let Error::NeedsScope(names) = Error::NeedsScope(vec!["\0".repeat(9_999); 999])
            .bounded()
            .unwrap()
        else {
            panic!()
        };
        assert_eq!((names.len(), names[0].chars().count()), (NAMES, LABEL));
        let advice = |after| RetryAdvice {
            cause: RetryCause::NoReply,
            after,
        };
        let waits = Error::Retry(advice(Some(u32::MAX))).bounded().unwrap();
        assert_eq!(waits, Error::Retry(advice(Some(WAIT))));
    }
}
