//! A client's socket, which gives up on a client that is too slow. How long a connection may be
//! silent is hyper's to count; this counts from the first byte of a head, and from where a
//! reply stops being taken.

use super::{Options, roster::Place};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::Sleep,
};

/// A socket with deadlines.
pub(super) struct Paced {
    socket: TcpStream,
    place: Arc<Place>,
    head: Duration,
    stalled: Duration,
    /// The request whose head has begun to come, and until when it must have come.
    coming: Option<(u64, Pin<Box<Sleep>>)>,
    /// Until when the client must take something of its reply.
    untaken: Option<Pin<Box<Sleep>>>,
}

impl Paced {
    pub(super) fn new(socket: TcpStream, place: Arc<Place>, options: &Options) -> Self {
        Self {
            socket,
            place,
            head: options.head,
            stalled: options.stalled,
            coming: None,
            untaken: None,
        }
    }

    pub(super) fn into_socket(self) -> TcpStream {
        self.socket
    }

    fn written(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.untaken = None;
            return written;
        }
        let wait = || Box::pin(tokio::time::sleep(self.stalled));
        let until = self.untaken.get_or_insert_with(wait);
        ready!(until.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = into.filled().len();
        let read = Pin::new(&mut this.socket).poll_read(context, into);
        let Some(request) = this.place.waiting_for() else {
            this.coming = None;
            return read;
        };
        let is_coming = this
            .coming
            .as_ref()
            .is_some_and(|(known, _)| *known == request);
        if !is_coming {
            let has_begun = into.filled().len() > before;
            let wait = || Box::pin(tokio::time::sleep(this.head));
            this.coming = has_begun.then(|| (request, wait()));
        }
        match &mut this.coming {
            Some((_, until)) if read.is_pending() => {
                ready!(until.as_mut().poll(context));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Some(_) | None => read,
        }
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.socket).poll_write(context, bytes);
        this.written(context, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.socket).poll_write_vectored(context, bytes);
        this.written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(context)
    }
}
