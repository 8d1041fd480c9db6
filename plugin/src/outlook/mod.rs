//! Outlook: Microsoft's identity platform and Graph. Everything that is Microsoft's
//! own way of saying things stays in this folder.

mod busy;
mod calendars;
mod changes;
mod compare;
mod draft;
mod errors;
mod events;
mod graph;
mod item;
mod oauth;
mod recurrence;

pub(crate) use busy::busy;
pub(crate) use calendars::list;
pub(crate) use changes::read as read_changes;
pub(crate) use compare::compare;
pub(crate) use events::{push, remove};
pub(crate) use oauth::{disconnect, identify};

use crate::bindings::exports::calport::calendar::calendar::EndpointUse;
use crate::oauth::{Endpoint, Profile, Scope};

/// Addresses of the public cloud; national clouds have their own
/// ("National cloud deployments", learn.microsoft.com/graph).
pub(crate) static PROFILE: Profile = Profile {
    id: "outlook",
    label: "Outlook Calendar",
    company: "Microsoft",
    client_id: "OUTLOOK_CLIENT_ID",
    client_secret: "OUTLOOK_CLIENT_SECRET",
    redirect_setting: "OUTLOOK_REDIRECT_URI",
    authorize: Endpoint {
        setting: "OUTLOOK_AUTH_URL",
        default_url: "https://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        uses: EndpointUse::AUTHORIZE,
    },
    token: Endpoint {
        setting: "OUTLOOK_TOKEN_URL",
        default_url: "https://login.microsoftonline.com/common/oauth2/v2.0/token",
        uses: EndpointUse::TOKEN,
    },
    others: &[GRAPH],
    scopes: &[
        Scope {
            name: "offline_access",
            reason: "To keep your calendar up to date while you are away.",
            echoed: false,
        },
        Scope {
            name: "User.Read",
            reason: "To show you which account is connected.",
            echoed: true,
        },
        Scope {
            name: "Calendars.ReadWrite",
            reason: "To put your bookings into your calendar, to change and remove them there, and to see when \
                     you are busy.",
            echoed: true,
        },
    ],
    // Personal accounts, then those of work and school.
    revoked_at: &[
        "https://account.live.com/consent/Manage",
        "https://myapps.microsoft.com/",
    ],
    authorize_extras: &[("response_mode", "query"), ("prompt", "select_account")],
    normal_scope: oauth::normal_scope,
    consent_refusal: oauth::consent_refusal,
    token_refusal: oauth::token_refusal,
    // An issuer is the origin with the tenant and version behind it.
    is_issuer: |issuer, origin| {
        issuer
            .strip_prefix(origin)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    },
};

const GRAPH: Endpoint = Endpoint {
    setting: "OUTLOOK_GRAPH_URL",
    default_url: "https://graph.microsoft.com/v1.0",
    uses: EndpointUse::API,
};

/// Our name for the account's default calendar; Graph has a path for it, no id.
const PRIMARY: &str = "primary";

#[cfg(test)]
mod tests;
