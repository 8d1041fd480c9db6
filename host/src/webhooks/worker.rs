//! The workers: each sends one webhook at a time and notes how that ended.

use super::{
    Receiver,
    outcome::{self, Outcome},
    queue::{Claimed, Queue},
    signature,
};
use crate::{
    egress::{AllowList, BuildError, Egress, Limits, OriginError},
    metrics::{Metrics, WebhookResult},
    traces,
};
use bytes::Bytes;
use http::{Request, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
};
use tracing::Instrument;

/// Webhooks under way at once: a receiver that takes 100 ms takes 80 in a second.
const WORKERS: usize = 8;

/// How long a receiver may take. It should note and answer, and work afterwards.
const DEADLINE: Duration = Duration::from_secs(15);

/// How much of a reply is read: it is thrown away, and the connection serves again.
const REPLY: usize = 64 * 1024;

/// How often the table is looked at when nothing was announced.
const IDLE_LOOK: Duration = Duration::from_secs(1);

/// Why webhooks cannot be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The URL is none that this host may ask.
    #[error("CALPORT_WEBHOOK_URL is refused: {0}")]
    Url(#[from] OriginError),
    /// The one way out cannot be built.
    #[error("webhooks cannot be sent: {0}")]
    Egress(#[from] BuildError),
}

/// Running workers. They stop when [`Workers::stop`] is called.
#[derive(Debug)]
pub struct Workers {
    stop: watch::Sender<bool>,
    running: JoinSet<()>,
}

#[derive(Clone)]
struct Worker {
    queue: Queue,
    receiver: Arc<Receiver>,
    egress: Egress,
    metrics: Metrics,
    news: Arc<Notify>,
}

impl Workers {
    pub(super) fn start(
        queue: &Queue,
        receiver: Option<Arc<Receiver>>,
        metrics: &Metrics,
        news: &Arc<Notify>,
    ) -> Result<Self, WebhookError> {
        let (stop, stopped) = watch::channel(false);
        let mut running = JoinSet::new();
        if let Some(receiver) = receiver {
            let allowed = AllowList::operators_own(receiver.url.as_str())?;
            let limits = Limits {
                deadline: DEADLINE,
                reply_body: REPLY,
                ..Limits::default()
            };
            let worker = Worker {
                queue: queue.clone(),
                egress: Egress::builder(allowed).limits(limits).build()?,
                receiver,
                metrics: metrics.clone(),
                news: news.clone(),
            };
            running.spawn(worker.run_all(stopped));
        }
        Ok(Self { stop, running })
    }

    /// Ends all of them in the middle of what they are at, as the end of the process would, and
    /// returns when none begins anything any more.
    pub async fn abort(mut self) {
        self.running.shutdown().await;
    }

    /// Lets every worker finish what it is at, then returns.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.running.join_next().await.is_some() {}
    }
}

impl Worker {
    async fn run_all(self, stopped: watch::Receiver<bool>) {
        if let Err(error) = self.queue.free_claims().await {
            tracing::error!(%error, "webhooks that a crash has held wait until their claims run out");
        }
        let mut running = JoinSet::new();
        for _ in 0..WORKERS {
            running.spawn(self.clone().run(stopped.clone()));
        }
        running.join_all().await;
    }

    async fn run(self, mut stopped: watch::Receiver<bool>) {
        while !*stopped.borrow() {
            match self.queue.claim().await {
                Ok(Some(claimed)) => {
                    // More may be due: another worker is to look at once.
                    self.news.notify_one();
                    let Claimed {
                        id, kind, tries, ..
                    } = &claimed;
                    let span = tracing::info_span!("webhook", id, kind, tries);
                    if let Err(error) = self.deliver(&claimed).instrument(span).await {
                        tracing::error!(%error, "what became of a webhook could not be noted");
                    }
                }
                Ok(None) => self.idle(&mut stopped).await,
                Err(error) => {
                    tracing::error!(%error, "the webhooks cannot be read");
                    self.idle(&mut stopped).await;
                }
            }
        }
    }

    async fn idle(&self, stopped: &mut watch::Receiver<bool>) {
        tokio::select! {
            () = self.news.notified() => {}
            () = tokio::time::sleep(IDLE_LOOK) => {}
            _ = stopped.changed() => {}
        }
    }

    async fn deliver(&self, claimed: &Claimed) -> Result<(), sqlx::Error> {
        let now = self.queue.now().await?;
        match self.send(claimed, now).await {
            Outcome::Delivered => {
                self.metrics.told(WebhookResult::Delivered);
                self.queue.delivered(claimed).await
            }
            Outcome::Again(after, why) => {
                tracing::info!(why, after = after.as_secs(), "a webhook is tried again");
                self.metrics.told(WebhookResult::Retried);
                self.queue.again(claimed, after, &why).await
            }
            Outcome::SetAside(why) => {
                tracing::error!(why, "a webhook is set aside");
                self.metrics.told(WebhookResult::SetAside);
                self.queue.set_aside(claimed, &why).await
            }
        }
    }

    async fn send(&self, claimed: &Claimed, now: i64) -> Outcome {
        let signature = signature::sign(&self.receiver.secrets, now, &claimed.body);
        let body = Full::new(Bytes::from(claimed.body.clone()));
        let request = Request::post(self.receiver.url.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header(signature::HEADER, signature)
            .body(body);
        let mut request = match request {
            Ok(request) => request,
            // The URL was checked at the start.
            Err(error) => return Outcome::SetAside(error.to_string()),
        };
        traces::lead(request.headers_mut());
        match self.egress.send(request).await {
            Ok(reply) => {
                let (head, body) = reply.into_parts();
                // Read to its end for the connection's sake; what it says is nobody's.
                let _ = body.collect().await;
                outcome::of_reply(claimed.tries, head.status, &head.headers)
            }
            Err(error) => outcome::of_error(claimed.tries, &error),
        }
    }
}
