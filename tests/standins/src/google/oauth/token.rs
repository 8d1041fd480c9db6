//! The token endpoint: codes and refresh tokens for access tokens.
//!
//! A code works once, for its redirect URI and verifier; presenting it again ends what it gave.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::HeaderMap;
use serde_json::{Value, json};

use super::super::state::{Access, App, Refresh, State as Google};
use super::error::OAuthError;
use super::scope::{self, Granted};
use crate::oauth::{Client, client, form, required, verifies};
use crate::pairs::Pairs;
use crate::server;

const CODE: &[&str] = &[
    "client_id",
    "client_secret",
    "code",
    "code_verifier",
    "grant_type",
    "redirect_uri",
];
const REFRESH: &[&str] = &["client_id", "client_secret", "grant_type", "refresh_token"];

pub(super) async fn exchange(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, OAuthError> {
    let grant = Pairs::parse(&body).get("grant_type").map(str::to_owned);
    let known = if grant.as_deref() == Some("refresh_token") {
        REFRESH
    } else {
        CODE
    };
    let form = form(&headers, query.as_deref(), &body, known)?;
    check_client(&app, &headers, &form)?;
    let reply = match required(&form, "grant_type")? {
        "authorization_code" => redeem(&app, &form)?,
        "refresh_token" => refresh(&app, &form)?,
        _ => {
            return Err(OAuthError::new(
                400,
                "unsupported_grant_type",
                "Invalid grant_type",
            ));
        }
    };
    Ok(server::json(200, &reply))
}

fn check_client(app: &App, headers: &HeaderMap, form: &Pairs) -> Result<(), OAuthError> {
    let Client { id, secret } = client(headers, form);
    if id.is_empty() {
        required(form, "client_id")?;
    }
    if id != app.config.client_id {
        return Err(OAuthError::new(
            401,
            "invalid_client",
            "The OAuth client was not found.",
        ));
    }
    if secret.is_empty() {
        return Err(OAuthError::invalid_request("client_secret is missing."));
    }
    if secret != app.config.client_secret {
        return Err(OAuthError::new(401, "invalid_client", "Unauthorized"));
    }
    Ok(())
}

fn redeem(app: &App, form: &Pairs) -> Result<Value, OAuthError> {
    let now = app.now();
    let given = required(form, "code")?;
    let redirect_uri = required(form, "redirect_uri")?;
    let mut guard = app.state();
    let state = &mut *guard;
    let Some(code) = state.codes.get_mut(given) else {
        return Err(OAuthError::invalid_grant("Malformed auth code."));
    };
    if code.used {
        let consent = code.consent;
        state.revoke_consent(consent);
        return Err(OAuthError::invalid_grant("Bad Request"));
    }
    if code.expires <= now {
        return Err(OAuthError::invalid_grant("Bad Request"));
    }
    if code.redirect_uri != redirect_uri {
        return Err(OAuthError::new(400, "redirect_uri_mismatch", "Bad Request"));
    }
    let Some(verifier) = form.get("code_verifier") else {
        return Err(OAuthError::invalid_grant("Missing code verifier."));
    };
    if !verifies(verifier, &code.challenge) {
        return Err(OAuthError::invalid_grant("Invalid code verifier."));
    }
    code.used = true;
    let (account, scopes, consent, refreshable) = (
        code.account,
        code.scopes.clone(),
        code.consent,
        code.refreshable,
    );
    let mut reply = issue(app, state, account, &scopes, consent);
    if refreshable {
        let expires = app
            .config
            .grant_lifetime
            .and_then(|life| TimeDelta::from_std(life).ok());
        if let Some(life) = expires {
            put(&mut reply, "refresh_token_expires_in", life.num_seconds());
        }
        let token = keep_refresh(
            app,
            state,
            account,
            scopes,
            expires.map(|life| now + life),
            consent,
        );
        put(&mut reply, "refresh_token", token);
    }
    Ok(reply)
}

fn refresh(app: &App, form: &Pairs) -> Result<Value, OAuthError> {
    let given = required(form, "refresh_token")?;
    let now = app.now();
    let mut guard = app.state();
    let state = &mut *guard;
    let dead = || OAuthError::invalid_grant("Token has been expired or revoked.");
    if let Some(consent) = state.replaced.get(given) {
        let consent = *consent;
        state.revoke_consent(consent);
        return Err(dead());
    }
    let found = state
        .refresh
        .iter()
        .find(|(_, refresh)| refresh.token == given);
    let (number, refresh) = found
        .map(|(number, refresh)| (*number, refresh))
        .ok_or_else(dead)?;
    if refresh.expires.is_some_and(|expires| expires <= now) {
        state.refresh.remove(&number);
        return Err(dead());
    }
    let (account, scopes, consent, expires) = (
        refresh.account,
        refresh.scopes.clone(),
        refresh.consent,
        refresh.expires,
    );
    let mut reply = issue(app, state, account, &scopes, consent);
    if let Some(expires) = expires {
        put(
            &mut reply,
            "refresh_token_expires_in",
            (expires - now).num_seconds(),
        );
    }
    if app.config.rotate {
        state.refresh.remove(&number);
        state.replaced.insert(given.to_owned(), consent);
        let token = keep_refresh(app, state, account, scopes, expires, consent);
        put(&mut reply, "refresh_token", token);
    }
    Ok(reply)
}

fn keep_refresh(
    app: &App,
    state: &mut Google,
    account: usize,
    scopes: Granted,
    expires: Option<DateTime<Utc>>,
    consent: u64,
) -> String {
    let live = state
        .refresh
        .values()
        .filter(|refresh| refresh.account == account)
        .count();
    if live >= app.config.refresh_limit {
        let oldest = state
            .refresh
            .iter()
            .find(|(_, refresh)| refresh.account == account);
        if let Some(oldest) = oldest.map(|(number, _)| *number) {
            state.refresh.remove(&oldest);
        }
    }
    let token = state.mint.token("1//0", 72);
    let number = state.mint.serial();
    let kept = Refresh {
        token: token.clone(),
        account,
        scopes,
        expires,
        consent,
    };
    state.refresh.insert(number, kept);
    token
}

fn issue(app: &App, state: &mut Google, account: usize, scopes: &Granted, consent: u64) -> Value {
    let now = app.now();
    let life = TimeDelta::from_std(app.config.access_lifetime).unwrap_or(TimeDelta::MAX);
    let token = state.mint.token("ya29.a0", 96);
    let access = Access {
        account,
        scopes: scopes.clone(),
        expires: now + life,
        consent,
    };
    state.access.insert(token.clone(), access);
    let mut reply = json!({
        "access_token": token,
        "expires_in": life.num_seconds(),
        "scope": scope::joined(scopes),
        "token_type": "Bearer",
    });
    if scopes.contains("openid") {
        let token = id_token(app, state, account, scopes, now);
        put(&mut reply, "id_token", token);
    }
    reply
}

/// An OpenID Connect id token whose signature is nobody's: none of the product's business.
fn id_token(
    app: &App,
    state: &mut Google,
    account: usize,
    scopes: &Granted,
    now: DateTime<Utc>,
) -> String {
    let owner = state.accounts.get(account);
    let mut claims = json!({
        "iss": app.config.issuer,
        "aud": app.config.client_id,
        "azp": app.config.client_id,
        "sub": owner.map(|owner| owner.subject.clone()),
        "iat": now.timestamp(),
        "exp": now.timestamp() + 3600,
    });
    if scopes.iter().any(|scope| scope.ends_with("userinfo.email")) {
        put(&mut claims, "email", owner.map(|owner| owner.email.clone()));
        put(&mut claims, "email_verified", true);
    }
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = part(&json!({ "alg": "RS256", "kid": "standin", "typ": "JWT" }));
    let claims = part(&claims);
    format!("{head}.{claims}.{}", state.mint.token("", 96))
}

fn put(object: &mut Value, name: &str, value: impl Into<Value>) {
    if let Value::Object(fields) = object {
        fields.insert(name.to_owned(), value.into());
    }
}
