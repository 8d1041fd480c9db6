//! Putting back by hand what a participant has changed in their own calendar.

use super::{Deliveries, delivery::Delivery, delivery::columns, owe};
use crate::bookings::BookingId;

impl Deliveries {
    /// Makes a booking due again in the calendars where its event is not as it was pushed;
    /// how many those are. `user`, `provider`: in theirs and there alone.
    ///
    /// # Errors
    /// The database failed.
    pub async fn restore(
        &self,
        id: &BookingId,
        user: Option<&str>,
        provider: Option<&str>,
    ) -> Result<u64, sqlx::Error> {
        let (mut transaction, now) = self.database.write().await?;
        transaction.hold_booking(id).await?;
        let rows = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM deliveries d WHERE d.tenant = $1 AND d.kind = $2 AND d.booking_id = $3 \
             AND ($4 IS NULL OR d.user_id = $4) AND ($5 IS NULL OR d.provider = $5) \
             AND d.drift IS NOT NULL ORDER BY d.tenant, d.user_id, d.provider"
        ))
        .bind(&id.tenant)
        .bind(id.kind.as_str())
        .bind(&id.id)
        .bind(user)
        .bind(provider)
        .fetch_all(&mut *transaction)
        .await?;
        let mut restored = 0;
        for row in &rows {
            let delivery = Delivery::from_row(row)?;
            let subject = delivery.subject();
            owe::wake_lane(&mut transaction, &subject, &delivery.provider, now).await?;
            // Nothing is known any more of what is gone: it is made anew.
            restored += sqlx::query(
                "UPDATE deliveries SET generation = generation + 1, state = 'waiting', \
                 reason = NULL, attempts = 0, next_try = $6, drift = NULL, \
                 remote = CASE WHEN $7 = 1 THEN NULL ELSE remote END \
                 WHERE tenant = $1 AND kind = $2 AND booking_id = $3 AND user_id = $4 \
                 AND provider = $5",
            )
            .bind(&id.tenant)
            .bind(id.kind.as_str())
            .bind(&id.id)
            .bind(&delivery.user)
            .bind(&delivery.provider)
            .bind(now)
            .bind(i64::from(delivery.is_deleted()))
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        }
        transaction.commit().await?;
        Ok(restored)
    }
}
