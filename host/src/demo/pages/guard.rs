//! What every request to a page passes: it must have come to this demo under its own name,
//! and a change must have come from one of its pages.

use super::{super::standins::StandIns, App, frame};
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use std::sync::Arc;
use url::Url;

/// Fetch Metadata Request Headers (W3C), section 2.
const FETCH_SITE: &str = "sec-fetch-site";

/// What is compared, and said of each page.
pub(super) struct Guard {
    url: Url,
    origin: String,
    /// `localhost:PORT`.
    host: String,
    /// The same place by its addresses.
    aliases: [String; 2],
    policy: HeaderValue,
}

impl Guard {
    pub(super) fn new(url: &Url, standins: &StandIns) -> Self {
        let port = url.port_or_known_default().unwrap_or_default();
        // Chromium applies form-action to where a form's reply redirects to, and connecting
        // leads to a provider.
        let providers: Vec<_> = standins.all().map(|standin| standin.base_url()).collect();
        let policy = format!(
            "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; \
             form-action 'self' {}; frame-ancestors 'none'",
            providers.join(" ")
        );
        let strictest = HeaderValue::from_static("default-src 'none'");
        Self {
            origin: url.origin().ascii_serialization(),
            host: format!("localhost:{port}"),
            aliases: [format!("127.0.0.1:{port}"), format!("[::1]:{port}")],
            url: url.clone(),
            policy: HeaderValue::try_from(policy).unwrap_or(strictest),
        }
    }

    /// Whether a request that changes something came from one of our pages.
    fn is_own_form(&self, headers: &HeaderMap) -> bool {
        if let Some(site) = headers.get(FETCH_SITE) {
            return site == "same-origin";
        }
        // For browsers before 2023; all send Origin with a POST.
        headers
            .get(header::ORIGIN)
            .is_some_and(|origin| *origin == *self.origin)
    }
}

/// Checks a request and dresses the reply.
pub(super) async fn check(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let guard = &app.guard;
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let host = host.unwrap_or_default();
    let is_change = request.method() != Method::GET && request.method() != Method::HEAD;
    let mut response = if guard.aliases.iter().any(|alias| alias == host) && !is_change {
        // The cookies of a flow are kept under the one name that providers send back to.
        let path = request
            .uri()
            .path_and_query()
            .map_or("/", |path| path.as_str());
        let own = guard
            .url
            .join(path)
            .ok()
            .filter(|url| url.origin() == guard.url.origin());
        Redirect::temporary(own.as_ref().unwrap_or(&guard.url).as_str()).into_response()
    } else if host != guard.host {
        frame::refused(
            StatusCode::MISDIRECTED_REQUEST,
            "This demo has another address",
        )
    } else if is_change && !guard.is_own_form(request.headers()) {
        frame::refused(
            StatusCode::FORBIDDEN,
            "This did not come from a page of the demo",
        )
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: HeaderValue| {
        headers.entry(name).or_insert(value);
    };
    set(header::CONTENT_SECURITY_POLICY, guard.policy.clone());
    set(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    // Not no-referrer: a browser would then send no Origin with its forms.
    set(
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    );
    set(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
