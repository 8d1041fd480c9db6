//! Rows of every kind, brought from one master key to another.

use super::*;
use crate::{
    db::Database,
    vault::{Account, Credentials, Destination, Grant, KeyRing, SealError, Slot, sealed_rows},
};
use secrecy::ExposeSecret;
use std::collections::BTreeSet;

const K1: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const K2: &str = "k2:HxsdHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";
const PROVIDER: &str = "google";

fn vault(database: &Database, keys: &[&str]) -> Vault {
    Vault::new(database.clone(), KeyRing::parse(&keys.join(",")).unwrap())
}

fn credentials(access: &str, refresh: Option<&str>) -> Credentials {
    Credentials {
        access_token: access.into(),
        refresh_token: refresh.map(Into::into),
        expires_at: Some(1),
        scopes: vec!["calendar".into()],
        client_id: "app".into(),
    }
}

fn subject(user: &str) -> Subject {
    Subject::new("default", user)
}

fn slot(user: &str) -> Slot {
    Slot {
        subject: subject(user),
        provider: PROVIDER.into(),
        account: None,
    }
}

async fn connect(vault: &Vault, user: &str) {
    let grant = Grant {
        account: Account {
            id: format!("account-of-{user}"),
            label: String::new(),
        },
        destination: Destination {
            id: String::new(),
            name: String::new(),
        },
        credentials: credentials(
            &format!("access-of-{user}"),
            Some(&format!("refresh-of-{user}")),
        ),
    };
    let (mut transaction, now) = vault.database.write().await.unwrap();
    vault
        .connect(&mut transaction, now, &subject(user), PROVIDER, &grant)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}

/// Puts a row into the form that it had before there were data keys.
async fn age(transaction: &mut Transaction, vault: &Vault, access_by: &Vault, user: &str) {
    let owner = subject(user);
    let seal = |vault: &Vault, field, text: String| {
        let context = Context {
            subject: &owner,
            provider: PROVIDER,
            field,
        };
        vault.keys().seal(&text.into(), context).unwrap()
    };
    sqlx::query(
        "UPDATE connections SET access_token = $2, refresh_token = $3, data_key = NULL, \
         key_id = '' WHERE user_id = $1",
    )
    .bind(user)
    .bind(seal(access_by, "access_token", format!("access-of-{user}")).as_column())
    .bind(seal(vault, "refresh_token", format!("refresh-of-{user}")).as_column())
    .execute(&mut **transaction)
    .await
    .unwrap();
}

/// Fills `key_id` as the migration does: in one transaction, before anything of this version
/// writes.
async fn migrate(transaction: &mut Transaction) {
    let migration = include_str!("../../../migrations/0015_keys.sql");
    let fills = migration.split(';').filter_map(|statement| {
        let at = statement.find("UPDATE ")?;
        statement.get(at..)
    });
    let mut filled = 0;
    for fill in fills {
        sqlx::query(fill).execute(&mut **transaction).await.unwrap();
        filled += 1;
    }
    assert_eq!(filled, 7, "two for connections, one for every other table");
}

async fn key_ids(database: &Database) -> Vec<(String, String)> {
    let rows = sqlx::query("SELECT user_id, key_id FROM connections ORDER BY user_id")
        .fetch_all(database.pool())
        .await
        .unwrap();
    let pair = |row: &AnyRow| (row.get("user_id"), row.get("key_id"));
    rows.iter().map(pair).collect()
}

async fn reads(vault: &Vault, user: &str) {
    let stored = vault.load(&slot(user)).await.unwrap().unwrap();
    let Credentials {
        access_token,
        refresh_token,
        ..
    } = stored.credentials;
    assert_eq!(access_token.expose_secret(), format!("access-of-{user}"));
    let refresh_token = refresh_token.unwrap();
    assert_eq!(refresh_token.expose_secret(), format!("refresh-of-{user}"));
}

#[tokio::test]
async fn rows_of_both_forms_are_brought_to_the_first_key() {
    let (database, _folder) = Database::temporary().await;
    let (old, both) = (vault(&database, &[K1]), vault(&database, &[K2, K1]));
    for user in ["aged", "aged-mixed", "aged-new", "ann", "new"] {
        connect(&old, user).await;
    }
    connect(&both, "new").await;
    let (mut transaction, _) = database.write().await.unwrap();
    age(&mut transaction, &old, &old, "aged").await;
    age(&mut transaction, &old, &both, "aged-mixed").await;
    age(&mut transaction, &both, &both, "aged-new").await;
    // As it was before: then every row that the migration finds is of the old form.
    sqlx::query("DELETE FROM connections WHERE user_id IN ('ann', 'new')")
        .execute(&mut *transaction)
        .await
        .unwrap();
    migrate(&mut transaction).await;
    transaction.commit().await.unwrap();
    connect(&old, "ann").await;
    connect(&both, "new").await;
    let pair = |user: &str, key_id: &str| (user.to_owned(), key_id.to_owned());
    assert_eq!(
        key_ids(&database).await,
        [
            pair("aged", "k1"),
            pair("aged-mixed", "k2,k1"),
            pair("aged-new", "k2"),
            pair("ann", "k1"),
            pair("new", "k2"),
        ]
    );
    both.begin_serving().await.unwrap();
    let mut heard = Vec::new();
    let rotated = both.rotate(|rotated| heard.push(rotated)).await.unwrap();
    assert_eq!((rotated.rows, rotated.unreadable), (4, 0));
    assert_eq!(heard.last(), Some(&rotated));
    let new = vault(&database, &[K2]);
    new.check_keys().await.unwrap();
    for (user, key_id) in key_ids(&database).await {
        assert_eq!(key_id, "k2", "{user}");
        reads(&new, &user).await;
    }
    let forms: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM connections WHERE data_key IS NOT NULL")
            .fetch_one(database.pool())
            .await
            .unwrap();
    assert_eq!(forms, 5);
    let again = both.rotate(|_| panic!("there is nothing to do")).await;
    assert_eq!(again.unwrap(), Rotated::default());
    let noted = audit::newest(&database, 1).await.unwrap();
    assert_eq!((&*noted[0].action, noted[0].times), ("keys_rotated", 4));
    assert_eq!(noted[0].key_id.as_deref(), Some("k2"));
}

#[tokio::test]
async fn whatever_else_a_master_key_seals_is_sealed_anew() {
    let (database, _folder) = Database::temporary().await;
    let (old, both) = (vault(&database, &[K1]), vault(&database, &[K2, K1]));
    let later = database.now().await.unwrap() + 600;
    let ann = subject("ann");
    let nobody = sealed_rows::nobody();
    let seal = |subject, provider, field: &str| {
        let context = Context {
            subject,
            provider,
            field,
        };
        old.keys().seal(&"canary".into(), context).unwrap()
    };
    let signature = old.signer().await.unwrap().sign("purpose", "message");
    for (insert, sealed) in [
        (
            "INSERT INTO flows (state_hash, tenant, user_id, provider, cookie_hash, \
             code_verifier, redirect_uri, expires_at) \
             VALUES ('row', 'default', 'ann', 'google', '', $1, '', $2)",
            seal(&ann, PROVIDER, sealed_rows::VERIFIER),
        ),
        (
            "INSERT INTO parked_callbacks (handle_hash, tenant, user_id, provider, callback, \
             expires_at) VALUES ('row', 'default', 'ann', 'google', $1, $2)",
            seal(&ann, PROVIDER, sealed_rows::PARKED),
        ),
        (
            "INSERT INTO pending_accounts (tenant, user_id, provider, handle_hash, account_id, \
             held, expires_at) VALUES ('default', 'ann', 'google', 'row', '', $1, $2)",
            seal(&ann, PROVIDER, sealed_rows::PENDING),
        ),
        (
            "INSERT INTO idempotency_keys (key_hash, fingerprint, reply, claimed_until, \
             expires_at) VALUES ('row', '', $1, 0, $2)",
            seal(&nobody, "", &sealed_rows::reply("row")),
        ),
        (
            "INSERT INTO revocations (id, provider, held, attempts, next_try, created_at) \
             VALUES ('row', 'google', $1, 0, $2, 0)",
            seal(&nobody, PROVIDER, &sealed_rows::revocation("row")),
        ),
    ] {
        sqlx::query(insert)
            .bind(sealed.as_column())
            .bind(later)
            .execute(database.pool())
            .await
            .unwrap();
    }
    let (mut transaction, _) = database.write().await.unwrap();
    migrate(&mut transaction).await;
    transaction.commit().await.unwrap();
    let needed = both.key_use().await.unwrap();
    assert_eq!(needed["k1"].len(), TABLES.len(), "{needed:?}");
    both.begin_serving().await.unwrap();
    let rotated = both.rotate(|_| {}).await.unwrap();
    assert_eq!((rotated.rows, rotated.unreadable), (6, 0));
    let new = vault(&database, &[K2]);
    let needed = new.key_use().await.unwrap();
    assert_eq!(needed.keys().collect::<Vec<_>>(), ["k2"]);
    assert_eq!(needed["k2"].len(), TABLES.len());
    for table in &TABLES {
        let row = sqlx::query(table.select)
            .bind("k2")
            .bind("")
            .bind(10_i64)
            .fetch_one(database.pool())
            .await
            .unwrap();
        let name: String = row.get("name");
        let Place(tenant, user, provider) = place(&row).unwrap();
        let context = Context {
            subject: &Subject::new(tenant, user),
            provider: &provider,
            field: &(table.field)(&name),
        };
        let sealed = Sealed::from_column(row.get("sealed"));
        if table.what != "key of the host's own" {
            let opened = new.keys().open(&sealed, context).unwrap();
            assert_eq!(opened.expose_secret(), "canary", "{}", table.what);
        }
    }
    let signer = new.signer().await.unwrap();
    assert!(
        signer.verify("purpose", "message", &signature),
        "links hold"
    );
}

#[tokio::test]
async fn every_table_that_holds_something_sealed_is_known() {
    let (database, _folder) = Database::temporary().await;
    let there: Vec<String> = sqlx::query_scalar(
        "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c \
         WHERE m.type = 'table' AND c.name = 'key_id' AND m.name NOT IN ('serving_keys', 'audit')",
    )
    .fetch_all(database.pool())
    .await
    .unwrap();
    let known = TABLES
        .iter()
        .map(|table| table.replace.split(' ').nth(1).unwrap());
    let known: BTreeSet<_> = known.chain(["connections"]).collect();
    assert_eq!(known, there.iter().map(String::as_str).collect());
}

/// A row as a rotation has read it, and as it would be written.
async fn read(vault: &Vault, user: &str) -> Change {
    let row = sqlx::query(
        "SELECT access_token, refresh_token, data_key FROM connections WHERE user_id = $1",
    )
    .bind(user)
    .fetch_one(vault.database.pool())
    .await
    .unwrap();
    let before = SealedTokens::of(&row).unwrap();
    let subject = subject(user);
    let after = before.rewrapped(vault.owner(&subject, PROVIDER)).unwrap();
    Change::Wrap {
        subject,
        provider: PROVIDER.into(),
        before,
        after,
    }
}

async fn write(vault: &Vault, change: &Change) -> u64 {
    let (mut transaction, _) = vault.database.write().await.unwrap();
    let rows = apply(&mut transaction, change).await.unwrap();
    transaction.commit().await.unwrap();
    rows
}

#[tokio::test]
async fn what_is_saved_or_connected_meanwhile_is_not_written_over() {
    let (database, _folder) = Database::temporary().await;
    let (old, both) = (vault(&database, &[K1]), vault(&database, &[K2, K1]));
    for (user, is_aged, is_connected) in [
        ("new-saved", false, false),
        ("aged-saved", true, false),
        ("new-connected", false, true),
        ("aged-connected", true, true),
    ] {
        connect(&old, user).await;
        if is_aged {
            let (mut transaction, _) = database.write().await.unwrap();
            age(&mut transaction, &old, &old, user).await;
            migrate(&mut transaction).await;
            transaction.commit().await.unwrap();
        }
        let read = read(&both, user).await;
        let stored = old.load(&slot(user)).await.unwrap().unwrap();
        if is_connected {
            connect(&old, user).await;
        } else {
            let newer = credentials("newer", None);
            old.save(&slot(user), &newer, stored.revision)
                .await
                .unwrap();
        }
        // A save under the same data key leaves that key to be sealed anew.
        let rows = write(&both, &read).await;
        assert_eq!(rows, u64::from(!is_aged && !is_connected), "{user}");
        let stored = both.load(&slot(user)).await.unwrap().unwrap();
        let access = match is_connected {
            true => format!("access-of-{user}"),
            false => "newer".to_owned(),
        };
        let Credentials {
            access_token,
            refresh_token,
            ..
        } = stored.credentials;
        assert_eq!(access_token.expose_secret(), access, "{user}");
        let refresh = refresh_token.unwrap();
        assert_eq!(refresh.expose_secret(), format!("refresh-of-{user}"));
        sqlx::query("DELETE FROM connections")
            .execute(database.pool())
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn saves_and_rotations_at_once_leave_every_row_whole() {
    let (database, _folder) = Database::temporary().await;
    let vaults = [vault(&database, &[K1, K2]), vault(&database, &[K2, K1])];
    connect(&vaults[0], "ann").await;
    vaults[0].begin_serving().await.unwrap();
    let rotating = {
        let vaults = vaults.clone();
        tokio::spawn(async move {
            let mut rows = 0;
            for number in 0..60 {
                rows += vaults[number % 2].rotate(|_| {}).await.unwrap().rows;
                if number % 7 == 0 {
                    let (mut transaction, _) = vaults[0].database.write().await.unwrap();
                    age(&mut transaction, &vaults[0], &vaults[1], "ann").await;
                    migrate(&mut transaction).await;
                    transaction.commit().await.unwrap();
                }
            }
            rows
        })
    };
    let mut saved = 0;
    while !rotating.is_finished() {
        let begun = Instant::now();
        let stored = vaults[1].load(&slot("ann")).await.unwrap().unwrap();
        let newer = credentials("access-of-ann", None);
        vaults[saved % 2]
            .save(&slot("ann"), &newer, stored.revision)
            .await
            .unwrap();
        saved += 1;
        // SQLite lets nobody queue for its lock: others have it for as long.
        tokio::time::sleep(begun.elapsed()).await;
    }
    assert!(rotating.await.unwrap() > 0 && saved > 0);
    for vault in &vaults {
        reads(vault, "ann").await;
    }
}

#[tokio::test]
async fn a_damaged_row_stops_nobody_and_keeps_its_key() {
    let (database, _folder) = Database::temporary().await;
    let (old, both) = (vault(&database, &[K1]), vault(&database, &[K2, K1]));
    for user in ["ann", "bob", "cid"] {
        connect(&old, user).await;
    }
    sqlx::query(
        "UPDATE connections SET data_key = (SELECT data_key FROM connections \
         WHERE user_id = 'ann') WHERE user_id = 'bob'",
    )
    .execute(database.pool())
    .await
    .unwrap();
    assert!(matches!(
        old.load(&slot("bob")).await,
        Err(VaultError::Sealed(SealError::Forged))
    ));
    both.begin_serving().await.unwrap();
    let rotated = both.rotate(|_| {}).await.unwrap();
    assert_eq!((rotated.rows, rotated.unreadable), (2, 1));
    let new = vault(&database, &[K2]);
    for user in ["ann", "cid"] {
        reads(&new, user).await;
    }
    assert!(matches!(
        new.check_keys().await,
        Err(KeyUseError::Missing { .. })
    ));
    new.erase(&slot("bob")).await.unwrap();
    new.check_keys().await.unwrap();
}
