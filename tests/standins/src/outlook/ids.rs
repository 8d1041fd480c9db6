//! Ids as Exchange makes them: long, case-sensitive base64 with `/`, `+` and `=`.
//!
//! An event has two: an immutable one, for those who ask for it, and one that changes when the item moves.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::state::{Account, Calendar};

/// Which of an event's ids a caller sees (`Prefer: IdType="ImmutableId"`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdKind {
    Immutable,
    Mutable,
}

/// The id of an event, or of one of its occurrences (`YYYYMMDD`).
pub(crate) fn event(
    account: &Account,
    number: u64,
    occurrence: Option<&str>,
    kind: IdKind,
) -> String {
    let (prefix, moves) = match kind {
        IdKind::Immutable => ("AAkALgAAAAAAHYQDEapmEc2byACqAC/EWg0A", 0),
        IdKind::Mutable => ("AAMkAGI1AAAt9AHjAAA+", account.moves),
    };
    let occurrence = occurrence.unwrap_or_default();
    let seen = format!("{}|{number}|{moves}|{occurrence}", account.id);
    sealed(prefix, &seen)
}

/// The id of a calendar.
pub(crate) fn calendar(account: &Account, calendar: &Calendar) -> String {
    sealed(
        "AAMkAGI2TG93AAA/",
        &format!("{}|{}", account.id, calendar.number),
    )
}

/// The event, and the occurrence, that an id stands for. Either kind is understood, as long as it is the
/// present one.
pub(crate) fn find_event(account: &Account, id: &str) -> Option<(u64, Option<String>)> {
    let occurrence = id
        .rsplit_once('_')
        .map(|(_, day)| day.trim_end_matches('=').to_owned());
    let number = opened(id)?;
    let kinds = [IdKind::Immutable, IdKind::Mutable];
    let same = |kind: &IdKind| event(account, number, occurrence.as_deref(), *kind) == id;
    (account.events.contains_key(&number) && kinds.iter().any(same)).then_some((number, occurrence))
}

/// Whether this could be an id at all: others are 400, not 404.
pub(crate) fn well_formed(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=_-".contains(&byte);
    id.len() >= 40 && id.bytes().all(plain)
}

/// Prefix, number, and a check sum over what it was made for.
fn sealed(prefix: &str, seen: &str) -> String {
    let mut parts = seen.split('|').skip(1);
    let number: u64 = parts
        .next()
        .and_then(|number| number.parse().ok())
        .unwrap_or_default();
    let occurrence = parts.nth(1).unwrap_or_default();
    let digest = Sha256::digest(format!("{prefix}{seen}"));
    let mut bytes = number.to_be_bytes().to_vec();
    bytes.extend(digest.iter().take(29));
    let text = format!("{prefix}{}", STANDARD.encode(bytes));
    if occurrence.is_empty() {
        text
    } else {
        format!("{text}_{occurrence}=")
    }
}

fn opened(id: &str) -> Option<u64> {
    let id = id.rsplit_once('_').map_or(id, |(id, _)| id);
    // 37 bytes are 52 characters.
    let packed = id.get(id.len().checked_sub(52)?..)?;
    let bytes = STANDARD.decode(packed).ok()?;
    Some(u64::from_be_bytes(bytes.get(..8)?.try_into().ok()?))
}
