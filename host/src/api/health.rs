//! Whether the process lives, and whether it can serve.

use super::Problem;
use crate::service::Service;
use axum::extract::State;

pub(super) async fn alive() -> &'static str {
    "ok\n"
}

pub(super) async fn ready(State(service): State<Service>) -> Result<&'static str, Problem> {
    service.vault().database().now().await?;
    Ok("ok\n")
}
