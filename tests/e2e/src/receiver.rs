//! A platform's receiver of webhooks on a real socket: it checks every signature as the
//! documentation says, keeps what came, and answers as a test wants.

use crate::world::PATIENCE;
use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    routing::post,
};
use hmac::{Mac, SimpleHmac, digest::KeyInit};
use serde_json::Value;
use sha2::Sha256;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};
use tokio::{net::TcpListener, sync::Notify};
use url::Url;

/// What the tests' host signs with: the new one and the old one.
pub const WEBHOOK_SECRETS: [&str; 2] = [
    "new-webhook-secret-for-tests-0123456789",
    "old-webhook-secret-for-tests-0123456789",
];

/// How long a signature is believed, in seconds.
const TOLERANCE: u64 = 300;

/// One webhook that came and was signed as it must be.
#[derive(Clone, Debug)]
pub struct Received {
    /// The body as it came.
    pub body: Value,
    /// The signature header as it came.
    pub signature: String,
    /// The header `traceparent` as it came.
    pub trace: Option<String>,
}

impl Received {
    /// What makes a repetition one.
    pub fn id(&self) -> &str {
        self.body["id"].as_str().unwrap_or_default()
    }
}

/// What a receiver does with the next webhook.
enum Answer {
    Status(u16, Option<(&'static str, String)>),
    Never,
}

#[derive(Default)]
struct Kept {
    received: Vec<Received>,
    forged: usize,
    answers: VecDeque<Answer>,
    /// First comers that are still to be refused.
    refusals: usize,
}

struct Inside {
    secret: &'static str,
    kept: Mutex<Kept>,
    news: Notify,
}

/// A running receiver.
pub struct Receiver {
    /// Where it takes webhooks.
    pub url: Url,
    inside: Arc<Inside>,
}

impl Receiver {
    /// One that knows this secret alone.
    ///
    /// # Errors
    /// When there is no port.
    pub async fn start(secret: &'static str) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/hooks?from=calport", listener.local_addr()?);
        let inside = Arc::new(Inside {
            secret,
            kept: Mutex::default(),
            news: Notify::new(),
        });
        let router = Router::new()
            .route("/hooks", post(take))
            .with_state(inside.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self {
            url: Url::parse(&url).map_err(std::io::Error::other)?,
            inside,
        })
    }

    /// Answers the next webhook that has no answer yet with a status.
    pub fn answer(&self, status: u16) {
        self.push(Answer::Status(status, None));
    }

    /// The same with a header.
    pub fn answer_with(&self, status: u16, name: &'static str, value: &str) {
        self.push(Answer::Status(status, Some((name, value.to_owned()))));
    }

    /// Never answers the next webhook.
    pub fn never_answer(&self) {
        self.push(Answer::Never);
    }

    /// Answers the next few webhooks with 503 that come for the first time, and takes them
    /// when they come again.
    pub fn refuse_at_first(&self, count: usize) {
        self.kept().refusals = count;
    }

    fn push(&self, answer: Answer) {
        self.kept().answers.push_back(answer);
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.inside
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What came with a signature that does not hold.
    pub fn forged(&self) -> usize {
        self.kept().forged
    }

    /// What came so far, in its order.
    pub fn received(&self) -> Vec<Received> {
        self.kept().received.clone()
    }

    /// Waits until so many came, failed ones included.
    ///
    /// # Errors
    /// What came, when it stays less.
    pub async fn until(&self, count: usize) -> Result<Vec<Received>, String> {
        let waiting = async {
            loop {
                let news = self.inside.news.notified();
                let received = self.received();
                if received.len() >= count {
                    return received;
                }
                news.await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        waited.map_err(|_| format!("{:?}", self.received()))
    }
}

async fn take(
    State(inside): State<Arc<Inside>>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, HeaderMap) {
    let text = |name| Some(headers.get(name)?.to_str().ok()?.to_owned());
    let header = text("calport-signature").unwrap_or_default();
    let parsed = serde_json::from_slice(&body).ok();
    let answer = {
        let mut kept = inside.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (true, Some(parsed)) = (is_ours(inside.secret, &header, &body), parsed) else {
            kept.forged += 1;
            return (StatusCode::FORBIDDEN, HeaderMap::new());
        };
        let received = Received {
            body: parsed,
            signature: header,
            trace: text("traceparent"),
        };
        let is_first = kept
            .received
            .iter()
            .all(|other| other.id() != received.id());
        kept.received.push(received);
        if is_first && kept.refusals > 0 {
            kept.refusals -= 1;
            Some(Answer::Status(503, None))
        } else {
            kept.answers.pop_front()
        }
    };
    inside.news.notify_waiters();
    match answer {
        None => (StatusCode::NO_CONTENT, HeaderMap::new()),
        Some(Answer::Never) => std::future::pending().await,
        Some(Answer::Status(status, header)) => {
            let header = header.and_then(|(name, value)| {
                let value = HeaderValue::from_str(&value).ok()?;
                Some((HeaderName::from_static(name), value))
            });
            let status = StatusCode::from_u16(status).unwrap_or_default();
            (status, header.into_iter().collect())
        }
    }
}

/// The check that receivers are to make: of now, and one of the signatures is right.
fn is_ours(secret: &str, header: &str, body: &[u8]) -> bool {
    let fields: Vec<_> = header
        .split(',')
        .filter_map(|field| field.split_once('='))
        .collect();
    let time = fields.iter().find(|(name, _)| *name == "t");
    let Some(seconds) = time.and_then(|(_, value)| value.parse::<u64>().ok()) else {
        return false;
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    if now.map_or(u64::MAX, |now| now.as_secs().abs_diff(seconds)) > TOLERANCE {
        return false;
    }
    fields
        .iter()
        .filter(|(name, _)| *name == "v1")
        .any(|(_, hex)| {
            let tag: Option<Vec<u8>> = (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok())
                .collect();
            let mac = <SimpleHmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes());
            match (tag, mac) {
                (Some(tag), Ok(mac)) => mac
                    .chain_update(format!("{seconds}."))
                    .chain_update(body)
                    .verify_slice(&tag)
                    .is_ok(),
                (_, _) => false,
            }
        })
}
