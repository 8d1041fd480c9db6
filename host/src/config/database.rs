//! `CALPORT_DATABASE_URL`: where bookings and sealed credentials are kept.

use super::{Environment, Reader};
use crate::db::Database;
use secrecy::SecretString;

const NAME: &str = "CALPORT_DATABASE_URL";

/// The database of a host that was told nothing of one.
const USUAL_DATABASE: &str = "sqlite:calport.db";

/// The database that the settings name, or the usual one.
pub fn database_url(settings: &Environment) -> &str {
    settings.get(NAME).unwrap_or(USUAL_DATABASE)
}

impl Reader<'_> {
    /// It may hold a password.
    pub(super) fn database_url(&mut self) -> SecretString {
        let url = database_url(self.environment);
        if let Err(error) = Database::check(url) {
            self.mistake(
                NAME,
                &format!("cannot be used: {error}"),
                "sqlite:calport.db, or postgres://USER:PASSWORD@HOST/DATABASE",
            );
        }
        SecretString::from(url)
    }
}
