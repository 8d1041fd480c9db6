//! Users' credentials: encrypted at rest, changed by compare and swap, refreshed by
//! one caller at a time. A credential leaves this module only for the plugin call
//! that it belongs to.

mod binding;
mod connections;
mod credentials;
mod data_key;
mod end;
mod erasing;
mod held;
mod key_use;
mod keys;
mod leaving;
mod pending;
mod restart;
mod revocations;
mod rotation;
mod seal;
pub(crate) mod sealed_rows;
mod signer;
mod tokens;
mod turns;

pub use binding::{Binding, Granted};
pub use connections::{Account, Connection, Destination, Grant};
pub use credentials::Slot;
pub use end::{DeadGrants, dead_grants};
pub use key_use::{KeyUseError, Needed, needed_by};
pub use keys::{KeyRing, KeyRingError};
pub use pending::Pending;
pub use revocations::{EndedGrant, RevocationId};
pub use rotation::{Rotated, RotationError};
pub use seal::{Context, SealError, Sealed};
pub use signer::Signer;

use crate::db::Database;
use secrecy::SecretString;
use std::sync::Arc;
use turns::Turns;

/// Why the vault did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Somebody saved in between. The revision that is stored now, if any.
    #[error("the credentials were changed by somebody else")]
    Conflict(Option<u64>),
    /// A stored value cannot be decrypted.
    #[error("a stored credential cannot be read: {0}")]
    Sealed(#[from] SealError),
    /// The database cannot be reached or refused.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

/// What a token endpoint granted to one user.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Goes into the Authorization header.
    pub access_token: SecretString,
    /// Gets new access tokens. On save, `None` keeps the stored one.
    pub refresh_token: Option<SecretString>,
    /// Seconds since 1970; `None` where the provider did not say.
    pub expires_at: Option<i64>,
    /// What was really granted.
    pub scopes: Vec<String>,
    /// The app's client id that the grant belongs to.
    pub client_id: String,
}

/// Credentials with the revision that a save compares.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The credentials.
    pub credentials: Credentials,
    /// Grows with every save.
    pub revision: u64,
}

/// A caller's turn to refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnLease {
    /// The revision of the credentials that it is for.
    seen: u64,
    /// Its end, in seconds since 1970 on the database's clock.
    until: i64,
}

/// What a caller that wants to refresh has to do.
#[derive(Clone, Debug)]
pub enum RefreshTurn {
    /// Refresh now, then save, or give the turn back.
    Mine(TurnLease),
    /// Somebody else did; use these.
    Changed(Stored),
    /// The user has disconnected meanwhile.
    Erased,
    /// Somebody else's came to nothing, or takes long: come again later.
    Failed,
}

/// The vault. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Vault {
    database: Database,
    keys: Arc<KeyRing>,
    turns: Turns,
}

impl Vault {
    /// A vault in this database, sealed with these keys.
    pub fn new(database: Database, keys: KeyRing) -> Self {
        Self {
            database,
            keys: Arc::new(keys),
            turns: Turns::default(),
        }
    }

    /// The keys, for others who keep secrets in the same database for a while.
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// The database that the vault lies in.
    pub fn database(&self) -> &Database {
        &self.database
    }
}
