//! What master keys seal themselves, besides data keys: values that live for minutes or hours,
//! and the host's own key. Who seals or opens one takes its field from here.

use crate::subject::Subject;

/// The field of a flow's PKCE verifier.
pub(crate) const VERIFIER: &str = "flows.code_verifier";

/// The field of a callback that came back in another browser.
pub(crate) const PARKED: &str = "parked_callbacks.callback";

/// The field of a grant that waits for its user's word.
pub(super) const PENDING: &str = "pending_accounts.held";

/// The field of the host's own key.
pub(super) const HOST_KEY: &str = "host_keys.sealed";

/// The field of a grant that is to be revoked. It tells each from the next, for no row says
/// whose it was.
pub(super) fn revocation(id: &str) -> String {
    format!("revocations.held {id}")
}

/// The field of a reply that is kept. The hash is of caller and key, so that it tells one
/// caller's from another's.
pub(crate) fn reply(key_hash: &str) -> String {
    format!("idempotency_keys.reply {key_hash}")
}

/// Whose a value is that no row names anybody of; no user's id is empty.
pub(crate) fn nobody() -> Subject {
    Subject::new("", "")
}

/// How the rows of one table are found by their master key, and sealed anew.
pub(super) struct SealedRows {
    /// What one of them is called.
    pub(super) what: &'static str,
    /// The next key id in use after `$1`.
    pub(super) next_key: &'static str,
    /// How many rows of key `$1` are still good for something at the time `$2`.
    pub(super) count: &'static str,
    /// Rows of key `$1` after the one that is named `$2`, by name, `$3` at most.
    pub(super) select: &'static str,
    /// Puts `$3` with key `$4` in the place of `$2` in the row named `$1`; not where somebody
    /// else has changed it.
    pub(super) replace: &'static str,
    /// The field of the row with this name.
    pub(super) field: fn(&str) -> String,
}

/// All of them.
pub(super) const TABLES: [SealedRows; 6] = [
    SealedRows {
        what: "flow",
        next_key: "SELECT MIN(key_id) FROM flows WHERE key_id > $1",
        count: "SELECT COUNT(*) FROM flows WHERE key_id = $1 AND expires_at >= $2",
        select: "SELECT state_hash AS name, tenant, user_id, provider, code_verifier AS sealed \
                 FROM flows WHERE key_id = $1 AND state_hash > $2 ORDER BY state_hash LIMIT $3",
        replace: "UPDATE flows SET code_verifier = $3, key_id = $4 \
                  WHERE state_hash = $1 AND code_verifier = $2",
        field: |_| VERIFIER.to_owned(),
    },
    SealedRows {
        what: "parked callback",
        next_key: "SELECT MIN(key_id) FROM parked_callbacks WHERE key_id > $1",
        count: "SELECT COUNT(*) FROM parked_callbacks WHERE key_id = $1 AND expires_at >= $2",
        select: "SELECT handle_hash AS name, tenant, user_id, provider, callback AS sealed \
                 FROM parked_callbacks WHERE key_id = $1 AND handle_hash > $2 \
                 ORDER BY handle_hash LIMIT $3",
        replace: "UPDATE parked_callbacks SET callback = $3, key_id = $4 \
                  WHERE handle_hash = $1 AND callback = $2",
        field: |_| PARKED.to_owned(),
    },
    SealedRows {
        what: "waiting grant",
        next_key: "SELECT MIN(key_id) FROM pending_accounts WHERE key_id > $1",
        // What nobody has answered in time is still to be revoked.
        count: "SELECT COUNT(*) FROM pending_accounts WHERE key_id = $1 AND $2 >= 0",
        select: "SELECT handle_hash AS name, tenant, user_id, provider, held AS sealed \
                 FROM pending_accounts WHERE key_id = $1 AND handle_hash > $2 \
                 ORDER BY handle_hash LIMIT $3",
        replace: "UPDATE pending_accounts SET held = $3, key_id = $4 \
                  WHERE handle_hash = $1 AND held = $2",
        field: |_| PENDING.to_owned(),
    },
    SealedRows {
        what: "kept reply",
        next_key: "SELECT MIN(key_id) FROM idempotency_keys WHERE key_id > $1",
        count: "SELECT COUNT(*) FROM idempotency_keys WHERE key_id = $1 AND expires_at > $2",
        select: "SELECT key_hash AS name, '' AS tenant, '' AS user_id, '' AS provider, \
                 reply AS sealed FROM idempotency_keys WHERE key_id = $1 AND key_hash > $2 \
                 ORDER BY key_hash LIMIT $3",
        replace: "UPDATE idempotency_keys SET reply = $3, key_id = $4 \
                  WHERE key_hash = $1 AND reply = $2",
        field: reply,
    },
    SealedRows {
        what: "grant to be revoked",
        next_key: "SELECT MIN(key_id) FROM revocations WHERE key_id > $1",
        count: "SELECT COUNT(*) FROM revocations WHERE key_id = $1 AND $2 >= 0",
        select: "SELECT id AS name, '' AS tenant, '' AS user_id, provider, held AS sealed \
                 FROM revocations WHERE key_id = $1 AND id > $2 ORDER BY id LIMIT $3",
        replace: "UPDATE revocations SET held = $3, key_id = $4 WHERE id = $1 AND held = $2",
        field: revocation,
    },
    SealedRows {
        what: "key of the host's own",
        next_key: "SELECT MIN(key_id) FROM host_keys WHERE key_id > $1",
        count: "SELECT COUNT(*) FROM host_keys WHERE key_id = $1 AND $2 >= 0",
        select: "SELECT name, '' AS tenant, '' AS user_id, '' AS provider, sealed \
                 FROM host_keys WHERE key_id = $1 AND name > $2 ORDER BY name LIMIT $3",
        replace: "UPDATE host_keys SET sealed = $3, key_id = $4 WHERE name = $1 AND sealed = $2",
        field: |_| HOST_KEY.to_owned(),
    },
];
