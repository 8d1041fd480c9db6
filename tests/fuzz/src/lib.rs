//! What the targets share: when a text may be shown to people, and what a call may answer with.

use calport_plugin::fuzzing::{Error, RetryAdvice};
use memchr::memmem;

/// Stands in everything that must not come out again. An input that holds it by itself shows
/// nothing.
pub const CANARY: &str = "CANARY";

/// The most characters of a text for people: what types.wit says of errors.
const LONGEST: usize = 1_024;

/// Whether one text stands in the other.
pub fn holds(text: impl AsRef<[u8]>, part: impl AsRef<[u8]>) -> bool {
    memmem::find(text.as_ref(), part.as_ref()).is_some()
}

/// Fails for a text that may not be shown to people: with characters that are not seen but do
/// something, or too long.
pub fn check_shown(text: &str) {
    assert!(text.chars().count() <= LONGEST, "{} bytes", text.len());
    let steers = |c: char| {
        c.is_control()
            || matches!(c,
                '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}')
    };
    assert!(!text.contains(steers), "{text:?}");
}

/// Fails for an error that is not as the contract says, or holds a canary.
pub fn check_error(error: &Error) {
    let texts: Vec<&str> = match error {
        Error::Invalid(invalid) => vec![&invalid.field, &invalid.problem, &invalid.remedy],
        Error::NotConfigured(names) | Error::NeedsScope(names) => {
            assert!(!names.is_empty(), "nothing is named");
            names.iter().map(String::as_str).collect()
        }
        Error::Misconfigured(why)
        | Error::NeedsReconnect(why)
        | Error::NeedsAdmin(why)
        | Error::Rejected(why) => vec![why],
        Error::Other(why) => why.iter().map(String::as_str).collect(),
        Error::Retry(RetryAdvice { after, .. }) => {
            assert!(
                after.is_none_or(|seconds| (1..=86_400).contains(&seconds)),
                "{after:?}"
            );
            Vec::new()
        }
        Error::NotConnected | Error::Denied | Error::Conflict | Error::Gone => Vec::new(),
    };
    for text in texts {
        assert!(!text.is_empty(), "{error:?}");
        assert!(!text.contains(CANARY), "{error:?}");
        check_shown(text);
    }
}

/// What percent-encoding hides, once.
pub fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let hex = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        let pair = (hex(tail.first()), hex(tail.get(1)));
        match (first, pair) {
            (b'%', (Some(high), Some(low))) => {
                decoded.push(u8::try_from(16 * high + low).unwrap_or(0));
                rest = &tail[2..];
            }
            (byte, _) => decoded.push(*byte),
        }
    }
    decoded
}
