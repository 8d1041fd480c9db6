//! Errors that are over once the database is back.

use sqlx::error::ErrorKind;

/// Whether the same statement with the same values may succeed later: it does not where the
/// database, or the driver, has refused what they hold. PostgreSQL's class 22 is
/// `data_exception` (its manual, appendix A).
pub(crate) fn may_pass(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            let is_of_values = code.len() == 5 && code.starts_with("22");
            !is_of_values && matches!(error.kind(), ErrorKind::Other)
        }
        sqlx::Error::Encode(_) | sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. } => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Database;
    use calport_databases::each_database;

    #[each_database]
    async fn case_45_what_is_refused_for_what_it_holds_is_not_tried_again() {
        let (database, _folder) = Database::temporary().await;
        let bound = |text: &'static str| {
            let query = sqlx::query("UPDATE connections SET scopes = $1 WHERE user_id = 'nobody'");
            query.bind(text).execute(database.pool())
        };
        bound("calendar").await.unwrap();
        // SQLite takes it.
        if let Err(error) = bound("calen\0dar").await {
            assert!(!may_pass(&error), "{error}");
        }
        let statement = "INSERT INTO flows (tenant) VALUES (NULL)";
        let error = sqlx::query(statement).execute(database.pool()).await;
        assert!(!may_pass(&error.unwrap_err()));
    }

    #[each_database]
    async fn case_45_a_database_that_is_away_may_come_back() {
        let (database, _folder) = Database::temporary().await;
        database.close().await;
        let error = sqlx::query("SELECT 1").execute(database.pool()).await;
        assert!(may_pass(&error.unwrap_err()));
        let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        for error in [sqlx::Error::PoolTimedOut, reset.into()] {
            assert!(may_pass(&error), "{error}");
        }
    }
}
