//! Turns to refresh: whose they are, and how they end.

use super::*;
use crate::{
    db::Database,
    vault::{Account, Destination, Grant, KeyRing},
};
use calport_databases::each_database;
use futures::poll;
use std::pin::pin;

const KEYS: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn slot() -> Slot {
    Slot {
        subject: Subject::new("default", "ann"),
        provider: "google".into(),
        account: None,
    }
}

fn credentials() -> Credentials {
    Credentials {
        access_token: "access".into(),
        refresh_token: Some("refresh".into()),
        expires_at: Some(1),
        scopes: vec![],
        client_id: "app".into(),
    }
}

/// A vault in which Ann is connected, and the revision of her credentials.
async fn connected(database: &Database) -> (Vault, u64) {
    let vault = Vault::new(database.clone(), KeyRing::parse(KEYS).unwrap());
    let grant = Grant {
        account: Account {
            id: "account".into(),
            label: String::new(),
        },
        destination: Destination {
            id: String::new(),
            name: String::new(),
        },
        credentials: credentials(),
    };
    let Slot {
        subject, provider, ..
    } = slot();
    let (mut transaction, now) = database.write().await.unwrap();
    vault
        .connect(&mut transaction, now, &subject, &provider, &grant)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    let stored = vault.load(&slot()).await.unwrap().unwrap();
    (vault, stored.revision)
}

async fn mine(vault: &Vault, seen: u64) -> TurnLease {
    match vault.begin_refresh(&slot(), seen).await.unwrap() {
        RefreshTurn::Mine(lease) => lease,
        other => panic!("{other:?}"),
    }
}

#[each_database]
async fn a_turn_that_is_given_back_is_the_next_ones_at_once() {
    let (database, _folder) = Database::temporary().await;
    let (vault, seen) = connected(&database).await;
    let lease = mine(&vault, seen).await;
    vault.end_refresh(&slot(), lease).await.unwrap();
    let lease = mine(&vault, seen).await;
    // Somebody else's stays theirs.
    let earlier = TurnLease {
        until: lease.until - 1,
        ..lease
    };
    vault.end_refresh(&slot(), earlier).await.unwrap();
    let (_, until) = vault.turn(&slot()).await.unwrap().unwrap();
    assert_eq!(until, Some(lease.until));
}

#[each_database]
async fn who_waits_for_a_refresh_that_fails_does_not_try_again_at_once() {
    let (database, _folder) = Database::temporary().await;
    let (vault, seen) = connected(&database).await;
    let asked = slot();
    let turn = vault.turns.of(&asked);
    let asking = turn.lock().await;
    let mut waiting = pin!(vault.begin_refresh(&asked, seen));
    assert!(poll!(&mut waiting).is_pending());
    let now = database.now().await.unwrap();
    let until = vault.take_turn(&asked, seen, now).await.unwrap().unwrap();
    let lease = TurnLease { seen, until };
    vault.end_refresh(&asked, lease).await.unwrap();
    drop(asking);
    assert!(matches!(waiting.await, Ok(RefreshTurn::Failed)));
}

#[each_database]
async fn case_17_a_turn_that_has_run_out_goes_to_one_that_waits() {
    let (database, _folder) = Database::temporary().await;
    let (vault, seen) = connected(&database).await;
    let asked = slot();
    let turn = vault.turns.of(&asked);
    let asking = turn.lock().await;
    let mut waiting = pin!(vault.begin_refresh(&asked, seen));
    assert!(poll!(&mut waiting).is_pending());
    let long_ago = database.now().await.unwrap() - REFRESH_TURN_SECONDS;
    vault.take_turn(&asked, seen, long_ago).await.unwrap();
    drop(asking);
    assert!(matches!(waiting.await, Ok(RefreshTurn::Mine(_))));
}
