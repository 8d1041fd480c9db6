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
            "SELECT kind, booking_id FROM participants WHERE tenant = $1 AND user_id = $2 \
             ORDER BY kind, booking_id",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .fetch_all(&mut **transaction)
        .await?;
        for row in &rows {
            let (kind, id): (String, String) = (row.try_get("kind")?, row.try_get("booking_id")?);
            while !forget_in(transaction, subject, &kind, &id).await? {}
        }
        Ok(())
    }
}

/// Takes a user out of one booking. `false`: it was changed between reading and writing, and
/// nothing is written; that of another revision must not come back. No lock is held for that
/// before: PostgreSQL has room for some thousands, and a user may have more bookings.
async fn forget_in(
    transaction: &mut Transaction,
    subject: &Subject,
    kind: &str,
    id: &str,
) -> Result<bool, PutError> {
    let text: Option<String> =
        sqlx::query_scalar("SELECT body FROM bookings WHERE tenant = $1 AND kind = $2 AND id = $3")
            .bind(&subject.tenant)
            .bind(kind)
            .bind(id)
            .fetch_optional(&mut **transaction)
            .await?;
    let Some(text) = text else { return Ok(true) };
    let mut body: Body = serde_json::from_str(&text)?;
    body.participants
        .retain(|participant| participant.user != subject.user);
    let written = sqlx::query(
        "UPDATE bookings SET body = $4 WHERE tenant = $1 AND kind = $2 AND id = $3 AND body = $5",
    )
    .bind(&subject.tenant)
    .bind(kind)
    .bind(id)
    .bind(serde_json::to_string(&body)?)
    .bind(text)
    .execute(&mut **transaction)
    .await?;
    Ok(written.rows_affected() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{db::Database, waits::until_somebody_waits};
    use calport_databases::each_database;
    use serde_json::json;

    fn body(revision: u32, users: &[&str]) -> String {
        let participants: Vec<_> = users
            .iter()
            .map(|user| json!({"user": user, "role": "customer"}))
            .collect();
        json!({
            "revision": revision, "title": "Clean", "start": "2031-12-01T10:00:00Z",
            "end": "2031-12-01T12:00:00Z", "zone": "Europe/London",
            "participants": participants,
        })
        .to_string()
    }

    #[each_database(flavor = "multi_thread")]
    async fn case_40_a_booking_that_changes_meanwhile_keeps_what_was_stated_last() {
        let (database, _folder) = Database::temporary().await;
        let (mut transaction, now) = database.write().await.unwrap();
        sqlx::query(
            "INSERT INTO bookings (tenant, kind, id, revision, body, updated_at) \
             VALUES ('t', 'jobs', '1', 2, $1, $2)",
        )
        .bind(body(2, &["ann", "bob"]))
        .bind(now)
        .execute(&mut *transaction)
        .await
        .unwrap();
        sqlx::query(
            "INSERT INTO participants (tenant, kind, booking_id, user_id, role) \
             VALUES ('t', 'jobs', '1', 'ann', 'customer')",
        )
        .execute(&mut *transaction)
        .await
        .unwrap();
        transaction.commit().await.unwrap();

        let (mut stating, _) = database.write().await.unwrap();
        sqlx::query("UPDATE bookings SET revision = 3, body = $1")
            .bind(body(3, &["ann", "cat"]))
            .execute(&mut *stating)
            .await
            .unwrap();
        let forgetting = {
            let database = database.clone();
            tokio::spawn(async move {
                let (mut transaction, _) = database.write().await?;
                let ann = Subject::new("t", "ann");
                Bookings::new(database.clone())
                    .forget(&mut transaction, &ann)
                    .await?;
                transaction.commit().await?;
                Ok::<_, PutError>(())
            })
        };
        until_somebody_waits(&database).await;
        stating.commit().await.unwrap();
        forgetting.await.unwrap().unwrap();
        let stored: String = sqlx::query_scalar("SELECT body FROM bookings")
            .fetch_one(database.pool())
            .await
            .unwrap();
        let stored: Body = serde_json::from_str(&stored).unwrap();
        let users: Vec<_> = stored.participants.iter().map(|it| &*it.user).collect();
        assert_eq!((stored.revision, users), (3, vec!["cat"]));
    }
}
