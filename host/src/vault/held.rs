//! A grant that lies in the database outside of its connection: as one sealed text.

use super::{Account, Credentials, Destination, Grant, VaultError, seal::SealError};
use crate::remote::Remote;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Held {
    account_id: String,
    account_label: String,
    calendar_id: String,
    calendar_name: String,
    access_token: Zeroizing<String>,
    refresh_token: Option<Zeroizing<String>>,
    expires_at: Option<i64>,
    scopes: Vec<String>,
    client_id: String,
    /// What is still to be done by it before it is revoked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    to_remove: Vec<Remote>,
}

/// The text that is to be sealed, with the events that the grant is still to remove.
pub(super) fn held(grant: &Grant, to_remove: Vec<Remote>) -> Result<SecretString, VaultError> {
    let Grant {
        account,
        destination,
        credentials,
    } = grant;
    let refresh_token = credentials.refresh_token.as_ref();
    let held = Held {
        account_id: account.id.clone(),
        account_label: account.label.clone(),
        calendar_id: destination.id.clone(),
        calendar_name: destination.name.clone(),
        access_token: Zeroizing::new(credentials.access_token.expose_secret().to_owned()),
        refresh_token: refresh_token.map(|token| Zeroizing::new(token.expose_secret().to_owned())),
        expires_at: credentials.expires_at,
        scopes: credentials.scopes.clone(),
        client_id: credentials.client_id.clone(),
        to_remove,
    };
    let json = serde_json::to_string(&held).map_err(|_| SealError::Refused)?;
    Ok(SecretString::from(&**Zeroizing::new(json)))
}

/// The grant of a text that was opened, and the events that it is still to remove.
pub(super) fn opened(opened: &SecretString) -> Result<(Grant, Vec<Remote>), VaultError> {
    let held: Held = serde_json::from_str(opened.expose_secret()).map_err(|_| SealError::Forged)?;
    let grant = Grant {
        account: Account {
            id: held.account_id,
            label: held.account_label,
        },
        destination: Destination {
            id: held.calendar_id,
            name: held.calendar_name,
        },
        credentials: Credentials {
            access_token: held.access_token.as_str().into(),
            refresh_token: held.refresh_token.map(|token| token.as_str().into()),
            expires_at: held.expires_at,
            scopes: held.scopes,
            client_id: held.client_id,
        },
    };
    Ok((grant, held.to_remove))
}
