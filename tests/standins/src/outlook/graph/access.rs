//! Who calls, whether the token's scopes reach that far, and whether there is a mailbox.
//!
//! Each call's scopes are those of Graph's reference ("Permissions"); no call is open to others.

use http::HeaderMap;

use super::super::config::Mailbox;
use super::super::ids;
use super::super::state::{Account, App, Calendar, State};
use super::error::GraphError;
use crate::pairs::authorization;

/// Scopes that allow a call.
pub(super) const PROFILE: &[&str] = &["User.Read"];
pub(super) const READ: &[&str] = &[
    "Calendars.Read",
    "Calendars.ReadBasic",
    "Calendars.ReadWrite",
];
pub(super) const WRITE: &[&str] = &["Calendars.ReadWrite"];

/// The account that a token with one of `scopes` belongs to.
pub(super) fn account(
    app: &App,
    state: &State,
    headers: &HeaderMap,
    scopes: &[&str],
) -> Result<usize, GraphError> {
    let token = authorization(headers, "Bearer").filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| GraphError::unauthenticated("Access token is empty."))?;
    let access = state.access.get(token).ok_or_else(|| {
        let message = "CompactToken validation failed with reason code: 80049228.";
        GraphError::unauthenticated(message)
    })?;
    if access.expires <= app.now() {
        let message = "Access token has expired or is not yet valid.";
        return Err(GraphError::unauthenticated(message));
    }
    if !scopes.iter().any(|scope| access.scopes.contains(*scope)) {
        return Err(GraphError::denied());
    }
    Ok(access.account)
}

/// The same, if there is a mailbox behind the account.
pub(super) fn mailbox<'a>(
    app: &App,
    state: &'a mut State,
    headers: &HeaderMap,
    scopes: &[&str],
) -> Result<&'a mut Account, GraphError> {
    let index = account(app, state, headers, scopes)?;
    let message = "The mailbox is either inactive, soft-deleted, or is hosted on-premise.";
    let account = state
        .accounts
        .get_mut(index)
        .ok_or_else(GraphError::not_found)?;
    match account.mailbox {
        Mailbox::Ready => Ok(account),
        Mailbox::NotEnabled => Err(GraphError::new(404, "MailboxNotEnabledForRESTAPI", message)),
        Mailbox::Missing => {
            let message = "Resource could not be discovered.";
            Err(GraphError::new(404, "ResourceNotFound", message))
        }
    }
}

/// A calendar by its id; without one, the default calendar.
pub(super) fn calendar<'a>(
    account: &'a Account,
    id: Option<&str>,
) -> Result<&'a Calendar, GraphError> {
    let Some(id) = id else {
        let default = account.calendars.iter().find(|calendar| calendar.default);
        return default.ok_or_else(GraphError::not_found);
    };
    if !ids::well_formed(id) {
        return Err(GraphError::malformed_id());
    }
    let found = account
        .calendars
        .iter()
        .find(|calendar| ids::calendar(account, calendar) == id);
    found.ok_or_else(GraphError::not_found)
}

/// An event, and the occurrence that its id names.
pub(super) fn event(account: &Account, id: &str) -> Result<(u64, Option<String>), GraphError> {
    if !ids::well_formed(id) {
        return Err(GraphError::malformed_id());
    }
    ids::find_event(account, id).ok_or_else(GraphError::not_found)
}
