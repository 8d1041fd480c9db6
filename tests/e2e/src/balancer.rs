//! A small load balancer, as real ones are: it asks every host whether it is ready, and
//! hands each new connection to the next one that is.

use crate::{Rest, rest::Failure};
use reqwest::{Method, StatusCode};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// How often hosts are asked.
const PROBE: Duration = Duration::from_millis(50);

/// A host behind it.
#[derive(Debug)]
struct Backend {
    /// Its URL, without a slash at the end.
    url: String,
    is_ready: bool,
    /// Connections that it was handed and that are not over.
    open: usize,
}

/// A running balancer. It ends when it is dropped.
#[derive(Debug)]
pub struct Balancer {
    /// Where it listens, without a slash at the end.
    pub url: String,
    backends: Arc<Mutex<Vec<Backend>>>,
    running: Vec<JoinHandle<()>>,
}

impl Balancer {
    /// Starts without any host.
    ///
    /// # Errors
    /// When it cannot listen.
    pub async fn start() -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let backends: Arc<Mutex<Vec<Backend>>> = Arc::default();
        let running = vec![
            tokio::spawn(probe(backends.clone())),
            tokio::spawn(accept(listener, backends.clone())),
        ];
        Ok(Self {
            url,
            backends,
            running,
        })
    }

    /// Puts a host behind it; it gets connections once it is ready.
    pub fn add(&self, url: &str) {
        let backend = Backend {
            url: url.to_owned(),
            is_ready: false,
            open: 0,
        };
        lock(&self.backends).push(backend);
    }

    /// Whether a host gets connections.
    pub fn is_in_use(&self, url: &str) -> bool {
        self.any(url, |backend| backend.is_ready)
    }

    /// Whether a host gets no connections any more, and all that it got are over.
    pub fn is_let_go(&self, url: &str) -> bool {
        !self.any(url, |backend| backend.is_ready || backend.open > 0)
    }

    fn any(&self, url: &str, is: impl Fn(&Backend) -> bool) -> bool {
        let backends = lock(&self.backends);
        backends
            .iter()
            .any(|backend| backend.url == url && is(backend))
    }
}

impl Drop for Balancer {
    fn drop(&mut self) {
        self.running.iter().for_each(JoinHandle::abort);
    }
}

fn lock(backends: &Mutex<Vec<Backend>>) -> std::sync::MutexGuard<'_, Vec<Backend>> {
    backends.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn probe(backends: Arc<Mutex<Vec<Backend>>>) {
    loop {
        let urls: Vec<_> = lock(&backends).iter().map(|it| it.url.clone()).collect();
        for url in urls {
            let is_ready = is_ready(&url).await;
            let mut backends = lock(&backends);
            if let Some(backend) = backends.iter_mut().find(|backend| backend.url == url) {
                backend.is_ready = is_ready;
            }
        }
        tokio::time::sleep(PROBE).await;
    }
}

async fn is_ready(url: &str) -> bool {
    let Ok(rest) = Rest::new(url) else {
        return false;
    };
    let reply = rest.call(Method::GET, "/readyz", None, None).await;
    reply.is_ok_and(|reply| reply.status == StatusCode::OK)
}

async fn accept(listener: TcpListener, backends: Arc<Mutex<Vec<Backend>>>) {
    let turn = AtomicUsize::new(0);
    while let Ok((mut client, _)) = listener.accept().await {
        // Without one the connection is closed, which its client sees as a failure.
        let Some(url) = hand(&backends, turn.fetch_add(1, Ordering::Relaxed)) else {
            continue;
        };
        let backends = backends.clone();
        tokio::spawn(async move {
            let address = url.trim_start_matches("http://");
            if let Ok(mut host) = TcpStream::connect(address).await {
                let _ = copy_bidirectional(&mut client, &mut host).await;
            }
            let mut backends = lock(&backends);
            if let Some(backend) = backends.iter_mut().find(|backend| backend.url == url) {
                backend.open -= 1;
            }
        });
    }
}

/// The host whose turn it is among those that are ready; it has one connection more.
fn hand(backends: &Mutex<Vec<Backend>>, turn: usize) -> Option<String> {
    let mut backends = lock(backends);
    let ready = backends.iter().filter(|backend| backend.is_ready).count();
    let mut ready_ones = backends.iter_mut().filter(|backend| backend.is_ready);
    let next = ready_ones.nth(turn.checked_rem(ready)?)?;
    next.open += 1;
    Some(next.url.clone())
}
