//! One client's connection, from its first byte to its end.

use super::{
    Options,
    bodies::{Answer, Timed},
    paced::Paced,
    roster::Seat,
};
use axum::Router;
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{convert::Infallible, future::poll_fn, io, pin::Pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
};
use tower::ServiceExt;

/// The longest head, in bytes: tokens and providers' codes take a few thousand. It is also all
/// that a connection holds for a client that never comes to the end of one.
const MAX_HEAD: usize = 32 * 1024;

/// How long, and how much in bytes, is still taken and thrown away of what was not wanted.
/// A connection that is closed with bytes unread is reset, and the client may lose the reply
/// that said why (RFC 9112, section 9.6).
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: u64 = 1024 * 1024;

/// Serves a connection until its client ends it, a deadline does, it must go, or `ending`.
pub(super) async fn run(
    socket: TcpStream,
    router: Router,
    options: Options,
    seat: Arc<Seat>,
    mut ending: watch::Receiver<bool>,
) {
    // Replies are small, and clients wait for them.
    let _ = socket.set_nodelay(true);
    let io = TokioIo::new(Paced::new(socket, seat.place().clone(), &options));
    let service = service_fn({
        let seat = seat.clone();
        move |request: Request<Incoming>| {
            let under_way = seat.begin();
            let request = request.map(|body| Timed::new(body, options.body));
            let reply = router.clone().oneshot(request);
            Box::pin(async move {
                let answer = |body| Answer {
                    body,
                    _request: under_way,
                };
                Ok::<_, Infallible>(reply.await?.map(answer))
            })
        }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(options.idle)
        .max_buf_size(MAX_HEAD)
        .serve_connection(io, service);
    let mut is_ending = false;
    loop {
        let served = tokio::select! {
            served = poll_fn(|context| connection.poll_without_shutdown(context)) => Some(served),
            () = seat.must_go() => return,
            _ = ending.wait_for(|ending| *ending), if !is_ending => None,
        };
        match served {
            None => {
                is_ending = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
            Some(Ok(())) => break,
            // It has been answered.
            Some(Err(error)) if error.is_parse() => break,
            Some(Err(error)) => {
                tracing::trace!(%error, "a connection ended");
                return;
            }
        }
    }
    let socket = connection.into_parts().io.into_inner().into_socket();
    tokio::select! {
        _ = tokio::time::timeout(LINGER, linger(socket)) => {}
        () = seat.must_go() => {}
    }
}

/// Says that nothing more comes, and lets the client say the same.
async fn linger(mut socket: TcpStream) -> io::Result<()> {
    socket.shutdown().await?;
    let mut unwanted = socket.take(LINGER_BYTES);
    let mut bytes = vec![0; 16 * 1024];
    while unwanted.read(&mut bytes).await? > 0 {}
    Ok(())
}
