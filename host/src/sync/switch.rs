//! Leaving one account of a provider for another: what was owed to the old one is owed to
//! the new one from then on, and what the old one holds is named, to be removed. Nothing
//! of one account is ever handed to the other.

use super::{deliveries::forget, delivery::Delivery, delivery::columns, owe::owe_connection};
use crate::{db::Transaction, plugin::calendar::RemoteEvent, subject::Subject};

/// Turns all that a user has ahead to another account, whose grant takes the old one's place
/// in the same transaction; what the old account's calendar holds of ours. The calendar must
/// be held before ([`Deliveries::hold`]), so that nothing is on its way into it.
///
/// [`Deliveries::hold`]: super::Deliveries::hold
///
/// # Errors
/// The database failed.
pub async fn switch_account(
    transaction: &mut Transaction,
    subject: &Subject,
    provider: &str,
    now: i64,
) -> Result<Vec<RemoteEvent>, sqlx::Error> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM deliveries d WHERE d.tenant = $1 AND d.user_id = $2 AND d.provider = $3"
    ))
    .bind(&subject.tenant)
    .bind(&subject.user)
    .bind(provider)
    .fetch_all(&mut **transaction)
    .await?;
    let mut left = Vec::new();
    for row in &rows {
        left.extend(Delivery::from_row(row)?.remote_event());
    }
    // The lane goes, too, and with it every claim that a worker of the old account may hold.
    forget(transaction, subject, provider).await?;
    owe_connection(transaction, subject, provider, now).await?;
    Ok(left)
}
