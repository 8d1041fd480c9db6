//! Credentials that a provider sends back: looked for in all that a guest reads.

use super::fault::{ReplyFault, SealingError};
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
pub(super) struct Needles(Vec<Needle>);

struct Needle {
    text: Zeroizing<String>,
    placeholder: String,
}

impl Needles {
    pub(super) fn new<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut needles = Vec::new();
        for (value, placeholder) in pairs.filter(|(value, _)| value.len() >= SHORTEST) {
            let mut push = |text: String| {
                needles.push(Needle {
                    text: Zeroizing::new(text),
                    placeholder: placeholder.to_owned(),
                });
            };
            let mut texts = vec![value.to_owned()];
            for spelling in spellings(value) {
                if !texts.contains(&spelling) {
                    texts.push(spelling);
                }
            }
            texts.into_iter().for_each(&mut push);
        }
        Self(needles)
    }

    pub(super) fn are_in(&self, text: &[u8]) -> bool {
        self.0
            .iter()
            .any(|needle| memmem::find(text, needle.text.as_bytes()).is_some())
    }

    /// The text with placeholders in their place; `None` where there is none.
    pub(super) fn taken_out(&self, text: &str) -> Option<String> {
        if !self.are_in(text.as_bytes()) {
            return None;
        }
        let out = self.0.iter().fold(text.to_owned(), |text, needle| {
            text.replace(needle.text.as_str(), &needle.placeholder)
        });
        Some(out)
    }

    /// How many bytes at the end of a part could be the beginning of one.
    fn begun(&self, part: &[u8]) -> usize {
        let begun = |needle: &Needle| {
            let needle = needle.text.as_bytes();
            let first = *needle.first()?;
            let from = part.len().saturating_sub(needle.len() - 1);
            let tail = part.get(from..)?;
            memchr_iter(first, tail).find_map(|at| {
                let end = tail.get(at..)?;
                needle.starts_with(end).then_some(end.len())
            })
        };
        self.0.iter().filter_map(begun).max().unwrap_or(0)
    }
}

/// As URLs have a value, and as writers of JSON do that escape more than they must.
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
