//! What traces and the log say of a booking on its way. Alone in its process: what other
//! tests do meanwhile decides whether a span exists.

use calport_e2e::{PLATFORM_TOKEN, World, accounts::CASEY, token};
use calport_standins::ConsentChoice;
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    fmt::Debug,
    sync::{Arc, Mutex},
};
use tracing::{Subscriber, field::Visit, level_filters::LevelFilter, span};
use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt, registry::LookupSpan};

const JOB: &str = "/api/jobs/17/";
const TITLE: &str = "canary-title-4711";

fn job() -> Value {
    json!({
        "revision": 1, "title": TITLE,
        "start_date": "2031-01-01", "end_date": "2031-01-02",
        "participants": [{"user": "ann", "role": "customer"}],
    })
}

async fn delivered(world: &World) {
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    world
        .platform(Method::PUT, JOB, Some(&job()))
        .await
        .unwrap();
    let ann = world.settled(JOB, "ann").await.unwrap();
    assert_eq!(ann["state"], "in_calendar", "{ann}");
}

/// Every span as its line of ancestors, and every value that stood in one.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<(Vec<String>, String)>>);

impl Visit for Seen {
    fn record_debug(&mut self, _: &tracing::field::Field, value: &dyn Debug) {
        self.0.lock().unwrap().1 += &format!("{value:?}\n");
    }
}

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for Seen {
    fn on_new_span(&self, attributes: &span::Attributes<'_>, id: &span::Id, at: Context<'_, S>) {
        attributes.record(&mut self.clone());
        let line = at.span_scope(id).into_iter().flatten();
        let mut line: Vec<_> = line.map(|span| span.name()).collect();
        line.reverse();
        self.0.lock().unwrap().0.push(line.join(" > "));
    }

    fn on_record(&self, _: &span::Id, values: &span::Record<'_>, _: Context<'_, S>) {
        values.record(&mut self.clone());
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        event.record(&mut self.clone());
    }
}

#[tokio::test]
async fn spans_lead_to_every_outgoing_request_and_name_nothing_but_ids() {
    // case 13
    let seen = Seen::default();
    // Of all threads: a call that computes for long goes on in another one.
    let subscriber = tracing_subscriber::registry()
        .with(LevelFilter::INFO)
        .with(seen.clone());
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let world = World::start().await.unwrap();
    delivered(&world).await;
    let (lines, values) = seen.0.lock().unwrap().clone();
    for line in [
        "request > plugin > outgoing",
        "delivery > plugin > outgoing",
    ] {
        assert!(lines.iter().any(|is| is == line), "{line}\n{lines:#?}");
    }
    assert!(
        lines.iter().all(|line| line != "outgoing"),
        "an outgoing request belongs to nothing"
    );
    assert!(values.contains("ann"), "{values}");
    let bearer = token(&json!({"sub": "ann", "exp": 4_000_000_000_u64})).unwrap();
    for canary in [
        TITLE,
        CASEY,
        PLATFORM_TOKEN,
        &bearer,
        "code=",
        "state=",
        "Bearer",
    ] {
        assert!(!values.contains(canary), "{canary}\n{values}");
    }
}
