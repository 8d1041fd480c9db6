//! Writing down that something is owed, always in the transaction of what caused it.

use crate::{bookings::BookingId, db::Transaction, subject::Subject};

/// Where the lane is there already: due now, or when its pause is over, and never later than
/// it was. A literal: statements are never put together at run time.
macro_rules! or_wake {
    () => {
        "ON CONFLICT (tenant, user_id, provider) DO UPDATE SET due_at = \
           CASE WHEN lanes.paused_until > excluded.due_at THEN lanes.paused_until \
                WHEN lanes.due_at < excluded.due_at THEN lanes.due_at \
                ELSE excluded.due_at END"
    };
}

/// Makes a changed booking due in the calendars of all who take part, or did.
///
/// # Errors
/// The database failed.
pub async fn owe_booking(
    transaction: &mut Transaction,
    id: &BookingId,
    now: i64,
) -> Result<(), sqlx::Error> {
    for owe in [
        // Lanes first, and in their order, as those lock them who note what they did.
        concat!(
            "INSERT INTO lanes (tenant, user_id, provider, due_at) \
             SELECT o.tenant, o.user_id, o.provider, $4 FROM ( \
               SELECT tenant, user_id, provider FROM deliveries \
               WHERE tenant = $1 AND kind = $2 AND booking_id = $3 \
               UNION \
               SELECT p.tenant, p.user_id, c.provider FROM participants p \
               JOIN connections c ON c.tenant = p.tenant AND c.user_id = p.user_id \
               AND c.leaving_at IS NULL \
               WHERE p.tenant = $1 AND p.kind = $2 AND p.booking_id = $3) o WHERE 1 = 1 \
             ORDER BY o.tenant, o.user_id, o.provider ",
            or_wake!()
        ),
        "UPDATE deliveries SET generation = generation + 1, state = 'waiting', reason = NULL, \
         attempts = 0, next_try = $4 WHERE tenant = $1 AND kind = $2 AND booking_id = $3",
        "INSERT INTO deliveries (tenant, kind, booking_id, user_id, provider, generation, \
         state, attempts, next_try) \
         SELECT p.tenant, p.kind, p.booking_id, p.user_id, c.provider, 1, 'waiting', 0, $4 \
         FROM participants p JOIN connections c ON c.tenant = p.tenant AND c.user_id = p.user_id \
         AND c.leaving_at IS NULL WHERE p.tenant = $1 AND p.kind = $2 AND p.booking_id = $3 \
         ON CONFLICT (tenant, kind, booking_id, user_id, provider) DO NOTHING",
    ] {
        sqlx::query(owe)
            .bind(&id.tenant)
            .bind(id.kind.as_str())
            .bind(&id.id)
            .bind(now)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

/// Makes all that a user has ahead due in one connected calendar: after connecting, after
/// connecting again, and when another calendar was chosen. What is over stays as it is.
///
/// # Errors
/// The database failed.
pub async fn owe_connection(
    transaction: &mut Transaction,
    subject: &Subject,
    provider: &str,
    now: i64,
) -> Result<(), sqlx::Error> {
    wake_lane(transaction, subject, provider, now).await?;
    for owe in [
        "UPDATE deliveries SET generation = generation + 1, state = 'waiting', reason = NULL, \
         attempts = 0, next_try = $4 WHERE tenant = $1 AND user_id = $2 AND provider = $3 \
         AND EXISTS (SELECT 1 FROM bookings b WHERE b.tenant = deliveries.tenant \
           AND b.kind = deliveries.kind AND b.id = deliveries.booking_id \
           AND (b.ends_at IS NULL OR b.ends_at > $4))",
        "INSERT INTO deliveries (tenant, kind, booking_id, user_id, provider, generation, \
         state, attempts, next_try) \
         SELECT p.tenant, p.kind, p.booking_id, p.user_id, $3, 1, 'waiting', 0, $4 \
         FROM participants p JOIN bookings b ON b.tenant = p.tenant AND b.kind = p.kind \
         AND b.id = p.booking_id \
         WHERE p.tenant = $1 AND p.user_id = $2 AND (b.ends_at IS NULL OR b.ends_at > $4) \
         ON CONFLICT (tenant, kind, booking_id, user_id, provider) DO NOTHING",
    ] {
        sqlx::query(owe)
            .bind(&subject.tenant)
            .bind(&subject.user)
            .bind(provider)
            .bind(now)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

/// Ends the wait for a provider that is left alone: one call tries at once whether it is
/// over. For people who ask for another try.
///
/// # Errors
/// The database failed.
pub async fn probe_now(
    transaction: &mut Transaction,
    provider: &str,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE provider_pauses SET paused_until = $2 WHERE provider = $1 AND paused_until > $2",
    )
    .bind(provider)
    .bind(now)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// Lets workers look at a calendar's deliveries, once its pause is over.
pub(crate) async fn wake_lane(
    transaction: &mut Transaction,
    subject: &Subject,
    provider: &str,
    now: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query(concat!(
        "INSERT INTO lanes (tenant, user_id, provider, due_at) VALUES ($1, $2, $3, $4) ",
        or_wake!()
    ))
    .bind(&subject.tenant)
    .bind(&subject.user)
    .bind(provider)
    .bind(now)
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
