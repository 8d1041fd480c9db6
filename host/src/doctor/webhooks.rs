//! Whether the platform's receiver answers. It is asked for nothing, and told nothing.

use super::{
    Report,
    reach::{Unreached, remedy, send},
};
use crate::{egress::AllowList, webhooks::Receiver};
use bytes::Bytes;
use http::Request;

const AREA: &str = "Webhooks";

pub(super) async fn examine(receiver: Option<&Receiver>, report: &mut Report) {
    let Some(receiver) = receiver else {
        report.ok(AREA, "None are sent: CALPORT_WEBHOOK_URL is not set.");
        return;
    };
    match head(receiver).await {
        // Most receivers answer 404 or 405 to what is no webhook.
        Ok(status) if status < 500 => {
            report.ok(AREA, format!("The receiver answers ({status} to HEAD)."));
        }
        Ok(status) => report.warning(
            AREA,
            format!("The receiver answers with {status} to HEAD."),
            "Look at its log; webhooks wait and are tried again for two days.",
        ),
        Err(error) => report.problem(
            AREA,
            format!("The receiver does not answer: {error}."),
            remedy(&error),
        ),
    }
}

async fn head(receiver: &Receiver) -> Result<u16, Unreached> {
    let allowed = AllowList::operators_own(receiver.url.as_str());
    let allowed = allowed.map_err(|error| Unreached::Refused(error.to_string()))?;
    let request = Request::head(receiver.url.as_str()).body(Bytes::new());
    let request = request.map_err(|error| Unreached::Refused(error.to_string()))?;
    Ok(send(allowed, request).await?.status().as_u16())
}
