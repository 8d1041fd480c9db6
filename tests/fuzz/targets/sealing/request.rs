//! What a guest sends, and what must hold of what leaves.

use super::piece::{Pieces, Side};
use arbitrary::Arbitrary;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use calport_fuzz::{CANARY, holds, percent_decoded};
use calport_host::plugin::fuzzing::{Call, Given, Leaving, Takes};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Uri,
    header::{AUTHORIZATION, CONTENT_TYPE},
};
use url::form_urlencoded::{self, byte_serialize};

const FORM: &str = "application/x-www-form-urlencoded";

#[derive(Arbitrary, Debug)]
pub struct Request {
    method: Verb,
    to: Place,
    /// Behind the place's own address.
    more: Option<Pieces>,
    authorization: Vec<Authorization>,
    headers: Vec<(Name, Pieces)>,
    kind: Kind,
    body: Body,
}

#[derive(Arbitrary, Debug)]
enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

#[derive(Arbitrary, Debug)]
enum Place {
    Token,
    Revoke,
    Api,
    Authorize,
    Root,
    ForeignToken,
    ForeignApi,
    Elsewhere(Pieces),
}

#[derive(Arbitrary, Debug)]
enum Authorization {
    Bearer(Pieces),
    Basic { id: Pieces, secret: Pieces },
    Other(Pieces),
}

#[derive(Arbitrary, Debug)]
enum Name {
    Any(Pieces),
    Accept,
    IfMatch,
    Prefer,
    ContentType,
}

#[derive(Arbitrary, Debug)]
enum Kind {
    Form,
    FormInUtf8,
    Json,
    None,
}

#[derive(Arbitrary, Debug)]
enum Body {
    Fields(Vec<(Field, Pieces)>),
    Raw(Pieces),
    Bytes(Vec<u8>),
}

#[derive(Arbitrary, Debug)]
enum Field {
    GrantCode,
    GrantRefresh,
    Code,
    Verifier,
    Secret,
    Refresh,
    Token,
    Any(Pieces),
}

impl Request {
    /// Fails if a credential leaves anywhere but in its place.
    pub fn check(&self, call: &Call<'_>) {
        if let Some(request) = self.request(call)
            && let Some(leaving) = call.leaves(request)
        {
            check(call, &leaving);
        }
    }

    fn request(&self, call: &Call<'_>) -> Option<http::Request<Bytes>> {
        let text = |pieces: &Pieces| pieces.text(call, Side::Guest);
        let mut url = match &self.to {
            Place::Token => "https://own.example/token".to_owned(),
            Place::Revoke => "https://own.example/revoke".to_owned(),
            Place::Api => "https://own.example/api/v1/events".to_owned(),
            Place::Authorize => "https://own.example/authorize".to_owned(),
            Place::Root => "https://own.example/".to_owned(),
            Place::ForeignToken => "https://foreign.example/token".to_owned(),
            Place::ForeignApi => "https://foreign.example/api/v1/events".to_owned(),
            Place::Elsewhere(pieces) => text(pieces),
        };
        url.extend(self.more.as_ref().map(text));
        let mut request = http::Request::new(self.body(call));
        *request.uri_mut() = url.parse::<Uri>().ok()?;
        *request.method_mut() = match self.method {
            Verb::Get => Method::GET,
            Verb::Post => Method::POST,
            Verb::Put => Method::PUT,
            Verb::Patch => Method::PATCH,
            Verb::Delete => Method::DELETE,
        };
        self.fill(call, request.headers_mut())?;
        Some(request)
    }

    fn fill(&self, call: &Call<'_>, headers: &mut HeaderMap) -> Option<()> {
        let text = |pieces: &Pieces| pieces.text(call, Side::Guest);
        let kind = match self.kind {
            Kind::Form => Some(FORM),
            Kind::FormInUtf8 => Some("application/x-www-form-urlencoded; charset=UTF-8"),
            Kind::Json => Some("application/json"),
            Kind::None => None,
        };
        if let Some(kind) = kind {
            headers.append(CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        for authorization in self.authorization.iter().take(2) {
            let value = match authorization {
                Authorization::Bearer(token) => format!("Bearer {}", text(token)),
                Authorization::Basic { id, secret } => {
                    let pair = format!("{}:{}", text(id), text(secret));
                    format!("Basic {}", BASE64_STANDARD.encode(pair))
                }
                Authorization::Other(value) => text(value),
            };
            headers.append(AUTHORIZATION, value.parse().ok()?);
        }
        for (name, value) in self.headers.iter().take(8) {
            let name = match name {
                Name::Any(pieces) => HeaderName::try_from(text(pieces)).ok()?,
                Name::Accept => HeaderName::from_static("accept"),
                Name::IfMatch => HeaderName::from_static("if-match"),
                Name::Prefer => HeaderName::from_static("prefer"),
                Name::ContentType => CONTENT_TYPE,
            };
            headers.append(name, text(value).parse().ok()?);
        }
        Some(())
    }

    fn body(&self, call: &Call<'_>) -> Bytes {
        let text = |pieces: &Pieces| pieces.text(call, Side::Guest);
        let fields = match &self.body {
            Body::Raw(pieces) => return text(pieces).into(),
            Body::Bytes(bytes) => return bytes.clone().into(),
            Body::Fields(fields) => fields,
        };
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (field, value) in fields.iter().take(70) {
            match field {
                Field::GrantCode => form.append_pair("grant_type", "authorization_code"),
                Field::GrantRefresh => form.append_pair("grant_type", "refresh_token"),
                Field::Code => form.append_pair("code", &text(value)),
                Field::Verifier => form.append_pair("code_verifier", &text(value)),
                Field::Secret => form.append_pair("client_secret", &text(value)),
                Field::Refresh => form.append_pair("refresh_token", &text(value)),
                Field::Token => form.append_pair("token", &text(value)),
                Field::Any(name) => form.append_pair(&text(name), &text(value)),
            };
        }
        form.finish().into()
    }
}

fn check(call: &Call<'_>, leaving: &Leaving) {
    let Leaving {
        target,
        takes,
        headers,
        body,
    } = leaving;
    assert_eq!(target.origin().to_string(), "https://own.example");
    check_without(call, target.path_and_query().as_bytes());
    check_without(call, &percent_decoded(target.path_and_query().as_bytes()));
    for (name, value) in headers.iter().filter(|(name, _)| *name != AUTHORIZATION) {
        check_without(call, value.as_bytes());
        let name = name.as_str();
        assert!(!holds(name, CANARY.to_ascii_lowercase()), "{name}");
        let lower = call
            .placeholders()
            .iter()
            .map(|text| text.to_ascii_lowercase());
        assert!(
            lower
                .into_iter()
                .all(|placeholder| !name.contains(&placeholder)),
            "{name}"
        );
    }
    let mut all = headers
        .get_all(AUTHORIZATION)
        .iter()
        .map(HeaderValue::as_bytes);
    let authorization = all.next();
    assert_eq!(all.next(), None);
    match takes {
        Takes::Calls => {
            let path = target.path();
            assert!(path == "/api/v1" || path.starts_with("/api/v1/"), "{path}");
            let bearer = format!("Bearer {}", Given::Access.value());
            assert!(
                authorization.is_none_or(|value| value == bearer.as_bytes()),
                "{headers:?}"
            );
            check_without(call, body);
        }
        Takes::Token | Takes::Revocation => {
            let is_token = *takes == Takes::Token;
            assert_eq!(
                target.path_and_query(),
                if is_token { "/token" } else { "/revoke" }
            );
            assert_eq!(
                headers.get_all(CONTENT_TYPE).iter().collect::<Vec<_>>(),
                [FORM]
            );
            if let Some(value) = authorization {
                check_basic(call, value);
            }
            check_form(call, body, is_token);
        }
    }
}

/// Fails if a credential or a placeholder of one is in a text.
fn check_without(call: &Call<'_>, text: &[u8]) {
    assert!(!holds(text, CANARY), "a credential leaves");
    for placeholder in call.placeholders() {
        assert!(!holds(text, placeholder), "a placeholder leaves");
    }
}

/// RFC 6749, section 2.3.1.
fn check_basic(call: &Call<'_>, value: &[u8]) {
    let encoded = value.strip_prefix(b"Basic ").expect("no other scheme");
    let pair = BASE64_STANDARD.decode(encoded).expect("it is Base64");
    let colon = pair
        .iter()
        .position(|byte| *byte == b':')
        .expect("it is a pair");
    let (id, secret) = (&pair[..colon], &pair[colon + 1..]);
    check_without(call, id);
    let wanted: String = byte_serialize(Given::Secret.value().as_bytes()).collect();
    assert_eq!(secret, wanted.as_bytes());
}

fn check_form(call: &Call<'_>, body: &[u8], is_token: bool) {
    let mut seen: Vec<String> = Vec::new();
    for (name, value) in form_urlencoded::parse(body) {
        check_without(call, name.as_bytes());
        let own: &[Given] = match (&*name, is_token) {
            ("client_secret", _) => &[Given::Secret],
            ("code", true) => &[Given::Code],
            ("code_verifier", true) => &[Given::Verifier],
            ("refresh_token", true) => &[Given::Refresh],
            ("token", false) => &[Given::Refresh, Given::Access],
            (_, _) => {
                check_without(call, value.as_bytes());
                continue;
            }
        };
        assert!(
            own.iter().any(|given| given.value() == *value),
            "{name} is not its own credential"
        );
        assert!(!seen.contains(&name.to_string()), "{name} stands twice");
        seen.push(name.into_owned());
    }
    if !is_token {
        assert!(seen.iter().any(|seen| seen == "token"), "{seen:?}");
    }
    if is_token {
        let has = |name: &str| seen.iter().any(|seen| seen == name);
        assert!(has("code") != has("refresh_token"), "{seen:?}");
    }
}
