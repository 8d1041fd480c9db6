//! Credentials that a provider sends back: looked for in all that a guest reads.

use super::{
    fault::{ReplyFault, SealingError},
    percent::{self, Decoded},
};
use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use memchr::{memchr_iter, memmem};
use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

/// The shortest value in bytes that is looked for: a short one stands in ordinary texts, and
/// no provider gives out tokens or secrets of fewer than twice as many.
const SHORTEST: usize = 12;

/// What must not come back, in the spellings that replies have.
pub(super) struct Needles {
    /// Looked for in a text as it is.
    written: Vec<Needle>,
    /// Looked for in what a text says that is percent-encoded.
    decoded: Vec<Needle>,
}

struct Needle {
    text: Zeroizing<String>,
    placeholder: String,
}

impl Needles {
    pub(super) fn new<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let (mut written, mut decoded) = (Vec::new(), Vec::new());
        for (value, placeholder) in pairs.filter(|(value, _)| value.len() >= SHORTEST) {
            let needle = |text: String| Needle {
                text: Zeroizing::new(text),
                placeholder: placeholder.to_owned(),
            };
            let mut texts = vec![value.to_owned()];
            for spelling in spellings(value) {
                if !texts.contains(&spelling) {
                    texts.push(spelling);
                }
            }
            written.extend(texts.into_iter().map(needle));
            decoded.push(needle(percent::folded(value)));
        }
        Self { written, decoded }
    }

    pub(super) fn are_in(&self, text: &[u8]) -> bool {
        let found = |needles: &[Needle], text: &[u8]| needles.iter().any(|it| it.is_in(text));
        found(&self.written, text)
            || (percent::is_encoded(text) && found(&self.decoded, &percent::decoded(text)))
    }

    /// The text with placeholders in their place; `None` where there is none.
    pub(super) fn taken_out(&self, text: &str) -> Option<String> {
        if !self.are_in(text.as_bytes()) {
            return None;
        }
        let text = self.written.iter().fold(text.to_owned(), |text, needle| {
            text.replace(needle.text.as_str(), &needle.placeholder)
        });
        Some(self.decoded.iter().fold(text, |text, needle| {
            // An end within a character, which none is, would take all of it out.
            let without = needle.taken_out_decoded(&text);
            without.unwrap_or_else(|| needle.placeholder.clone())
        }))
    }

    /// How many bytes at the end of a part could be the beginning of one.
    fn begun(&self, part: &[u8]) -> usize {
        let written = self.written.iter().map(|needle| needle.begun(part)).max();
        let decoded = match percent::is_encoded(part) {
            true => self.begun_decoded(part),
            false => 0,
        };
        written.unwrap_or(0).max(decoded)
    }

    fn begun_decoded(&self, part: &[u8]) -> usize {
        let longest = self.decoded.iter().map(|needle| needle.text.len()).max();
        // Where it begins within an escape, it is read right from the next one on.
        let from = part.len().saturating_sub(3 * longest.unwrap_or(0));
        let tail = part.get(from..).unwrap_or_default();
        let whole = percent::whole(tail);
        let decoded = Decoded::of(whole);
        let begun = self.decoded.iter().map(|it| it.begun(&decoded.bytes)).max();
        let at = decoded.bytes.len() - begun.unwrap_or(0);
        tail.len() - decoded.start(at).unwrap_or(0)
    }
}

impl Needle {
    fn is_in(&self, text: &[u8]) -> bool {
        memmem::find(text, self.text.as_bytes()).is_some()
    }

    /// How many bytes at the end of a part could be the beginning of it.
    fn begun(&self, part: &[u8]) -> usize {
        let needle = self.text.as_bytes();
        let begun = || {
            let first = *needle.first()?;
            let from = part.len().saturating_sub(needle.len() - 1);
            let tail = part.get(from..)?;
            memchr_iter(first, tail).find_map(|at| {
                let end = tail.get(at..)?;
                needle.starts_with(end).then_some(end.len())
            })
        };
        begun().unwrap_or(0)
    }

    fn taken_out_decoded(&self, text: &str) -> Option<String> {
        let decoded = Decoded::of(text.as_bytes());
        let (mut out, mut from) = (String::new(), 0);
        for at in memmem::find_iter(&decoded.bytes, self.text.as_bytes()) {
            out.push_str(text.get(from..decoded.start(at)?)?);
            out.push_str(&self.placeholder);
            from = decoded.start(at + self.text.len())?;
        }
        out.push_str(text.get(from..)?);
        Some(out)
    }
}

/// As forms have a value, wherever the escape before it ends, and as writers of JSON do that
/// escape more than they must.
fn spellings(value: &str) -> [String; 5] {
    let escaped = |special: &str, digits: fn(u32) -> String| {
        let mut text = String::new();
        for c in value.chars() {
            match special.contains(c) {
                true => text.push_str(&digits(c.into())),
                false => text.push(c),
            }
        }
        text
    };
    let lower = |code| format!("\\u{code:04x}");
    [
        byte_serialize(value.as_bytes()).collect(),
        // PHP, and who writes JSON into pages: `1//0g` is Google's way to begin.
        value.replace('/', "\\/"),
        // Go.
        escaped("<>&", lower),
        // Gson.
        escaped("<>&='", lower),
        // System.Text.Json.
        escaped("<>&+'\"`", |code| format!("\\u{code:04X}")),
    ]
}

/// A body in which none is. What could be the beginning of one waits for what follows.
pub(super) struct Screened<B> {
    body: Option<B>,
    needles: Needles,
    held: Bytes,
}

impl<B> Screened<B> {
    pub(super) fn new(body: B, needles: Needles) -> Self {
        Self {
            body: Some(body),
            needles,
            held: Bytes::new(),
        }
    }

    fn fail(&mut self, error: SealingError) -> Poll<Option<Result<Frame<Bytes>, SealingError>>> {
        self.body = None;
        self.held = Bytes::new();
        Poll::Ready(Some(Err(error)))
    }
}

impl<B> Body for Screened<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<SealingError>,
{
    type Data = Bytes;
    type Error = SealingError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, SealingError>>> {
        loop {
            let Some(body) = &mut self.body else {
                let rest = std::mem::take(&mut self.held);
                return Poll::Ready((!rest.is_empty()).then(|| Ok(Frame::data(rest))));
            };
            let Some(frame) = ready!(Pin::new(&mut *body).poll_frame(cx)) else {
                self.body = None;
                continue;
            };
            let is_end = body.is_end_stream();
            let data = match frame.map_err(Into::into).map(Frame::into_data) {
                Ok(Ok(data)) => data,
                Ok(Err(_trailers)) => continue,
                Err(error) => return self.fail(error),
            };
            let mut part = joined(std::mem::take(&mut self.held), data);
            if self.needles.are_in(&part) {
                return self.fail(ReplyFault::Echo.into());
            }
            if is_end {
                self.body = None;
            } else {
                let begun = self.needles.begun(&part);
                self.held = part.split_off(part.len() - begun);
            }
            if !part.is_empty() {
                return Poll::Ready(Some(Ok(Frame::data(part))));
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_empty() && self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.body {
            Some(body) if self.held.is_empty() => body.size_hint(),
            Some(_) => SizeHint::default(),
            None => SizeHint::with_exact(self.held.len() as u64),
        }
    }
}

fn joined(first: Bytes, second: Bytes) -> Bytes {
    if first.is_empty() {
        return second;
    }
    let mut whole = BytesMut::with_capacity(first.len() + second.len());
    whole.extend_from_slice(&first);
    whole.extend_from_slice(&second);
    whole.freeze()
}
