//! What one process at a time does for all replicas: a lease is a row on the database's time.
//! Whoever dies loses it by itself; nobody waits for one.

use crate::db::Database;
use uuid::Uuid;

/// The leases of one process. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Leases {
    database: Database,
    holder: String,
}

impl Leases {
    /// Under a new word for this process.
    pub fn new(database: Database) -> Self {
        Self {
            database,
            holder: Uuid::new_v4().simple().to_string(),
        }
    }

    /// Takes a lease for so many seconds from now, or keeps it for so many more. `false`:
    /// another process has it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn take(&self, name: &str, seconds: i64) -> Result<bool, sqlx::Error> {
        let (mut transaction, now) = self.database.write().await?;
        // One that ends later than any can is from before the clock was set back (case 46).
        let taken = sqlx::query(
            "INSERT INTO leases (name, holder, held_until) VALUES ($1, $2, $3) \
             ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, \
             held_until = excluded.held_until WHERE leases.holder = excluded.holder \
             OR leases.held_until <= $4 OR leases.held_until > $5",
        )
        .bind(name)
        .bind(&self.holder)
        .bind(now + seconds)
        .bind(now)
        .bind(now + 2 * seconds)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(taken.rows_affected() > 0)
    }

    /// Gives a lease back, if this process has it.
    ///
    /// # Errors
    /// The database failed. It runs out by itself.
    pub async fn give_back(&self, name: &str) -> Result<(), sqlx::Error> {
        sqlx::query("DELETE FROM leases WHERE name = $1 AND holder = $2")
            .bind(name)
            .bind(&self.holder)
            .execute(self.database.pool())
            .await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use calport_databases::each_database;

    #[each_database]
    async fn one_process_has_a_lease_until_it_gives_it_back_or_it_runs_out() {
        let (database, _folder) = Database::temporary().await;
        let [one, other] = [(); 2].map(|()| Leases::new(database.clone()));
        assert!(one.take("work", 60).await.unwrap());
        assert!(one.take("work", 60).await.unwrap(), "kept");
        assert!(!other.take("work", 60).await.unwrap());
        assert!(other.take("other work", 60).await.unwrap());
        other.give_back("work").await.unwrap();
        assert!(
            !other.take("work", 60).await.unwrap(),
            "it was not theirs to give back"
        );
        one.give_back("work").await.unwrap();
        assert!(other.take("work", 60).await.unwrap());
        // It has run out, as after a crash.
        sqlx::query("UPDATE leases SET held_until = held_until - 61")
            .execute(database.pool())
            .await
            .unwrap();
        assert!(one.take("work", 60).await.unwrap());
        assert!(!other.take("work", 60).await.unwrap());
    }

    #[each_database]
    async fn case_46_a_lease_from_before_the_clock_was_set_back_holds_nobody_up() {
        let (database, _folder) = Database::temporary().await;
        let [one, other] = [(); 2].map(|()| Leases::new(database.clone()));
        assert!(one.take("work", 60).await.unwrap());
        sqlx::query("UPDATE leases SET held_until = held_until + 86400")
            .execute(database.pool())
            .await
            .unwrap();
        assert!(other.take("work", 60).await.unwrap());
    }
}
