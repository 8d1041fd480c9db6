//! Case 6: a callback that names another issuer than the provider is not the provider's.

use calport_e2e::{
    Browser, World,
    accounts::{CASEY, WORK},
};
use calport_standins::ConsentChoice;
use url::Url;

/// The callback with these issuers in place of its own.
fn naming(callback: &str, issuers: &[&str]) -> String {
    let mut url = Url::parse(callback).unwrap();
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .into_owned()
        .filter(|(name, _)| name != "iss")
        .collect();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(kept)
        .extend_pairs(issuers.iter().map(|issuer| ("iss", *issuer)));
    url.into()
}

/// What comes of a whole flow whose callback names these issuers, and whether the code was
/// exchanged.
async fn outcome(world: &World, provider: &str, issuers: &[&str]) -> (String, bool) {
    let browser = Browser::new();
    let url = world.begin_with(provider, "ann", &browser).await.unwrap();
    let allow = ConsentChoice::Allow;
    let callback = match provider {
        "google" => world.google.consent(&url, CASEY, &allow),
        _ => world.outlook.consent(&url, WORK, &allow),
    };
    world.google.forget_requests();
    world.outlook.forget_requests();
    let landing = browser
        .open(&naming(&callback.unwrap(), issuers))
        .await
        .unwrap();
    let asked = world.google.requests().len() + world.outlook.requests().len();
    (landing.status(), asked > 0)
}

#[calport_databases::each_database]
async fn case_06_a_wrong_issuer_is_refused_before_the_code_is_exchanged() {
    let world = World::start().await.unwrap();
    let google = world.google.base_url().to_owned();
    let outlook = world.outlook.base_url().to_owned();
    for (provider, right) in [("google", &google), ("outlook", &outlook)] {
        let behind = format!("{right}.evil.example");
        let user = right.replace("http://", "http://evil.example@");
        let other = if provider == "google" {
            &outlook
        } else {
            &google
        };
        for wrong in [
            vec!["https://evil.example"],
            vec!["https://accounts.google.com.evil.example"],
            vec!["http://accounts.google.com"],
            vec![behind.as_str()],
            vec![user.as_str()],
            vec![other.as_str()],
            vec![""],
            vec!["null"],
            vec![right.as_str(), right.as_str()],
            vec![right.as_str(), "https://evil.example"],
        ] {
            let outcome = outcome(&world, provider, &wrong).await;
            assert_eq!(
                outcome,
                ("invalid".to_owned(), false),
                "{provider} {wrong:?}"
            );
        }
    }
}

#[calport_databases::each_database]
async fn case_06_the_right_issuer_or_none_is_accepted() {
    let world = World::start().await.unwrap();
    let google = world.google.base_url().to_owned();
    let outlook = world.outlook.base_url().to_owned();
    let tenant = format!("{outlook}/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0");
    for (provider, issuers) in [
        ("google", vec![]),
        ("google", vec![google.as_str()]),
        ("google", vec!["https://accounts.google.com"]),
        ("outlook", vec![]),
        ("outlook", vec![outlook.as_str()]),
        ("outlook", vec![tenant.as_str()]),
    ] {
        let outcome = outcome(&world, provider, &issuers).await;
        assert_eq!(
            outcome,
            ("connected".to_owned(), true),
            "{provider} {issuers:?}"
        );
    }
}
