//! A page of findings for terminals: headings, a word for each, and remedies under them.

use std::{
    fmt::Write,
    io::{IsTerminal, stdout},
};

/// Columns of a line, and of what stands before the text.
const WIDTH: usize = 96;
const MARGIN: usize = 11;

/// What a word is painted in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Colour {
    Green,
    Yellow,
    Red,
}

/// A page on its way.
pub(super) struct Page {
    text: String,
    heading: String,
    is_coloured: bool,
}

/// Whether somebody looks who wants colours (no-color.org).
pub(super) fn is_coloured() -> bool {
    stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

impl Page {
    pub(super) fn new(is_coloured: bool) -> Self {
        Self {
            text: String::new(),
            heading: String::new(),
            is_coloured,
        }
    }

    /// Begins a new part, unless it has begun.
    pub(super) fn heading(&mut self, heading: &str) {
        if self.heading == heading {
            return;
        }
        let gap = if self.text.is_empty() { "" } else { "\n" };
        let painted = self.painted(heading, "1");
        let _ = writeln!(self.text, "{gap}{painted}");
        heading.clone_into(&mut self.heading);
    }

    /// One finding: a word of at most seven letters, what it says, and what to do about it.
    pub(super) fn line(&mut self, word: &str, colour: Colour, says: &str, remedy: Option<&str>) {
        let code = match colour {
            Colour::Green => "32",
            Colour::Yellow => "33",
            Colour::Red => "31",
        };
        let word = self.painted(&format!("{word:<7}"), code);
        let _ = writeln!(self.text, "  {word}  {}", wrapped(says));
        if let Some(remedy) = remedy {
            let remedy = self.painted(&wrapped(&format!("-> {remedy}")), "2");
            let _ = writeln!(self.text, "{:MARGIN$}{remedy}", "");
        }
    }

    pub(super) fn text(self) -> String {
        self.text
    }

    fn painted(&self, text: &str, code: &str) -> String {
        match self.is_coloured {
            true => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }
}

/// Broken at spaces, each further line under the first.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let length = lines.last().map_or(0, |line| line.chars().count());
        if length > 0 && MARGIN + length + 1 + word.chars().count() > WIDTH {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join(&format!("\n{:MARGIN$}", ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_broken_at_spaces_and_stay_in_their_column() {
        let text = wrapped(&"word ".repeat(40));
        for line in text.lines().skip(1) {
            assert!(line.starts_with(&" ".repeat(MARGIN)), "{line}");
            assert!(line.len() <= WIDTH, "{line}");
        }
        assert_eq!(text.split_whitespace().count(), 40);
        let long = "x".repeat(200);
        assert_eq!(wrapped(&long), long, "an address is never broken");
    }

    #[test]
    fn a_heading_stands_once_over_its_lines() {
        let mut page = Page::new(false);
        for (heading, says) in [("One", "a"), ("One", "b"), ("Two", "c")] {
            page.heading(heading);
            page.line("ok", Colour::Green, says, None);
        }
        assert_eq!(
            page.text(),
            "One\n  ok       a\n  ok       b\n\nTwo\n  ok       c\n"
        );
        let mut page = Page::new(true);
        page.line("FAILED", Colour::Red, "a", Some("Do it."));
        let text = page.text();
        assert!(text.contains("\u{1b}[31mFAILED \u{1b}[0m  a\n"), "{text}");
        assert!(text.contains("-> Do it."), "{text}");
    }
}
