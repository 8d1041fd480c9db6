//! Whether a user was erased while their flow was under way. Its row is used up before the
//! code is exchanged, so that an erasure in between finds nothing to delete.

use crate::{audit, db::Transaction, subject::Subject, vault::Signer};

/// How a user stood when their flow was taken.
#[derive(Debug)]
pub(super) struct Standing {
    person: String,
    erasures: i64,
}

impl Standing {
    /// In the transaction that takes the flow: an erasure either deletes it first or comes
    /// afterwards.
    pub(super) async fn of(
        transaction: &mut Transaction,
        signer: &Signer,
        subject: &Subject,
    ) -> Result<Self, sqlx::Error> {
        let person = signer.pseudonym(subject);
        let erasures = audit::erasures(transaction, &person).await?;
        Ok(Self { person, erasures })
    }

    /// In a transaction that has the user to itself.
    pub(super) async fn was_erased(
        &self,
        transaction: &mut Transaction,
    ) -> Result<bool, sqlx::Error> {
        Ok(audit::erasures(transaction, &self.person).await? > self.erasures)
    }
}
