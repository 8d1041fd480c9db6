//! What somebody does who develops a plugin: calls its exports by hand, and tries it against
//! the contract. With the real binary; no account, no provider and no database.

#[path = "evil/raw.rs"]
mod raw;

use calport_artifacts::{EVIL, evil_that_says};
use calport_e2e::compiled;
use calport_host::plugin::BUILT_IN;
use raw::{Raw, raw};
use serde_json::{Value, json};
use std::{
    path::Path,
    process::{Command, Output},
};

const SECRET: &str = "canary-of-an-app-secret";

/// The folder of somebody who develops plugins.
struct Bench(tempfile::TempDir);

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in [("built-in.wasm", BUILT_IN), ("evil.wasm", EVIL)] {
            std::fs::write(folder.path().join(name), bytes).unwrap();
        }
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path().join(name), content).unwrap();
    }

    fn calport(&self, settings: &[(&str, &str)], words: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_calport-steps"))
            .args(words)
            .current_dir(self.path())
            .env_clear()
            .env("CALPORT_CACHE_DIR", compiled())
            .envs(settings.iter().copied())
            .output()
            .unwrap()
    }

    fn call(&self, file: &str, export: &str, arguments: &str) -> Output {
        let settings = [
            ("GOOGLE_CLIENT_ID", "an-id"),
            ("GOOGLE_CLIENT_SECRET", SECRET),
            ("EVIL_CLIENT_ID", "an-id"),
            ("EVIL_CLIENT_SECRET", SECRET),
        ];
        self.calport(&settings, &["call", file, export, "--json", arguments])
    }

    /// The lines of a checklist: those that are ok, and those that failed with their remedy.
    fn conform(&self, file: &str, code: i32) -> Value {
        let tried = self.calport(&[], &["conform", file, "--json"]);
        assert_eq!(tried.status.code(), Some(code), "{tried:?}");
        serde_json::from_slice(&tried.stdout).unwrap()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn answer(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The failed checks, each as one text.
fn failures(list: &Value) -> Vec<String> {
    let checks = list["checks"].as_array().unwrap().iter();
    let failed = checks.filter(|check| !check["failure"].is_null());
    failed
        .map(|check| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let failure = &check["failure"];
            assert!(!text(&failure["remedy"]).is_empty(), "{check}");
            format!("{}: {}", text(&check["what"]), text(&failure["reason"]))
        })
        .collect()
}

fn event() -> Value {
    json!({
        "uid": "job-17@platform.example", "revision": 1, "status": "confirmed",
        "title": "Deep clean",
        "when": {"timed": {"start": 1_953_972_000, "end": 1_953_979_200, "zone": "Europe/London"}},
        "reminders": [60], "attendees": [], "updated": 1_900_000_000,
    })
}

#[test]
fn an_export_is_called_with_json_and_answers_with_json() {
    let bench = Bench::new();
    let info = answer(&bench.calport(&[], &["call", "built-in.wasm", "describe"]));
    assert_eq!(info["name"], "calport");
    assert_eq!(info["providers"][1]["id"], "outlook");
    let available = bench.call("built-in.wasm", "availability", r#"{"provider": "google"}"#);
    assert_eq!(answer(&available), Value::Null);
    let request = json!({"provider": "google", "request": {
        "redirect-uri": "https://calendars.platform.example/api/calendar/google/callback/",
        "state": "a-state", "code-challenge": "a-challenge", "login-hint": "casey@gmail.com",
    }});
    let begun = bench.call("built-in.wasm", "begin-connect", &request.to_string());
    let url = answer(&begun)["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with("https://accounts.google.com/o/oauth2/v2/auth?client_id=an-id"));
    assert!(url.contains("&state=a-state&"), "{url}");
    bench.put(
        "events.json",
        json!({"events": [event()], "options": {"name": "Jobs"}}).to_string(),
    );
    let file = answer(&bench.call("built-in.wasm", "export-ics", "@events.json"));
    let file = file.as_str().unwrap();
    assert!(
        file.contains("\r\nUID:job-17@platform.example\r\n"),
        "{file}"
    );
    assert!(file.contains("\r\nDTSTART:20311202T100000Z\r\n"), "{file}");
    assert!(
        !bench.path().join("calport.db").exists(),
        "it needs no database"
    );
}

#[test]
fn an_error_of_the_contract_is_json_on_stderr_with_an_exit_code_of_its_own() {
    let bench = Bench::new();
    let words = ["call", "built-in.wasm", "availability", "--json"];
    let missing = bench.calport(&[], &[&words[..], &[r#"{"provider": "google"}"#]].concat());
    assert_eq!(missing.status.code(), Some(4), "{missing:?}");
    assert!(missing.stdout.is_empty());
    let error: Value = serde_json::from_slice(&missing.stderr).unwrap();
    let names = json!(["GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"]);
    assert_eq!(error, json!({"not-configured": names}));
    let mut backwards = event();
    backwards["when"]["timed"]["end"] = json!(0);
    let given = json!({"events": [backwards], "options": {}}).to_string();
    let refused = bench.call("built-in.wasm", "export-ics", &given);
    assert_eq!(refused.status.code(), Some(4), "{refused:?}");
    let error: Value = serde_json::from_slice(&refused.stderr).unwrap();
    assert_eq!(error["invalid"]["field"], "events[0].when.end", "{error}");
}

#[test]
fn what_does_not_fit_is_refused_by_its_place_and_with_a_remedy() {
    let bench = Bench::new();
    bench.put("text.txt", "no json");
    let mut spelt = event();
    spelt["when"]["timed"]["start"] = json!("2031-12-02T10:00:00Z");
    let spelt = json!({"events": [event(), spelt], "options": {}}).to_string();
    for (export, given, said) in [
        (
            "export-ics",
            &*spelt,
            "events[1].when.timed.start: expected a whole number from -9223372036854775808 to \
             9223372036854775807, found a text. export-ics takes events, options",
        ),
        (
            "begin-connect",
            r#"{"provider": "google", "request": {"redirect_uri": "x"}}"#,
            "request.redirect_uri: is written redirect-uri",
        ),
        (
            "availability",
            r#"{"provder": "google"}"#,
            "provder: there is no such field; expected an object of provider",
        ),
        (
            "availability",
            "{}",
            "provider: is missing; expected a text",
        ),
        ("availability", "{", "--json is no JSON"),
        ("availability", "@text.txt", "--json is no JSON"),
        (
            "availability",
            "@nowhere.json",
            "--json @nowhere.json: No such file",
        ),
        ("describe", r#"{"x": 1}"#, "describe takes no parameters"),
        (
            "discribe",
            "{}",
            "the contract has no export discribe; there are availability, begin-connect, \
             describe, export-ics",
        ),
        (
            "push-event",
            "{}",
            "push-event works on a connected account, and this call is made for nobody. `calport \
             conform` tries it",
        ),
    ] {
        let refused = bench.call("built-in.wasm", export, given);
        assert_eq!(refused.status.code(), Some(2), "{export}: {refused:?}");
        assert!(refused.stdout.is_empty());
        let told = text(&refused.stderr);
        assert!(told.contains(said), "{said}: {told}");
    }
    let nowhere = bench.call("nowhere.wasm", "describe", "{}");
    assert_eq!(nowhere.status.code(), Some(2), "{nowhere:?}");
    let told = text(&nowhere.stderr);
    assert!(
        told.contains("the component nowhere.wasm cannot be read") && !told.contains("CALPORT_"),
        "{told}"
    );
}

#[test]
fn case_26_a_hostile_component_is_called_without_being_granted_and_learns_no_secret() {
    let bench = Bench::new();
    let titled = |title: &str| {
        let mut event = event();
        event["title"] = json!(title);
        json!({"events": [event], "options": {}}).to_string()
    };
    let told = answer(&bench.call("evil.wasm", "export-ics", &titled("tell all")));
    let told = told.as_str().unwrap();
    assert!(told.contains("an-id") && told.contains("sealed_"), "{told}");
    for output in [
        bench.call("evil.wasm", "export-ics", &titled("tell all")),
        bench.call("evil.wasm", "export-ics", &titled("look around")),
        bench.call("evil.wasm", "describe", "{}"),
        bench.call("evil.wasm", "availability", r#"{"provider": "panic"}"#),
        bench.call("built-in.wasm", "availability", r#"{"provider": "google"}"#),
    ] {
        for bytes in [&output.stdout, &output.stderr] {
            assert!(!text(bytes).contains(SECRET), "{output:?}");
        }
    }
    // What it says steers nothing, and reads the same.
    let steering = bench.call("evil.wasm", "export-ics", &titled("mischief"));
    let steers = |byte: &u8| (*byte < 0x20 && *byte != b'\n') || *byte == 0x7f;
    assert!(!steering.stdout.iter().any(steers), "{steering:?}");
    let said = answer(&steering);
    assert!(said.as_str().unwrap().contains("\u{1b}[2J\u{202e}live"));
    assert!(!text(&steering.stdout).contains('\u{202e}'));
    // Nor does it keep anybody waiting.
    let limits = [("CALPORT_PLUGIN_COMPUTING_MILLISECONDS", "300")];
    let spin = ["--json", r#"{"provider": "spin"}"#];
    let words = ["call", "evil.wasm", "availability"];
    let cut = bench.calport(&limits, &[&words[..], &spin[..]].concat());
    assert_eq!(cut.status.code(), Some(1), "{cut:?}");
    assert!(
        text(&cut.stderr).contains("the plugin took too long"),
        "{cut:?}"
    );
}

#[test]
fn the_built_in_component_conforms_in_everything() {
    let bench = Bench::new();
    let tried = bench.calport(&[], &["conform", "built-in.wasm"]);
    println!("{}", text(&tried.stdout));
    assert_eq!(tried.status.code(), Some(0), "{tried:?}");
    assert!(tried.stderr.is_empty(), "{tried:?}");
    let list = bench.conform("built-in.wasm", 0);
    assert_eq!(failures(&list), [""; 0]);
    let checks = list["checks"].as_array().unwrap();
    let shown = text(&tried.stdout);
    assert!(shown.starts_with("calport "), "{shown}");
    let last = format!("{} checks, all ok.", checks.len());
    assert_eq!(shown.lines().last(), Some(&*last));
    for heading in [
        "The contract",
        "The description",
        "Google Calendar",
        "Outlook Calendar",
        "Apple Calendar",
        "Other providers",
        "Files",
    ] {
        assert!(
            shown.lines().any(|line| line == heading),
            "{heading}: {shown}"
        );
    }
    assert!(checks.len() > 60, "{}", checks.len());
    let names = std::fs::read_dir(bench.path()).unwrap().count();
    assert_eq!(names, 2, "it leaves nothing behind");
}

#[test]
fn a_component_that_behaves_otherwise_fails_where_it_does_and_is_told_what_to_do() {
    let bench = Bench::new();
    let list = bench.conform("evil.wasm", 1);
    let failed = failures(&list);
    println!("{}", failed.join("\n"));
    for check in [
        "one that it does not describe is `invalid`: it answered `other`",
        "is `not-configured` without the app's credentials, and names all of them: it succeeded",
        "begin-connect is `not-configured` without the app's credentials: it succeeded",
        "complete-callback without a code is `invalid`: it succeeded",
        "complete-callback of a user who has said no is `denied`: it succeeded",
        "push-event without a grant is `not-connected`: it succeeded",
        "disconnect erases the credentials, whatever the provider answers: they are still there",
        "export-ics writes RFC 5545",
        "no text of any field becomes structure",
    ] {
        assert!(
            failed.iter().any(|failed| failed.starts_with(check)),
            "{check}: {failed:#?}"
        );
    }
    let shown = bench.calport(&[], &["conform", "evil.wasm"]);
    assert_eq!(shown.status.code(), Some(1));
    let page = text(&shown.stdout);
    println!("{page}");
    assert!(page.contains("FAILED"), "{page}");
    let last = format!(
        "{} checks: {} ok, {} failed.",
        list["checks"].as_array().unwrap().len(),
        list["checks"].as_array().unwrap().len() - failed.len(),
        failed.len()
    );
    assert_eq!(page.lines().last(), Some(&*last));
    assert!(text(&shown.stderr).contains("each failed check names its remedy"));
    assert!(!page.contains('\u{1b}'), "no colours where nobody looks");
}

#[test]
fn a_component_that_cannot_be_loaded_fails_with_what_is_missing_or_too_much() {
    let bench = Bench::new();
    let lying = |lie: &str| evil_that_says(lie).unwrap();
    let wat = |text: &str| wat::parse_str(text).unwrap();
    let sockets = r#"(component (import "wasi:sockets/tcp@0.2.0" (instance)))"#;
    let few = r#"(component
        (core module $m (func (export "f") (result i32) i32.const 0))
        (core instance $i (instantiate $m))
        (func $f (result u32) (canon lift (core func $i "f")))
        (instance $c (export "availability" (func $f)))
        (export "calport:calendar/calendar@0.1.0" (instance $c))
        (export "calport:calendar/changes@0.2.0" (instance $c)))"#;
    for (bytes, reasons) in [
        (
            wat(sockets),
            vec![
                "it imports wasi:sockets/tcp@0.2.0",
                "calport:calendar/calendar@0.1.0 is missing",
                "calport:calendar/changes@0.1.0 is missing",
            ],
        ),
        (
            wat(few),
            vec![
                "availability of calport:calendar/calendar@0.1.0 takes () in place of (provider)",
                "push-event of calport:calendar/calendar@0.1.0 is missing",
                "calport:calendar/changes@0.1.0 is missing; there is \
                 calport:calendar/changes@0.2.0",
            ],
        ),
        (lying("colours"), vec!["the plugin's name must be 1 to 200"]),
        (
            lying("host secrets"),
            vec!["names a setting that is not its own"],
        ),
        (lying("metadata service"), vec!["EVIL_API_URL is refused"]),
        (lying("spin"), vec!["the plugin took too long"]),
    ] {
        bench.put("bad.wasm", bytes);
        let list = bench.conform("bad.wasm", 1);
        assert_eq!(list["complete"], false);
        let failed = failures(&list);
        for reason in reasons {
            assert!(
                failed.iter().any(|failed| failed.contains(reason)),
                "{reason}: {failed:#?}"
            );
        }
    }
    let shown = bench.calport(&[], &["conform", "bad.wasm"]);
    assert!(
        text(&shown.stdout).contains("The rest was not tried"),
        "{shown:?}"
    );
    // One that loads, and answers nothing that makes sense.
    bench.put("bad.wasm", raw(&Raw::default()));
    let failed = failures(&bench.conform("bad.wasm", 1));
    let file = "export-ics writes RFC 5545: CRLF, at most 75 octets a line, components that end: \
                the plugin's answer is refused";
    assert!(
        failed.iter().any(|failed| failed.starts_with(file)),
        "{failed:#?}"
    );
    bench.put("bad.wasm", "no component");
    for words in [["conform", "bad.wasm"], ["conform", "nowhere.wasm"]] {
        let refused = bench.calport(&[], &words);
        assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    }
}
