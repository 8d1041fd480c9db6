//! Forms to token and revoke endpoints (case 26).

use super::*;
use crate::plugin::sealing::{
    fault::RequestFault,
    form,
    outgoing::{FORM, fill_body},
    policy::{Asked, Way},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header::CONTENT_TYPE};
use url::form_urlencoded;

const TOKEN: (bool, bool) = (true, false);
const REVOKE: (bool, bool) = (false, true);
const BOTH: (bool, bool) = (true, true);

fn fill(given: &Given, at: (bool, bool), body: &str) -> Result<(Bytes, Asked), RequestFault> {
    form::fill(&given.table, &scopes(), at, body.as_bytes())
}

fn pairs(form: &Bytes) -> Vec<(String, String)> {
    form_urlencoded::parse(form).into_owned().collect()
}

#[test]
fn each_credential_is_put_into_its_own_field() {
    let given = given();
    let Given {
        secret,
        access,
        refresh,
        code,
        verifier,
        ..
    } = &given;
    for (at, body, expected) in [
        (
            TOKEN,
            format!(
                "grant_type=authorization_code&code={code}&code_verifier={verifier}&client_id=app\
                 &client_secret={secret}&redirect_uri=https%3A%2F%2Fa.example%2F%3Fb%3Dc"
            ),
            vec![
                ("grant_type", "authorization_code"),
                ("code", CODE),
                ("code_verifier", VERIFIER),
                ("client_id", "app"),
                ("client_secret", SECRET),
                ("redirect_uri", "https://a.example/?b=c"),
            ],
        ),
        (
            TOKEN,
            format!("grant_type=refresh_token&refresh_token={refresh}"),
            vec![("grant_type", "refresh_token"), ("refresh_token", REFRESH)],
        ),
        (
            BOTH,
            format!("grant_type=refresh_token&refresh_token={refresh}&scope=events+openid"),
            vec![
                ("grant_type", "refresh_token"),
                ("refresh_token", REFRESH),
                ("scope", "events openid"),
            ],
        ),
        // However a guest encodes it: it is written anew.
        (
            TOKEN,
            format!(
                "grant%5Ftype=refresh_token&&refresh_toke%6e=%73{}",
                &refresh[1..]
            ),
            vec![("grant_type", "refresh_token"), ("refresh_token", REFRESH)],
        ),
        (REVOKE, format!("token={access}"), vec![("token", ACCESS)]),
        (
            REVOKE,
            format!("token={refresh}&client_secret={secret}&token_type_hint=refresh_token"),
            vec![
                ("token", REFRESH),
                ("client_secret", SECRET),
                ("token_type_hint", "refresh_token"),
            ],
        ),
        (BOTH, format!("token={refresh}"), vec![("token", REFRESH)]),
    ] {
        let (filled, asked) = fill(&given, at, &body).unwrap();
        let is_revocation = body.starts_with("token=");
        assert_eq!(asked == Asked::Revocation, is_revocation, "{body}");
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        assert_eq!(pairs(&filled), expected, "{body}");
    }
}

#[test]
fn case_26_a_form_with_a_credential_in_a_wrong_place_is_refused() {
    let given = given();
    let stranger = super::given().refresh;
    let Given {
        secret,
        access,
        refresh,
        code,
        verifier,
        other,
        ..
    } = &given;
    let upper = refresh.to_ascii_uppercase();
    let encoded: String = refresh.bytes().map(|b| format!("%{b:02x}")).collect();
    let refreshing = "grant_type=refresh_token";
    for (at, body, fault) in [
        // Not what the field is for.
        (
            TOKEN,
            format!("{refreshing}&refresh_token={access}"),
            RequestFault::Field("refresh_token"),
        ),
        (
            TOKEN,
            format!("{refreshing}&refresh_token={secret}"),
            RequestFault::Field("refresh_token"),
        ),
        (
            TOKEN,
            format!("{refreshing}&refresh_token={other}"),
            RequestFault::Field("refresh_token"),
        ),
        (
            TOKEN,
            format!("grant_type=authorization_code&code={verifier}"),
            RequestFault::Field("code"),
        ),
        (
            TOKEN,
            format!("grant_type=authorization_code&code={code}&code_verifier={code}"),
            RequestFault::Field("code_verifier"),
        ),
        (
            TOKEN,
            format!("{refreshing}&refresh_token={refresh}&client_secret={refresh}"),
            RequestFault::Field("client_secret"),
        ),
        (
            REVOKE,
            format!("token={secret}"),
            RequestFault::Field("token"),
        ),
        (
            REVOKE,
            format!("token={code}"),
            RequestFault::Field("token"),
        ),
        // Not what this call was given.
        (
            TOKEN,
            format!("{refreshing}&refresh_token={stranger}"),
            RequestFault::Field("refresh_token"),
        ),
        (
            TOKEN,
            format!("{refreshing}&refresh_token=a-literal-token"),
            RequestFault::Field("refresh_token"),
        ),
        (
            TOKEN,
            format!("{refreshing}&refresh_token="),
            RequestFault::Field("refresh_token"),
        ),
        (
            TOKEN,
            format!("{refreshing}&refresh_token={upper}"),
            RequestFault::Field("refresh_token"),
        ),
        (
            REVOKE,
            "token=a-literal-token".to_owned(),
            RequestFault::Field("token"),
        ),
        // Not the whole value.
        (
            TOKEN,
            format!("{refreshing}&refresh_token={refresh}x"),
            RequestFault::Field("refresh_token"),
        ),
        (
            TOKEN,
            format!("{refreshing}&refresh_token=+{refresh}"),
            RequestFault::Field("refresh_token"),
        ),
        (
            TOKEN,
            format!("{refreshing}&refresh_token={refresh}%00"),
            RequestFault::Field("refresh_token"),
        ),
        (
            TOKEN,
            format!("{refreshing}&refresh_token={refresh}{refresh}"),
            RequestFault::Field("refresh_token"),
        ),
        (
            TOKEN,
            format!("{refreshing}&refresh_token={refresh};x=1"),
            RequestFault::Field("refresh_token"),
        ),
        // Twice.
        (
            TOKEN,
            format!("{refreshing}&refresh_token={refresh}&refresh_token={refresh}"),
            RequestFault::Twice("refresh_token"),
        ),
        (
            TOKEN,
            format!("{refreshing}&refresh_token={refresh}&refresh_token=x"),
            RequestFault::Twice("refresh_token"),
        ),
        // In another field, name or encoding.
        (
            TOKEN,
            format!("{refreshing}&refresh_token={refresh}&scope={refresh}"),
            RequestFault::Body,
        ),
        (
            TOKEN,
            format!("{refreshing}&refresh_token={refresh}&state={encoded}"),
            RequestFault::Body,
        ),
        (
            TOKEN,
            format!("{refreshing}&refresh_token={refresh}&{secret}=x"),
            RequestFault::Body,
        ),
        (
            TOKEN,
            format!("{refreshing}&refresh_token={refresh}&{secret}"),
            RequestFault::Body,
        ),
        (
            TOKEN,
            format!("{refreshing}&REFRESH_TOKEN={refresh}"),
            RequestFault::Body,
        ),
        (
            TOKEN,
            format!("{refreshing}&refresh_token%5B%5D={refresh}"),
            RequestFault::Body,
        ),
        (
            TOKEN,
            format!("{refreshing}&+refresh_token={refresh}"),
            RequestFault::Body,
        ),
        (
            TOKEN,
            format!("{refreshing};refresh_token={refresh}"),
            RequestFault::Body,
        ),
        (
            TOKEN,
            format!("{refreshing}&x=refresh_token%3D{refresh}"),
            RequestFault::Body,
        ),
        (
            TOKEN,
            format!("{refreshing}&x=%7B%22refresh_token%22%3A%22{refresh}%22%7D"),
            RequestFault::Body,
        ),
        (
            TOKEN,
            format!("{{\"refresh_token\":\"{refresh}\"}}"),
            RequestFault::Body,
        ),
        (TOKEN, format!("token={refresh}"), RequestFault::Body),
        (
            REVOKE,
            format!("refresh_token={refresh}"),
            RequestFault::Body,
        ),
        (
            REVOKE,
            format!("token={refresh}&code={code}"),
            RequestFault::Body,
        ),
        // Another grant than the user's own.
        (
            TOKEN,
            format!("refresh_token={refresh}"),
            RequestFault::GrantType,
        ),
        (TOKEN, String::new(), RequestFault::GrantType),
        (
            TOKEN,
            "grant_type=refresh_token".to_owned(),
            RequestFault::GrantType,
        ),
        (
            TOKEN,
            format!("grant_type=client_credentials&client_secret={secret}"),
            RequestFault::GrantType,
        ),
        (
            TOKEN,
            "grant_type=password&username=eve&password=eve".to_owned(),
            RequestFault::GrantType,
        ),
        (
            TOKEN,
            format!("{refreshing}&grant_type=password&refresh_token={refresh}"),
            RequestFault::GrantType,
        ),
        (
            TOKEN,
            format!("grant_type=authorization_code&code={code}&refresh_token={refresh}"),
            RequestFault::GrantType,
        ),
        // More than was granted.
        (
            TOKEN,
            format!("{refreshing}&refresh_token={refresh}&scope=events+mail"),
            RequestFault::Scope,
        ),
        (
            TOKEN,
            format!("{refreshing}&refresh_token={refresh}&Scope=mail"),
            RequestFault::Scope,
        ),
        // What some read in another way.
        (
            TOKEN,
            format!("{refreshing}&refresh_token={refresh}&Grant_Type=password"),
            RequestFault::Repeated,
        ),
        (
            TOKEN,
            format!("{refreshing}&refresh_token={refresh}&x=1&x=2"),
            RequestFault::Repeated,
        ),
        // A grant under the name of a revocation.
        (
            REVOKE,
            format!("grant_type=client_credentials&client_secret={secret}"),
            RequestFault::Revocation,
        ),
        (
            REVOKE,
            "grant_type=password&username=eve&password=eve".to_owned(),
            RequestFault::Revocation,
        ),
        (
            REVOKE,
            format!("client_secret={secret}"),
            RequestFault::Revocation,
        ),
        (REVOKE, String::new(), RequestFault::Revocation),
        (
            REVOKE,
            format!("token={refresh}&GRANT_TYPE=password"),
            RequestFault::Revocation,
        ),
        (
            BOTH,
            format!("token={refresh}&grant_type=client_credentials&client_secret={secret}"),
            RequestFault::Revocation,
        ),
        (
            BOTH,
            format!("grant_type=authorization_code&code={code}&token={refresh}"),
            RequestFault::Body,
        ),
        (
            BOTH,
            format!("grant_type=client_credentials&client_secret={secret}"),
            RequestFault::GrantType,
        ),
        // Too much of it.
        (TOKEN, "x".repeat(64 * 1024 + 1), RequestFault::LargeForm),
        (TOKEN, "x=&".repeat(65), RequestFault::LargeForm),
    ] {
        assert_eq!(
            fill(&given, at, &body).err(),
            Some(fault),
            "{at:?} {body:.200}"
        );
    }
}

#[test]
fn case_26_only_one_form_by_post_takes_credentials() {
    let given = given();
    let body = Bytes::from(format!("token={}", given.refresh));
    let way = Way::Form {
        token: false,
        revoke: true,
    };
    let sent = |method: Method, kinds: &[&str]| {
        let mut headers = HeaderMap::new();
        for kind in kinds {
            headers.append(CONTENT_TYPE, HeaderValue::try_from(*kind).unwrap());
        }
        fill_body(&given.table, way, &[], &method, &mut headers, &body)
            .map(|_| headers[CONTENT_TYPE].to_str().unwrap().to_owned())
    };
    for kind in [
        FORM,
        "Application/X-WWW-Form-URLencoded",
        "application/x-www-form-urlencoded; charset=UTF-8",
        "application/x-www-form-urlencoded ;charset=utf-8",
    ] {
        assert_eq!(sent(Method::POST, &[kind]).as_deref(), Ok(FORM), "{kind}");
    }
    for kinds in [
        &[][..],
        &["application/json"],
        &["multipart/form-data; boundary=x"],
        &["text/plain"],
        &["application/x-www-form-urlencoded2"],
        &["application/x-www-form-urlencoded; charset=utf-7"],
        &["application/x-www-form-urlencoded; charset=utf-16"],
        &["application/x-www-form-urlencoded, application/json"],
        &["application/json; application/x-www-form-urlencoded"],
        &[FORM, FORM],
        &[FORM, "application/json"],
    ] {
        assert_eq!(
            sent(Method::POST, kinds),
            Err(RequestFault::NotAForm),
            "{kinds:?}"
        );
    }
    for method in [
        Method::GET,
        Method::PUT,
        Method::PATCH,
        Method::HEAD,
        Method::DELETE,
    ] {
        assert_eq!(sent(method, &[FORM]), Err(RequestFault::NotAForm));
    }
}
