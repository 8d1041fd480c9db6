//! The token endpoint: codes and refresh tokens for access tokens.
//!
//! A code works once, for its redirect URI and verifier. Every use of a refresh token gives a new one.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use chrono::TimeDelta;
use http::HeaderMap;
use serde_json::{Value, json};

use super::super::state::{Access, App, Refresh, State as Microsoft};
use super::error::AadError;
use super::scope::{self, Granted};
use super::tenant;
use crate::oauth::{Client, client, form, verifies};
use crate::pairs::Pairs;
use crate::server;

const KNOWN: &[&str] = &[
    "client_id",
    "client_info",
    "client_secret",
    "code",
    "code_verifier",
    "grant_type",
    "redirect_uri",
    "refresh_token",
    "scope",
];

pub(super) async fn exchange(
    State(app): State<Arc<App>>,
    Path(tenant): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, AadError> {
    let form = form(&headers, query.as_deref(), &body, KNOWN).map_err(AadError::invalid)?;
    let accounts = tenant::accounts(&app.state(), &tenant).ok_or_else(|| AadError::of(90002))?;
    check_client(&app, &headers, &form)?;
    let reply = match required(&form, "grant_type")? {
        "authorization_code" => redeem(&app, &form, &accounts)?,
        "refresh_token" => refresh(&app, &form, &accounts)?,
        _ => return Err(AadError::of(70003)),
    };
    Ok(server::json(200, &reply))
}

fn required<'a>(form: &'a Pairs, name: &str) -> Result<&'a str, AadError> {
    form.get(name).ok_or_else(|| AadError::missing(name))
}

fn check_client(app: &App, headers: &HeaderMap, form: &Pairs) -> Result<(), AadError> {
    let Client { id, secret } = client(headers, form);
    if id.is_empty() {
        return Err(AadError::missing("client_id"));
    }
    if id != app.config.client_id {
        return Err(AadError::of(700016));
    }
    if secret.is_empty() {
        return Err(AadError::of(7000218));
    }
    if secret != app.config.client_secret {
        return Err(AadError::of(7000215));
    }
    Ok(())
}

fn redeem(app: &App, form: &Pairs, accounts: &[usize]) -> Result<Value, AadError> {
    let given = required(form, "code")?;
    let redirect_uri = required(form, "redirect_uri")?;
    let mut guard = app.state();
    let state = &mut *guard;
    let code = state
        .codes
        .get_mut(given)
        .ok_or_else(|| AadError::of(70000))?;
    if code.used {
        return Err(AadError::of(54005));
    }
    if code.expires <= app.now() {
        return Err(AadError::of(70008));
    }
    if code.redirect_uri != redirect_uri {
        return Err(AadError::of(500112));
    }
    if !accounts.contains(&code.account) {
        return Err(AadError::of(70000));
    }
    if !form
        .get("code_verifier")
        .is_some_and(|verifier| verifies(verifier, &code.challenge))
    {
        return Err(AadError::of(50148));
    }
    let scopes = asked(form, &code.scopes)?;
    code.used = true;
    let (account, granted) = (code.account, code.scopes.clone());
    Ok(issue(app, state, account, &scopes, &granted))
}

/// The scopes to give an access token for: what is asked for now, of what was granted.
fn asked(form: &Pairs, granted: &Granted) -> Result<Granted, AadError> {
    let Some(text) = form.get("scope") else {
        return Ok(granted.clone());
    };
    let asked = scope::parse(text).ok_or_else(|| AadError::of(70011))?;
    // Microsoft gives what it can of the identity scopes, and insists on the others.
    let identity = ["email", "offline_access", "openid", "profile"];
    let missing = asked
        .difference(granted)
        .any(|scope| !identity.contains(&scope.as_str()));
    if missing {
        return Err(AadError::of(65001));
    }
    Ok(asked.intersection(granted).cloned().collect())
}

fn refresh(app: &App, form: &Pairs, accounts: &[usize]) -> Result<Value, AadError> {
    let given = required(form, "refresh_token")?;
    let mut guard = app.state();
    let state = &mut *guard;
    let refresh = state
        .refresh
        .get_mut(given)
        .ok_or_else(|| AadError::of(70000))?;
    if let Some(code) = refresh.dead {
        return Err(AadError::of(code));
    }
    if refresh.expires <= app.now() {
        return Err(AadError::of(700082));
    }
    if !accounts.contains(&refresh.account) {
        return Err(AadError::of(70000));
    }
    let scopes = asked(form, &refresh.scopes)?;
    if app.config.revoke_used {
        refresh.dead = Some(70000);
    }
    let (account, granted) = (refresh.account, refresh.scopes.clone());
    Ok(issue(app, state, account, &scopes, &granted))
}

fn issue(
    app: &App,
    state: &mut Microsoft,
    account: usize,
    scopes: &Granted,
    granted: &Granted,
) -> Value {
    let now = app.now();
    let life = TimeDelta::from_std(app.config.access_lifetime).unwrap_or(TimeDelta::MAX);
    let token = state.mint.token("EwB4A8l6BAAU", 96);
    let access = Access {
        account,
        scopes: scopes.clone(),
        expires: now + life,
    };
    state.access.insert(token.clone(), access);
    let mut reply = json!({
        "token_type": "Bearer",
        "scope": scope::joined(scopes, app.config.scopes),
        "expires_in": life.num_seconds(),
        "ext_expires_in": life.num_seconds(),
        "access_token": token,
    });
    let Some(fields) = reply.as_object_mut() else {
        return reply;
    };
    if granted.contains("offline_access") {
        let token = state.mint.token("M.C540_BAY.0.U.-", 96);
        let life = TimeDelta::from_std(app.config.refresh_lifetime).unwrap_or(TimeDelta::MAX);
        let refresh = Refresh {
            account,
            scopes: granted.clone(),
            expires: now + life,
            dead: None,
        };
        state.refresh.insert(token.clone(), refresh);
        fields.insert("refresh_token".into(), token.into());
    }
    if scopes.contains("openid") {
        let claims = json!({
            "aud": app.config.client_id,
            "iss": format!("{}/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0", app.shell.base_url),
            "exp": now.timestamp() + life.num_seconds(),
            "sub": state.accounts.get(account).map(|account| account.id.clone()),
        });
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let head = part(&json!({ "alg": "RS256", "typ": "JWT" }));
        let signature = state.mint.token("", 96);
        fields.insert(
            "id_token".into(),
            format!("{head}.{}.{signature}", part(&claims)).into(),
        );
    }
    reply
}
