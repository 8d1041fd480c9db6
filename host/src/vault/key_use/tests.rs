//! Keys that are missing, or are others than they say.

use super::*;
use crate::{
    db::Database,
    vault::{Context, KeyRing, RotationError, sealed_rows::VERIFIER},
};

const K1: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const K2: &str = "k2:HxsdHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";
/// The bytes of the second under the name of the first.
const OTHER_K1: &str = "k1:HxsdHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

fn vault(database: &Database, keys: &[&str]) -> Vault {
    Vault::new(database.clone(), KeyRing::parse(&keys.join(",")).unwrap())
}

/// A flow that somebody has begun.
async fn flow(vault: &Vault, expires_at: i64) {
    let ann = Subject::new("default", "ann");
    let context = Context {
        subject: &ann,
        provider: "google",
        field: VERIFIER,
    };
    let sealed = vault.keys().seal(&"verifier".into(), context).unwrap();
    sqlx::query(
        "INSERT INTO flows (state_hash, tenant, user_id, provider, cookie_hash, code_verifier, \
         redirect_uri, expires_at, key_id) \
         VALUES ('row', 'default', 'ann', 'google', '', $1, '', $2, $3)",
    )
    .bind(sealed.as_column())
    .bind(expires_at)
    .bind(sealed.key_id())
    .execute(vault.database().pool())
    .await
    .unwrap();
}

#[calport_databases::each_database]
async fn case_14_a_key_that_rows_need_cannot_be_taken_away() {
    let (database, _folder) = Database::temporary().await;
    let old = vault(&database, &[K1]);
    old.begin_serving().await.unwrap();
    old.signer().await.unwrap();
    let now = database.now().await.unwrap();
    flow(&old, now + 600).await;
    let new = vault(&database, &[K2]);
    let error = new.begin_serving().await.unwrap_err().to_string();
    for said in ["k1", "1 flow and 1 key of the host's own", "keys rotate"] {
        assert!(error.contains(said), "{said}: {error}");
    }
    assert_eq!(
        old.serving_keys().await.unwrap(),
        ["k1"],
        "nothing is noted"
    );
    assert!(matches!(
        new.rotate(|_| {}).await,
        Err(RotationError::NotServed(_))
    ));
    let both = vault(&database, &[K2, K1]);
    both.begin_serving().await.unwrap();
    assert_eq!(both.serving_keys().await.unwrap(), ["k2", "k1"]);
    assert!(matches!(
        new.rotate(|_| {}).await,
        Err(RotationError::Keys(KeyUseError::Missing { .. }))
    ));
    both.rotate(|_| {}).await.unwrap();
    new.begin_serving().await.unwrap();
    assert_eq!(new.serving_keys().await.unwrap(), ["k2"]);
}

#[calport_databases::each_database]
async fn what_is_worth_nothing_any_more_needs_no_key() {
    let (database, _folder) = Database::temporary().await;
    let now = database.now().await.unwrap();
    flow(&vault(&database, &[K1]), now - 1).await;
    let new = vault(&database, &[K2]);
    new.begin_serving().await.unwrap();
    let needed = new.key_use().await.unwrap();
    assert_eq!(needed.keys().collect::<Vec<_>>(), ["k2"]);
}

#[calport_databases::each_database]
async fn case_15_another_key_under_a_known_id_is_refused() {
    let (database, _folder) = Database::temporary().await;
    vault(&database, &[OTHER_K1]).begin_serving().await.unwrap();
    vault(&database, &[K1]).signer().await.unwrap();
    let other = vault(&database, &[OTHER_K1]);
    let error = other.begin_serving().await.unwrap_err();
    assert!(
        matches!(&error, KeyUseError::Other(id) if id == "k1"),
        "{error}"
    );
    vault(&database, &[K1]).begin_serving().await.unwrap();
}

#[calport_databases::each_database]
async fn keys_that_are_needed_are_found_from_one_to_the_next() {
    let (database, _folder) = Database::temporary().await;
    for (user, key_id) in [
        ("a", "k1"),
        ("b", "k3,k1"),
        ("c", "k1"),
        ("d", "k2"),
        ("e", ""),
    ] {
        sqlx::query(
            "INSERT INTO connections (tenant, user_id, provider, account_id, account_label, \
             calendar_id, calendar_name, access_token, scopes, client_id, revision, \
             connected_at, key_id) \
             VALUES ('t', $1, 'google', '', '', '', '', '', '', '', 1, 0, $2)",
        )
        .bind(user)
        .bind(key_id)
        .execute(database.pool())
        .await
        .unwrap();
    }
    let vault = vault(&database, &[K2]);
    assert_eq!(
        vault.key_ids_of_connections().await.unwrap(),
        ["k1", "k2", "k3,k1"]
    );
    let needed = vault.key_use().await.unwrap();
    let connections = needed
        .iter()
        .map(|(id, needed)| (&**id, needed[CONNECTION]));
    assert_eq!(
        connections.collect::<Vec<_>>(),
        [("k1", 3), ("k2", 1), ("k3", 1)]
    );
}
