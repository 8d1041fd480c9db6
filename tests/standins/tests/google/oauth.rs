//! Authorize page, token endpoint, revocation and identity.

use std::time::Duration;

use calport_standins::{ConsentChoice, ConsentError, Google, GoogleAccount, GoogleConfig};
use reqwest::Method;
use serde_json::json;

use crate::client::*;

fn page_error(google: &Google, parameters: &[(&str, String)]) -> (u16, String) {
    match google.consent(
        &authorize_url(google, parameters),
        CASEY,
        &ConsentChoice::Allow,
    ) {
        Err(ConsentError::Page { status, code, .. }) => (status, code),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_wrong_authorization_request_shows_a_page_and_goes_nowhere() {
    let google = start();
    for (name, value, status, code) in [
        ("client_id", Some("other"), 401, "invalid_client"),
        ("client_id", None, 400, "invalid_request"),
        (
            "redirect_uri",
            Some("http://127.0.0.1:8000/api/calendar/google/callback"),
            400,
            "redirect_uri_mismatch",
        ),
        (
            "redirect_uri",
            Some("HTTP://127.0.0.1:8000/api/calendar/google/callback/"),
            400,
            "redirect_uri_mismatch",
        ),
        ("redirect_uri", None, 400, "invalid_request"),
        (
            "response_type",
            Some("token"),
            400,
            "unsupported_response_type",
        ),
        ("response_type", None, 400, "invalid_request"),
        ("scope", None, 400, "invalid_request"),
        ("scope", Some("openid calendar"), 400, "invalid_scope"),
        (
            "scope",
            Some("https://www.googleapis.com/auth/calendar.event"),
            400,
            "invalid_scope",
        ),
        ("access_type", Some("always"), 400, "invalid_request"),
        ("prompt", Some("none consent"), 400, "invalid_request"),
        ("prompt", Some("login"), 400, "invalid_request"),
        ("state", None, 400, "invalid_request"),
        ("code_challenge", None, 400, "invalid_request"),
        ("code_challenge", Some("short"), 400, "invalid_request"),
        (
            "code_challenge_method",
            Some("plain"),
            400,
            "invalid_request",
        ),
        ("code_challenge_method", None, 400, "invalid_request"),
        ("resource", Some("x"), 400, "invalid_request"),
    ] {
        let mut parameters = parameters(&google);
        parameters.retain(|(key, _)| *key != name);
        parameters.extend(value.map(|value| (name, value.to_owned())));
        assert_eq!(
            page_error(&google, &parameters),
            (status, code.to_owned()),
            "{name}={value:?}"
        );
    }
    let mut doubled = parameters(&google);
    doubled.push(("state", "again".into()));
    assert_eq!(
        page_error(&google, &doubled),
        (400, "invalid_request".to_owned())
    );
}

#[test]
fn a_callback_carries_code_scope_state_and_issuer() {
    let google = start();
    let url = authorize_url(&google, &parameters(&google));
    let back = google.consent(&url, CASEY, &ConsentChoice::Allow).unwrap();
    assert!(back.starts_with(REDIRECT));
    assert_eq!(parameter(&back, "state").unwrap(), "st-1");
    assert_eq!(
        parameter(&back, "iss").unwrap(),
        "https://accounts.google.com"
    );
    assert!(parameter(&back, "code").unwrap().starts_with("4/0A"));
    assert!(
        parameter(&back, "scope")
            .unwrap()
            .contains("userinfo.email")
    );
    assert!(google.requests().is_empty());
}

#[test]
fn a_user_who_cancels_or_may_not_comes_back_with_the_error() {
    let blocked = GoogleAccount::new("kim@school.example", "Kim").refused("admin_policy_enforced");
    let config = GoogleConfig::default()
        .redirect_uri(REDIRECT)
        .account(blocked);
    let google = Google::start(config).unwrap();
    let url = authorize_url(&google, &parameters(&google));
    let error = |account, choice| {
        let back = google.consent(&url, account, &choice).unwrap();
        assert_eq!(parameter(&back, "state").unwrap(), "st-1");
        assert_eq!(parameter(&back, "code"), None);
        parameter(&back, "error").unwrap()
    };
    assert_eq!(error(CASEY, ConsentChoice::Cancel), "access_denied");
    assert_eq!(
        error(CASEY, ConsentChoice::Refused("org_internal".into())),
        "org_internal"
    );
    assert_eq!(
        error("kim@school.example", ConsentChoice::Allow),
        "admin_policy_enforced"
    );
    let unknown = google.consent(&url, "nobody@gmail.example", &ConsentChoice::Allow);
    assert_eq!(unknown, Err(ConsentError::UnknownAccount));
}

#[tokio::test]
async fn a_code_gives_tokens_for_what_was_ticked() {
    let google = start();
    let unticked = "https://www.googleapis.com/auth/calendar.events.freebusy".to_owned();
    let code = code(
        &google,
        CASEY,
        &ConsentChoice::AllowWithout(vec![unticked.clone()]),
    );
    let (status, reply) = token(&google, &redemption(&google, &code)).await;
    assert_eq!(status, 200);
    assert_eq!(reply["token_type"], "Bearer");
    assert_eq!(reply["expires_in"], 3599);
    assert!(reply["refresh_token"].as_str().unwrap().starts_with("1//0"));
    assert_eq!(reply["id_token"].as_str().unwrap().split('.').count(), 3);
    let scope = reply["scope"].as_str().unwrap();
    assert!(!scope.contains(&unticked));
    assert!(
        scope
            .split(' ')
            .any(|one| one == "https://www.googleapis.com/auth/userinfo.email")
    );
}

#[tokio::test]
async fn a_wrong_redemption_is_refused_and_leaves_the_code_usable() {
    let google = start();
    let code = code(&google, CASEY, &ConsentChoice::Allow);
    for (name, value, status, error) in [
        ("client_id", Some("other"), 401, "invalid_client"),
        ("client_secret", Some("wrong"), 401, "invalid_client"),
        ("client_secret", None, 400, "invalid_request"),
        (
            "redirect_uri",
            Some("http://127.0.0.1:8000/"),
            400,
            "redirect_uri_mismatch",
        ),
        (
            "code_verifier",
            Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK"),
            400,
            "invalid_grant",
        ),
        ("code_verifier", None, 400, "invalid_grant"),
        ("code", Some("4/0Awrong"), 400, "invalid_grant"),
        (
            "grant_type",
            Some("password"),
            400,
            "unsupported_grant_type",
        ),
        ("grant_type", None, 400, "invalid_request"),
        ("scope", Some("openid"), 400, "invalid_request"),
    ] {
        let mut form = redemption(&google, &code);
        form.retain(|(key, _)| *key != name);
        form.extend(value.map(|value| (name, value.to_owned())));
        let (got, body) = token(&google, &form).await;
        assert_eq!(
            (got, body["error"].as_str().unwrap()),
            (status, error),
            "{name}={value:?}"
        );
        assert!(body["error_description"].is_string());
    }
    let json = http()
        .post(setting(&google, "GOOGLE_TOKEN_URL"))
        .json(&json!({ "code": code }));
    assert_eq!(read(json.send().await.unwrap()).await.0, 400);
    let url = format!("{}?code={code}", setting(&google, "GOOGLE_TOKEN_URL"));
    let in_query = http()
        .post(url)
        .form(&redemption(&google, &code))
        .send()
        .await
        .unwrap();
    assert_eq!(in_query.status(), 400);
    assert_eq!(token(&google, &redemption(&google, &code)).await.0, 200);
}

#[tokio::test]
async fn a_client_may_authenticate_with_basic() {
    let google = start();
    let code = code(&google, CASEY, &ConsentChoice::Allow);
    let mut form = redemption(&google, &code);
    form.retain(|(key, _)| !key.starts_with("client_"));
    let send = |secret: String| {
        let id = setting(&google, "GOOGLE_CLIENT_ID");
        let url = setting(&google, "GOOGLE_TOKEN_URL");
        http()
            .post(url)
            .basic_auth(id, Some(secret))
            .form(&form)
            .send()
    };
    assert_eq!(send("wrong".into()).await.unwrap().status(), 401);
    assert_eq!(
        send(setting(&google, "GOOGLE_CLIENT_SECRET"))
            .await
            .unwrap()
            .status(),
        200
    );
}

#[tokio::test]
async fn a_code_used_twice_ends_what_it_gave() {
    let client = Client::casey().await;
    let code = code(&client.google, CASEY, &ConsentChoice::Allow);
    let (_, second) = token(&client.google, &redemption(&client.google, &code)).await;
    let (status, body) = token(&client.google, &redemption(&client.google, &code)).await;
    assert_eq!(
        (status, body["error"].as_str().unwrap()),
        (400, "invalid_grant")
    );
    let given = second["refresh_token"].as_str().unwrap();
    assert_eq!(
        token(&client.google, &refreshing(&client.google, given))
            .await
            .0,
        400
    );
    // What came from another consent lives on.
    assert_eq!(
        token(&client.google, &refreshing(&client.google, &client.refresh))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn a_code_lives_ten_minutes() {
    let google = start();
    let early = code(&google, CASEY, &ConsentChoice::Allow);
    google.advance_clock(Duration::from_secs(590));
    assert_eq!(token(&google, &redemption(&google, &early)).await.0, 200);
    let late = code(&google, CASEY, &ConsentChoice::Allow);
    google.advance_clock(Duration::from_secs(601));
    assert_eq!(token(&google, &redemption(&google, &late)).await.0, 400);
}

#[tokio::test]
async fn a_refresh_token_comes_only_offline_and_with_fresh_consent() {
    let google = start();
    let mut seen = Vec::new();
    for (access_type, prompt) in [
        ("online", ""),
        ("offline", ""),
        ("offline", "select_account"),
        ("offline", "consent"),
    ] {
        let mut parameters = parameters(&google);
        parameters.retain(|(key, _)| !["access_type", "prompt"].contains(key));
        parameters.push(("access_type", access_type.into()));
        parameters.push(("prompt", prompt.into()));
        let back = google
            .consent(
                &authorize_url(&google, &parameters),
                CASEY,
                &ConsentChoice::Allow,
            )
            .unwrap();
        let code = parameter(&back, "code").unwrap();
        let (_, reply) = token(&google, &redemption(&google, &code)).await;
        seen.push(reply["refresh_token"].is_string());
    }
    assert_eq!(seen, [false, false, false, true]);
}

#[tokio::test]
async fn an_access_token_dies_and_is_refreshed() {
    let mut client = Client::casey().await;
    assert_eq!(client.get("users/me/calendarList").await.0, 200);
    client.google.advance_clock(Duration::from_secs(3_600));
    let (status, body) = client.get("users/me/calendarList").await;
    assert_eq!((status, reason(&body)), (401, "authError"));
    let (status, reply) = token(&client.google, &refreshing(&client.google, &client.refresh)).await;
    assert_eq!(status, 200);
    assert!(reply.get("refresh_token").is_none());
    client.token = reply["access_token"].as_str().unwrap().to_owned();
    assert_eq!(client.get("users/me/calendarList").await.0, 200);
    client.google.expire_access_tokens();
    assert_eq!(client.get("users/me/calendarList").await.0, 401);
    assert_eq!(
        token(&client.google, &refreshing(&client.google, &client.refresh))
            .await
            .0,
        200
    );
    assert!(client.google.kill_grant(CASEY));
    let (status, body) = token(&client.google, &refreshing(&client.google, &client.refresh)).await;
    assert_eq!(
        (status, body["error"].as_str().unwrap()),
        (400, "invalid_grant")
    );
}

#[tokio::test]
async fn revoking_any_token_ends_the_whole_grant_of_that_account() {
    for by_refresh_token in [true, false] {
        let first = Client::casey().await;
        let other = code(&first.google, CASEY, &ConsentChoice::Allow);
        let (_, other) = token(&first.google, &redemption(&first.google, &other)).await;
        let other = other["refresh_token"].as_str().unwrap();
        let given = if by_refresh_token {
            &first.refresh
        } else {
            &first.token
        };
        let url = setting(&first.google, "GOOGLE_REVOKE_URL");
        let revoke = || http().post(&url).form(&[("token", given)]).send();
        assert_eq!(revoke().await.unwrap().status(), 200);
        assert_eq!(
            token(&first.google, &refreshing(&first.google, other))
                .await
                .0,
            400
        );
        assert_eq!(first.get("users/me/calendarList").await.0, 401);
        let (status, body) = read(revoke().await.unwrap()).await;
        assert_eq!(
            (status, body["error"].as_str().unwrap()),
            (400, "invalid_token")
        );
        let in_query = http().post(format!("{url}?token=x")).send().await.unwrap();
        assert_eq!(in_query.status(), 400);
    }
}

#[tokio::test]
async fn rotated_refresh_tokens_work_once_and_reuse_ends_the_family() {
    let config = GoogleConfig::default()
        .redirect_uri(REDIRECT)
        .rotate_refresh_tokens();
    let client = Client::connect(Google::start(config).unwrap(), CASEY).await;
    let google = &client.google;
    let (_, reply) = token(google, &refreshing(google, &client.refresh)).await;
    let newest = reply["refresh_token"].as_str().unwrap();
    assert_ne!(newest, client.refresh);
    assert_eq!(
        token(google, &refreshing(google, &client.refresh)).await.0,
        400
    );
    assert_eq!(token(google, &refreshing(google, newest)).await.0, 400);
}

#[tokio::test]
async fn the_oldest_refresh_token_dies_silently_beyond_the_limit() {
    let config = GoogleConfig::default()
        .redirect_uri(REDIRECT)
        .refresh_limit(2);
    let client = Client::connect(Google::start(config).unwrap(), CASEY).await;
    let google = &client.google;
    for _ in 0..2 {
        let code = code(google, CASEY, &ConsentChoice::Allow);
        assert_eq!(token(google, &redemption(google, &code)).await.0, 200);
    }
    assert_eq!(google.live_refresh_tokens(CASEY), 2);
    assert_eq!(
        token(google, &refreshing(google, &client.refresh)).await.0,
        400
    );
}

#[tokio::test]
async fn a_grant_in_testing_says_when_it_ends_and_ends_then() {
    let week = Duration::from_secs(7 * 86_400);
    let config = GoogleConfig::default()
        .redirect_uri(REDIRECT)
        .grant_lifetime(week);
    let google = Google::start(config).unwrap();
    let code = code(&google, CASEY, &ConsentChoice::Allow);
    let (_, reply) = token(&google, &redemption(&google, &code)).await;
    assert_eq!(reply["refresh_token_expires_in"], 604_800);
    let refresh = reply["refresh_token"].as_str().unwrap();
    assert_eq!(token(&google, &refreshing(&google, refresh)).await.0, 200);
    google.advance_clock(week);
    assert_eq!(token(&google, &refreshing(&google, refresh)).await.0, 400);
}

#[tokio::test]
async fn identity_is_told_to_whom_it_was_granted() {
    let client = Client::casey().await;
    let url = setting(&client.google, "GOOGLE_USERINFO_URL");
    let (status, body) = read(
        client
            .http
            .get(&url)
            .bearer_auth(&client.token)
            .send()
            .await
            .unwrap(),
    )
    .await;
    assert_eq!(status, 200);
    assert_eq!(body["email"], CASEY);
    assert!(
        body["sub"]
            .as_str()
            .unwrap()
            .bytes()
            .all(|byte| byte.is_ascii_digit())
    );
    assert_eq!(client.http.get(&url).send().await.unwrap().status(), 401);
    assert_eq!(client.send(Method::GET, "nowhere", None).await.0, 404);
}
