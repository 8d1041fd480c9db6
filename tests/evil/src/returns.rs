//! Answers that fit the contract's types and nothing else: endless, forged, not even text.

use crate::{
    Deed,
    bindings::{
        calport::calendar::{
            secrets,
            types::{Error, InvalidField, Range, Span, Timed},
        },
        exports::calport::calendar::{
            calendar::{Account, Authorization, CalendarEntry, ConnectRequest, RemoteEvent},
            changes::{Aspects, Change, ChangePage, Difference, Finding},
        },
    },
};
use std::mem::ManuallyDrop;

const MIB: usize = 1 << 20;

/// Steers terminals, pages, headers and readers.
const MISCHIEF: &str = "a\0b\r\nSet-Cookie: c=d\r\n\u{1b}]0;owned\u{7}\u{1b}[2J\u{202e}live\u{2066}\u{85}\u{2028}<script>";

/// A text of the kind that a deed is called after.
fn text(deed: &str) -> Option<String> {
    Some(match deed {
        "10 MB" => "t".repeat(10 * MIB),
        "mischief" => MISCHIEF.to_owned(),
        "nothing" => String::new(),
        "script" => "javascript:alert(1)".to_owned(),
        // As long as the whole memory may be, and the same bytes every time.
        "the same 40 MB" => unsafe { forged(40 * MIB) },
        "not text" => unsafe { String::from_utf8_unchecked(vec![0xff, 0xfe, 0xc0, 0x80]) },
        "half a character" => unsafe { String::from_utf8_unchecked(vec![0xed, 0xa0, 0x80]) },
        "beyond memory" => unsafe { forged(usize::MAX / 2) },
        _ => return None,
    })
}

/// A string that was never allocated. It is not to be freed either: the call ends in time.
unsafe fn forged(length: usize) -> String {
    static BYTES: [u8; 8] = *b"forged!!";
    let at = BYTES.as_ptr().cast_mut();
    if length < 64 * MIB {
        // Made once, given out as often as asked for.
        static mut ONCE: Option<ManuallyDrop<String>> = None;
        let once = unsafe { &mut *(&raw mut ONCE) };
        let once = once.get_or_insert_with(|| ManuallyDrop::new("s".repeat(length)));
        return unsafe { String::from_raw_parts(once.as_mut_ptr(), length, length) };
    }
    unsafe { String::from_raw_parts(at, length, length) }
}

/// A list of which only the length is true.
unsafe fn billions<T>() -> Vec<T> {
    let length = 0x1000_0000;
    unsafe { Vec::from_raw_parts(std::ptr::dangling_mut(), length, length) }
}

pub(crate) fn remote(deed: &Deed) -> Result<RemoteEvent, Error> {
    let plain = |id: String| RemoteEvent {
        id,
        calendar: "primary".to_owned(),
        etag: None,
        link: None,
    };
    if let Some((field, kind)) = deed.name.split_once('=')
        && let Some(text) = text(kind)
    {
        let good = plain("id".to_owned());
        return Ok(match field {
            "id" => RemoteEvent { id: text, ..good },
            "calendar" => RemoteEvent {
                calendar: text,
                ..good
            },
            "etag" => RemoteEvent {
                etag: Some(text),
                ..good
            },
            "link" => RemoteEvent {
                link: Some(text),
                ..good
            },
            "all" => RemoteEvent {
                id: text.clone(),
                calendar: text.clone(),
                etag: Some(text.clone()),
                link: Some(text),
            },
            "rejected" => return Err(Error::Rejected(text)),
            "reconnect" => return Err(Error::NeedsReconnect(text)),
            "invalid" => {
                return Err(Error::Invalid(InvalidField {
                    field: text.clone(),
                    problem: text.clone(),
                    remedy: text,
                }));
            }
            "scopes" => return Err(Error::NeedsScope(vec![text; 1_000])),
            _ => return Err(Error::Other(Some(text))),
        });
    }
    if deed.name == "not connected" {
        return Err(Error::NotConnected);
    }
    deed.perform().map(plain)
}

fn entry(text: Option<String>) -> CalendarEntry {
    CalendarEntry {
        id: "primary".to_owned(),
        name: text.unwrap_or_else(|| "Primary".to_owned()),
        primary: true,
    }
}

pub(crate) fn calendars(deed: &Deed) -> Result<Vec<CalendarEntry>, Error> {
    match deed.name.as_str() {
        "billions" => Ok(unsafe { billions() }),
        "too many" => Ok(vec![entry(None); 200_000]),
        name => Ok(vec![entry(text(name))]),
    }
}

pub(crate) fn account(deed: &str) -> Result<Account, Error> {
    let text = text(deed);
    Ok(Account {
        id: "account".to_owned(),
        label: text
            .clone()
            .unwrap_or_else(|| "someone@evil.example".to_owned()),
        calendar: entry(text),
    })
}

pub(crate) fn authorization(request: &ConnectRequest) -> Result<Authorization, Error> {
    let hint = request.login_hint.as_deref().unwrap_or_default();
    let app = secrets::get("EVIL_CLIENT_ID").ok().flatten();
    let good = format!(
        "https://auth.evil.example/?response_type=code&client_id={}&scope=everything\
         &redirect_uri={}&state={}&code_challenge={}&code_challenge_method=S256",
        app.unwrap_or_default(),
        request.redirect_uri,
        request.state,
        request.code_challenge
    );
    // A part of it, an arrow, and what is to stand there.
    let changed = hint
        .split_once(" -> ")
        .map(|(part, other)| good.replacen(part, other, 1));
    Ok(Authorization {
        url: text(hint).or(changed).unwrap_or(good),
    })
}

pub(crate) fn busy(deed: &Deed, range: Range) -> Result<Vec<Range>, Error> {
    match deed.name.as_str() {
        "billions" => Ok(unsafe { billions() }),
        "too many" => Ok(vec![range; 1_000_000]),
        "the wrong way round" => Ok(vec![Range {
            start: i64::MAX,
            end: i64::MIN,
        }]),
        _ => Ok(vec![range]),
    }
}

pub(crate) fn file(deed: &str) -> Result<String, Error> {
    match deed {
        "good" => Ok("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n".to_owned()),
        "40 MB" => Ok("f".repeat(40 * MIB)),
        other => match text(other) {
            Some(text) => Ok(text),
            None => Deed::named(other).perform(),
        },
    }
}

pub(crate) fn changes(deed: &Deed) -> Result<ChangePage, Error> {
    let change = |id: String| Change {
        id,
        etag: None,
        occurrence: false,
    };
    let page = |changes, next: &str| ChangePage {
        changes,
        next: next.to_owned(),
        more: false,
        full: false,
    };
    Ok(match deed.name.as_str() {
        "billions" => page(unsafe { billions() }, "next"),
        "too many" => page(vec![change("id".to_owned()); 100_000], "next"),
        "no end" => ChangePage {
            more: true,
            ..page(Vec::new(), "next")
        },
        name => match text(name) {
            Some(text) => page(vec![change(text.clone())], &text),
            None => page(Vec::new(), "next"),
        },
    })
}

pub(crate) fn finding(deed: &Deed, remote: RemoteEvent) -> Result<Finding, Error> {
    Ok(match text(&deed.name) {
        Some(text) => Finding::Different(Difference {
            aspects: Aspects::all(),
            when: Some(Span::Timed(Timed {
                start: i64::MIN,
                end: i64::MAX,
                zone: text.clone(),
            })),
            title: Some(text),
            remote,
        }),
        None => Finding::Same(remote),
    })
}
