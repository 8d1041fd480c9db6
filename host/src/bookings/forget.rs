//! Taking a user out of all bookings. The bookings themselves are the platform's and stay,
//! at the revision that they have.

use super::{Body, Bookings, PutError};
use crate::{db::Transaction, subject::Subject};
use sqlx::Row;

impl Bookings {
    /// Takes a user out of every stored booking. The rows that make them a participant are
    /// the caller's to delete, afterwards.
    ///
    /// # Errors
    /// See [`PutError`].
    pub async fn forget(
        &self,
        transaction: &mut Transaction,
        subject: &Subject,
    ) -> Result<(), PutError> {
        let rows = sqlx::query(
            "SELECT b.kind, b.id, b.body FROM bookings b JOIN participants p \
             ON p.tenant = b.tenant AND p.kind = b.kind AND p.booking_id = b.id \
             WHERE p.tenant = $1 AND p.user_id = $2",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .fetch_all(&mut **transaction)
        .await?;
        for row in &rows {
            let text: String = row.try_get("body")?;
            let mut body: Body = serde_json::from_str(&text)?;
            body.participants
                .retain(|participant| participant.user != subject.user);
            sqlx::query(
                "UPDATE bookings SET body = $4 WHERE tenant = $1 AND kind = $2 AND id = $3",
            )
            .bind(&subject.tenant)
            .bind(row.try_get::<String, _>("kind")?)
            .bind(row.try_get::<String, _>("id")?)
            .bind(serde_json::to_string(&body)?)
            .execute(&mut **transaction)
            .await?;
        }
        Ok(())
    }
}
