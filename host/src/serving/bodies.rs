//! The bodies of requests, which must have come in time, and those of replies, with which a
//! request ends.

use super::roster::UnderWay;
use axum::body::Body as ReplyBody;
use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::Sleep;

/// Why a body did not come whole.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unread {
    /// It took longer than it may.
    #[error("the body took too long")]
    TooSlow,
    /// The connection broke, or what came is no body.
    #[error(transparent)]
    Broken(#[from] hyper::Error),
}

/// Whether it was for its slowness that a body could not be read.
pub(crate) fn was_too_slow(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if matches!(error.downcast_ref(), Some(Unread::TooSlow)) {
            return true;
        }
        cause = error.source();
    }
    false
}

/// A request's body with a deadline for all of it: one for each part would let it go on for
/// ever.
pub(super) struct Timed {
    body: Incoming,
    until: Option<Pin<Box<Sleep>>>,
}

impl Timed {
    pub(super) fn new(body: Incoming, limit: Duration) -> Self {
        let wait = || Box::pin(tokio::time::sleep(limit));
        let until = (!body.is_end_stream()).then(wait);
        Self { body, until }
    }
}

impl Body for Timed {
    type Data = Bytes;
    type Error = Unread;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Unread>>> {
        // Time first: parts that always come just in time would keep it from being looked at.
        if let Some(until) = &mut self.until
            && until.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Some(Err(Unread::TooSlow)));
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        Poll::Ready(frame.map(|frame| frame.map_err(Unread::from)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A reply's body; its request is under way until it is written.
pub(super) struct Answer {
    pub(super) body: ReplyBody,
    pub(super) _request: UnderWay,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
