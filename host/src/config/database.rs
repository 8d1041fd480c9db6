//! `CALPORT_DATABASE_URL`: where bookings and sealed credentials are kept.

use super::Reader;
use crate::db::Database;
use secrecy::SecretString;

/// The database of a host that was told nothing of one.
pub const USUAL_DATABASE: &str = "sqlite:calport.db";

impl Reader<'_> {
    /// It may hold a password.
    pub(super) fn database_url(&mut self) -> SecretString {
        const NAME: &str = "CALPORT_DATABASE_URL";
        let url = self.environment.get(NAME).unwrap_or(USUAL_DATABASE);
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
