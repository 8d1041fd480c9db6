mod changes;
mod server;
mod standins;

use super::*;
use crate::bindings::exports::calport::calendar::calendar::EndpointUse;
use crate::event::tests::sample;
use crate::outside::fake::{Fake, NOW};

#[test]
fn the_plugin_describes_itself() {
    insta::assert_snapshot!(format!("{:#?}", describe()));
    let info = describe();
    for provider in &info.providers {
        let prefix = format!("{}_", provider.id.to_uppercase());
        let names = provider
            .credentials
            .iter()
            .map(|c| &c.name)
            .chain(provider.endpoints.iter().map(|e| &e.setting));
        for name in names.chain(&provider.redirect_setting) {
            assert!(name.starts_with(&prefix), "{name}");
        }
        for endpoint in &provider.endpoints {
            assert!(
                endpoint.default_url.starts_with("https://"),
                "{}",
                endpoint.setting
            );
            assert!(endpoint.setting.ends_with("_URL"), "{}", endpoint.setting);
            assert_ne!(endpoint.uses, EndpointUse::empty());
        }
    }
}

#[test]
fn a_provider_without_credentials_names_what_is_missing() {
    let (id, secret) = ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET");
    for (unset, empty, missing) in [
        (vec![], vec![], vec![]),
        (vec![id], vec![], vec![id]),
        (vec![secret], vec![], vec![secret]),
        (vec![], vec![id], vec![id]),
        (vec![id, secret], vec![], vec![id, secret]),
    ] {
        let world = Fake::configured();
        unset.iter().for_each(|name| world.unset(name));
        empty.iter().for_each(|name| world.set(name, ""));
        let expected = if missing.is_empty() {
            Ok(())
        } else {
            Err(Error::NotConfigured(
                missing.into_iter().map(str::to_owned).collect(),
            ))
        };
        assert_eq!(availability(&world, "google"), expected);
        assert_eq!(availability(&world, "apple"), Ok(()));
    }
}

#[test]
fn unknown_providers_and_calls_that_files_do_not_have_are_refused() {
    let world = Fake::configured();
    let range = Range {
        start: NOW,
        end: NOW + 1,
    };
    let remote = RemoteEvent {
        id: "a".into(),
        calendar: "b".into(),
        etag: None,
        link: None,
    };
    for provider in ["apple", "", "Google", "icloud", "google\0"] {
        let errors = [
            busy(&world, provider, &[], range).map(|_| ()),
            list_calendars(&world, provider).map(|_| ()),
            push_event(&world, provider, None, sample(), None).map(|_| ()),
            remove_event(&world, provider, &remote),
            read_changes(&world, provider, None, None).map(|_| ()),
            compare(&world, provider, sample(), &remote).map(|_| ()),
            disconnect(&world, provider, true),
        ];
        for error in errors {
            assert!(
                matches!(error, Err(Error::Invalid(ref field)) if field.field == "provider"),
                "{error:?}"
            );
        }
    }
    assert!(availability(&world, "icloud").is_err());
}

#[test]
fn ranges_that_cannot_be_are_refused() {
    let world = Fake::configured();
    for (start, end, field) in [
        (NOW, NOW, "range.end"),
        (NOW, NOW - 1, "range.end"),
        (NOW, NOW + 92 * DAY + 1, "range"),
        (-1, NOW, "range"),
        (i64::MIN, i64::MAX, "range"),
        (NOW, NOW * 1_000, "range"),
    ] {
        let error = busy(&world, "google", &[], Range { start, end }).unwrap_err();
        assert!(
            matches!(&error, Error::Invalid(invalid) if invalid.field == field),
            "{error:?}"
        );
    }
    assert_eq!(
        busy(
            &world,
            "google",
            &[],
            Range {
                start: NOW,
                end: NOW + 92 * DAY
            }
        ),
        Err(Error::NotConnected)
    );
    let many = vec![String::from("a"); 251];
    let error = busy(
        &world,
        "google",
        &many,
        Range {
            start: NOW,
            end: NOW + 1,
        },
    )
    .unwrap_err();
    assert!(matches!(error, Error::Invalid(_)));
}
