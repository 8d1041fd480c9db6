//! Texts of strangers (providers, plugins, users of calendars) before they are shown: nothing
//! in them steers a terminal, a page, a log or the order in which a line is read (case 28).

use std::borrow::Cow;

/// Whether a character does something else than be seen: controls, line and paragraph
/// separators, marks that turn the reading direction (Unicode TR 36, "Trojan Source"), and
/// characters that are tags or annotations of others. The joiners of emoji and of Persian
/// are not among them.
pub(crate) fn is_steering(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// One line of at most so many characters. What steers becomes a space; what was cut ends with
/// an ellipsis.
pub(crate) fn line(text: &str, most: usize) -> Cow<'_, str> {
    let is_short = text.len() <= most || text.chars().nth(most).is_none();
    if is_short && !text.contains(is_steering) {
        return Cow::Borrowed(text);
    }
    let kept = if is_short {
        most
    } else {
        most.saturating_sub(1)
    };
    let mut line: String = text
        .chars()
        .take(kept)
        .map(|c| if is_steering(c) { ' ' } else { c })
        .collect();
    if !is_short {
        line.push('…');
    }
    Cow::Owned(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_28_what_steers_becomes_a_space_and_what_is_too_long_is_cut() {
        for (text, shown) in [
            ("", ""),
            ("Casey’s calendar 👩‍👧 تقویم", "Casey’s calendar 👩‍👧 تقویم"),
            ("a\0b\r\nc\u{1b}[2Jd", "a b  c [2Jd"),
            ("pay\u{202e}elgoog\u{2066}", "pay elgoog "),
            ("one\u{2028}two\u{85}three", "one two three"),
            ("0123456789", "0123456789"),
            ("01234567890", "012345678…"),
            ("ääääääääää", "ääääääääää"),
        ] {
            let most = if text.starts_with(['0', 'ä']) {
                10
            } else {
                40
            };
            assert_eq!(line(text, most), shown, "{text:?}");
        }
        let long = "\u{202e}".repeat(10 << 20);
        assert_eq!(line(&long, 5), "    …");
    }
}
