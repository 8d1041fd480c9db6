//! Case 20: other users, other settings, the machine.

use crate::lair::{CLIENT_SECRET, FILE, HOST_SECRET, Lair, OTHERS_ACCESS, event, hasty};
use calport_host::plugin::CallError;

#[tokio::test(flavor = "multi_thread")]
async fn case_20_no_name_gets_a_setting_that_the_description_does_not_name() {
    let lair = Lair::open(hasty()).await;
    let told = lair
        .report(
            "read settings",
            &[
                "CALPORT_KEYS",
                "GOOGLE_CLIENT_SECRET",
                "PATH",
                "",
                "evil_client_secret",
                "EVIL_CLIENT_SECRET ",
                "EVIL_CLIENT_SECRET\0",
                "../CALPORT_KEYS",
                "*",
                "EVIL_CLIENT_ID",
            ],
        )
        .await;
    assert_eq!(told, "evil-app", "its own, and nothing else");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_20_the_machine_is_an_empty_room() {
    // What the process that runs the host has in its own environment.
    let lair = Lair::open(hasty()).await;
    let told = lair.report("look around", &[]).await;
    assert_eq!(
        told, r#"[] [] Some("/") Ok(0) []"#,
        "no files: `/` leads nowhere"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn case_20_no_revision_reaches_another_users_grant() {
    let lair = Lair::open(hasty()).await;
    let told = lair.report("try every revision", &[]).await;
    // One of them is that of the own grant, which is then cleared.
    assert!(told.ends_with("true Ok(false)"), "{told}");
    let told = lair.report("take the turn", &[]).await;
    for canary in [OTHERS_ACCESS, HOST_SECRET] {
        assert!(!told.contains(canary), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_20_calls_for_nobody_have_no_grant_and_no_secret_of_others() {
    let lair = Lair::open(hasty()).await;
    // The provider's id is all that this call carries.
    for deed in ["take the turn", "try every revision", "tell all"] {
        let told = lair.plugin.availability(deed).await;
        assert!(told.is_ok(), "{deed}: {told:?}");
    }
    let told = lair.plugin.export_ics(vec![event("tell all")], FILE);
    let told = told.await.unwrap_err();
    assert!(matches!(told, CallError::Improper("file")), "{told}");
    assert!(!told.to_string().contains(CLIENT_SECRET));
}
