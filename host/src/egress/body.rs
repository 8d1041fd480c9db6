//! Bodies: a caller's is read whole before anything is connected, a reply's is passed on as it
//! comes. Neither ever holds more than its cap.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Sleep;

use super::error::{BadRequest, EgressError};

/// Reads a caller's body. Whole, because then its length is known (some token endpoints refuse
/// chunks), a slow caller holds no connection, and one that is too large causes no connect.
pub(super) async fn read_request<B: Body<Data = Bytes>>(
    body: B,
    declared: Option<usize>,
    cap: usize,
) -> Result<Bytes, EgressError> {
    if declared.is_some_and(|length| length > cap) || body.size_hint().lower() > cap as u64 {
        return Err(EgressError::RequestTooLarge);
    }
    let mut body = std::pin::pin!(body);
    let mut whole = Whole::new(cap);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| EgressError::BadRequest(BadRequest::Body))?;
        let data = frame
            .into_data()
            .map_err(|_| EgressError::BadRequest(BadRequest::Trailers))?;
        whole
            .push(data)
            .map_err(|TooLarge| EgressError::RequestTooLarge)?;
    }
    let whole = whole.finish();
    if declared.is_some_and(|length| length != whole.len()) {
        return Err(EgressError::BadRequest(BadRequest::ContentLength));
    }
    Ok(whole)
}

/// Puts chunks together. A body of one chunk, the usual case, is not copied.
struct Whole {
    only: Bytes,
    more: BytesMut,
    left: usize,
}

struct TooLarge;

impl Whole {
    fn new(cap: usize) -> Self {
        Self {
            only: Bytes::new(),
            more: BytesMut::new(),
            left: cap,
        }
    }

    fn push(&mut self, data: Bytes) -> Result<(), TooLarge> {
        self.left = self.left.checked_sub(data.len()).ok_or(TooLarge)?;
        if self.only.is_empty() && self.more.is_empty() {
            self.only = data;
        } else {
            if self.more.is_empty() {
                self.more.extend_from_slice(&std::mem::take(&mut self.only));
            }
            self.more.extend_from_slice(&data);
        }
        Ok(())
    }

    fn finish(self) -> Bytes {
        if self.more.is_empty() {
            self.only
        } else {
            self.more.freeze()
        }
    }
}

/// A reply's body as it comes in, under its cap and the exchange's deadline.
///
/// The place among the origin's exchanges is given back at the end, at the first error, or when
/// this is dropped; a holder that never polls it keeps the place. Trailers are not passed on.
pub struct ReplyBody {
    open: Option<Open>,
}

struct Open {
    incoming: Incoming,
    deadline: Pin<Box<Sleep>>,
    left: usize,
    _place: OwnedSemaphorePermit,
}

impl ReplyBody {
    pub(super) fn new(
        incoming: Incoming,
        deadline: Pin<Box<Sleep>>,
        cap: usize,
        place: OwnedSemaphorePermit,
    ) -> Result<Self, EgressError> {
        if incoming.size_hint().lower() > cap as u64 {
            return Err(EgressError::ReplyTooLarge);
        }
        if incoming.is_end_stream() {
            return Ok(Self { open: None });
        }
        Ok(Self {
            open: Some(Open {
                incoming,
                deadline,
                left: cap,
                _place: place,
            }),
        })
    }
}

impl ReplyBody {
    /// Reads it to its end, if it is not larger than `cap` bytes; its own cap holds in any case.
    ///
    /// # Errors
    /// See [`EgressError`].
    pub async fn read(mut self, cap: usize) -> Result<Bytes, EgressError> {
        let mut whole = Whole::new(cap);
        while let Some(frame) = self.frame().await {
            if let Ok(data) = frame?.into_data() {
                whole
                    .push(data)
                    .map_err(|TooLarge| EgressError::ReplyTooLarge)?;
            }
        }
        Ok(whole.finish())
    }
}

impl Open {
    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, EgressError>>> {
        // First, so that a body which never pauses is cut, too.
        if self.deadline.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(EgressError::Deadline)));
        }
        loop {
            let data = match std::task::ready!(Pin::new(&mut self.incoming).poll_frame(cx)) {
                None => return Poll::Ready(None),
                Some(Err(_)) => return Poll::Ready(Some(Err(EgressError::Interrupted))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => data,
                    Err(_trailers) => continue,
                },
            };
            let Some(left) = self.left.checked_sub(data.len()) else {
                return Poll::Ready(Some(Err(EgressError::ReplyTooLarge)));
            };
            self.left = left;
            return Poll::Ready(Some(Ok(data)));
        }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = EgressError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, EgressError>>> {
        let Some(open) = &mut self.open else {
            return Poll::Ready(None);
        };
        let polled = std::task::ready!(open.poll_data(cx));
        // Many readers stop at the last byte and never ask for the end.
        if !matches!(polled, Some(Ok(_))) || open.incoming.is_end_stream() {
            self.open = None;
        }
        Poll::Ready(polled.map(|data| data.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.open.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.open {
            Some(open) => open.incoming.size_hint(),
            None => SizeHint::with_exact(0),
        }
    }
}

impl std::fmt::Debug for ReplyBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReplyBody")
            .field("open", &self.open.is_some())
            .finish()
    }
}
