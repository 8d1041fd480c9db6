//! Checks what a plugin says of itself before any of it is believed: a description may
//! name neither settings of others nor endpoints in the clear.

use super::calendar::{
    Credential, EndpointUse, PluginInfo, ProviderInfo, ProviderKind, Revocation,
};
use crate::plain;
use std::collections::BTreeSet;
use url::Url;

/// Providers of one plugin: more than there are calendars in the world that matter.
const PROVIDERS: usize = 32;

/// Base URLs of one provider. Google has five.
const ENDPOINTS: usize = 16;

/// Scopes of one provider. Google's are five.
const SCOPES: usize = 32;

/// An endpoint's default, in bytes.
const LONGEST_URL: usize = 1_024;

/// What is wrong with a description. The texts in it are bounded and printable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DescriptionError {
    /// An id that cannot be part of a URL, or stands twice.
    #[error("a provider's id must be unique and of the form [a-z][a-z0-9-]*, at most 32 long")]
    ProviderId,
    /// A name or reason that is empty or too long.
    #[error("{0} must be 1 to 200 characters of plain text")]
    Text(&'static str),
    /// More of something than any plugin needs.
    #[error("there are more than {1} {0}")]
    TooMany(&'static str, usize),
    /// A setting that is not the provider's own.
    #[error(
        "the provider {provider} names a setting that is not its own: {allowed} are allowed, \
         each once"
    )]
    Setting {
        /// The provider.
        provider: String,
        /// The names that it may use.
        allowed: String,
    },
    /// An OAuth provider without what OAuth needs, or a file provider with any of it.
    #[error(
        "the provider {0} needs credentials and authorize, token and api endpoints if and only if it is of kind \
         oauth; a provider of kind file has no changes"
    )]
    Incomplete(String),
    /// A credential that is called a secret and is none, or the other way round.
    #[error(
        "the provider {0} must say of its _CLIENT_SECRET that it is secret, and of its _CLIENT_ID that it is not"
    )]
    Secrecy(String),
    /// An endpoint that is no https URL.
    #[error("the provider {0} has an endpoint whose default is not a plain https URL")]
    Endpoint(String),
    /// A revocation that is missing, not wanted, or shown to users on no https page.
    #[error(
        "the provider {0} must say how its grants are revoked if and only if it is of kind oauth: by call, or by \
         the user on 1 to 4 https pages"
    )]
    Revocation(String),
}

/// Checks a description.
pub(super) fn check(info: &PluginInfo) -> Result<(), DescriptionError> {
    text("the plugin's name", &info.name)?;
    text("the plugin's version", &info.version)?;
    at_most("providers", info.providers.len(), PROVIDERS)?;
    let mut ids = BTreeSet::new();
    for provider in &info.providers {
        if !is_provider_id(&provider.id) || !ids.insert(&provider.id) {
            return Err(DescriptionError::ProviderId);
        }
        check_provider(provider)?;
    }
    Ok(())
}

fn check_provider(provider: &ProviderInfo) -> Result<(), DescriptionError> {
    text("a provider's label", &provider.label)?;
    at_most(
        "endpoints of a provider",
        provider.endpoints.len(),
        ENDPOINTS,
    )?;
    at_most("scopes of a provider", provider.scopes.len(), SCOPES)?;
    for scope in &provider.scopes {
        text("a scope", &scope.name)?;
        text("a scope's reason", &scope.reason)?;
    }
    let has = |wanted| {
        provider
            .endpoints
            .iter()
            .any(|endpoint| endpoint.uses.contains(wanted))
    };
    let complete = !provider.credentials.is_empty()
        && has(EndpointUse::AUTHORIZE)
        && has(EndpointUse::TOKEN)
        && has(EndpointUse::API);
    let empty = provider.credentials.is_empty() && provider.endpoints.is_empty();
    let fits = match provider.kind {
        ProviderKind::Oauth => complete,
        ProviderKind::File => empty && !provider.changes,
    };
    if !fits {
        return Err(DescriptionError::Incomplete(provider.id.clone()));
    }
    let revocable = match (&provider.kind, &provider.revocation) {
        (ProviderKind::Oauth, Some(Revocation::ByCall)) | (ProviderKind::File, None) => true,
        (ProviderKind::Oauth, Some(Revocation::ByUser(pages))) => {
            (1..=4).contains(&pages.len()) && pages.iter().all(|page| is_page(page))
        }
        (ProviderKind::Oauth, None) | (ProviderKind::File, Some(_)) => false,
    };
    if !revocable {
        return Err(DescriptionError::Revocation(provider.id.clone()));
    }
    check_settings(provider)?;
    let honest = |c: &Credential| c.secret == c.name.ends_with("_CLIENT_SECRET");
    if !provider.credentials.iter().all(honest) {
        return Err(DescriptionError::Secrecy(provider.id.clone()));
    }
    for endpoint in &provider.endpoints {
        let plain = is_visible(&endpoint.default_url)
            && endpoint.default_url.len() <= LONGEST_URL
            && Url::parse(&endpoint.default_url).is_ok_and(|url| {
                url.scheme() == "https"
                    && url.username().is_empty()
                    && url.password().is_none()
                    && url.query().is_none()
                    && url.fragment().is_none()
            });
        if !plain {
            return Err(DescriptionError::Endpoint(provider.id.clone()));
        }
    }
    Ok(())
}

/// The URL parser drops line breaks and tabs in silence.
fn is_visible(url: &str) -> bool {
    url.bytes().all(|b| b.is_ascii_graphic())
}

/// Whether users may be sent there.
fn is_page(page: &str) -> bool {
    page.len() <= 200
        && is_visible(page)
        && Url::parse(page).is_ok_and(|url| {
            url.scheme() == "https" && url.username().is_empty() && url.password().is_none()
        })
}

/// The names are tied to the provider's id, so that no plugin can read another's
/// credentials, or the host's.
fn check_settings(provider: &ProviderInfo) -> Result<(), DescriptionError> {
    let prefix = format!("{}_", provider.id.to_ascii_uppercase().replace('-', "_"));
    let mut seen = BTreeSet::new();
    let mut own = |name: &str, suffixes: &[&str]| {
        let is_own = name.strip_prefix(&prefix).is_some_and(|rest| {
            suffixes
                .iter()
                .any(|suffix| match suffix.strip_prefix('*') {
                    Some(end) => rest.strip_suffix(end).is_some_and(is_word),
                    None => rest == *suffix,
                })
        });
        is_own && seen.insert(name.to_owned())
    };
    let fine = provider
        .credentials
        .iter()
        .all(|c| own(&c.name, &["CLIENT_ID", "CLIENT_SECRET"]))
        && provider
            .redirect_setting
            .iter()
            .all(|name| own(name, &["REDIRECT_URI"]))
        && provider
            .endpoints
            .iter()
            .all(|endpoint| own(&endpoint.setting, &["*_URL"]));
    if fine && !matches!(provider.id.as_str(), "calport") {
        return Ok(());
    }
    Err(DescriptionError::Setting {
        provider: provider.id.clone(),
        allowed: format!(
            "{prefix}CLIENT_ID, {prefix}CLIENT_SECRET, {prefix}REDIRECT_URI and {prefix}WORD_URL"
        ),
    })
}

fn is_word(word: &str) -> bool {
    (1..=32).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_uppercase())
}

fn is_provider_id(id: &str) -> bool {
    id.len() <= 32
        && id.starts_with(|c: char| c.is_ascii_lowercase())
        && id
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn at_most(what: &'static str, length: usize, most: usize) -> Result<(), DescriptionError> {
    if length <= most {
        return Ok(());
    }
    Err(DescriptionError::TooMany(what, most))
}

fn text(what: &'static str, text: &str) -> Result<(), DescriptionError> {
    let length = text.chars().count();
    if (1..=200).contains(&length) && !text.contains(plain::is_steering) {
        return Ok(());
    }
    Err(DescriptionError::Text(what))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::calendar::Endpoint;

    fn google() -> ProviderInfo {
        let endpoint = |setting: &str, uses| Endpoint {
            setting: setting.into(),
            default_url: "https://provider.example/x".into(),
            uses,
        };
        ProviderInfo {
            id: "google".into(),
            label: "Google".into(),
            kind: ProviderKind::Oauth,
            credentials: vec![Credential {
                name: "GOOGLE_CLIENT_ID".into(),
                secret: false,
            }],
            redirect_setting: Some("GOOGLE_REDIRECT_URI".into()),
            endpoints: vec![
                endpoint("GOOGLE_AUTH_URL", EndpointUse::AUTHORIZE),
                endpoint("GOOGLE_TOKEN_URL", EndpointUse::TOKEN),
                endpoint("GOOGLE_API_URL", EndpointUse::API),
            ],
            scopes: vec![],
            changes: true,
            revocation: Some(Revocation::ByCall),
        }
    }

    fn check_one(change: impl FnOnce(&mut ProviderInfo)) -> Result<(), DescriptionError> {
        let mut provider = google();
        change(&mut provider);
        let providers = vec![provider];
        check(&PluginInfo {
            name: "p".into(),
            version: "1.0.0".into(),
            providers,
        })
    }

    #[test]
    fn a_plugin_cannot_name_settings_that_are_not_its_own() {
        assert_eq!(check_one(|_| ()), Ok(()));
        for name in [
            "CALPORT_KEYS",
            "OUTLOOK_CLIENT_SECRET",
            "GOOGLE_CLIENT_ID_X",
            "GOOGLE_",
            "PATH",
            "AWS_SECRET_ACCESS_KEY",
        ] {
            let result = check_one(|provider| {
                let name = name.into();
                provider.credentials.push(Credential { name, secret: true });
            });
            assert!(
                matches!(result, Err(DescriptionError::Setting { .. })),
                "{name}"
            );
        }
        let twice =
            check_one(|provider| provider.credentials.push(provider.credentials[0].clone()));
        assert!(matches!(twice, Err(DescriptionError::Setting { .. })));
        let host = check_one(|provider| provider.id = "calport".into());
        assert!(host.is_err());
    }

    #[test]
    fn a_plugin_cannot_have_a_secret_in_plain_by_calling_it_public() {
        let credential = |name: &str, secret| Credential {
            name: name.into(),
            secret,
        };
        for (name, secret, honest) in [
            ("GOOGLE_CLIENT_SECRET", true, true),
            ("GOOGLE_CLIENT_SECRET", false, false),
        ] {
            let result = check_one(|provider| provider.credentials.push(credential(name, secret)));
            assert_eq!(result.is_ok(), honest, "{name} {secret}");
        }
        let hidden_id = check_one(|provider| provider.credentials[0].secret = true);
        assert_eq!(hidden_id, Err(DescriptionError::Secrecy("google".into())));
    }

    #[test]
    fn endpoints_are_plain_https_urls() {
        for url in [
            "http://provider.example/",
            "https://u:p@provider.example/",
            "x",
            "https:///",
            "https://provider.example/\r\nx",
        ] {
            let result = check_one(|provider| provider.endpoints[0].default_url = url.into());
            assert_eq!(
                result,
                Err(DescriptionError::Endpoint("google".into())),
                "{url}"
            );
        }
    }

    #[test]
    fn ids_and_texts_are_bounded() {
        for id in ["", "Google", "g/../x", "1g", &"g".repeat(33)] {
            assert_eq!(
                check_one(|provider| provider.id = id.into()),
                Err(DescriptionError::ProviderId)
            );
        }
        assert!(check_one(|provider| provider.label = "x".repeat(201)).is_err());
        assert!(check_one(|provider| provider.label = "a\u{1b}[31m".into()).is_err());
        assert!(check_one(|provider| provider.label = "a\u{202e}b".into()).is_err());
        assert!(check_one(|provider| provider.label = "x".repeat(10)).is_ok());
        assert!(check_one(|provider| provider.endpoints.clear()).is_err());
        let is_file = |changes| {
            check_one(move |provider| {
                provider.kind = ProviderKind::File;
                provider.credentials.clear();
                provider.endpoints.clear();
                provider.redirect_setting = None;
                provider.changes = changes;
                provider.revocation = None;
            })
        };
        assert_eq!(is_file(false), Ok(()));
        assert!(is_file(true).is_err(), "nothing changes in a file");
    }

    #[test]
    fn users_are_sent_to_https_pages_alone_to_take_a_grant_back() {
        let by_user = |pages: &[&str]| {
            let pages = pages.iter().map(|&page| page.to_owned()).collect();
            check_one(|provider| provider.revocation = Some(Revocation::ByUser(pages)))
        };
        assert_eq!(by_user(&["https://provider.example/apps?tab=1"]), Ok(()));
        let refused = Err(DescriptionError::Revocation("google".into()));
        for page in [
            "http://provider.example/",
            "javascript:alert(1)",
            "https://u:p@provider.example/",
            "//provider.example/",
            "",
        ] {
            assert_eq!(by_user(&[page]), refused, "{page}");
        }
        assert_eq!(by_user(&[]), refused);
        assert_eq!(check_one(|provider| provider.revocation = None), refused);
    }
}
