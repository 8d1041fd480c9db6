//! Files and feeds, read by readers that were not written here: a parser of the same hand as
//! the writer would share its mistakes.
//!
//! Each reader is a small script beside this file that takes a JSON list of files and answers
//! with what it saw in the same form. `tests/e2e/foreign/install` installs them.

mod files;
mod kinds;
mod parsers;
mod series;
mod texts;
