//! Serving, with an end that waits for requests but not for connections: browsers keep some
//! open for minutes that they have nothing to send on, and some never send anything.

use axum::{Router, extract::State, middleware, response::Response};
use std::{future::IntoFuture, io, time::Duration};
use tokio::{net::TcpListener, sync::watch};

/// How long requests under way may take once it is to end. A callback waits for its provider,
/// and its code cannot be used again.
const GRACE: Duration = Duration::from_secs(15);

/// How long connections without a request may take to close.
const LINGER: Duration = Duration::from_millis(250);

/// Serves until `stop`, and until what was under way then has been answered.
///
/// # Errors
/// The server failed.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let (busy, mut under_way) = watch::channel(0_usize);
    let router = router.layer(middleware::from_fn_with_state(busy, count));
    let (ending, mut ended) = watch::channel(false);
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        // A sender that is gone means the same.
        let _ = ended.wait_for(|ended| *ended).await;
    });
    let mut server = tokio::spawn(server.into_future());
    tokio::select! {
        served = &mut server => return served.map_err(io::Error::other)?,
        () = stop => {}
    }
    ending.send_replace(true);
    let _ = tokio::time::timeout(GRACE, under_way.wait_for(|requests| *requests == 0)).await;
    match tokio::time::timeout(LINGER, &mut server).await {
        Ok(served) => served.map_err(io::Error::other)?,
        Err(_) => {
            server.abort();
            Ok(())
        }
    }
}

/// A request under way; also one whose client goes away ends.
struct UnderWay(watch::Sender<usize>);

impl UnderWay {
    fn new(busy: watch::Sender<usize>) -> Self {
        busy.send_modify(|requests| *requests = requests.saturating_add(1));
        Self(busy)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0
            .send_modify(|requests| *requests = requests.saturating_sub(1));
    }
}

async fn count(
    State(busy): State<watch::Sender<usize>>,
    request: axum::extract::Request,
    next: middleware::Next,
) -> Response {
    let _under_way = UnderWay::new(busy);
    next.run(request).await
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
            async move { serve(listener, router, stop.notified()).await }
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
            async move { serve(listener, router, stop.notified()).await }
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
