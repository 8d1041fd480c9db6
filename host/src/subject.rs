//! Whose data a piece of work is about. Everything stored is keyed by it.

use std::fmt;

/// A user of a platform. Tenants never share users, even under equal names.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    /// The platform's own division of its users; [`Subject::DEFAULT_TENANT`] where it
    /// has none.
    pub tenant: String,
    /// The platform's id of the user: the `sub` of its tokens.
    pub user: String,
}

impl Subject {
    /// The tenant of platforms that have only one.
    pub const DEFAULT_TENANT: &str = "default";

    /// The user of the tenant.
    pub fn new(tenant: impl Into<String>, user: impl Into<String>) -> Self {
        Self {
            tenant: tenant.into(),
            user: user.into(),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tenant, self.user)
    }
}

/// Whether a text may serve as the id of a user, tenant or booking: 1 to 128 visible
/// ASCII characters, so that it is safe in paths, logs and associated data.
pub fn is_valid_id(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic())
}
