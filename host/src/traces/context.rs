//! The header `traceparent` of requests: taken from callers, given to the platform's receiver
//! of webhooks (W3C Trace Context). `tracestate` goes along; baggage does not.

use http::HeaderMap;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry_http::{HeaderExtractor, HeaderInjector};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// Makes a span that has not begun a part of the trace that a request's headers name.
pub(crate) fn follow(span: &Span, headers: &HeaderMap) {
    let caller = TraceContextPropagator::new().extract(&HeaderExtractor(headers));
    // Fails where nothing is exported: then there is no trace to belong to.
    let _ = span.set_parent(caller);
}

/// Names the trace of the current span in the headers of a request, if it has one.
pub(crate) fn lead(headers: &mut HeaderMap) {
    let ours = Span::current().context();
    TraceContextPropagator::new().inject_context(&ours, &mut HeaderInjector(headers));
}
