//! A collector of spans on a real socket: it takes OTLP over http as the specification says.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::any_value::Value,
    trace::v1::{ResourceSpans, Span},
};
use prost::Message;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// What its users' exporters have to show.
pub(crate) const BEARER: &str = "Bearer collector-token";

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<(Vec<ResourceSpans>, String)>>);

pub(crate) struct Collector {
    /// Its origin.
    pub(crate) url: String,
    kept: Kept,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let kept = Kept::default();
        let router = Router::new()
            .route("/v1/traces", post(take))
            .with_state(kept.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, kept }
    }

    /// The values of an attribute of the resources that sent spans.
    pub(crate) fn resources(&self, name: &str) -> Vec<String> {
        let kept = self.kept.0.lock().unwrap();
        let resources = kept.0.iter().flat_map(|spans| &spans.resource);
        let attributes = resources.flat_map(|resource| &resource.attributes);
        attributes
            .filter(|attribute| attribute.key == name)
            .filter_map(
                |attribute| match attribute.value.as_ref()?.value.as_ref()? {
                    Value::StringValue(value) => Some(value.clone()),
                    _ => None,
                },
            )
            .collect()
    }

    pub(crate) fn spans(&self) -> Vec<Span> {
        let kept = self.kept.0.lock().unwrap();
        let scopes = kept.0.iter().flat_map(|spans| &spans.scope_spans);
        scopes.flat_map(|scope| scope.spans.clone()).collect()
    }

    /// All that came, as far as it is text.
    pub(crate) fn text(&self) -> String {
        self.kept.0.lock().unwrap().1.clone()
    }
}

async fn take(State(kept): State<Kept>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if header("content-type") != Some("application/x-protobuf")
        || header("authorization") != Some(BEARER)
    {
        return StatusCode::BAD_REQUEST;
    }
    let Ok(request) = ExportTraceServiceRequest::decode(body.clone()) else {
        return StatusCode::BAD_REQUEST;
    };
    let mut kept = kept.0.lock().unwrap();
    kept.0.extend(request.resource_spans);
    kept.1 += &String::from_utf8_lossy(&body);
    kept.1 += "\n";
    StatusCode::OK
}
