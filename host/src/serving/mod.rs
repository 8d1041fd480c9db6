//! Serving a router on a socket: what clients may take of it ([`Options`]), and an end that
//! waits for requests but not for connections. Browsers keep some open for minutes that they
//! have nothing to send on, and some never send anything.

mod bodies;
mod connection;
mod open_files;
mod options;
mod paced;
mod roster;

pub(crate) use bodies::was_too_slow;
pub use open_files::raise_open_files;
pub use options::Options;

use axum::Router;
use roster::Roster;
use std::{io, pin::pin, time::Duration};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

/// How long requests under way may take once it is to end. A callback waits for its provider,
/// and its code cannot be used again.
const GRACE: Duration = Duration::from_secs(15);

/// How long connections without a request may take to close.
const LINGER: Duration = Duration::from_millis(250);

/// How long nothing is accepted after that has failed, so that something can come free.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop`, and until what was under way then has been answered.
///
/// # Errors
/// The server failed.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    options: Options,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let roster = Roster::new(options.connections.min(open_files::room()));
    let (ending, ended) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let socket = tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => socket,
                Err(error) if is_of_one(&error) => continue,
                Err(error) => {
                    tracing::error!(%error, "no connection can be accepted");
                    roster.make_room();
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
        };
        let seat = tokio::select! {
            () = &mut stop => break,
            seat = roster.admit() => seat,
        };
        let run = connection::run(socket, router.clone(), options, seat, ended.clone());
        connections.spawn(run);
    }
    // From here on, whoever comes is refused and tries elsewhere.
    drop(listener);
    ending.send_replace(true);
    let mut under_way = roster.under_way();
    let _ = tokio::time::timeout(GRACE, under_way.wait_for(|requests| *requests == 0)).await;
    let all = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(LINGER, all).await.is_err() {
        connections.shutdown().await;
    }
    Ok(())
}

/// Whether it was only this one connection that could not be accepted.
fn is_of_one(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use std::sync::Arc;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
        sync::Notify,
    };

    /// Generous: it only passes when something is broken.
    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn connections_without_a_request_do_not_keep_it_from_ending() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(|| async { "hello" }));
        let stop = Arc::new(Notify::new());
        let server = tokio::spawn({
            let stop = stop.clone();
            async move { serve(listener, router, Options::default(), stop.notified()).await }
        });
        let mut idle = TcpStream::connect(address).await.unwrap();
        idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        let mut bytes = [0; 512];
        assert!(idle.read(&mut bytes).await.unwrap() > 0);
        let _silent = TcpStream::connect(address).await.unwrap();
        let mut half = TcpStream::connect(address).await.unwrap();
        half.write_all(b"GET / HT").await.unwrap();
        stop.notify_one();
        let served = tokio::time::timeout(PATIENCE, server).await;
        served.expect("it never ends").unwrap().unwrap();
        assert_eq!(idle.read(&mut bytes).await.unwrap(), 0, "closed");
    }

    #[tokio::test]
    async fn a_request_under_way_is_answered_before_it_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let router = Router::new().route(
            "/",
            get({
                let (begun, go_on) = (begun.clone(), go_on.clone());
                || async move {
                    begun.notify_one();
                    go_on.notified().await;
                    "at last"
                }
            }),
        );
        let stop = Arc::new(Notify::new());
        let server = tokio::spawn({
            let stop = stop.clone();
            async move { serve(listener, router, Options::default(), stop.notified()).await }
        });
        let mut client = TcpStream::connect(address).await.unwrap();
        client
            .write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            .await
            .unwrap();
        begun.notified().await;
        stop.notify_one();
        // New ones are refused by now, or the stop has not been seen: either way the old one
        // goes on.
        tokio::task::yield_now().await;
        assert!(!server.is_finished());
        go_on.notify_one();
        let mut reply = String::new();
        client.read_to_string(&mut reply).await.unwrap();
        assert!(reply.ends_with("at last"), "{reply}");
        let served = tokio::time::timeout(PATIENCE, server).await;
        served.expect("it never ends").unwrap().unwrap();
    }
}
