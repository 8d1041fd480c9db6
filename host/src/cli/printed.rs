//! JSON for terminals: what a plugin says is printed as it is, and steers nothing (case 28).

use crate::plain;
use serde_json::Value;
use std::fmt::Write;

/// Over several lines, with whatever steers written as `\uXXXX`: the same value for whoever
/// reads it. Outside of texts JSON has nothing of the kind but the ends of lines.
pub(super) fn printed(value: &Value) -> String {
    let mut text = String::new();
    for c in format!("{value:#}").chars() {
        if c == '\n' || !plain::is_steering(c) {
            text.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(text, "\\u{unit:04x}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn case_28_what_steers_is_written_in_digits_and_reads_the_same() {
        let value = json!({"a\u{202e}": ["\u{1b}[2J", "\u{7f}\u{85}\u{2028}", "\u{e0041}x"],
            "plain": "Zoë 👩‍👧 \"quoted\"\r\n", "empty": {}, "none": []});
        let text = printed(&value);
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        let steers = |c: char| c != '\n' && plain::is_steering(c);
        assert!(!text.contains(steers), "{text:?}");
        assert!(text.contains("Zoë 👩‍👧"), "{text}");
        assert!(text.contains("\\udb40\\udc41x"), "{text}");
    }
}
