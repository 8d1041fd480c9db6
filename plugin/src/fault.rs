//! The contract's errors: how each is made, and how a provider's words are cleaned
//! before they go into one. Never puts a credential into a text.

use crate::bindings::calport::calendar::types::{Error, InvalidField, RetryAdvice, RetryCause};
use crate::time;

/// The longest text that an error may hold, in characters (types.wit).
const LONGEST_TEXT: usize = 1_024;

/// Bounds of `retry-advice.after` in seconds (types.wit).
const SHORTEST_WAIT: i64 = 1;
const LONGEST_WAIT: i64 = 86_400;

pub(crate) fn field(
    field: impl Into<String>,
    problem: impl Into<String>,
    remedy: impl Into<String>,
) -> InvalidField {
    InvalidField {
        field: field.into(),
        problem: problem.into(),
        remedy: remedy.into(),
    }
}

pub(crate) fn invalid(
    name: impl Into<String>,
    problem: impl Into<String>,
    remedy: impl Into<String>,
) -> Error {
    Error::Invalid(field(name, problem, remedy))
}

pub(crate) fn retry(cause: RetryCause) -> Error {
    Error::Retry(RetryAdvice { cause, after: None })
}

/// The provider's answer cannot be read, or says that it cannot serve.
pub(crate) fn unavailable() -> Error {
    retry(RetryCause::Unavailable)
}

/// A permanent refusal in the provider's words, or in ours when it has none.
pub(crate) fn rejected(words: Option<&str>, ours: &str) -> Error {
    let cleaned = plain(words.unwrap_or_default());
    Error::Rejected(if cleaned.is_empty() {
        ours.to_owned()
    } else {
        cleaned
    })
}

/// `Retry-After` of RFC 9110: seconds or a date. A date that has passed means "now",
/// anything unreadable means that nothing was asked.
pub(crate) fn retry_after(header: Option<&str>, now: i64) -> Option<u32> {
    let text = header?.trim();
    let seconds = if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        time::digits(text).unwrap_or(LONGEST_WAIT)
    } else {
        time::parse_http_date(text)? - now
    };
    u32::try_from(seconds.clamp(SHORTEST_WAIT, LONGEST_WAIT)).ok()
}

/// Longer words than any language has: a token that a provider repeats is one.
const LONGEST_WORD: usize = 64;

/// One line of plain text: no markup, no tokens, no control or direction characters, no more
/// than an error may hold.
pub(crate) fn plain(text: &str) -> String {
    let mut shown = String::new();
    let mut in_tag = false;
    for c in text.chars().take(16 * LONGEST_TEXT) {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            _ if in_tag => continue,
            c if is_invisible(c) => continue,
            c if !c.is_whitespace() && !c.is_control() => {
                shown.push(c);
                continue;
            }
            _ => {}
        }
        shown.push(' ');
    }
    let mut cleaned = String::new();
    let mut room = LONGEST_TEXT;
    for word in shown.split_whitespace() {
        let length = word.chars().count();
        let (word, length) = if length > LONGEST_WORD {
            ("[...]", 5)
        } else {
            (word, length)
        };
        let gap = usize::from(!cleaned.is_empty());
        let Some(less) = room.checked_sub(gap + length) else {
            break;
        };
        room = less;
        if gap == 1 {
            cleaned.push(' ');
        }
        cleaned.push_str(word);
    }
    cleaned
}

/// A provider's name for something, as one line of at most 1,024 characters; `other`
/// when nothing is left of it.
pub(crate) fn label(name: &str, other: &str) -> String {
    let clean = |text: &str| -> String {
        text.chars()
            .filter(|c| !is_invisible(*c))
            .map(|c| if is_break(c) { ' ' } else { c })
            .take(LONGEST_TEXT)
            .collect()
    };
    let cleaned = clean(name);
    if cleaned.trim().is_empty() {
        clean(other)
    } else {
        cleaned.trim().to_owned()
    }
}

fn is_break(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Characters that change how others are shown and show nothing themselves, tags and
/// annotations among them.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_796_119_200; // Tue, 01 Dec 2026 10:00:00 GMT

    #[test]
    fn retry_after_is_read_in_every_form_and_clamped_case_33() {
        for (header, expected) in [
            (None, None),
            (Some("7"), Some(7)),
            (Some(" 120 "), Some(120)),
            (Some("0"), Some(1)),
            (Some("315360000"), Some(86_400)),
            (Some("99999999999999999999999999"), Some(86_400)),
            (Some("Tue, 01 Dec 2026 10:05:00 GMT"), Some(300)),
            (Some("Tuesday, 01-Dec-26 10:05:00 GMT"), Some(300)),
            (Some("Tue Dec  1 10:05:00 2026"), Some(300)),
            (Some("Mon, 30 Nov 2026 10:00:00 GMT"), Some(1)),
            (Some("Mon, 01 Dec 2036 10:00:00 GMT"), Some(86_400)),
            (Some("-5"), None),
            (Some("+5"), None),
            (Some("1.5"), None),
            (Some("soon"), None),
            (Some(""), None),
            (Some("٧"), None),
        ] {
            assert_eq!(retry_after(header, NOW), expected, "{header:?}");
        }
    }

    #[test]
    fn a_name_is_one_line_without_anything_that_cannot_be_seen() {
        for (name, shown) in [
            (" Casey ", "Casey"),
            ("a\r\nb\tc", "a  b c"),
            (
                "one\u{2028}two\u{2029}three\u{85}four",
                "one two three four",
            ),
            ("pay\u{202e}elgoog\u{61c}\u{fffa}\u{e0041}", "payelgoog"),
            ("\u{200b}\u{2028}", "an-id"),
        ] {
            assert_eq!(label(name, "an-id"), shown, "{name:?}");
        }
    }

    #[test]
    fn a_providers_words_become_one_bounded_line_of_plain_text() {
        for (words, expected) in [
            ("Not Found", "Not Found"),
            ("a\r\n\tb\u{0}c\u{1b}[31m", "a b c [31m"),
            ("<html><h1>Error</h1><p>no</p>", "Error no"),
            ("<script>alert(1)</script", "alert(1)"),
            ("a \u{202e}evil\u{2066}", "a evil"),
            ("1 > 0", "1 > 0"),
            ("", ""),
        ] {
            assert_eq!(plain(words), expected, "{words:?}");
        }
        assert_eq!(
            plain(&"é ".repeat(1_000_000)).chars().count(),
            LONGEST_TEXT - 1
        );
        assert_eq!(plain(&"é".repeat(1_000_000)), "[...]");
        let token = format!("token ya29.{} is bad", "x".repeat(120));
        assert_eq!(plain(&token), "token [...] is bad");
        assert_eq!(
            rejected(Some("\u{0}<b></b>"), "The provider refused."),
            Error::Rejected("The provider refused.".into())
        );
    }
}
