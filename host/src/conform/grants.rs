//! What works on a user's account, without one: nobody is connected, and then somebody is, with
//! a made-up grant, while the provider does not answer.

use super::{
    Checklist, Failure, texts,
    trial::{Trial, answered, ended},
};
use crate::{
    plugin::{
        CallError, Plugin,
        calendar::{EndpointUse, ProviderInfo, RemoteEvent, Revocation},
        types::{Error, Event, Range},
    },
    vault::Binding,
};
use futures::{FutureExt, future::BoxFuture};

/// A call for a user; what it answers with is of no interest here.
type Call = fn(&Plugin, Binding) -> BoxFuture<'_, Result<(), CallError>>;

/// Those of the interface `calendar`.
const CALENDAR: [(&str, Call); 4] = [
    ("list-calendars", |plugin, binding| {
        let called = plugin.list_calendars(binding);
        called.map(|it| it.map(drop)).boxed()
    }),
    ("push-event", |plugin, binding| {
        // More than one write: a connection may end before all of it was taken.
        let long = Event {
            description: Some("Key under the mat. ".repeat(400)),
            ..texts::event("conform-1@calport")
        };
        let called = plugin.push_event(binding, None, long, None);
        called.map(|it| it.map(drop)).boxed()
    }),
    ("remove-event", |plugin, binding| {
        plugin.remove_event(binding, remote()).boxed()
    }),
    ("busy", |plugin, binding| {
        let range = Range {
            start: 1_953_936_000,
            end: 1_954_022_400,
        };
        let called = plugin.busy(binding, Vec::new(), range);
        called.map(|it| it.map(drop)).boxed()
    }),
];

/// Those of the interface `changes`.
const CHANGES: [(&str, Call); 2] = [
    ("changes.read", |plugin, binding| {
        let called = plugin.read_changes(binding, None, None);
        called.map(|it| it.map(drop)).boxed()
    }),
    ("changes.compare", |plugin, binding| {
        let event = texts::event("conform-1@calport");
        let called = plugin.compare_event(binding, event, remote());
        called.map(|it| it.map(drop)).boxed()
    }),
];

fn remote() -> RemoteEvent {
    RemoteEvent {
        id: "made-up-event".to_owned(),
        calendar: "made-up-calendar".to_owned(),
        etag: Some("\"made-up\"".to_owned()),
        link: None,
    }
}

pub(super) async fn check(trial: &Trial, provider: &ProviderInfo, list: &mut Checklist) {
    let area = &provider.label;
    let plugin = &trial.plugin;
    let changes: &[(&str, Call)] = if provider.changes { &CHANGES } else { &[] };
    for (name, call) in CALENDAR.iter().chain(changes) {
        let called = call(plugin, trial.nobody(provider)).await;
        let remedy = "Answer `not-connected` where `token-store` has no credentials.";
        let done = ended(&called, |it| matches!(it, Error::NotConnected), remedy);
        let what = format!("{name} without a grant is `not-connected`");
        list.add(area, what, done.and(trial.silent()));

        let called = call(plugin, trial.connected(provider, false)).await;
        let remedy = "Answer `retry` where no reply comes: what is answered otherwise is not tried \
                      again.";
        let done = ended(&called, |it| matches!(it, Error::Retry(_)), remedy);
        let asked = trial.asked(provider, EndpointUse::API);
        let what =
            format!("{name} asks the described API, and is `retry` while it does not answer");
        list.add(area, what, done.and(asked));
    }
    if !provider.changes {
        let [(_, read), _] = CHANGES;
        let called = read(plugin, trial.connected(provider, false)).await;
        let remedy = "Answer `invalid` where `describe` says that there are no changes.";
        let done = ended(&called, |it| matches!(it, Error::Invalid(_)), remedy);
        let what = "changes.read is `invalid`, as described";
        list.add(area, what, done.and(trial.silent()));
    }
    let called = plugin.list_calendars(trial.connected(provider, true)).await;
    let remedy = "Renew a token that has run out before it is used (`begin-refresh`), and answer \
                  `retry` where the token endpoint does not.";
    let done = ended(&called, |it| matches!(it, Error::Retry(_)), remedy);
    let asked = trial.asked(provider, EndpointUse::TOKEN);
    list.add(
        area,
        "renews a token that has run out before anything else",
        done.and(asked),
    );
    disconnect(trial, provider, list).await;
}

async fn disconnect(trial: &Trial, provider: &ProviderInfo, list: &mut Checklist) {
    let area = &provider.label;
    let binding = trial.connected(provider, false);
    let called = trial.plugin.disconnect(binding.clone(), true).await;
    let asked = match provider.revocation {
        Some(Revocation::ByCall) => {
            let remedy = "Answer `retry` where the provider could not be told.";
            let done = ended(&called, |it| matches!(it, Error::Retry(_)), remedy);
            done.and(trial.asked(provider, EndpointUse::REVOKE))
        }
        Some(Revocation::ByUser(_)) | None => match &called {
            Ok(()) => trial.silent(),
            failed => Err(Failure::new(
                answered(failed),
                "Erase what is stored and succeed: `describe` says that only the user can revoke.",
            )),
        },
    };
    let what = match provider.revocation {
        Some(Revocation::ByCall) => {
            "disconnect asks to revoke, and is `retry` while the provider does not answer"
        }
        Some(Revocation::ByUser(_)) | None => "disconnect revokes nothing, as described",
    };
    list.add(area, what, asked);
    let is_erased = matches!(binding.load().await, Ok(None));
    let erased = match is_erased {
        true => Ok(()),
        false => Err(Failure::new(
            "they are still there",
            "Call `token-store.clear` whatever the provider answers.",
        )),
    };
    list.add(
        area,
        "disconnect erases the credentials, whatever the provider answers",
        erased,
    );
    let kept = trial.connected(provider, false);
    let called = trial.plugin.disconnect(kept, false).await;
    let done = match &called {
        Ok(()) => trial.silent(),
        failed => Err(Failure::new(
            answered(failed),
            "Erase what is stored and succeed where `revoke` is false: another user shares the \
             account.",
        )),
    };
    list.add(
        area,
        "disconnect revokes nothing unless it is told to",
        done,
    );
}
