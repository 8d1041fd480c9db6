//! A reply as it is kept for whoever repeats the request.

use crate::api::Problem;
use axum::{
    body::{Body, to_bytes},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Serialize};

/// The largest reply to a write: a booking with 500 participants has a tenth of it.
const MAX: usize = 4 * 1024 * 1024;

/// Status, headers and body. Holds whatever the reply held, secrets included, and so is
/// only ever stored sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Reply {
    status: u16,
    /// Names and values, the latter in base64.
    headers: Vec<(String, String)>,
    /// In base64.
    body: String,
}

impl Reply {
    pub(super) async fn take(response: Response) -> Result<Self, Problem> {
        let (head, body) = response.into_parts();
        let body = to_bytes(body, MAX)
            .await
            .map_err(|error| Problem::internal(&error))?;
        let headers = head.headers.iter().map(|(name, value)| {
            let value = BASE64_STANDARD.encode(value.as_bytes());
            (name.as_str().to_owned(), value)
        });
        Ok(Self {
            status: head.status.as_u16(),
            headers: headers.collect(),
            body: BASE64_STANDARD.encode(body),
        })
    }

    fn headers(&self) -> Option<HeaderMap> {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let value = BASE64_STANDARD.decode(value).ok()?;
            headers.append(
                HeaderName::try_from(name).ok()?,
                HeaderValue::from_bytes(&value).ok()?,
            );
        }
        Some(headers)
    }

    fn response(&self) -> Option<Response> {
        let body = BASE64_STANDARD.decode(&self.body).ok()?;
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = StatusCode::from_u16(self.status).ok()?;
        *response.headers_mut() = self.headers()?;
        Some(response)
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        self.response().unwrap_or_else(|| {
            tracing::error!("a kept reply cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        })
    }
}
