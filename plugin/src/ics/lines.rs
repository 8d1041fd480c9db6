//! RFC 5545 content lines: CRLF, folding, escaping. Never checks values: they come
//! from a checked event or are ours.
//!
//! Written here because the `icalendar` crate's own folding lets lines of 76 octets
//! through and walks each line from its start at every fold.

use std::fmt::{self, Write as _};

/// RFC 5545, section 3.1: octets in a line, its break not counted.
const LONGEST_LINE: usize = 75;

/// Measured: an ordinary event takes 450 octets, a zone 400.
const OCTETS_PER_COMPONENT: usize = 512;

pub(super) struct Lines {
    out: String,
    line: String,
}

impl Lines {
    pub(super) fn with_room_for(events: usize, zones: usize) -> Self {
        Self {
            out: String::with_capacity((events + zones + 1) * OCTETS_PER_COMPONENT),
            line: String::with_capacity(OCTETS_PER_COMPONENT),
        }
    }

    /// A value that is written as it is: dates, numbers, URLs, rules.
    pub(super) fn raw(&mut self, name: &str, value: &str) {
        self.line.push_str(name);
        self.line.push(':');
        self.line.push_str(value);
        self.end();
    }

    /// The same, for values that are made on the way.
    pub(super) fn display(&mut self, name: fmt::Arguments<'_>, value: fmt::Arguments<'_>) {
        // Writing to a `String` cannot fail.
        let _ = write!(self.line, "{name}:{value}");
        self.end();
    }

    /// A TEXT value (section 3.3.11).
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.line.push_str(name);
        self.line.push(':');
        for c in value.chars() {
            match c {
                '\\' | ';' | ',' => {
                    self.line.push('\\');
                    self.line.push(c);
                }
                '\n' => self.line.push_str("\\n"),
                c => self.line.push(c),
            }
        }
        self.end();
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    fn end(&mut self) {
        let mut rest = self.line.as_str();
        let mut room = LONGEST_LINE;
        while rest.len() > room {
            let (head, tail) = rest.split_at(rest.floor_char_boundary(room));
            self.out.push_str(head);
            self.out.push_str("\r\n ");
            rest = tail;
            // The space counts.
            room = LONGEST_LINE - 1;
        }
        self.out.push_str(rest);
        self.out.push_str("\r\n");
        self.line.clear();
    }
}

/// A parameter's value in quotes (section 3.2), which can hold no quotes itself.
///
/// Readers agree on no escape for a backslash in it: some take `DOMAIN\name` for two lines.
/// Carets are written as RFC 6868 says: some take `^n` for two lines otherwise.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_char('\'')?,
                '\\' => f.write_char('/')?,
                '^' => f.write_str("^^")?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

/// An address as a `mailto:` URL (RFC 6068): three characters of addresses mean
/// something else in URLs.
pub(super) struct Mailto<'a>(pub(super) &'a str);

impl fmt::Display for Mailto<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("mailto:")?;
        for c in self.0.chars() {
            match c {
                '%' | '?' | '#' => write!(f, "%{:02X}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}
