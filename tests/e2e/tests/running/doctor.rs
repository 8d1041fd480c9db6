//! What the doctor finds: in a host that is well, and in one that is not.

use super::{BINARY, calport};
use axum::{Router, routing::any};
use calport_e2e::{JWT_SECRET, PLATFORM_TOKEN, Process};
use calport_standins::{Google, GoogleConfig, Outlook, OutlookConfig};
use serde_json::Value;
use std::{fs::Permissions, os::unix::fs::PermissionsExt, path::Path};
use tokio::net::TcpListener;

/// Random, unlike the one of other tests.
const KEYS: &str = "k1:qkS0zzhlSg8bLnsUw0dNcXHnm1W7rXcbK5GBhB7pQ0c=";

fn settings(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

fn report(output: &std::process::Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

/// The sentences of one verdict.
fn said<'a>(report: &'a Value, verdict: &str) -> Vec<&'a str> {
    let findings = report["findings"].as_array().unwrap();
    let same = findings.iter().filter(|it| it["verdict"] == verdict);
    same.map(|it| it["says"].as_str().unwrap()).collect()
}

/// A receiver of webhooks that answers anything.
async fn receiver() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(any(async || "no webhook"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}/hooks")
}

#[tokio::test]
async fn a_host_that_is_well_has_no_problem_and_is_not_disturbed() {
    let google = Google::start(GoogleConfig::default()).unwrap();
    let outlook = Outlook::start(OutlookConfig::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut all = google.environment();
    all.extend(outlook.environment());
    let receiver = receiver().await;
    all.extend(settings(&[
        ("CALPORT_KEYS", KEYS),
        ("CALPORT_JWT_SECRET", JWT_SECRET),
        ("CALPORT_PLATFORM_TOKEN", PLATFORM_TOKEN),
        ("CALPORT_ALLOW_LOOPBACK", "1"),
        ("CALPORT_WEBHOOK_URL", &receiver),
        ("CALPORT_WEBHOOK_SECRET", PLATFORM_TOKEN),
        ("CALPORT_PUBLIC_URL", "https://calendars.platform.example"),
    ]));
    let before = calport(folder.path(), &all, &["doctor", "--json"]).await;
    assert_eq!(before.status.code(), Some(0), "{before:?}");
    let found = report(&before);
    assert!(
        said(&found, "warning")
            .iter()
            .any(|it| it.contains("There is none")),
        "{found}"
    );
    assert!(
        !folder.path().join("calport.db").exists(),
        "it made nothing"
    );

    let _host = Process::start(Path::new(BINARY), folder.path(), "127.0.0.1:0", &all)
        .await
        .unwrap();
    google.forget_requests();
    let beside = calport(folder.path(), &all, &["doctor", "--json"]).await;
    assert_eq!(beside.status.code(), Some(0), "{beside:?}");
    let found = report(&beside);
    assert_eq!(found["problems"], 0, "{found}");
    let fine = said(&found, "ok").join("\n");
    for text in [
        "can be written to",
        &format!("iB are free in {}.", folder.path().display()),
        "https://calendars.platform.example/api/calendar/google/callback/",
        "https://calendars.platform.example/api/calendar/outlook/callback/",
        "agrees with the providers' clocks",
        "The receiver answers",
        "loads",
    ] {
        assert!(fine.contains(text), "{text} is not in:\n{fine}");
    }
    // Nothing but bare requests has left.
    let requests = google.requests();
    assert!(!requests.is_empty());
    let told = format!("{requests:?}");
    for (name, secret) in &all {
        if name.ends_with("_SECRET") || name.ends_with("_TOKEN") || name == "CALPORT_KEYS" {
            assert!(!told.contains(secret.as_str()), "{name}");
            let printed = [&before, &beside].map(|it| String::from_utf8_lossy(&it.stdout));
            assert!(
                printed.iter().all(|it| !it.contains(secret.as_str())),
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn everything_that_is_wrong_is_found_at_once_with_its_remedy_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let uuid = "6e3f9a3e-2a6c-4b5e-9f0e-1c2d3e4f5a6b";
    let all = settings(&[
        (
            "CALPORT_KEYS",
            "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ),
        ("CALPORT_JWT_SECRET", JWT_SECRET),
        ("CALPORT_PLATFORM_TOKEN", PLATFORM_TOKEN),
        ("CALPORT_ALLOW_LOOPBACK", "1"),
        ("CALPORT_PUBLIC_URL", "https://203.0.113.7"),
        ("CALPORT_RETENTON_DAYS", "40"),
        ("CALPORT_WEBHOOK_URL", "http://127.0.0.1:9/"),
        ("CALPORT_WEBHOOK_SECRET", PLATFORM_TOKEN),
        ("GOOGLE_CLIENT_ID", "canary-of-a-project"),
        (
            "GOOGLE_CLIENT_SECRET",
            "12-canary.apps.googleusercontent.com",
        ),
        ("OUTLOOK_CLIENT_ID", uuid),
        // Nobody listens there, and no test reaches a real provider.
        ("OUTLOOK_TOKEN_URL", "http://127.0.0.1:9/token"),
        ("OUTLOOK_GRAPH_URL", "http://127.0.0.1:9/v1.0"),
        ("OUTLOOK_CLIENT_SECRET", uuid),
        ("GOOGLE_TOKEN_URL", "http://127.0.0.1:9/token"),
        ("GOOGLE_REVOKE_URL", "http://127.0.0.1:9/revoke"),
        ("GOOGLE_USERINFO_URL", "http://127.0.0.1:9/userinfo"),
        ("GOOGLE_API_URL", "http://127.0.0.1:9/calendar/v3"),
    ]);
    let env_file = folder.path().join(".env");
    std::fs::write(&env_file, "").unwrap();
    std::fs::set_permissions(&env_file, Permissions::from_mode(0o644)).unwrap();
    let output = calport(folder.path(), &all, &["doctor", "--json"]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let found = report(&output);
    let problems = said(&found, "problem").join("\n");
    for text in [
        "The key k1 is not random",
        "GOOGLE_CLIENT_SECRET is a client id",
        "OUTLOOK_CLIENT_SECRET is the secret's ID",
        "Google takes no addresses",
        "http://127.0.0.1:9: the host did not accept a connection",
        "The receiver does not answer",
    ] {
        assert!(problems.contains(text), "{text} is not in:\n{problems}");
    }
    let warnings = said(&found, "warning").join("\n");
    for text in [
        "CALPORT_RETENTON_DAYS is no setting",
        "Others on this machine can read",
    ] {
        assert!(warnings.contains(text), "{text} is not in:\n{warnings}");
    }
    for finding in found["findings"].as_array().unwrap() {
        assert_eq!(
            finding["verdict"] == "ok",
            finding["remedy"].is_null(),
            "{finding}"
        );
    }
    let text = calport(folder.path(), &all, &["doctor"]).await;
    assert_eq!(text.status.code(), Some(1));
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("problem  The key k1 is not random"), "{text}");
    let findings = found["findings"].as_array().unwrap().len();
    let (warnings, problems) = (&found["warnings"], &found["problems"]);
    let ok = said(&found, "ok").len();
    let last = format!("{findings} findings: {ok} ok, {warnings} warnings, {problems} problems.");
    assert_eq!(text.lines().last(), Some(&*last));
    assert!(!text.contains('\u{1b}'), "no colours where nobody looks");
    for secret in ["AAAAAAAA", "canary", uuid, PLATFORM_TOKEN] {
        assert!(
            !text.contains(secret) && !found.to_string().contains(secret),
            "{secret}"
        );
    }
}

#[tokio::test]
async fn mistakes_of_the_configuration_are_found_with_all_else() {
    let folder = tempfile::tempdir().unwrap();
    let all = settings(&[("CALPORT_DATABASE_URL", "sqlite:missing/calport.db")]);
    let output = calport(folder.path(), &all, &["doctor", "--json"]).await;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let found = report(&output);
    let problems = said(&found, "problem").join("\n");
    let missing = folder.path().join("missing");
    for text in [
        "CALPORT_KEYS is missing",
        &format!("The folder {} cannot be reached", missing.display()),
    ] {
        assert!(problems.contains(text), "{text} is not in:\n{problems}");
    }
    assert!(said(&found, "ok").join("\n").contains("loads"), "{found}");
    let told = said(&found, "warning").join("\n");
    assert!(!told.contains("There is none"), "told twice: {told}");
}
