//! The scopes that exist, what they are called on the consent page, and how Google spells them back.
//!
//! A scope that is not in the table is refused, as Google refuses it.

use std::collections::BTreeSet;

/// What most scopes begin with.
pub(in crate::google) const AUTH: &str = "https://www.googleapis.com/auth/";

/// Scope without [`AUTH`], and what the consent page says. Google's discovery document of calendar v3.
const CALENDAR: &[(&str, &str)] = &[
    ("calendar", "See, edit, share and delete all your calendars"),
    (
        "calendar.acls",
        "See and change who your calendars are shared with",
    ),
    (
        "calendar.acls.readonly",
        "See who your calendars are shared with",
    ),
    (
        "calendar.app.created",
        "Make extra calendars and manage events on them",
    ),
    (
        "calendar.calendarlist",
        "See, add and remove calendars that you follow",
    ),
    (
        "calendar.calendarlist.readonly",
        "See the list of your calendars",
    ),
    (
        "calendar.calendars",
        "See and change your calendars' properties",
    ),
    (
        "calendar.calendars.readonly",
        "See your calendars' titles, descriptions and zones",
    ),
    (
        "calendar.events",
        "See and edit events on all your calendars",
    ),
    ("calendar.events.freebusy", "See when you are free or busy"),
    (
        "calendar.events.owned",
        "See, make, change and delete events on calendars you own",
    ),
    (
        "calendar.events.owned.readonly",
        "See events on calendars you own",
    ),
    (
        "calendar.events.public.readonly",
        "See events on public calendars",
    ),
    (
        "calendar.events.readonly",
        "See events on all your calendars",
    ),
    ("calendar.freebusy", "See your availability"),
    ("calendar.readonly", "See and download all your calendars"),
    ("calendar.settings.readonly", "See your calendar settings"),
];

/// Scopes of signing in: no boxes to untick.
const IDENTITY: &[(&str, &str)] = &[
    ("openid", "openid"),
    ("email", "https://www.googleapis.com/auth/userinfo.email"),
    (
        "profile",
        "https://www.googleapis.com/auth/userinfo.profile",
    ),
];

/// Granted scopes in Google's full spelling.
pub(in crate::google) type Granted = BTreeSet<String>;

/// Google's spelling of a scope that was asked for, `None` when there is no such scope.
pub(super) fn canonical(scope: &str) -> Option<String> {
    let known = |name: &str| CALENDAR.iter().any(|(known, _)| *known == name);
    if scope.strip_prefix(AUTH).is_some_and(known) {
        return Some(scope.to_owned());
    }
    let identity = IDENTITY
        .iter()
        .find(|(short, full)| *short == scope || *full == scope);
    identity.map(|(_, full)| (*full).to_owned())
}

/// What the consent page says next to the box, `None` for scopes that have no box.
pub(super) fn words(scope: &str) -> Option<&'static str> {
    let name = scope.strip_prefix(AUTH)?;
    CALENDAR
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, words)| *words)
}

/// As the token reply spells them: in an order of Google's own, never the one of the request.
pub(super) fn joined(scopes: &Granted) -> String {
    scopes
        .iter()
        .rev()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" ")
}
