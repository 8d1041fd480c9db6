//! What an export holds, table by table. Each column is named: a new one is in no export
//! before somebody has thought about it.

use super::{ExportError, time};
use serde_json::{Value, json};
use sqlx::{Row, any::AnyRow};

/// One list of the export.
pub(super) struct Section {
    pub(super) name: &'static str,
    /// Of the tenant `$1` and the user `$2`.
    pub(super) statement: &'static str,
    pub(super) entry: fn(&AnyRow) -> Result<Value, ExportError>,
}

pub(super) const SECTIONS: [Section; 13] = [
    Section {
        name: "connections",
        statement: "SELECT provider, account_id, account_label, calendar_id, calendar_name, \
                    scopes, expires_at, reconnect_reason, dead_at, connected_at, leaving_at, \
                    refreshes, refreshed_at \
                    FROM connections WHERE tenant = $1 AND user_id = $2",
        entry: connection,
    },
    Section {
        name: "accounts_in_question",
        statement: "SELECT provider, account_id, expires_at \
                    FROM pending_accounts WHERE tenant = $1 AND user_id = $2",
        entry: |row| {
            Ok(json!({
                "provider": text(row, "provider")?,
                "account": text(row, "account_id")?,
                "until": moment(row, "expires_at")?,
            }))
        },
    },
    Section {
        name: "flows",
        statement: "SELECT provider, origin, redirect_uri, expires_at \
                    FROM flows WHERE tenant = $1 AND user_id = $2",
        entry: |row| {
            Ok(json!({
                "provider": text(row, "provider")?,
                "begun_on": text(row, "origin")?,
                "returns_to": text(row, "redirect_uri")?,
                "until": moment(row, "expires_at")?,
            }))
        },
    },
    Section {
        name: "parked_callbacks",
        statement: "SELECT provider, expires_at \
                    FROM parked_callbacks WHERE tenant = $1 AND user_id = $2",
        entry: |row| {
            Ok(json!({
                "provider": text(row, "provider")?,
                "until": moment(row, "expires_at")?,
            }))
        },
    },
    Section {
        name: "bookings",
        statement: "SELECT p.user_id, p.role, b.kind, b.id, b.body, b.updated_at \
                    FROM participants p JOIN bookings b ON b.tenant = p.tenant \
                    AND b.kind = p.kind AND b.id = p.booking_id \
                    WHERE p.tenant = $1 AND p.user_id = $2",
        entry: booking,
    },
    Section {
        name: "deliveries",
        statement: "SELECT kind, booking_id, provider, state, reason, remote, attempts, \
                    next_try, drift, touched, restores \
                    FROM deliveries WHERE tenant = $1 AND user_id = $2",
        entry: delivery,
    },
    Section {
        name: "work",
        statement: "SELECT provider, due_at, paused_until, pause_reason \
                    FROM lanes WHERE tenant = $1 AND user_id = $2",
        entry: |row| {
            Ok(json!({
                "provider": text(row, "provider")?,
                "due": moment(row, "due_at")?,
                "paused_until": moment(row, "paused_until")?,
                "pause_reason": text(row, "pause_reason")?,
            }))
        },
    },
    Section {
        name: "watches",
        statement: "SELECT provider, account_id, calendar_id, next_poll \
                    FROM watches WHERE tenant = $1 AND user_id = $2",
        entry: |row| {
            Ok(json!({
                "provider": text(row, "provider")?,
                "account": text(row, "account_id")?,
                "calendar": text(row, "calendar_id")?,
                "next_look": moment(row, "next_poll")?,
            }))
        },
    },
    Section {
        name: "feeds",
        statement: "SELECT created_at, last_fetched \
                    FROM feed_tokens WHERE tenant = $1 AND user_id = $2",
        entry: |row| {
            Ok(json!({
                "created": moment(row, "created_at")?,
                "last_fetched": moment(row, "last_fetched")?,
            }))
        },
    },
    Section {
        name: "page_tickets",
        statement: "SELECT display_name, expires_at \
                    FROM page_tickets WHERE tenant = $1 AND user_id = $2",
        entry: |row| {
            Ok(json!({
                "name": text(row, "display_name")?,
                "until": moment(row, "expires_at")?,
            }))
        },
    },
    Section {
        name: "page_sessions",
        statement: "SELECT display_name, language, expires_at \
                    FROM page_sessions WHERE tenant = $1 AND user_id = $2",
        entry: |row| {
            Ok(json!({
                "name": text(row, "display_name")?,
                "language": text(row, "language")?,
                "until": moment(row, "expires_at")?,
            }))
        },
    },
    Section {
        name: "webhooks",
        statement: "SELECT id, type, body, state, attempts, next_try, last_error, created_at \
                    FROM webhooks WHERE tenant = $1 AND user_id = $2",
        entry: webhook,
    },
    Section {
        name: "audit",
        statement: "SELECT at, provider, action, times FROM audit \
             WHERE tenant = $1 AND user_id = $2 ORDER BY at, id",
        entry: audited,
    },
];

fn connection(row: &AnyRow) -> Result<Value, ExportError> {
    let scopes: String = row.try_get("scopes")?;
    Ok(json!({
        "provider": text(row, "provider")?,
        "account": {"id": text(row, "account_id")?, "label": text(row, "account_label")?},
        "calendar": {"id": text(row, "calendar_id")?, "name": text(row, "calendar_name")?},
        "scopes": scopes.split_whitespace().collect::<Vec<_>>(),
        "connected": moment(row, "connected_at")?,
        "access_until": moment(row, "expires_at")?,
        "refreshes": row.try_get::<i64, _>("refreshes")?,
        "refreshed": moment(row, "refreshed_at")?,
        "needs_reconnect": text(row, "reconnect_reason")?,
        "died": moment(row, "dead_at")?,
        "left": moment(row, "leaving_at")?,
    }))
}

/// As the platform stated it, but for who else takes part.
fn booking(row: &AnyRow) -> Result<Value, ExportError> {
    let user: String = row.try_get("user_id")?;
    let mut stated = json_of(row, "body")?;
    if let Some(all) = stated.get_mut("participants").and_then(Value::as_array_mut) {
        for participant in all {
            let is_user = participant.get("user") == Some(&json!(user));
            *participant = json!({"role": participant.get("role"), "is_user": is_user});
        }
    }
    Ok(json!({
        "kind": text(row, "kind")?,
        "id": text(row, "id")?,
        "role": text(row, "role")?,
        "updated": moment(row, "updated_at")?,
        "stated": stated,
    }))
}

fn delivery(row: &AnyRow) -> Result<Value, ExportError> {
    Ok(json!({
        "kind": text(row, "kind")?,
        "booking": text(row, "booking_id")?,
        "provider": text(row, "provider")?,
        "state": text(row, "state")?,
        "reason": text(row, "reason")?,
        "event": json_of(row, "remote")?,
        "attempts": row.try_get::<i64, _>("attempts")?,
        "next_try": moment(row, "next_try")?,
        "drift": json_of(row, "drift")?,
        "touched": text(row, "touched")?,
        "restores": row.try_get::<i64, _>("restores")?,
    }))
}

fn webhook(row: &AnyRow) -> Result<Value, ExportError> {
    Ok(json!({
        "id": text(row, "id")?,
        "type": text(row, "type")?,
        "state": text(row, "state")?,
        "attempts": row.try_get::<i64, _>("attempts")?,
        "next_try": moment(row, "next_try")?,
        "last_error": text(row, "last_error")?,
        "created": moment(row, "created_at")?,
        "body": json_of(row, "body")?,
    }))
}

fn audited(row: &AnyRow) -> Result<Value, ExportError> {
    Ok(json!({
        "at": moment(row, "at")?,
        "provider": text(row, "provider")?.filter(|provider| !provider.is_empty()),
        "action": text(row, "action")?,
        "times": row.try_get::<i64, _>("times")?,
    }))
}

fn text(row: &AnyRow, column: &str) -> Result<Option<String>, sqlx::Error> {
    row.try_get(column)
}

fn moment(row: &AnyRow, column: &str) -> Result<Value, sqlx::Error> {
    row.try_get(column).map(time)
}

fn json_of(row: &AnyRow, column: &str) -> Result<Value, ExportError> {
    let json: Option<String> = row.try_get(column)?;
    Ok(match json {
        Some(json) => serde_json::from_str(&json)?,
        None => Value::Null,
    })
}
