//! Master keys of the real binary: where they come from, what is refused, and how one takes
//! another's place beside a running server that may be killed at any moment.

mod audit;
mod rotation;
mod secrecy;
mod start;

use calport_e2e::Process;
use std::{
    path::Path,
    process::{Output, Stdio},
};
use tokio::process::Command;

const K1: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const K2: &str = "k2:HxsdHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_calport-steps"))
}

/// Where a host runs, and the URL of its database.
struct Place<'a> {
    folder: &'a Path,
    database: String,
}

impl<'a> Place<'a> {
    /// With a new database of the kind that the test runs on.
    async fn fresh(folder: &'a Path) -> Self {
        let database = calport_databases::fresh(folder).await;
        Self { folder, database }
    }
}

/// A server in this place with these keys. Why it did not start, if so.
async fn serve(place: &Place<'_>, keys: &str) -> Result<Process, String> {
    let settings = [("CALPORT_KEYS".to_owned(), keys.to_owned())];
    serve_with(place, &settings).await
}

async fn serve_with(place: &Place<'_>, settings: &[(String, String)]) -> Result<Process, String> {
    let mut settings = settings.to_vec();
    settings.push(("CALPORT_DATABASE_URL".to_owned(), place.database.clone()));
    Process::start(binary(), place.folder, "127.0.0.1:0", &settings)
        .await
        .map_err(|error| error.to_string())
}

/// `calport` with these words in this place; it ends itself at `kill`, if given.
async fn calport(place: &Place<'_>, keys: &str, words: &str, kill: Option<&str>) -> Output {
    let mut command = Command::new(binary());
    command
        .args(words.split_whitespace())
        .current_dir(place.folder)
        .env_clear()
        .env("CALPORT_DATABASE_URL", &place.database)
        .env("CALPORT_KEYS", keys)
        .stdin(Stdio::null());
    if let Some(kill) = kill {
        command.env("CALPORT_TEST_KILL", kill);
    }
    command.output().await.unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}
