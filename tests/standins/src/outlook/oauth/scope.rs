//! The scopes that exist, what they are called on the consent page, and how Microsoft spells them back.
//!
//! A scope that is not in the table is refused, as Microsoft refuses it.

use std::collections::BTreeSet;

use super::super::config::ScopeSpelling;

const PREFIX: &str = "https://graph.microsoft.com/";

/// Microsoft's "Microsoft Graph permissions reference", those that concern calendars.
const GRAPH: &[(&str, &str)] = &[
    ("Calendars.Read", "Read your calendars"),
    (
        "Calendars.Read.Shared",
        "Read calendars that you can access",
    ),
    (
        "Calendars.ReadBasic",
        "Read basic details of your calendars",
    ),
    ("Calendars.ReadWrite", "Have full access to your calendars"),
    (
        "Calendars.ReadWrite.Shared",
        "Read and write calendars that you can access",
    ),
    ("MailboxSettings.Read", "Read your mailbox settings"),
    ("User.Read", "View your basic profile"),
];

const IDENTITY: &[(&str, &str)] = &[
    ("email", "View your e-mail address"),
    (
        "offline_access",
        "Maintain access to data you have given it access to",
    ),
    ("openid", "Sign you in"),
    ("profile", "View your basic profile"),
];

/// Granted scopes, short and in Microsoft's capitals.
pub(super) type Granted = BTreeSet<String>;

/// Microsoft's spelling of a scope that was asked for, `None` when there is no such scope.
pub(super) fn canonical(scope: &str) -> Option<String> {
    let head = scope
        .get(..PREFIX.len())
        .filter(|head| head.eq_ignore_ascii_case(PREFIX));
    let name = head.map_or(scope, |head| scope.get(head.len()..).unwrap_or_default());
    let identity = if head.is_some() { &[] } else { IDENTITY };
    let all = GRAPH.iter().chain(identity);
    let found = all
        .into_iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(known, _)| (*known).to_owned())
}

/// All scopes of a `scope` parameter.
pub(super) fn parse(text: &str) -> Option<Granted> {
    text.split(' ')
        .filter(|scope| !scope.is_empty())
        .map(canonical)
        .collect()
}

/// What the consent page says of it.
pub(super) fn words(scope: &str) -> &'static str {
    let found = GRAPH
        .iter()
        .chain(IDENTITY)
        .find(|(known, _)| *known == scope);
    found.map_or("Something else", |(_, words)| words)
}

/// As the token reply spells them. `offline_access` is never among them.
pub(super) fn joined(scopes: &Granted, spelling: ScopeSpelling) -> String {
    let graph = |scope: &str| GRAPH.iter().any(|(known, _)| *known == scope);
    let told = scopes.iter().filter(|scope| *scope != "offline_access");
    let spelt = told.map(|scope| match spelling {
        ScopeSpelling::Prefixed if graph(scope) => format!("{PREFIX}{scope}"),
        ScopeSpelling::LowerCase => scope.to_lowercase(),
        ScopeSpelling::Short | ScopeSpelling::Prefixed => scope.clone(),
    });
    spelt.collect::<Vec<_>>().join(" ")
}
