//! Authorize page and token endpoint.

use std::time::Duration;

use calport_standins::{ConsentChoice, ConsentError, Outlook, ScopeSpelling};
use serde_json::json;

use crate::client::*;

#[test]
fn a_mistake_shows_a_page_or_goes_back_with_an_error() {
    let outlook = start();
    for (name, value, wanted) in [
        ("client_id", Some("other"), Err("AADSTS700016")),
        (
            "redirect_uri",
            Some("http://127.0.0.1:8000/api/calendar/outlook/callback"),
            Err("AADSTS50011"),
        ),
        ("redirect_uri", None, Err("AADSTS90014")),
        (
            "response_type",
            Some("token"),
            Ok("unsupported_response_type"),
        ),
        ("response_type", None, Ok("invalid_request")),
        ("response_mode", Some("fragment"), Ok("invalid_request")),
        ("scope", Some("Calendars.Write"), Ok("invalid_scope")),
        ("scope", None, Ok("invalid_request")),
        ("prompt", Some("always"), Ok("invalid_request")),
        ("code_challenge", None, Ok("invalid_request")),
        (
            "code_challenge_method",
            Some("plain"),
            Ok("invalid_request"),
        ),
        ("access_type", Some("offline"), Err("AADSTS90013")),
    ] {
        let mut parameters = parameters(&outlook);
        parameters.retain(|(key, _)| *key != name);
        parameters.extend(value.map(|value| (name, value.to_owned())));
        let url = authorize_url(&outlook, &parameters);
        let got = match outlook.consent(&url, CASEY, &ConsentChoice::Allow) {
            Ok(back) => {
                assert_eq!(parameter(&back, "state").unwrap(), "st-1");
                assert!(
                    parameter(&back, "error_description")
                        .unwrap()
                        .starts_with("AADSTS")
                );
                Ok(parameter(&back, "error").unwrap())
            }
            Err(ConsentError::Page { code, .. }) => Err(code),
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(
            got.as_deref().map_err(String::as_str),
            wanted,
            "{name}={value:?}"
        );
    }
}

#[test]
fn refusals_come_back_in_microsofts_shape() {
    let outlook = start();
    let url = authorize_url(&outlook, &parameters(&outlook));
    let back = |account, choice| outlook.consent(&url, account, &choice).unwrap();
    let cancelled = back(CASEY, ConsentChoice::Cancel);
    assert_eq!(parameter(&cancelled, "error").unwrap(), "access_denied");
    assert_eq!(parameter(&cancelled, "error_subcode").unwrap(), "cancel");
    let blocked = back(KIM, ConsentChoice::Allow);
    assert_eq!(parameter(&blocked, "error").unwrap(), "consent_required");
    assert!(
        parameter(&blocked, "error_description")
            .unwrap()
            .starts_with("AADSTS90094:")
    );
    let declined = back(SAM, ConsentChoice::Refused("AADSTS65004".into()));
    assert_eq!(parameter(&declined, "error").unwrap(), "consent_required");
}

#[test]
fn a_tenant_is_for_its_own_accounts() {
    let outlook = start();
    let url = authorize_url(&outlook, &parameters(&outlook));
    let consent = |tenant: &str, account| {
        let url = url.replace("/common/", &format!("/{tenant}/"));
        outlook.consent(&url, account, &ConsentChoice::Allow)
    };
    assert!(consent("consumers", CASEY).is_ok());
    assert!(consent("organizations", SAM).is_ok());
    assert!(consent("contoso.example", SAM).is_ok());
    for (tenant, account, wanted) in [
        ("consumers", SAM, "AADSTS50020"),
        ("organizations", CASEY, "AADSTS50020"),
        ("nowhere.example", SAM, "AADSTS90002"),
    ] {
        let Err(ConsentError::Page { code, .. }) = consent(tenant, account) else {
            panic!("{tenant}")
        };
        assert_eq!(code, wanted);
    }
}

#[tokio::test]
async fn a_code_gives_tokens_and_scopes_in_a_spelling_of_their_own() {
    for (spelling, wanted) in [
        (ScopeSpelling::Short, "Calendars.ReadWrite User.Read"),
        (
            ScopeSpelling::Prefixed,
            "https://graph.microsoft.com/Calendars.ReadWrite https://graph.microsoft.com/User.Read",
        ),
        (ScopeSpelling::LowerCase, "calendars.readwrite user.read"),
    ] {
        let outlook = Outlook::start(config().scope_spelling(spelling)).unwrap();
        let code = code(&outlook, CASEY);
        let (status, reply) = token(&outlook, &redemption(&outlook, &code)).await;
        assert_eq!((status, &reply["scope"]), (200, &json!(wanted)));
        assert_eq!(reply["expires_in"], 3599);
        assert!(reply["refresh_token"].is_string());
    }
    let outlook = start();
    let mut online = parameters(&outlook);
    online.retain(|(name, _)| *name != "scope");
    online.push((
        "scope",
        "https://GRAPH.microsoft.com/calendars.readwrite".into(),
    ));
    let back = outlook
        .consent(
            &authorize_url(&outlook, &online),
            CASEY,
            &ConsentChoice::Allow,
        )
        .unwrap();
    let code = parameter(&back, "code").unwrap();
    let (_, reply) = token(&outlook, &redemption(&outlook, &code)).await;
    assert!(reply.get("refresh_token").is_none());
}

#[tokio::test]
async fn a_wrong_redemption_names_its_code_and_leaves_the_grant_usable() {
    let outlook = start();
    let code = code(&outlook, CASEY);
    for (name, value, status, error, number) in [
        (
            "client_id",
            Some("other"),
            400,
            "unauthorized_client",
            700016,
        ),
        (
            "client_secret",
            Some("wrong"),
            401,
            "invalid_client",
            7000215,
        ),
        ("client_secret", None, 401, "invalid_client", 7000218),
        (
            "redirect_uri",
            Some("http://127.0.0.1:8000/"),
            400,
            "invalid_grant",
            500112,
        ),
        ("code_verifier", None, 400, "invalid_grant", 50148),
        (
            "code_verifier",
            Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK"),
            400,
            "invalid_grant",
            50148,
        ),
        ("code", Some("0.AXoAwrong"), 400, "invalid_grant", 70000),
        (
            "grant_type",
            Some("password"),
            400,
            "unsupported_grant_type",
            70003,
        ),
        (
            "scope",
            Some("MailboxSettings.Read"),
            400,
            "invalid_grant",
            65001,
        ),
        (
            "scope",
            Some("Calendars.Write"),
            400,
            "invalid_scope",
            70011,
        ),
        ("resource", Some("x"), 400, "invalid_request", 90013),
    ] {
        let mut form = redemption(&outlook, &code);
        form.retain(|(key, _)| *key != name);
        form.extend(value.map(|value| (name, value.to_owned())));
        let (got, body) = token(&outlook, &form).await;
        assert_eq!(
            (got, &body["error"]),
            (status, &json!(error)),
            "{name}={value:?}"
        );
        assert_eq!(body["error_codes"], json!([number]), "{name}={value:?}");
        let description = body["error_description"].as_str().unwrap();
        assert!(description.starts_with(&format!("AADSTS{number}: ")));
    }
    let elsewhere = setting(&outlook, "OUTLOOK_TOKEN_URL").replace("/common/", "/organizations/");
    let personal = http()
        .post(elsewhere)
        .form(&redemption(&outlook, &code))
        .send()
        .await
        .unwrap();
    assert_eq!(personal.status(), 400);
    assert_eq!(token(&outlook, &redemption(&outlook, &code)).await.0, 200);
    let (status, body) = token(&outlook, &redemption(&outlook, &code)).await;
    assert_eq!((status, &body["error_codes"]), (400, &json!([54005])));
}

#[tokio::test]
async fn a_code_lives_ten_minutes_and_an_unused_refresh_token_ninety_days() {
    let outlook = start();
    let late = code(&outlook, CASEY);
    outlook.advance_clock(Duration::from_secs(601));
    let (_, body) = token(&outlook, &redemption(&outlook, &late)).await;
    assert_eq!(body["error_codes"], json!([70008]));
    let client = Client::connect(outlook, CASEY).await;
    client
        .outlook
        .advance_clock(Duration::from_secs(89 * 86_400));
    let (status, reply) = token(
        &client.outlook,
        &refreshing(&client.outlook, &client.refresh),
    )
    .await;
    assert_eq!(status, 200);
    client
        .outlook
        .advance_clock(Duration::from_secs(2 * 86_400));
    let (_, body) = token(
        &client.outlook,
        &refreshing(&client.outlook, &client.refresh),
    )
    .await;
    assert_eq!(body["error_codes"], json!([700082]));
    let newest = reply["refresh_token"].as_str().unwrap();
    assert_eq!(
        token(&client.outlook, &refreshing(&client.outlook, newest))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn every_refresh_gives_a_new_token_and_the_old_one_lives_unless_told_otherwise() {
    for revokes in [false, true] {
        let config = if revokes {
            config().revoke_used_refresh_tokens()
        } else {
            config()
        };
        let client = Client::connect(Outlook::start(config).unwrap(), CASEY).await;
        let form = refreshing(&client.outlook, &client.refresh);
        let (_, first) = token(&client.outlook, &form).await;
        assert_ne!(first["refresh_token"], json!(client.refresh));
        let (status, _) = token(&client.outlook, &form).await;
        assert_eq!(status, if revokes { 400 } else { 200 });
    }
}

#[tokio::test]
async fn a_dead_grant_says_how_it_died() {
    let client = Client::casey().await;
    let (status, _) = client.get("me").await;
    assert_eq!(status, 200);
    assert!(client.outlook.kill_grant_with(CASEY, 70043));
    let (status, body) = token(
        &client.outlook,
        &refreshing(&client.outlook, &client.refresh),
    )
    .await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_grant")));
    assert_eq!(body["error_codes"], json!([70043]));
    let (status, body) = client.get("me").await;
    assert_eq!((status, error(&body)), (401, "InvalidAuthenticationToken"));
    assert_eq!(client.outlook.live_refresh_tokens(CASEY), 0);
}

#[tokio::test]
async fn me_says_who_it_is() {
    let client = Client::casey().await;
    let (_, personal) = client.get("me?$select=id,mail,userPrincipalName").await;
    assert_eq!(
        (&personal["mail"], &personal["userPrincipalName"]),
        (&json!(null), &json!(CASEY))
    );
    let (_, work) = Client::sam().await.get("me").await;
    assert_eq!(
        (&work["mail"], &work["displayName"]),
        (&json!(SAM), &json!("Sam Staff"))
    );
    assert_ne!(work["id"], personal["id"]);
    assert_eq!(client.get("me?$select=email").await.0, 400);
}
