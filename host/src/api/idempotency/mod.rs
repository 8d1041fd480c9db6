//! Writes that may be sent again: a request with an `Idempotency-Key` has its effect once,
//! and whoever repeats it gets the same reply (in the manner of the IETF's draft
//! `idempotency-key-header`). It never serves one caller's reply to another.

mod key;
mod record;
mod reply;

use super::{Problem, Shared, auth::Caller, reader};
use axum::{
    body::Body,
    extract::{FromRequestParts, Request, State},
    http::{HeaderValue, Method, StatusCode, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use key::Key;
use record::{Begun, Records};
use reply::Reply;
use tracing::Instrument;

/// Says that a reply is the one of an earlier request.
const REPLAYED: &str = "idempotency-replayed";

/// Around every route of the interface.
pub(super) async fn once(
    State(shared): State<Shared>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let writes = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
    if !writes.contains(request.method()) {
        return Ok(next.run(request).await);
    }
    let Some(key) = Key::read(request.headers())? else {
        return Ok(next.run(request).await);
    };
    let (mut head, body) = request.into_parts();
    let limited = Request::from_parts(head.clone(), body);
    // A key alone proves nothing: who asks is settled before anything is looked up.
    let caller = Caller::from_request_parts(&mut head, &shared).await?;
    let body = reader::whole(limited).await?;
    let fingerprint = key::fingerprint(&head, &body);
    let records = Records::new(shared.service.vault().clone(), &caller, &key);
    match records.begin(&fingerprint).await? {
        Begun::Ours => {}
        Begun::Replied(reply) => return Ok(replayed(reply)),
        Begun::UnderWay => return Err(under_way()),
        Begun::OfAnother => return Err(of_another()),
    }
    // It goes on when the caller is gone, so that a repetition finds its reply.
    let running = tokio::spawn(run(records, head, body.into(), next).in_current_span());
    match running.await {
        Ok(result) => result,
        Err(error) => Err(Problem::internal(&error)),
    }
}

async fn run(records: Records, head: Parts, body: Body, next: Next) -> Result<Response, Problem> {
    let response = next.run(Request::from_parts(head, body)).await;
    // What failed on our side, or came too often, may go well the next time.
    let status = response.status();
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        records.release().await?;
        return Ok(response);
    }
    let reply = Reply::take(response).await?;
    records.keep(&reply).await?;
    Ok(reply.into_response())
}

fn replayed(reply: Reply) -> Response {
    let mut response = reply.into_response();
    let headers = response.headers_mut();
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

fn under_way() -> Problem {
    let title = "The same request is still under way";
    Problem::new(StatusCode::CONFLICT, "idempotency-in-progress", title)
        .remedy("send it again in a moment")
        .retry_after(1)
}

fn of_another() -> Problem {
    let title = "This Idempotency-Key belongs to another request";
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "idempotency-key-reused",
        title,
    )
    .remedy("send a new key with every new request, and the old one only with the same request")
}
