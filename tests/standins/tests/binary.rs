//! The binary, as a test in another language uses it.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

#[tokio::test]
async fn it_prints_its_settings_takes_controls_and_ends_with_its_input() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_calport-standins"))
        .args(["--redirect-uri", "http://127.0.0.1:8000/cb"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let settings: Vec<(String, String)> = lines
        .take_while(|line| !line.is_empty())
        .map(|line| {
            line.split_once('=')
                .map(|(name, value)| (name.into(), value.into()))
                .unwrap()
        })
        .collect();
    let setting = |name: &str| {
        settings
            .iter()
            .find(|(key, _)| key == name)
            .unwrap()
            .1
            .clone()
    };
    for (url, account, authorize) in [
        (
            "GOOGLE_TOKEN_URL",
            "casey.customer@gmail.example",
            "GOOGLE_AUTH_URL",
        ),
        (
            "OUTLOOK_TOKEN_URL",
            "casey.customer@outlook.example",
            "OUTLOOK_AUTH_URL",
        ),
    ] {
        let base = url::Url::parse(&setting(url))
            .unwrap()
            .origin()
            .ascii_serialization();
        let http = reqwest::Client::new();
        let wanted =
            serde_json::json!({ "authorization_url": setting(authorize), "account": account });
        let consent = http
            .post(format!("{base}/_control/consent"))
            .json(&wanted)
            .send();
        assert_eq!(consent.await.unwrap().status(), 400);
        let fault = serde_json::json!({ "path": "/**", "behaviour": { "kind": "error", "status": 418, "reason": "x" } });
        let added = http
            .post(format!("{base}/_control/faults"))
            .json(&fault)
            .send();
        assert_eq!(added.await.unwrap().status(), 200);
        assert_eq!(http.post(setting(url)).send().await.unwrap().status(), 418);
        let events = http
            .get(format!("{base}/_control/events?account={account}"))
            .send();
        assert_eq!(
            events.await.unwrap().text().await.unwrap(),
            r#"{"events":[]}"#
        );
    }
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_wrong_argument_shows_how_it_is_used() {
    let run = |argument| {
        Command::new(env!("CARGO_BIN_EXE_calport-standins"))
            .arg(argument)
            .output()
            .unwrap()
    };
    assert_eq!(run("--prot").status.code(), Some(2));
    let help = run("--help");
    assert!(help.status.success());
    assert!(
        String::from_utf8(help.stdout)
            .unwrap()
            .contains("--outlook-port")
    );
}
