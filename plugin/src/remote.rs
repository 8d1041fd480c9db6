//! What both providers share about remote events: the replies that call for a
//! decision rather than an error, and what of a reply a host may keep. Never calls
//! anybody.

use sha2::{Digest, Sha256};
use url::Url;

use crate::bindings::calport::calendar::types::{AllDay, Error, RetryCause, Span, Timed};
use crate::fault;
use crate::time::Date;
use crate::zones::Zone;

/// What a link to a provider's own page may take; a host may show it.
const LONGEST_LINK: usize = 2_048;

/// Reads and writes of one event before somebody else's changes win.
pub(crate) const MOST_ATTEMPTS: usize = 3;

/// A reply that is not success.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The event or its calendar is not there.
    NotFound,
    /// It was there once.
    Deleted,
    /// The identity that was to be created is taken.
    Duplicate,
    /// It has changed since it was read.
    Changed,
    /// This account may not do that to this calendar or event, for good.
    Forbidden(Error),
    Fault(Error),
}

impl Refusal {
    /// For calls that none of the special replies is expected of.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::NotFound | Self::Deleted => Error::Gone,
            Self::Duplicate | Self::Changed => fault::unavailable(),
            Self::Forbidden(error) | Self::Fault(error) => error,
        }
    }
}

/// An identifier that is the same whenever it is made of the same words: 160 bits of
/// SHA-256 in base32hex, lower case. Google takes nothing but that alphabet for the
/// ids of events, 5 to 1,024 characters.
pub(crate) fn stable_id(words: &[&str]) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    let mut hash = Sha256::new();
    for word in words {
        hash.update(word.as_bytes());
        hash.update([0]);
    }
    let mut id = String::with_capacity(32);
    let (mut bits, mut held) = (0_u32, 0);
    for byte in hash.finalize().iter().take(20) {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            let index = usize::try_from((bits >> held) & 31).unwrap_or(0);
            id.push(ALPHABET.get(index).copied().map_or('0', char::from));
        }
    }
    id
}

/// Whether it could be one of [`stable_id`]'s. Google's own ids are shorter.
pub(crate) fn is_stable_id(id: &str) -> bool {
    id.len() == 32 && id.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'v'))
}

/// RFC 9110, section 8.8.3, as far as a header can carry it.
pub(crate) fn etag(text: Option<&str>) -> Option<String> {
    text.filter(|etag| {
        (1..=256).contains(&etag.len()) && etag.bytes().all(|b| b.is_ascii_graphic())
    })
    .map(str::to_owned)
}

/// When a remote event takes place. One of no length, which calendars can hold and the contract
/// cannot, has no time that can be told.
pub(crate) fn timed(start: i64, end: i64, zone: Option<Zone>) -> Option<Span> {
    (start < end).then(|| {
        Span::Timed(Timed {
            start,
            end,
            zone: zone.map_or("Etc/UTC", |zone| zone.name()).to_owned(),
        })
    })
}

/// The same of whole days.
pub(crate) fn all_day(start: Date, end: Date) -> Option<Span> {
    (start < end).then(|| {
        Span::AllDay(AllDay {
            start: start.to_string(),
            end: end.to_string(),
        })
    })
}

/// An http or https URL that can be shown.
pub(crate) fn link(text: Option<&str>) -> Option<String> {
    text.filter(|link| link.len() <= LONGEST_LINK && url(link).is_some())
        .map(str::to_owned)
}

/// An http or https URL whose host is written in the one way that every reader takes alike:
/// nothing in it is percent-encoded, and all of it is ASCII. Of other hosts `url` makes no sense
/// here, and asserts as much in debug builds.
pub(crate) fn url(text: &str) -> Option<Url> {
    let rest = ["https://", "http://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme))?;
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let is_plain = |b: u8| b.is_ascii_graphic() && b != b'%';
    rest.get(..end)
        .filter(|authority| authority.bytes().all(is_plain))
        .and_then(|_| Url::parse(text).ok())
}

/// Whether what was asked for may have happened all the same.
pub(crate) fn is_unsure(error: &Error) -> bool {
    matches!(error, Error::Retry(advice) if matches!(advice.cause, RetryCause::NoReply | RetryCause::Unavailable))
}
