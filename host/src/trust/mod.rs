//! Which components may serve. The built-in one is part of the host; any other is compiled and
//! asked what it wants, and then refused until an operator has granted exactly that to exactly
//! these bytes.

mod refusal;

pub use refusal::Refusal;

use crate::{
    db::Database,
    plugin::{Artefact, Wishes},
};
use sqlx::{Row, any::AnyRow};

const AUDIT: &str = "calport::audit";

/// Who grants what a deployment pins.
const PINNED: &str = "CALPORT_PLUGIN_SHA256";

/// A component that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// As it calls itself.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// Of its bytes, in hexadecimal.
    pub sha256: String,
    /// What it wanted then.
    pub wishes: Wishes,
    /// When, in seconds since 1970.
    pub granted_at: i64,
    /// By whom: a user of the machine, or the setting that pinned it.
    pub granted_by: String,
}

/// Why a component may not serve.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It was not granted what it wants.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// The deployment accepts another one.
    #[error(
        "the component {name} {version} has the SHA-256 {sha256}, and CALPORT_PLUGIN_SHA256 accepts another \
         one. Look at it with `calport inspect`, and set CALPORT_PLUGIN_SHA256 to its SHA-256 to accept it"
    )]
    NotPinned {
        /// As it calls itself.
        name: String,
        /// Its own version.
        version: String,
        /// Of its bytes.
        sha256: String,
    },
    /// What was granted cannot be read or written.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

/// What was granted, in the database.
#[derive(Clone, Debug)]
pub struct Grants {
    database: Database,
}

impl Grants {
    /// In this database.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    /// Whether a component may serve. `pinned`: the SHA-256 that the deployment accepts; what
    /// that one wants is recorded when it is first seen.
    ///
    /// # Errors
    /// See [`TrustError`].
    pub async fn admit(&self, artefact: &Artefact, pinned: Option<&str>) -> Result<(), TrustError> {
        if artefact.is_built_in {
            return Ok(());
        }
        let known = self.find(&artefact.name).await?;
        let is_granted = known.as_ref().is_some_and(|granted| {
            granted.sha256 == artefact.sha256 && granted.wishes == artefact.wishes
        });
        match pinned {
            Some(pinned) if !pinned.eq_ignore_ascii_case(&artefact.sha256) => {
                return Err(TrustError::NotPinned {
                    name: artefact.name.clone(),
                    version: artefact.version.clone(),
                    sha256: artefact.sha256.clone(),
                });
            }
            Some(_) if !is_granted => self.grant(artefact, PINNED).await?,
            None if !is_granted => {
                let refusal = Refusal::new(artefact.clone(), known);
                return Err(TrustError::Refused(Box::new(refusal)));
            }
            Some(_) | None => {}
        }
        Ok(())
    }

    /// Grants a component all that it wants, in place of what its name was granted before.
    ///
    /// # Errors
    /// The database failed.
    pub async fn grant(&self, artefact: &Artefact, by: &str) -> Result<(), sqlx::Error> {
        let wishes = serde_json::to_string(&artefact.wishes).map_err(sqlx::Error::decode)?;
        let (mut transaction, now) = self.database.write().await?;
        sqlx::query(
            "INSERT INTO plugin_grants (name, version, sha256, wishes, granted_at, granted_by) \
             VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (name) DO UPDATE SET version = excluded.version, \
             sha256 = excluded.sha256, wishes = excluded.wishes, \
             granted_at = excluded.granted_at, granted_by = excluded.granted_by",
        )
        .bind(&artefact.name)
        .bind(&artefact.version)
        .bind(&artefact.sha256)
        .bind(wishes)
        .bind(now)
        .bind(by)
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        let Artefact {
            name,
            version,
            sha256,
            ..
        } = artefact;
        tracing::info!(target: AUDIT, plugin = name, version, sha256, by, "plugin granted");
        Ok(())
    }

    /// Takes a grant back; whether there was one. A running host goes on until it ends.
    ///
    /// # Errors
    /// The database failed.
    pub async fn revoke(&self, name: &str) -> Result<bool, sqlx::Error> {
        let (mut transaction, _) = self.database.write().await?;
        let gone = sqlx::query("DELETE FROM plugin_grants WHERE name = $1")
            .bind(name)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        let was_there = gone.rows_affected() > 0;
        if was_there {
            tracing::info!(target: AUDIT, plugin = name, "plugin revoked");
        }
        Ok(was_there)
    }

    /// Everything that was granted, by name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list(&self) -> Result<Vec<Granted>, sqlx::Error> {
        let rows = sqlx::query(
            "SELECT name, version, sha256, wishes, granted_at, granted_by FROM plugin_grants \
             ORDER BY name",
        )
        .fetch_all(self.database.pool())
        .await?;
        rows.iter().map(granted).collect()
    }

    async fn find(&self, name: &str) -> Result<Option<Granted>, sqlx::Error> {
        let row = sqlx::query(
            "SELECT name, version, sha256, wishes, granted_at, granted_by FROM plugin_grants \
             WHERE name = $1",
        )
        .bind(name)
        .fetch_optional(self.database.pool())
        .await?;
        row.as_ref().map(granted).transpose()
    }
}

fn granted(row: &AnyRow) -> Result<Granted, sqlx::Error> {
    let wishes: String = row.try_get("wishes")?;
    Ok(Granted {
        name: row.try_get("name")?,
        version: row.try_get("version")?,
        sha256: row.try_get("sha256")?,
        wishes: serde_json::from_str(&wishes).map_err(sqlx::Error::decode)?,
        granted_at: row.try_get("granted_at")?,
        granted_by: row.try_get("granted_by")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artefact(sha256: &str, hosts: &[&str]) -> Artefact {
        Artefact {
            name: "acme".into(),
            version: "1.0.0".into(),
            sha256: sha256.into(),
            is_built_in: false,
            wishes: Wishes {
                hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
                ..Wishes::default()
            },
        }
    }

    async fn refused(grants: &Grants, artefact: &Artefact) -> String {
        let error = grants.admit(artefact, None).await.unwrap_err();
        assert!(matches!(error, TrustError::Refused(_)), "{error}");
        error.to_string()
    }

    #[calport_databases::each_database]
    async fn an_unknown_component_is_refused_with_all_that_it_wants_until_it_is_granted() {
        let (database, _folder) = Database::temporary().await;
        let grants = Grants::new(database);
        let acme = artefact("aa11", &["https://api.acme.example"]);
        let words = refused(&grants, &acme).await;
        for part in [
            "acme 1.0.0",
            "aa11",
            "https://api.acme.example",
            "calport plugin grant",
        ] {
            assert!(words.contains(part), "{part}: {words}");
        }
        grants.grant(&acme, "ops").await.unwrap();
        grants.admit(&acme, None).await.unwrap();
        let listed = grants.list().await.unwrap();
        assert_eq!((listed.len(), &*listed[0].granted_by), (1, "ops"));
        assert!(grants.revoke("acme").await.unwrap());
        assert!(!grants.revoke("acme").await.unwrap());
        refused(&grants, &acme).await;
    }

    #[calport_databases::each_database]
    async fn a_changed_component_is_refused_until_it_is_accepted_even_if_it_wants_less() {
        let (database, _folder) = Database::temporary().await;
        let grants = Grants::new(database);
        let old = artefact("aa11", &["https://api.acme.example"]);
        grants.grant(&old, "ops").await.unwrap();
        for changed in [
            artefact("bb22", &["https://api.acme.example"]),
            artefact("bb22", &[]),
            // The same bytes that say something else today.
            artefact("aa11", &["https://evil.example"]),
        ] {
            let words = refused(&grants, &changed).await;
            assert!(
                words.contains("aa11") && words.contains("has changed"),
                "{words}"
            );
        }
        let more = artefact(
            "bb22",
            &["https://api.acme.example", "https://evil.example"],
        );
        let words = refused(&grants, &more).await;
        assert!(words.contains("+ reaches https://evil.example"), "{words}");
        grants.grant(&more, "ops").await.unwrap();
        grants.admit(&more, None).await.unwrap();
        refused(&grants, &old).await;
    }

    #[calport_databases::each_database]
    async fn a_pinned_component_needs_no_command_and_no_other_passes() {
        let (database, _folder) = Database::temporary().await;
        let grants = Grants::new(database);
        let acme = artefact("aa11", &["https://api.acme.example"]);
        grants.admit(&acme, Some("AA11")).await.unwrap();
        assert_eq!(grants.list().await.unwrap()[0].granted_by, PINNED);
        let other = artefact("bb22", &[]);
        // Granted, but not what this deployment is to run.
        grants.grant(&other, "ops").await.unwrap();
        let error = grants.admit(&other, Some("aa11")).await.unwrap_err();
        assert!(matches!(error, TrustError::NotPinned { .. }), "{error}");
        let built_in = Artefact {
            is_built_in: true,
            ..artefact("cc33", &[])
        };
        grants.admit(&built_in, Some("aa11")).await.unwrap();
        grants.admit(&built_in, None).await.unwrap();
    }
}
