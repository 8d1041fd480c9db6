//! `DELETE /api/users/{id}/`: the end of a user of the platform.

use super::{Problem, auth::Platform, connect::Grant, reader::Small};
use crate::{
    account,
    revocation::Revocation,
    service::Service,
    subject::{self, Subject},
};
use axum::{
    Json,
    extract::{Path, State},
};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Erasing {
    #[serde(default)]
    remove_events: bool,
}

#[derive(Serialize)]
pub(super) struct Erased {
    status: &'static str,
    /// The providers that have taken their grants back.
    revoked: Vec<String>,
    grants: Vec<OfProvider>,
    /// Events that were removed from the user's calendars.
    removed: usize,
    /// Events of ours that stay in them.
    left: usize,
    /// Events that are still to be removed; the grants are revoked after it.
    #[serde(skip_serializing_if = "is_nothing")]
    removing: usize,
}

fn is_nothing(events: &usize) -> bool {
    *events == 0
}

#[derive(Serialize)]
struct OfProvider {
    provider: String,
    #[serde(flatten)]
    grant: Grant,
}

/// Unknown users are erased as well: nobody learns who is one.
pub(super) async fn erase(
    State(service): State<Service>,
    Platform { tenant }: Platform,
    Path(id): Path<String>,
    Small(Erasing { remove_events }): Small<Erasing>,
) -> Result<Json<Erased>, Problem> {
    if !subject::is_valid_id(&id) {
        let remedy = "1 to 128 visible ASCII characters";
        return Err(Problem::invalid("id", "is not a user id", remedy));
    }
    let subject = Subject::new(tenant, id);
    // It goes on when the platform's server has hung up: half of it would help nobody.
    let erasing = {
        let service = service.clone();
        tokio::spawn(async move { account::erase(&service, &subject, remove_events).await })
    };
    let erased = erasing.await.map_err(|error| Problem::internal(&error))??;
    let revoked = erased.grants.iter();
    let revoked = revoked.filter(|(_, revocation)| *revocation == Revocation::Done);
    Ok(Json(Erased {
        status: "erased",
        revoked: revoked.map(|(provider, _)| provider.clone()).collect(),
        grants: erased
            .grants
            .iter()
            .map(|(provider, revocation)| OfProvider {
                provider: provider.clone(),
                grant: Grant::of(&service, provider, *revocation),
            })
            .collect(),
        removed: erased.removed,
        left: erased.left,
        removing: erased.removing,
    }))
}
