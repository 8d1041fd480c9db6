//! The spans that a collector gets.

use crate::{
    collector::{BEARER, Collector},
    life::{JOB, Life, job},
};
use calport_e2e::PLATFORM_TOKEN;
use opentelemetry_proto::tonic::trace::v1::Span;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A span's name after those of the spans that it is a part of.
fn line(span: &Span, all: &[Span]) -> String {
    let whole = all
        .iter()
        .find(|whole| whole.span_id == span.parent_span_id && whole.trace_id == span.trace_id);
    match whole {
        Some(whole) => format!("{} > {}", line(whole, all), span.name),
        None => span.name.clone(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_13_a_collector_gets_whole_traces_and_no_secret() {
    let collector = Collector::start().await;
    let headers = format!("authorization={}", BEARER.replace(' ', "%20"));
    let life = Life::begin(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url),
        ("OTEL_EXPORTER_OTLP_HEADERS", &headers),
        // What is logged is one thing, what is exported another. A busy machine is slow.
        ("RUST_LOG", "warn,sqlx=error"),
    ])
    .await;
    let put = reqwest::Client::new()
        .put(format!("{}{JOB}", life.rest.url))
        .bearer_auth(PLATFORM_TOKEN)
        .header("traceparent", format!("00-{TRACE}-{CALLER}-01"))
        .json(&job(1));
    assert_eq!(put.send().await.unwrap().status(), 202);
    life.delivered().await;
    // Two connections and a booking in two calendars.
    let told = life.receiver.until(4).await.unwrap();
    for requests in [life.google.requests(), life.outlook.requests()] {
        for request in requests.iter() {
            let trace = request
                .headers
                .iter()
                .find(|(name, _)| name.starts_with("trace"));
            assert_eq!(trace, None, "a provider learns of traces");
        }
    }
    let left = life.end().await;
    let spans = collector.spans();
    let lines: Vec<_> = spans.iter().map(|span| line(span, &spans)).collect();
    for wanted in [
        "request > plugin > outgoing",
        "delivery > plugin > outgoing",
        "webhook > outgoing",
    ] {
        assert!(
            lines.iter().any(|line| line == wanted),
            "{wanted} {lines:#?}"
        );
    }
    assert!(
        lines.iter().all(|line| line != "outgoing"),
        "what exports spans makes some: {lines:#?}"
    );
    assert!(spans.iter().any(|span| {
        span.name == "request"
            && (hex(&span.trace_id), hex(&span.parent_span_id)) == (TRACE.into(), CALLER.into())
    }));
    for webhook in told {
        let trace = webhook.trace.unwrap();
        let ours = spans.iter().filter(|span| span.name == "webhook");
        let mut ours =
            ours.map(|span| format!("00-{}-{}-01", hex(&span.trace_id), hex(&span.span_id)));
        assert!(ours.any(|ours| ours == trace), "{trace}");
    }
    // Leaving was the last thing that happened before the end.
    assert!(collector.text().contains("/disconnect"));
    let names = collector.resources("service.name");
    assert!(
        !names.is_empty() && names.iter().all(|name| name == "calport"),
        "{names:?}"
    );
    left.search(&collector.text());
    left.search(&left.log);
    assert_eq!(left.log, "", "nothing to warn of");
}
