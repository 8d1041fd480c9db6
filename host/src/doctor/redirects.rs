//! The exact redirect URI to register with a provider, and whether it will register it.

use super::{Patient, Report};
use crate::{config::is_loopback, connect::redirect_uri, plugin::calendar::ProviderInfo};
use url::{Host, Url};

pub(super) fn examine(patient: &Patient<'_>, provider: &ProviderInfo, report: &mut Report) {
    let area = &provider.label;
    let setting = provider.redirect_setting.as_deref();
    let configured = setting.and_then(|name| patient.environment.get(name));
    let Some(public_url) = &patient.public_url else {
        if configured.is_none() {
            report.warning(
                area,
                "Its redirect URI is not known: CALPORT_PUBLIC_URL is not set, or wrong.",
                "Set CALPORT_PUBLIC_URL to the https URL that browsers see.",
            );
        }
        return;
    };
    let uri = redirect_uri(public_url, provider, configured);
    let Ok(url) = Url::parse(&uri) else {
        // It is among the configuration's mistakes.
        return;
    };
    match refused(&provider.id, &url) {
        Some(why) => report.problem(
            area,
            format!("The redirect URI {uri} will not be registered: {why}."),
            "Set CALPORT_PUBLIC_URL to an https URL with a name.",
        ),
        None => report.ok(area, format!("Redirect URI to register, exactly: {uri}")),
    }
    let Some(name) = setting.filter(|_| configured.is_some()) else {
        return;
    };
    if url.origin() != public_url.origin() {
        report.warning(
            area,
            format!(
                "{name} leads browsers back to another origin than CALPORT_PUBLIC_URL, where \
                 the flow's cookie does not come along."
            ),
            format!("Remove {name}, or make both one origin."),
        );
    } else if url.path() != own_path(public_url, provider) {
        report.warning(
            area,
            format!("{name} has another path than the one that answers here."),
            format!("Remove {name}, unless a proxy leads that path to the right one."),
        );
    }
}

fn own_path(public_url: &Url, provider: &ProviderInfo) -> String {
    let own = redirect_uri(public_url, provider, None);
    Url::parse(&own).map_or(own, |url| url.path().to_owned())
}

/// What the providers' own documents say: "Redirect URI validation rules" (Google Identity),
/// "Redirect URI (reply URL) restrictions" (Microsoft identity platform).
fn refused(provider: &str, url: &Url) -> Option<&'static str> {
    let is_address = matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)));
    match (url.scheme(), is_loopback(url)) {
        ("https", false) if is_address && provider == "google" => Some("Google takes no addresses"),
        ("https", _) => None,
        ("http", true) if is_address && provider == "outlook" => {
            Some("over http Microsoft takes localhost alone")
        }
        ("http", true) => None,
        _ => Some("outside this machine it must be https"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_providers_do_not_register_is_known_before() {
        for (provider, uri, is_fine) in [
            ("google", "https://calendars.example/cb/", true),
            ("google", "http://localhost:8000/cb/", true),
            ("google", "http://127.0.0.1:8000/cb/", true),
            ("google", "https://203.0.113.7/cb/", false),
            ("google", "http://calendars.example/cb/", false),
            ("outlook", "https://calendars.example/cb/", true),
            ("outlook", "http://localhost:8000/cb/", true),
            ("outlook", "http://127.0.0.1:8000/cb/", false),
        ] {
            let url = Url::parse(uri).unwrap();
            assert_eq!(refused(provider, &url).is_none(), is_fine, "{uri}");
        }
    }
}
