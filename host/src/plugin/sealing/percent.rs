//! What percent-encoded texts say. Who writes a URL or a form encodes more or less of a value,
//! with digits of either case, and a space as `%20` or `+`: all are read here, so that none has
//! to be listed.

use memchr::memchr2;
use zeroize::Zeroizing;

/// A text as it is compared: with the escapes undone, and `+` for a space, of which nobody can
/// say whether it is one.
pub(super) struct Decoded {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// Where each byte begins in the text, and where the last one ends.
    starts: Vec<usize>,
}

impl Decoded {
    pub(super) fn of(text: &[u8]) -> Self {
        let (mut starts, bytes): (Vec<_>, Vec<_>) = read(text).unzip();
        starts.push(text.len());
        Self {
            bytes: bytes.into(),
            starts,
        }
    }

    /// Where the byte at this place begins in the text.
    pub(super) fn start(&self, at: usize) -> Option<usize> {
        self.starts.get(at).copied()
    }
}

/// Whether a text may say something else than it is.
pub(super) fn is_encoded(text: &[u8]) -> bool {
    memchr2(b'%', b'+', text).is_some()
}

/// The bytes of [`Decoded`] alone.
pub(super) fn decoded(text: &[u8]) -> Zeroizing<Vec<u8>> {
    // With room for all of it: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    bytes.extend(read(text).map(|(_, byte)| byte));
    bytes
}

/// A value as it is looked for in what is decoded.
pub(super) fn folded(value: &str) -> String {
    value.replace('+', " ")
}

/// The text without an escape at its end that is not whole yet.
pub(super) fn whole(text: &[u8]) -> &[u8] {
    match text {
        [whole @ .., b'%'] => whole,
        [whole @ .., b'%', digit] if digit.is_ascii_hexdigit() => whole,
        whole => whole,
    }
}

fn read(text: &[u8]) -> impl Iterator<Item = (usize, u8)> {
    let mut next = 0;
    std::iter::from_fn(move || {
        let start = next;
        let rest = text.get(start..)?;
        let (byte, length) = match escape(rest) {
            Some(byte) => (byte, 3),
            None => (*rest.first()?, 1),
        };
        next += length;
        Some((start, if byte == b'+' { b' ' } else { byte }))
    })
}

fn escape(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else {
        return None;
    };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}
