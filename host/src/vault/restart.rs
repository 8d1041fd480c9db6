//! What a process that is no more held in the vault.

use super::{Vault, VaultError};

impl Vault {
    /// Gives back the turns to refresh that a crashed process had taken. Only for a database
    /// that serves one process, and before it serves: elsewhere turns run out by themselves.
    ///
    /// # Errors
    /// [`VaultError::Database`].
    pub async fn free_refresh_turns(&self, provider: &str) -> Result<(), VaultError> {
        sqlx::query(
            "UPDATE connections SET refresh_until = NULL \
             WHERE provider = $1 AND refresh_until IS NOT NULL",
        )
        .bind(provider)
        .execute(self.database.pool())
        .await?;
        Ok(())
    }
}
