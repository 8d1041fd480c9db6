//! How the page looks, and the headers that keep others from changing that. Style and
//! script are files of this host with their content's hash in the name; nothing is loaded
//! from anywhere else.

use super::app::App;
use crate::{
    config::Brand,
    connect::random,
    plugin::{
        Plugin,
        calendar::{EndpointUse, ProviderInfo},
    },
};
use axum::{
    extract::{Path, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use url::Url;

const STYLE: &str = include_str!("../../templates/page/style.css");
const SCRIPT: &str = include_str!("../../templates/page/copy.js");

/// A file that browsers may keep for ever.
pub(super) struct Asset {
    pub(super) path: String,
    name: String,
    kind: &'static str,
    text: String,
}

impl Asset {
    fn new(stem: &str, extension: &str, kind: &'static str, text: String) -> Self {
        let hash: String = random::digest(&text).chars().take(16).collect();
        let name = format!("{stem}-{hash}.{extension}");
        Self {
            path: format!("/page/assets/{name}"),
            name,
            kind,
            text,
        }
    }
}

/// The page's files.
pub(super) struct Look {
    pub(super) style: Asset,
    pub(super) script: Asset,
}

impl Look {
    pub(super) fn new(brand: &Brand) -> Self {
        let (light, dark) = (brand.colour, brand.colour.on_dark());
        let colours = format!(":root {{ --brand-light: {light}; --brand-dark: {dark}; }}\n");
        Self {
            style: Asset::new("style", "css", "text/css; charset=utf-8", colours + STYLE),
            script: Asset::new(
                "copy",
                "js",
                "text/javascript; charset=utf-8",
                SCRIPT.to_owned(),
            ),
        }
    }
}

/// `GET /page/assets/{file}`.
pub(super) async fn asset(State(app): State<App>, Path(file): Path<String>) -> Response {
    let Look { style, script } = app.look();
    let Some(asset) = [style, script].into_iter().find(|asset| asset.name == file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, asset.text.clone()).into_response()
}

/// Headers of every reply of the page.
pub(super) fn headers(app: &App) -> Vec<(HeaderName, HeaderValue)> {
    let policy = policy(app.service().plugin());
    let strictest = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    vec![
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::try_from(policy).unwrap_or(strictest),
        ),
        // For browsers that do not know frame-ancestors.
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        // Under no-referrer browsers send forms with `Origin: null` (Fetch, "append a request
        // Origin header"), and the page could not tell its own.
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("same-origin"),
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            HeaderValue::from_static("same-origin"),
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("same-origin"),
        ),
    ]
}

/// Chromium applies `form-action` to where a form's reply redirects to, and connecting
/// leads to a provider's authorize endpoint.
fn policy(plugin: &Plugin) -> String {
    let mut targets = String::from("'self'");
    let providers = &plugin.info().providers;
    for origin in providers
        .iter()
        .filter_map(|info| authorize_origin(plugin, info))
    {
        targets.push(' ');
        targets.push_str(&origin);
    }
    format!(
        "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; \
         form-action {targets}; frame-ancestors 'none'"
    )
}

fn authorize_origin(plugin: &Plugin, info: &ProviderInfo) -> Option<String> {
    let mut endpoints = info.endpoints.iter();
    let endpoint = endpoints.find(|endpoint| endpoint.uses.contains(EndpointUse::AUTHORIZE))?;
    let moved = plugin
        .setting(&endpoint.setting)
        .filter(|url| !url.is_empty());
    let url = Url::parse(moved.unwrap_or(&endpoint.default_url)).ok()?;
    Some(url.origin().ascii_serialization())
}
