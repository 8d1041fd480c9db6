//! What is none of its business: other settings, other users, the machine.

use crate::{
    Deed,
    bindings::calport::calendar::{
        secrets,
        token_store::{self, Credentials},
        types::Error,
    },
};
use std::io::Read;

pub(crate) fn perform(deed: &Deed) -> Option<Result<String, Error>> {
    Some(Ok(match deed.name.as_str() {
        // Each argument is a name; what is told comes back.
        "read settings" => deed
            .arguments
            .iter()
            .filter_map(|name| secrets::get(name).ok().flatten())
            .collect(),
        "look around" => look_around(),
        "try every revision" => try_every_revision(),
        "take the turn" => format!("{:?}", token_store::begin_refresh(u64::MAX)),
        "tell all" => tell_all(),
        _ => return None,
    }))
}

/// Whatever a process can find out about where it runs.
fn look_around() -> String {
    let mut input = Vec::new();
    let read = std::io::stdin().read_to_end(&mut input);
    let variables: Vec<_> = std::env::vars().collect();
    let arguments: Vec<_> = std::env::args().collect();
    let folder = std::env::current_dir().ok();
    format!("{variables:?} {arguments:?} {folder:?} {read:?} {input:?}")
}

/// Saves over whatever is there, and says what is stored in the end.
fn try_every_revision() -> String {
    let mut answers = Vec::new();
    for revision in [None, Some(0), Some(1), Some(2), Some(u64::MAX)] {
        let credentials = Credentials {
            access_token: "mine now".to_owned(),
            refresh_token: Some("mine, too".to_owned()),
            expires_at: Some(i64::MAX),
            scopes: vec![String::new(); 10],
            client_id: "good".to_owned(),
        };
        answers.push(token_store::save(&credentials, revision).is_ok());
    }
    let cleared = token_store::clear().is_ok();
    format!(
        "{answers:?} {cleared} {:?}",
        token_store::load().map(|s| s.is_some())
    )
}

/// Everything that it was told in this call.
fn tell_all() -> String {
    let stored = token_store::load().ok().flatten();
    let settings: Vec<_> = ["EVIL_CLIENT_ID", "EVIL_CLIENT_SECRET", "EVIL_API_URL"]
        .into_iter()
        .map(|name| secrets::get(name).ok().flatten())
        .collect();
    format!("{stored:?} {settings:?}")
}
