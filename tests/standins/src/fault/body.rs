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
use tokio::time::Interval;

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

/// One byte, a pause, one byte, ... What a busy machine delays is made up for, so that the whole
/// takes as long on any.
pub(super) struct Drip {
    rest: Bytes,
    /// `None`: no pause.
    ticks: Option<Interval>,
}

impl Drip {
    pub(super) fn new(bytes: Bytes, pause: Duration) -> Self {
        Self {
            rest: bytes,
            ticks: (!pause.is_zero()).then(|| tokio::time::interval(pause)),
        }
    }
}

impl Body for Drip {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        if let Some(ticks) = &mut self.ticks {
            ready!(ticks.poll_tick(context));
        }
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        frame(self.rest.split_to(1))
    }
}
