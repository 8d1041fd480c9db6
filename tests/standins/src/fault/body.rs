//! Bodies that no decent server sends: endless, byte by byte, unfinished, exploding.
//!
//! They never hold much in memory themselves.

use std::convert::Infallible;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body::{Body, Frame};
use tokio::time::{Instant, Sleep};

type Polled = Poll<Option<Result<Frame<Bytes>, Infallible>>>;

fn frame(bytes: Bytes) -> Polled {
    Poll::Ready(Some(Ok(Frame::data(bytes))))
}

/// `{"items":[0,0,0,...` without end.
#[derive(Default)]
pub(super) struct Endless {
    begun: bool,
}

impl Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Polled {
        static ZEROS: [[u8; 2]; 8192] = [*b"0,"; 8192];
        if !self.begun {
            self.begun = true;
            return frame(Bytes::from_static(b"{\"items\":["));
        }
        frame(Bytes::from_static(ZEROS.as_flattened()))
    }
}

/// gzip members of 1 MiB of spaces each, about 1 KiB packed. Members may follow one another (RFC 1952, 2.2).
pub(super) struct GzipBomb {
    member: Bytes,
    left: u64,
}

impl GzipBomb {
    pub(super) fn new(mebibytes: u64) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        // Writing to memory cannot fail; an empty member would only make the bomb a dud, which tests notice.
        let _ = encoder.write_all(&vec![b' '; 1024 * 1024]);
        Self {
            member: encoder.finish().unwrap_or_default().into(),
            left: mebibytes,
        }
    }
}

impl Body for GzipBomb {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Polled {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        frame(self.member.clone())
    }
}

/// The first half, and then silence.
pub(super) struct HalfThenStall(Option<Bytes>);

impl HalfThenStall {
    pub(super) fn new(bytes: Bytes) -> Self {
        Self(Some(bytes.slice(..bytes.len() / 2)))
    }
}

impl Body for HalfThenStall {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Polled {
        match self.0.take() {
            Some(half) => frame(half),
            None => Poll::Pending,
        }
    }
}

/// One byte, a pause, one byte, ... On a schedule: a busy machine makes parts longer, not the
/// whole.
pub(super) struct Drip {
    rest: Bytes,
    sent: u32,
    pause: Duration,
    begun: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Drip {
    pub(super) fn new(bytes: Bytes, pause: Duration) -> Self {
        Self {
            rest: bytes,
            sent: 0,
            pause,
            begun: None,
            timer: None,
        }
    }
}

impl Body for Drip {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        if let Some(timer) = &mut self.timer {
            ready!(timer.as_mut().poll(context));
        }
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let begun = *self.begun.get_or_insert_with(Instant::now);
        let mut part = 0;
        loop {
            part += 1;
            self.sent += 1;
            let is_late = begun + self.pause * self.sent < Instant::now();
            if self.pause.is_zero() || !is_late || part == self.rest.len() {
                break;
            }
        }
        self.timer = Some(Box::pin(tokio::time::sleep_until(
            begun + self.pause * self.sent,
        )));
        frame(self.rest.split_to(part))
    }
}
