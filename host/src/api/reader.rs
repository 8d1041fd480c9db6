//! Reads JSON bodies, and names what is wrong with them.

use super::{MAX_BODY, Problem};
use crate::{
    object::{self, Mistake},
    serving,
};
use axum::{
    body::{Bytes, HttpBody},
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::{StatusCode, header},
    middleware::Next,
    response::Response,
};
use serde::de::DeserializeOwned;

/// Around every route: refuses a body that says itself that it is too large, before anything
/// of it is read. What does not say so is cut where it is read.
pub(super) async fn bounded(request: Request, next: Next) -> Result<Response, Problem> {
    if request.body().size_hint().lower() > MAX_BODY as u64 {
        return Err(too_large());
    }
    Ok(next.run(request).await)
}

/// The bytes of a body of type `application/json`.
pub(super) struct JsonBytes(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for JsonBytes {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok());
        let is_json = kind.is_some_and(|kind| {
            kind.split(';')
                .next()
                .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
        });
        if !is_json {
            let title = "The body is not declared as JSON";
            return Err(
                Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported", title)
                    .remedy("send Content-Type: application/json"),
            );
        }
        match Bytes::from_request(request, state).await {
            Ok(bytes) => Ok(Self(bytes)),
            Err(rejection) => Err(unread(&rejection)),
        }
    }
}

/// A request's whole body, whatever it is declared as.
pub(super) async fn whole(request: Request) -> Result<Bytes, Problem> {
    Bytes::from_request(request, &())
        .await
        .map_err(|rejection| unread(&rejection))
}

fn unread(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large();
    }
    if serving::was_too_slow(rejection) {
        let title = "The body did not come in time";
        return Problem::new(StatusCode::REQUEST_TIMEOUT, "too-slow", title)
            .remedy("send it again, within 30 seconds");
    }
    Problem::new(
        StatusCode::BAD_REQUEST,
        "unreadable",
        "The body could not be read",
    )
}

fn too_large() -> Problem {
    let title = "The body is too large";
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", title).remedy("send 2 MiB at most")
}

/// A small body; an empty one counts as `{}`.
pub(super) struct Small<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Small<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let is_empty = request.headers().get(header::CONTENT_TYPE).is_none();
        let bytes = if is_empty {
            Bytes::from_request(request, state)
                .await
                .map_err(|rejection| unread(&rejection))?
        } else {
            JsonBytes::from_request(request, state).await?.0
        };
        let json: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        if is_empty && !bytes.is_empty() {
            let title = "The body is not declared as JSON";
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported",
                title,
            ));
        }
        read(json).map(Self)
    }
}

pub(super) fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Problem> {
    object::read(json).map_err(|Mistake { field, problem }| {
        Problem::invalid(field, problem, "the fields that the documentation lists")
    })
}
