//! Where browsers come back to. The reply is always a redirect to a place that the
//! operator has fixed, with words of ours alone; nothing that came in goes out.

use super::Problem;
use crate::{connect::Returned, service::Service};
use axum::{
    extract::{Path, Query, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use secrecy::ExposeSecret;
use serde::Deserialize;

/// On https, where the prefix keeps other hosts from setting it (RFC 6265bis).
const SECURE_COOKIE: &str = "__Host-calport-flow";
/// On loopback over http, where browsers refuse the prefix.
const PLAIN_COOKIE: &str = "calport-flow";

/// `Set-Cookie` for a flow that begins.
pub(super) fn flow_cookie(value: &str, secure: bool) -> String {
    let (name, secure) = if secure {
        (SECURE_COOKIE, "; Secure")
    } else {
        (PLAIN_COOKIE, "")
    };
    let age = crate::connect::FLOW_SECONDS;
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age}{secure}")
}

fn expired_cookie(secure: bool) -> String {
    let (name, secure) = if secure {
        (SECURE_COOKIE, "; Secure")
    } else {
        (PLAIN_COOKIE, "")
    };
    format!("{name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0{secure}")
}

/// `GET .../callback/`.
pub(super) async fn callback(
    State(service): State<Service>,
    Path(provider): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(info) = service.plugin().provider(&provider) else {
        return Err(Problem::not_found("no such provider"));
    };
    let secure = service.options().public_url.scheme() == "https";
    let cookie = read_cookie(&headers, if secure { SECURE_COOKIE } else { PLAIN_COOKIE });
    let query = query.unwrap_or_default();
    let returned = service.flows().callback(&info.id, &query, cookie).await;
    let (status, handle) = match &returned {
        Ok(Returned::Connected) => ("connected", None),
        Ok(Returned::Parked(handle)) => ("parked", Some(handle.expose_secret())),
        Err(error) => {
            tracing::warn!(provider = info.id, %error, "a callback did not connect");
            (error.code(), None)
        }
    };
    let mut target = match &service.options().return_url {
        Some(url) => url.clone(),
        None => {
            let mut url = service.options().public_url.clone();
            url.set_path("/done/");
            url
        }
    };
    target
        .query_pairs_mut()
        .append_pair("provider", &info.id)
        .append_pair("status", status);
    if let Some(handle) = handle {
        target.query_pairs_mut().append_pair("handle", handle);
    }
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    let location = HeaderValue::from_str(target.as_str());
    headers.insert(
        header::LOCATION,
        location.map_err(|error| Problem::internal(&error))?,
    );
    let cookie = HeaderValue::from_str(&expired_cookie(secure));
    headers.insert(
        header::SET_COOKIE,
        cookie.map_err(|error| Problem::internal(&error))?,
    );
    Ok(response)
}

fn read_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(found, _)| *found == name)
        .map(|(_, value)| value);
    // Two cookies of the name: somebody has planted one, and which is not to be known.
    values.next().filter(|_| values.next().is_none())
}

#[derive(Deserialize)]
pub(super) struct Outcome {
    status: Option<String>,
}

/// The page where a browser ends that no platform has asked back.
pub(super) async fn done(Query(outcome): Query<Outcome>) -> Html<String> {
    let (heading, text) = match outcome.status.as_deref() {
        Some("connected") => (
            "Your calendar is connected",
            "Your bookings appear in it within moments.",
        ),
        Some("denied") => (
            "Nothing was connected",
            "You chose not to. You can connect at any time.",
        ),
        Some("needs-scope") => (
            "A permission is missing",
            "Bookings can only be added when every box stays ticked. Please connect again.",
        ),
        Some("needs-admin") => (
            "Your organisation has to agree first",
            "Ask an administrator to approve this app, then connect again.",
        ),
        Some("not-configured" | "misconfigured") => (
            "This calendar is temporarily unavailable",
            "That is not your fault. Everything else works; please try again later.",
        ),
        Some("expired") => (
            "This took too long",
            "The link is valid for ten minutes and works once. Please connect again.",
        ),
        Some("parked") => (
            "One step is left",
            "Please go back to the page where you began, and finish there.",
        ),
        Some(_) | None => ("Nothing was connected", "Please go back and connect again."),
    };
    Html(format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>{heading}</title>\
         <meta name=viewport content=\"width=device-width\"><style>:root{{color-scheme:light \
         dark}}body{{font:1.1rem/1.5 system-ui;max-width:32rem;margin:20vh auto;padding:0 1rem}}\
         </style><main><h1>{heading}</h1><p>{text}</p></main>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubled_flow_cookie_counts_as_none() {
        let mut headers = HeaderMap::new();
        headers.append(
            header::COOKIE,
            HeaderValue::from_static("a=1; calport-flow=x"),
        );
        assert_eq!(read_cookie(&headers, PLAIN_COOKIE), Some("x"));
        headers.append(header::COOKIE, HeaderValue::from_static("calport-flow=y"));
        assert_eq!(read_cookie(&headers, PLAIN_COOKIE), None);
        assert_eq!(read_cookie(&headers, "b"), None);
    }
}
