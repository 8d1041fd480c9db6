//! Google Calendar: its endpoints, scopes and calls. Everything that is Google's own
//! way of saying things stays in this folder.

mod busy;
mod calendars;
mod changes;
mod compare;
mod errors;
mod events;
mod item;
mod oauth;

pub(crate) use busy::busy;
pub(crate) use calendars::list;
pub(crate) use changes::read as read_changes;
pub(crate) use compare::compare;
pub(crate) use events::{push, remove};
pub(crate) use oauth::{disconnect, identify};

use crate::bindings::exports::calport::calendar::calendar::EndpointUse;
use crate::oauth::{Endpoint, Profile, Scope};

/// Google's own addresses are those of its discovery documents.
pub(crate) static PROFILE: Profile = Profile {
    id: "google",
    label: "Google Calendar",
    company: "Google",
    client_id: "GOOGLE_CLIENT_ID",
    client_secret: "GOOGLE_CLIENT_SECRET",
    redirect_setting: "GOOGLE_REDIRECT_URI",
    authorize: Endpoint {
        setting: "GOOGLE_AUTH_URL",
        default_url: "https://accounts.google.com/o/oauth2/v2/auth",
        uses: EndpointUse::AUTHORIZE,
    },
    token: Endpoint {
        setting: "GOOGLE_TOKEN_URL",
        default_url: "https://oauth2.googleapis.com/token",
        uses: EndpointUse::TOKEN,
    },
    others: &[REVOKE, USERINFO, API],
    scopes: &[
        Scope {
            name: "openid",
            reason: "To recognise the account when you connect it again.",
            echoed: true,
        },
        Scope {
            name: "email",
            reason: "To show you which account is connected.",
            echoed: true,
        },
        Scope {
            name: EVENTS_SCOPE,
            reason: "To put your bookings into your calendar, and to change and remove them there.",
            echoed: true,
        },
        Scope {
            name: CALENDARS_SCOPE,
            reason: "To let you choose which of your calendars bookings go to.",
            echoed: true,
        },
        Scope {
            name: BUSY_SCOPE,
            reason: "To see when you are busy, without seeing what you do.",
            echoed: true,
        },
    ],
    revoked_at: &[],
    // `consent` each time: Google gives a refresh token only when it has asked.
    authorize_extras: &[("access_type", "offline"), ("prompt", "consent")],
    normal_scope: oauth::normal_scope,
    consent_refusal: oauth::consent_refusal,
    token_refusal: oauth::token_refusal,
    is_issuer: |issuer, origin| issuer == origin || issuer == "https://accounts.google.com",
};

const REVOKE: Endpoint = Endpoint {
    setting: "GOOGLE_REVOKE_URL",
    default_url: "https://oauth2.googleapis.com/revoke",
    uses: EndpointUse::REVOKE,
};

const USERINFO: Endpoint = Endpoint {
    setting: "GOOGLE_USERINFO_URL",
    default_url: "https://openidconnect.googleapis.com/v1/userinfo",
    uses: EndpointUse::API,
};

const API: Endpoint = Endpoint {
    setting: "GOOGLE_API_URL",
    default_url: "https://www.googleapis.com/calendar/v3",
    uses: EndpointUse::API,
};

const EVENTS_SCOPE: &str = "https://www.googleapis.com/auth/calendar.events.owned";
const CALENDARS_SCOPE: &str = "https://www.googleapis.com/auth/calendar.calendarlist.readonly";
const BUSY_SCOPE: &str = "https://www.googleapis.com/auth/calendar.events.freebusy";

/// Google's name for the account's own calendar wherever an id stands.
const PRIMARY: &str = "primary";

#[cfg(test)]
mod tests;
