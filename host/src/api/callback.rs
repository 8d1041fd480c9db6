//! Where browsers come back to. The reply is always a redirect to a place that the
//! operator has fixed, with words of ours alone; nothing that came in goes out.

use super::Problem;
use crate::{
    connect::{ACCOUNT_CHANGED, FLOW_COOKIE, Origin, Returned},
    page,
    service::{Service, ServiceOptions},
};
use axum::{
    extract::{Path, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use secrecy::ExposeSecret;
use url::Url;

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
    let options = service.options();
    let secure = options.is_secure();
    let cookie = FLOW_COOKIE.read(secure, &headers);
    let query = query.unwrap_or_default();
    let landed = service.flows().callback(&info.id, &query, cookie).await;
    let (status, handle) = match &landed.outcome {
        Ok(Returned::Connected) => ("connected", None),
        Ok(Returned::Parked(handle)) => ("parked", Some(handle.expose_secret())),
        Ok(Returned::AccountChanged(handle)) => (ACCOUNT_CHANGED, Some(handle.expose_secret())),
        Err(error) => {
            tracing::warn!(provider = info.id, %error, "a callback did not connect");
            (error.code(), None)
        }
    };
    // A state that nobody knows says nothing; a browser with the page open began there.
    let origin = landed.origin.unwrap_or_else(|| {
        if page::COOKIE.read(secure, &headers).is_some() {
            Origin::Page
        } else {
            Origin::Platform
        }
    });
    let mut target = target(options, origin);
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
    let cookie = FLOW_COOKIE.clear(secure);
    headers.insert(
        header::SET_COOKIE,
        cookie.map_err(|error| Problem::internal(&error))?,
    );
    Ok(response)
}

fn target(options: &ServiceOptions, origin: Origin) -> Url {
    let own = |path| {
        let mut url = options.public_url.clone();
        url.set_path(path);
        url
    };
    match (origin, &options.return_url) {
        (Origin::Page, _) => own(page::RETURN_PATH),
        (Origin::Platform, Some(url)) => url.clone(),
        (Origin::Platform, None) => own(page::DONE_PATH),
    }
}
