//! Consent pages: a user is asked for what whoever granted the plugin has read, and no more
//! (case 26).

use crate::lair::{Lair, hasty};
use calport_host::{
    connect::{FlowError, Origin},
    subject::Subject,
};

#[tokio::test(flavor = "multi_thread")]
async fn case_26_nobody_is_asked_for_more_than_the_description_says() {
    let lair = Lair::open(hasty()).await;
    let flows = lair.flows();
    let begin = |hint: &str| {
        let (flows, hint) = (flows.clone(), hint.to_owned());
        async move {
            let mallory = Subject::new(Subject::DEFAULT_TENANT, "mallory");
            let begun = flows.begin(&mallory, "evil", Some(hint), Origin::Platform);
            begun.await.map(|begun| begun.authorization_url)
        }
    };
    // So that the refusals prove something.
    let url = begin("good").await.unwrap();
    let query = url.query().unwrap();
    assert!(
        query.contains("client_id=evil-app&scope=everything"),
        "{query}"
    );
    for hint in [
        "scope=everything -> scope=everything+mail+files",
        "scope=everything -> scope=mail",
        "scope=everything -> scope=everything&scope=mail",
        "scope=everything -> scope=everything&include_granted_scopes=true",
        "scope=everything -> scope=everything&request_uri=https://evil.example/",
        "scope=everything& -> ",
        "client_id=evil-app -> client_id=another-app",
        "client_id=evil-app& -> ",
    ] {
        let begun = begin(hint).await;
        assert!(
            matches!(begun, Err(FlowError::RefusedUrl(_))),
            "{hint}: {begun:?}"
        );
    }
}
