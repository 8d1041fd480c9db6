//! What a guest is given by the contract's own imports, and what it may give back.

use super::*;
use crate::plugin::calendar::{Callback, Parameter};
use secrecy::ExposeSecret;
use std::collections::BTreeSet;

fn own() -> Seals {
    seals(&settings("https://own.example", "https://foreign.example"))
}

#[test]
fn a_placeholder_survives_every_encoding_and_is_another_in_every_call() {
    let mut seen = BTreeSet::new();
    for _ in 0..100 {
        let placeholder = own().hand_out(Kind::AccessToken, ACCESS.into()).unwrap();
        let is_safe = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        assert!(
            placeholder.len() == 50 && placeholder.bytes().all(is_safe),
            "{placeholder}"
        );
        assert!(seen.insert(placeholder));
    }
}

#[test]
fn a_token_is_taken_back_as_what_it_was_given_and_in_its_own_call_only() {
    let call = own();
    let access = call.hand_out(Kind::AccessToken, ACCESS.into()).unwrap();
    let refresh = call.hand_out(Kind::RefreshToken, REFRESH.into()).unwrap();
    let secret = call
        .app_secret("OWN_CLIENT_SECRET")
        .unwrap()
        .unwrap()
        .unwrap();
    let back = |kind, value: &str| {
        let secret = call.take_back(kind, value.to_owned())?;
        Some(secret.expose_secret().to_owned())
    };
    assert_eq!(back(Kind::AccessToken, &access).as_deref(), Some(ACCESS));
    assert_eq!(back(Kind::RefreshToken, &refresh).as_deref(), Some(REFRESH));
    for wrong in [
        refresh.as_str(),
        &secret,
        ACCESS,
        "a-literal-token",
        "",
        &format!("{access} "),
    ] {
        assert_eq!(back(Kind::AccessToken, wrong), None, "{wrong}");
    }
    assert!(own().take_back(Kind::AccessToken, access).is_none());
}

#[test]
fn the_secret_of_another_provider_is_of_no_use() {
    let call = own();
    let own_secret = call
        .app_secret("OWN_CLIENT_SECRET")
        .unwrap()
        .unwrap()
        .unwrap();
    let foreign = call
        .app_secret("FOREIGN_CLIENT_SECRET")
        .unwrap()
        .unwrap()
        .unwrap();
    assert!(!format!("{own_secret}{foreign}").contains(CANARY));
    assert!(
        call.table
            .open(&[Kind::ClientSecret], &own_secret)
            .is_some()
    );
    assert!(call.table.open(&[Kind::ClientSecret], &foreign).is_none());
    assert!(
        call.app_secret("OWN_CLIENT_ID").is_none(),
        "it is no secret"
    );
    let unset = seals(&Environment::default());
    assert_eq!(unset.app_secret("OWN_CLIENT_SECRET"), Some(Ok(None)));
}

#[test]
fn a_call_has_so_many_seals_and_no_more() {
    let call = own();
    let given = (0..100).filter(|n| {
        call.hand_out(Kind::Other, format!("CANARY-{n}").into())
            .is_ok()
    });
    assert_eq!(given.count(), 64);
    // What has one keeps it.
    assert!(call.hand_out(Kind::Other, "CANARY-1".into()).is_ok());
}

#[test]
fn code_and_verifier_of_a_callback_are_sealed_and_the_rest_is_not() {
    let parameter = |name: &str, value: &str| Parameter {
        name: name.into(),
        value: value.into(),
    };
    let plain = [
        parameter("iss", "https://own.example"),
        parameter("scope", "a b"),
        parameter("error", "access_denied"),
        parameter("code", ""),
    ];
    let secret = [
        parameter("code", CODE),
        parameter("code", "CANARY-second"),
        parameter("id_token", "CANARY-id"),
        parameter("access_token", "CANARY-implicit"),
    ];
    let call = own();
    let callback = call.callback(Callback {
        parameters: plain.iter().chain(&secret).cloned().collect(),
        redirect_uri: "https://a.example/callback/".into(),
        code_verifier: VERIFIER.into(),
    });
    assert_eq!(callback.parameters[..4], plain);
    assert_eq!(callback.redirect_uri, "https://a.example/callback/");
    assert!(!format!("{callback:?}").contains(CANARY), "{callback:?}");
    let code = call
        .table
        .open(&[Kind::Code], &callback.parameters[4].value)
        .unwrap();
    assert_eq!(code.expose_secret(), CODE);
    let verifier = call
        .table
        .open(&[Kind::Verifier], &callback.code_verifier)
        .unwrap();
    assert_eq!(verifier.expose_secret(), VERIFIER);
}

#[test]
fn nothing_but_the_library_option_turns_sealing_off() {
    assert_eq!(crate::plugin::Options::default().sealing, Sealing::On);
    let open = Policy::new(Sealing::Off, &info(), &Environment::default()).unwrap();
    let open = Seals::new(Arc::new(open), Some("own"));
    assert_eq!(
        open.hand_out(Kind::AccessToken, ACCESS.into()).as_deref(),
        Ok(ACCESS)
    );
}
