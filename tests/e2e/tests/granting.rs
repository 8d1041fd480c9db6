//! A component in place of the built-in one: looked at, refused, granted, changed, refused
//! again. With the real binary, as an operator does it.

use calport_artifacts::{EVIL, evil_that_says};
use calport_e2e::Process;
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// An operator's folder with two versions of a plugin from elsewhere.
struct Desk {
    folder: tempfile::TempDir,
    old: PathBuf,
    new: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (old, new) = (
            folder.path().join("old.wasm"),
            folder.path().join("new.wasm"),
        );
        std::fs::write(&old, EVIL).unwrap();
        std::fs::write(&new, lying("another host")).unwrap();
        Self { folder, old, new }
    }

    fn calport(&self, words: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_calport-steps"))
            .args(words)
            .current_dir(self.folder.path())
            .env_clear()
            .env("CALPORT_CACHE_DIR", self.folder.path().join("cache"))
            .env("USER", "casey")
            .output()
            .unwrap()
    }

    /// Starts to serve with a plugin; refused or not.
    async fn serve(
        &self,
        plugin: &Path,
        pinned: &str,
    ) -> Result<Process, Box<dyn std::error::Error + Send + Sync>> {
        let settings = [
            ("CALPORT_PLUGIN", plugin.to_str().unwrap()),
            ("CALPORT_PLUGIN_SHA256", pinned),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let binary = Path::new(env!("CARGO_BIN_EXE_calport-steps"));
        Process::start(binary, self.folder.path(), "127.0.0.1:0", &settings).await
    }

    async fn refusal(&self, plugin: &Path, pinned: &str) -> String {
        let refused = self.serve(plugin, pinned).await;
        refused.expect_err("it serves").to_string()
    }

    async fn serves(&self, plugin: &Path, pinned: &str) {
        let process = self.serve(plugin, pinned).await.unwrap();
        process.kill().await.unwrap();
    }
}

/// The hostile plugin with another description.
fn lying(lie: &str) -> Vec<u8> {
    evil_that_says(lie).unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[tokio::test]
async fn a_plugin_from_elsewhere_serves_once_it_is_granted_and_a_changed_one_again_not() {
    let desk = Desk::new();
    let refused = desk.refusal(&desk.old, "").await;
    for part in [
        "evil 6.6.6 was not granted yet",
        "reaches https://api.evil.example",
        "uses the secrets EVIL_CLIENT_SECRET",
        "calport plugin grant",
    ] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    let granted = desk.calport(&["plugin", "grant", "old.wasm"]);
    assert!(granted.status.success(), "{granted:?}");
    assert!(stdout(&granted).contains("reaches https://api.evil.example"));
    desk.serves(&desk.old, "").await;
    let refused = desk.refusal(&desk.new, "").await;
    for part in [
        "has changed since it was granted",
        "+ reaches https://other.evil.example",
        "- reaches https://api.evil.example",
    ] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    assert!(stdout(&desk.calport(&["plugin", "list"])).contains("casey"));
    let revoked = desk.calport(&["plugin", "revoke", "evil"]);
    assert!(revoked.status.success(), "{revoked:?}");
    desk.refusal(&desk.old, "").await;
}

#[tokio::test]
async fn a_pinned_component_serves_without_a_command_and_no_other_does() {
    let desk = Desk::new();
    let inspected = desk.calport(&["inspect", "old.wasm", "--json"]);
    let inspected: serde_json::Value = serde_json::from_str(&stdout(&inspected)).unwrap();
    let pin = inspected["sha256"].as_str().unwrap();
    desk.serves(&desk.old, pin).await;
    let refused = desk.refusal(&desk.new, pin).await;
    assert!(
        refused.contains("CALPORT_PLUGIN_SHA256 accepts another"),
        "{refused}"
    );
}

#[test]
fn inspecting_shows_what_a_component_wants_and_what_has_changed() {
    let desk = Desk::new();
    let shown = desk.calport(&["inspect", "new.wasm", "--against", "old.wasm"]);
    assert!(shown.status.success(), "{shown:?}");
    let shown = stdout(&shown);
    println!("{shown}");
    for part in [
        "evil 6.6.6",
        "SHA-256",
        "https://other.evil.example/  (api; EVIL_API_URL)",
        "EVIL_CLIENT_SECRET",
        "everything",
        "wasi:http/outgoing-handler@",
        "calport:calendar/calendar@0.1.0",
        "+ reaches https://other.evil.example",
        "- reaches https://api.evil.example",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(
        !desk.folder.path().join("calport.db").exists(),
        "nothing was made"
    );
}

#[test]
fn inspecting_what_cannot_serve_shows_its_imports_and_fails() {
    let desk = Desk::new();
    let file = desk.folder.path().join("sockets.wasm");
    let text = "(component (import \"wasi:sockets/tcp@0.2.0\" (instance)))";
    std::fs::write(&file, wat::parse_str(text).unwrap()).unwrap();
    let shown = desk.calport(&["inspect", "sockets.wasm"]);
    assert_eq!(shown.status.code(), Some(2), "{shown:?}");
    assert!(stdout(&shown).contains("wasi:sockets/tcp@0.2.0"));
    std::fs::write(&file, lying("colours")).unwrap();
    let shown = desk.calport(&["inspect", "sockets.wasm"]);
    assert_eq!(shown.status.code(), Some(2));
    assert!(!stdout(&shown).contains('\u{1b}'), "{shown:?}");
    assert!(!shown.stderr.contains(&0x1b), "{shown:?}");
    std::fs::write(&file, "not wasm").unwrap();
    assert_eq!(
        desk.calport(&["inspect", "sockets.wasm"]).status.code(),
        Some(2)
    );
    // Nothing of it was granted by looking.
    let granted = desk.calport(&["plugin", "grant", "sockets.wasm"]);
    assert_eq!(granted.status.code(), Some(2));
}
