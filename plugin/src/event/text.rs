//! Text as calendars can carry it: no control characters, one kind of line break.
//! Never shortens anything: what is too long is refused.

use crate::bindings::calport::calendar::types::InvalidField;
use crate::fault::field;

/// What becomes of CR, LF, CRLF, NEL, U+2028 and U+2029.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breaks {
    /// Each becomes a line feed.
    AreKept,
    /// Each becomes a space: some readers skip an event whose title has two lines.
    BecomeSpaces,
}

/// Checks a text of at most `limit` characters and makes its line breaks uniform.
pub(crate) fn text(
    name: &str,
    value: String,
    limit: usize,
    breaks: Breaks,
) -> Result<String, InvalidField> {
    let too_long = || {
        field(
            name,
            format!("is longer than {limit} characters"),
            format!("send {limit} characters at most"),
        )
    };
    // Four bytes a character and two characters a break: no need to walk through
    // megabytes to know.
    if value.len() > limit * 8 {
        return Err(too_long());
    }
    if let Some(c) = value.chars().find(|c| is_refused(*c)) {
        return Err(holds(name, c));
    }
    let value =
        if value.contains(is_break) || (breaks == Breaks::BecomeSpaces && value.contains('\t')) {
            uniform(&value, breaks)
        } else {
            value
        };
    if value.len() > limit && value.chars().count() > limit {
        return Err(too_long());
    }
    Ok(value)
}

/// Checks a value in which neither control characters nor line breaks have a place.
pub(crate) fn single_line(name: &str, value: &str) -> Result<(), InvalidField> {
    match value
        .chars()
        .find(|c| is_refused(*c) || is_break(*c) || *c == '\t')
    {
        Some(c) => Err(holds(name, c)),
        None => Ok(()),
    }
}

fn uniform(value: &str, breaks: Breaks) -> String {
    let (line_break, tab) = match breaks {
        Breaks::AreKept => ('\n', '\t'),
        Breaks::BecomeSpaces => (' ', ' '),
    };
    let mut out = String::with_capacity(value.len());
    let mut after_return = false;
    for c in value.chars() {
        match c {
            '\n' if after_return => {}
            '\t' => out.push(tab),
            c if is_break(c) => out.push(line_break),
            c => out.push(c),
        }
        after_return = c == '\r';
    }
    out
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_refused(c: char) -> bool {
    c.is_control() && !is_break(c) && c != '\t'
}

fn holds(name: &str, c: char) -> InvalidField {
    let code = u32::from(c);
    let known = usize::try_from(code)
        .ok()
        .and_then(|index| CONTROLS.get(index))
        .copied();
    let problem = match known.or((c == '\u{7f}').then_some("DEL")) {
        Some(control) => format!("holds the control character {control} (U+{code:04X})"),
        None => format!("holds the control character U+{code:04X}"),
    };
    field(name, problem, "remove it")
}

/// Names of U+0000 to U+001F (ISO 646).
const CONTROLS: [&str; 32] = [
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "HT", "LF", "VT", "FF", "CR",
    "SO", "SI", "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC",
    "FS", "GS", "RS", "US",
];
