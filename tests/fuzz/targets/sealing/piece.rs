//! Texts of a guest or a provider, put together of pieces: some of them what the call was given,
//! in whatever spelling.

use arbitrary::Arbitrary;
use base64::{Engine, prelude::BASE64_STANDARD};
use calport_host::plugin::fuzzing::{Call, Given};
use url::form_urlencoded::byte_serialize;

/// A text.
#[derive(Arbitrary, Clone, Debug)]
pub struct Pieces(pub Vec<Piece>);

#[derive(Arbitrary, Clone, Debug)]
pub enum Piece {
    Text(String),
    /// A placeholder, or the real value in what a provider says.
    Given(u8, Spelling),
    /// A part of one.
    Cut(u8, u8, u8),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub enum Spelling {
    Plain,
    Twice,
    Upper,
    /// As a form has it.
    Encoded,
    /// Every byte as `%xx`.
    Percent,
    Base64,
    /// As PHP writes JSON.
    Slashes,
    /// As Gson writes JSON into pages.
    Gson,
    /// As System.Text.Json does.
    DotNet,
}

/// What stands behind [`Piece::Given`].
#[derive(Clone, Copy)]
pub enum Side {
    Guest,
    Provider,
}

impl Pieces {
    pub fn text(&self, call: &Call<'_>, side: Side) -> String {
        self.0.iter().map(|piece| piece.text(call, side)).collect()
    }
}

impl Piece {
    fn text(&self, call: &Call<'_>, side: Side) -> String {
        let given = |index: &u8| {
            let index = usize::from(*index) % Given::ALL.len();
            match side {
                Side::Guest => call.placeholders()[index].clone(),
                Side::Provider => Given::ALL[index].value(),
            }
        };
        match self {
            Self::Text(text) => text.clone(),
            Self::Given(index, spelling) => spelling.of(&given(index)),
            // Half at most: what is left of a value is no longer one.
            Self::Cut(index, from, length) => {
                let text = given(index);
                let from = usize::from(*from) % text.len();
                let length = usize::from(*length) % (text.len() / 2);
                text.chars()
                    .skip(from)
                    .take(length)
                    .collect::<String>()
                    .replace("CANARY", "")
            }
        }
    }
}

impl Spelling {
    fn of(self, text: &str) -> String {
        let escaped = |special: &str, digits: fn(u32) -> String| -> String {
            let escape = |c: char| match special.contains(c) {
                true => digits(u32::from(c)),
                false => c.to_string(),
            };
            text.chars().map(escape).collect()
        };
        match self {
            Self::Plain => text.to_owned(),
            Self::Twice => text.repeat(2),
            Self::Upper => text.to_uppercase(),
            Self::Encoded => byte_serialize(text.as_bytes()).collect(),
            Self::Percent => text.bytes().map(|byte| format!("%{byte:02x}")).collect(),
            Self::Base64 => BASE64_STANDARD.encode(text),
            Self::Slashes => text.replace('/', "\\/"),
            Self::Gson => escaped("<>&='", |code| format!("\\u{code:04x}")),
            Self::DotNet => escaped("<>&+'\"`", |code| format!("\\u{code:04X}")),
        }
    }
}
