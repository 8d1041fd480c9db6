//! Whether an app's credentials look like what the provider gave out: most that do not are a
//! neighbouring field of its console. Never says any of them.

use super::Report;
use crate::{
    config::Environment,
    plugin::calendar::{Endpoint, ProviderInfo},
};
use uuid::Uuid;

/// How Google's client ids end.
const GOOGLES: &str = ".apps.googleusercontent.com";

/// Whether the provider has them at all.
pub(super) fn examine(
    environment: &Environment,
    provider: &ProviderInfo,
    report: &mut Report,
) -> bool {
    let area = &provider.label;
    let names: Vec<&str> = provider.credentials.iter().map(|it| &*it.name).collect();
    let (set, missing): (Vec<&str>, Vec<&str>) = names
        .iter()
        .partition(|name| environment.get(name).is_some());
    if set.is_empty() {
        report.warning(
            area,
            "It has no app credentials, and shows as temporarily unavailable.",
            format!("Set {}, or leave it so.", names.join(" and ")),
        );
        return false;
    }
    if !missing.is_empty() {
        report.problem(
            area,
            format!(
                "{} is set, and {} is not.",
                set.join(" and "),
                missing.join(" and ")
            ),
            "Set both: it shows as temporarily unavailable until then.",
        );
        return false;
    }
    let mut is_fine = true;
    for name in &names {
        let value = environment.get(name).unwrap_or_default();
        // Whose endpoints were moved has other ids, as stand-ins and proxies may.
        let is_own = !provider
            .endpoints
            .iter()
            .any(|it| is_moved(environment, it));
        if let Some((what, remedy)) = mistaken(&provider.id, name, value, is_own) {
            is_fine = false;
            report.problem(area, format!("{name} {what}."), remedy);
        }
    }
    if is_fine {
        report.ok(area, format!("{} look as they must.", names.join(" and ")));
    }
    true
}

fn is_moved(environment: &Environment, endpoint: &Endpoint) -> bool {
    let set = environment.get(&endpoint.setting);
    set.is_some_and(|url| url != endpoint.default_url)
}

/// What a value is taken for instead, and what to do.
fn mistaken(
    provider: &str,
    name: &str,
    value: &str,
    is_own: bool,
) -> Option<(&'static str, &'static str)> {
    let is_quoted = value.starts_with(['"', '\'']) || value.ends_with(['"', '\'']);
    if is_quoted || value.contains(char::is_whitespace) {
        return Some((
            "holds quotation marks or white space",
            "Take it anew from the provider's console, without anything around it.",
        ));
    }
    let is_id = name.ends_with("_CLIENT_ID");
    let is_uuid = Uuid::try_parse(value).is_ok();
    match (provider, is_id) {
        ("google", true) if is_own && !value.ends_with(GOOGLES) => Some((
            "is no client id of Google's: those end in .apps.googleusercontent.com",
            "Take the Client ID of a client of type \"Web application\" from the Google Cloud \
             console, under Clients.",
        )),
        ("google", false) if value.ends_with(GOOGLES) => Some((
            "is a client id",
            "Take the Client secret that stands beside it in the Google Cloud console.",
        )),
        ("outlook", true) if is_own && !is_uuid => Some((
            "is no application id of Microsoft's: those are UUIDs",
            "Take the Application (client) ID from the app registration's overview in Entra.",
        )),
        ("outlook", false) if is_uuid => Some((
            "is the secret's ID and not the secret",
            "Make a new client secret in Entra, under Certificates & secrets, and take its \
             Value, which is shown only once.",
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_fields_of_the_consoles_are_told_from_the_right_ones() {
        let id = "12-ab.apps.googleusercontent.com";
        let uuid = "6e3f9a3e-2a6c-4b5e-9f0e-1c2d3e4f5a6b";
        for (provider, name, value, is_fine) in [
            ("google", "GOOGLE_CLIENT_ID", id, true),
            ("google", "GOOGLE_CLIENT_ID", "my-project-1234", false),
            ("google", "GOOGLE_CLIENT_ID", uuid, false),
            ("google", "GOOGLE_CLIENT_SECRET", "GOCSPX-canary", true),
            ("google", "GOOGLE_CLIENT_SECRET", id, false),
            ("google", "GOOGLE_CLIENT_SECRET", "\"GOCSPX-canary\"", false),
            ("outlook", "OUTLOOK_CLIENT_ID", uuid, true),
            ("outlook", "OUTLOOK_CLIENT_ID", "contoso", false),
            ("outlook", "OUTLOOK_CLIENT_SECRET", "abc8Q~canary", true),
            ("outlook", "OUTLOOK_CLIENT_SECRET", uuid, false),
            ("outlook", "OUTLOOK_CLIENT_SECRET", "abc 8Q~canary", false),
        ] {
            let found = mistaken(provider, name, value, true);
            assert_eq!(found.is_none(), is_fine, "{name}={value}");
        }
        assert_eq!(mistaken("google", "GOOGLE_CLIENT_ID", "demo", false), None);
    }
}
