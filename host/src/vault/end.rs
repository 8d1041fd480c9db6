//! Why a grant came to its end, as far as its age tells. Guesses nothing that the platform
//! could not check.

use super::Connection;
use crate::db::Database;
use sqlx::Row;

/// The provider that ends grants of an app in Testing, by its id.
const PROVIDER: &str = "google";

/// A grant that died at this age, in seconds, most likely died of a consent screen in
/// Testing: Google ends those grants after seven days ("Refresh token expiration", Google
/// Identity). A day of slack on both sides, for it is noticed when it is next used.
const AGE: std::ops::RangeInclusive<i64> = 6 * 86_400..=8 * 86_400;

/// What the platform is told then: only it can mend that.
const EXPLANATION: &str = "It ended about seven days after it was connected: the app's consent \
    screen is probably still in Testing, where Google ends every grant after seven days. Publish \
    the app in the Google Cloud console, under Audience.";

/// Whether a grant that died at this moment has the age at which grants die in Testing.
pub(super) fn is_of_testing(connection: &Connection, dead_at: i64) -> bool {
    connection.provider == PROVIDER && AGE.contains(&(dead_at - connection.connected_at))
}

/// The provider's reason, with ours where the age tells more.
pub(super) fn explained(connection: &Connection, dead_at: i64, reason: &str) -> String {
    if is_of_testing(connection, dead_at) && !reason.ends_with(EXPLANATION) {
        format!("{reason} {EXPLANATION}")
    } else {
        reason.to_owned()
    }
}

/// The dead grants of one provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadGrants {
    /// How many there are.
    pub all: i64,
    /// How many died at the age at which grants die of a consent screen in Testing.
    pub of_testing: i64,
}

/// Counts the dead grants of a provider.
///
/// # Errors
/// The database failed.
pub async fn dead_grants(database: &Database, provider: &str) -> Result<DeadGrants, sqlx::Error> {
    let row = sqlx::query(
        "SELECT COUNT(*) AS dead, COUNT(CASE WHEN dead_at - connected_at BETWEEN $2 AND $3 \
         THEN 1 END) AS of_testing FROM connections \
         WHERE provider = $1 AND reconnect_reason IS NOT NULL",
    )
    .bind(provider)
    .bind(*AGE.start())
    .bind(*AGE.end())
    .fetch_one(database.pool())
    .await?;
    let of_testing = match provider {
        PROVIDER => row.try_get("of_testing")?,
        _ => 0,
    };
    Ok(DeadGrants {
        all: row.try_get("dead")?,
        of_testing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        subject::Subject,
        vault::{Account, Destination},
    };

    const DAY: i64 = 86_400;

    fn connected(provider: &str) -> Connection {
        let text = || "x".to_owned();
        Connection {
            subject: Subject::new("", "ann"),
            provider: provider.to_owned(),
            account: Account {
                id: text(),
                label: text(),
            },
            destination: Destination {
                id: text(),
                name: text(),
            },
            reconnect_reason: None,
            dead_at: None,
            connected_at: 1_000,
            leaving_at: None,
        }
    }

    #[test]
    fn only_googles_grants_that_die_after_a_week_are_explained_by_testing() {
        for (provider, age, is_explained) in [
            ("google", 7 * DAY, true),
            ("google", 7 * DAY + 3_600, true),
            ("google", DAY, false),
            ("google", 30 * DAY, false),
            ("outlook", 7 * DAY, false),
        ] {
            let connection = connected(provider);
            let said = explained(&connection, 1_000 + age, "It ended.");
            assert_eq!(said.contains("Testing"), is_explained, "{provider} {age}");
            assert!(said.starts_with("It ended."), "{said}");
            let again = explained(&connection, 1_000 + age, &said);
            assert_eq!(again, said, "said once");
        }
    }
}
