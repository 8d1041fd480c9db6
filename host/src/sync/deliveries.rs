//! Reading what is owed, and the few changes that are made by hand: forgetting a calendar,
//! and trying again what was set aside. Workers note what they did in the [`ledger`].
//!
//! [`ledger`]: super::ledger

use super::{
    delivery::{Delivery, State, columns},
    drift::DELETED,
    lanes::{Lane, Lanes},
    owe,
};
use crate::{
    bookings::BookingId,
    db::{Database, Transaction},
    subject::Subject,
};
use sqlx::{Row, any::AnyRow};

/// Everything that is owed. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Deliveries {
    pub(super) database: Database,
}

/// How many deliveries of one calendar are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Still to be done.
    pub waiting: u64,
    /// Shown in the calendar as they should be.
    pub in_calendar: u64,
    /// Waiting for the user to connect again.
    pub needs_reconnect: u64,
    /// Set aside.
    pub failed: u64,
}

/// Which deliveries that were set aside are meant; what is missing means all. What their
/// owners have deleted is not among them: it is left out, not owed.
#[derive(Clone, Debug, Default)]
pub struct SetAside {
    /// Of this tenant.
    pub tenant: Option<String>,
    /// Of this user.
    pub user: Option<String>,
    /// At this provider.
    pub provider: Option<String>,
    /// Of the booking with this id.
    pub booking: Option<String>,
}

/// A calendar that workers are kept away from.
#[derive(Debug)]
pub struct Held(Lane);

impl Deliveries {
    /// The deliveries of this database.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// How far a booking has come in everybody's calendars.
    ///
    /// # Errors
    /// The database failed.
    pub async fn of_booking(&self, id: &BookingId) -> Result<Vec<Delivery>, sqlx::Error> {
        let now = self.database.now().await?;
        let rows = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            ", l.paused_until AS lane_paused_until, l.pause_reason AS lane_pause_reason, \
             p.paused_until AS provider_paused_until, p.reason AS provider_pause_reason \
             FROM deliveries d \
             LEFT JOIN lanes l ON l.tenant = d.tenant AND l.user_id = d.user_id \
             AND l.provider = d.provider \
             LEFT JOIN provider_pauses p ON p.provider = d.provider \
             WHERE d.tenant = $1 AND d.kind = $2 AND d.booking_id = $3 \
             ORDER BY d.user_id, d.provider"
        ))
        .bind(&id.tenant)
        .bind(id.kind.as_str())
        .bind(&id.id)
        .fetch_all(self.database.pool())
        .await?;
        rows.iter()
            .map(|row| Delivery::from_row(row)?.with_pause(row, now))
            .collect()
    }

    /// Everything that is or was in one connected calendar.
    ///
    /// # Errors
    /// The database failed.
    pub async fn of_connection(
        &self,
        subject: &Subject,
        provider: &str,
    ) -> Result<Vec<Delivery>, sqlx::Error> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM deliveries d \
             WHERE d.tenant = $1 AND d.user_id = $2 AND d.provider = $3"
        ))
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(provider)
        .fetch_all(self.database.pool())
        .await?;
        rows.iter().map(Delivery::from_row).collect()
    }

    /// How far one connected calendar has come with all that it is owed.
    ///
    /// # Errors
    /// The database failed.
    pub async fn progress(
        &self,
        subject: &Subject,
        provider: &str,
    ) -> Result<Progress, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT state, COUNT(*) AS number FROM deliveries \
             WHERE tenant = $1 AND user_id = $2 AND provider = $3 GROUP BY state",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(provider)
        .fetch_all(self.database.pool())
        .await?;
        let mut progress = Progress::default();
        for row in &rows {
            let number: i64 = row.try_get("number")?;
            let state: String = row.try_get("state")?;
            let of_state = match State::parse(&state) {
                State::Waiting => &mut progress.waiting,
                State::InCalendar => &mut progress.in_calendar,
                State::NeedsReconnect => &mut progress.needs_reconnect,
                State::Failed => &mut progress.failed,
            };
            *of_state += number.unsigned_abs();
        }
        Ok(progress)
    }

    /// Forgets what is owed to a calendar that is connected no longer. Where it is connected
    /// again meanwhile, it is only given back.
    ///
    /// # Errors
    /// The database failed.
    pub async fn forget_connection(&self, held: Held) -> Result<(), sqlx::Error> {
        let Lane {
            subject, provider, ..
        } = &held.0;
        let (mut transaction, _) = self.database.write().await?;
        transaction.hold_user(subject).await?;
        let is_connected: Option<i64> = sqlx::query_scalar(
            "SELECT 1 FROM connections WHERE tenant = $1 AND user_id = $2 AND provider = $3",
        )
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(provider)
        .fetch_optional(&mut *transaction)
        .await?;
        if is_connected.is_some() {
            drop(transaction);
            return Lanes::new(self.database.clone()).leave(&held.0).await;
        }
        forget_all(&mut transaction, subject, provider).await?;
        transaction.commit().await
    }

    /// Returns once no worker is at a calendar, and keeps them away for up to a minute: time
    /// to take events out of it before it is forgotten.
    ///
    /// # Errors
    /// The database failed.
    pub async fn hold(&self, subject: &Subject, provider: &str) -> Result<Held, sqlx::Error> {
        let lanes = Lanes::new(self.database.clone());
        lanes.hold(subject, provider).await.map(Held)
    }

    /// Takes due calendars of a provider as its workers do, and gives them back untouched;
    /// how many there were. For measuring.
    ///
    /// # Errors
    /// The database failed.
    #[doc(hidden)]
    pub async fn claim_and_leave(
        &self,
        provider: &str,
        limit: usize,
    ) -> Result<usize, sqlx::Error> {
        let lanes = Lanes::new(self.database.clone());
        let claimed = lanes.claim(provider, limit).await?;
        for lane in &claimed {
            lanes.leave(lane).await?;
        }
        Ok(claimed.len())
    }

    /// What was set aside, by booking; at most `limit` of it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn set_aside(
        &self,
        which: &SetAside,
        limit: u32,
    ) -> Result<Vec<Delivery>, sqlx::Error> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM deliveries d WHERE d.state = 'failed' \
             AND ($1 IS NULL OR d.tenant = $1) AND ($2 IS NULL OR d.user_id = $2) \
             AND ($3 IS NULL OR d.provider = $3) AND ($4 IS NULL OR d.booking_id = $4) \
             AND (d.reason IS NULL OR d.reason <> $6) \
             ORDER BY d.tenant, d.kind, d.booking_id, d.user_id, d.provider LIMIT $5"
        ))
        .bind(&which.tenant)
        .bind(&which.user)
        .bind(&which.provider)
        .bind(&which.booking)
        .bind(i64::from(limit))
        .bind(DELETED)
        .fetch_all(self.database.pool())
        .await?;
        rows.iter().map(Delivery::from_row).collect()
    }

    /// Makes what was set aside due again; how many there were. Running workers see it
    /// within a second.
    ///
    /// # Errors
    /// The database failed.
    pub async fn retry_set_aside(&self, which: &SetAside) -> Result<u64, sqlx::Error> {
        let (mut transaction, now) = self.database.write().await?;
        let lanes = sqlx::query(
            "SELECT DISTINCT tenant, user_id, provider FROM deliveries WHERE state = 'failed' \
             AND ($1 IS NULL OR tenant = $1) AND ($2 IS NULL OR user_id = $2) \
             AND ($3 IS NULL OR provider = $3) AND ($4 IS NULL OR booking_id = $4) \
             AND (reason IS NULL OR reason <> $5) ORDER BY tenant, user_id, provider",
        )
        .bind(&which.tenant)
        .bind(&which.user)
        .bind(&which.provider)
        .bind(&which.booking)
        .bind(DELETED)
        .fetch_all(&mut *transaction)
        .await?;
        let lane = |row: &AnyRow| -> Result<(Subject, String), sqlx::Error> {
            let (tenant, user): (String, String) =
                (row.try_get("tenant")?, row.try_get("user_id")?);
            Ok((Subject::new(tenant, user), row.try_get("provider")?))
        };
        let lanes: Vec<_> = lanes.iter().map(lane).collect::<Result<_, _>>()?;
        // Lanes first, and in their order, as those lock them who state bookings.
        for (subject, provider) in &lanes {
            owe::wake_lane(&mut transaction, subject, provider, now).await?;
        }
        let mut retried = 0;
        for (subject, provider) in &lanes {
            retried += sqlx::query(
                "UPDATE deliveries SET generation = generation + 1, state = 'waiting', \
                 reason = NULL, attempts = 0, next_try = $5 WHERE state = 'failed' \
                 AND tenant = $1 AND user_id = $2 AND provider = $3 \
                 AND ($4 IS NULL OR booking_id = $4) AND (reason IS NULL OR reason <> $6)",
            )
            .bind(&subject.tenant)
            .bind(&subject.user)
            .bind(provider)
            .bind(&which.booking)
            .bind(now)
            .bind(DELETED)
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        }
        transaction.commit().await?;
        Ok(retried)
    }
}

/// Forgets what is owed to a calendar, and whose turn it is: first the turn.
pub(super) async fn forget(
    transaction: &mut Transaction,
    subject: &Subject,
    provider: &str,
) -> Result<(), sqlx::Error> {
    for forget in [
        "DELETE FROM lanes WHERE tenant = $1 AND user_id = $2 AND provider = $3",
        "DELETE FROM deliveries WHERE tenant = $1 AND user_id = $2 AND provider = $3",
    ] {
        on_calendar(forget, transaction, subject, provider).await?;
    }
    Ok(())
}

/// Forgets what is owed to a calendar, and how far it was looked through, in the transaction
/// that ends its connection. Its turn stays for whoever is at it: their end is waited for.
///
/// # Errors
/// The database failed.
pub(super) async fn forget_owed(
    transaction: &mut Transaction,
    subject: &Subject,
    provider: &str,
) -> Result<(), sqlx::Error> {
    for forget in [
        "DELETE FROM watches WHERE tenant = $1 AND user_id = $2 AND provider = $3",
        "DELETE FROM deliveries WHERE tenant = $1 AND user_id = $2 AND provider = $3",
    ] {
        on_calendar(forget, transaction, subject, provider).await?;
    }
    Ok(())
}

/// The same with its turn, whoever has it: it is connected no longer, or not yet. What is
/// still under way is noted nowhere.
///
/// # Errors
/// The database failed.
pub async fn forget_all(
    transaction: &mut Transaction,
    subject: &Subject,
    provider: &str,
) -> Result<(), sqlx::Error> {
    let lane = "DELETE FROM lanes WHERE tenant = $1 AND user_id = $2 AND provider = $3";
    on_calendar(lane, transaction, subject, provider).await?;
    forget_owed(transaction, subject, provider).await
}

async fn on_calendar(
    statement: &'static str,
    transaction: &mut Transaction,
    subject: &Subject,
    provider: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(statement)
        .bind(&subject.tenant)
        .bind(&subject.user)
        .bind(provider)
        .execute(&mut **transaction)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
