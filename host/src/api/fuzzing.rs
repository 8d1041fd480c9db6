//! What a fuzz target reaches of the bodies that handlers read.

use super::{Problem, calendars, complete, connect, page_sessions, reader, users};

/// Reads a body as every small one that there is: the error of each that refuses it.
pub fn small_bodies(json: &[u8]) -> [Result<(), Problem>; 6] {
    [
        reader::read::<calendars::Choice>(json).map(drop),
        reader::read::<complete::Brought>(json).map(drop),
        reader::read::<connect::Hint>(json).map(drop),
        reader::read::<connect::Leaving>(json).map(drop),
        reader::read::<page_sessions::Asked>(json).map(drop),
        reader::read::<users::Erasing>(json).map(drop),
    ]
}
