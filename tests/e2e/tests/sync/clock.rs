//! A database clock that jumps (case 46). Debian's libfaketime moves it for the real binary.

use super::{is_everywhere, job, path, reading_until};
use calport_e2e::{Process, Rest, accounts::CASEY, connect, not_tested};
use calport_standins::{Fault, Google, GoogleConfig, Outlook, OutlookConfig};
use reqwest::Method;
use std::{
    fs,
    path::{Path, PathBuf},
};

fn library() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?;
    folders
        .filter_map(Result::ok)
        .map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"))
        .find(|library| library.exists())
}

#[tokio::test]
async fn case_46_a_clock_that_jumps_a_day_either_way_stops_nothing_and_makes_no_storm() {
    let Some(library) = library() else {
        let remedy = "install Debian's package libfaketime";
        return not_tested("libfaketime is missing: no clock jumps", remedy).unwrap();
    };
    let google = Google::start(GoogleConfig::default()).unwrap();
    let outlook = Outlook::start(OutlookConfig::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let clock = folder.path().join("clock");
    let set_clock = |offset: &str| fs::write(&clock, offset).unwrap();
    set_clock("+0");
    let mut settings = google.environment();
    for (name, value) in [
        ("LD_PRELOAD", library.display().to_string()),
        ("FAKETIME_TIMESTAMP_FILE", clock.display().to_string()),
        ("FAKETIME_NO_CACHE", "1".to_owned()),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ] {
        settings.push((name.to_owned(), value));
    }
    let binary = Path::new(env!("CARGO_BIN_EXE_calport-steps"));
    let host = Process::start(binary, folder.path(), "127.0.0.1:0", &settings)
        .await
        .unwrap();
    let rest = Rest::new(host.url.clone()).unwrap();
    connect(&rest, (&google, &outlook), ("ann", "google", CASEY))
        .await
        .unwrap();
    for (number, offset) in [(1, "-1d"), (2, "+0"), (3, "+1d"), (4, "+0")] {
        google.forget_requests();
        let down = Fault::on("POST", "/calendar/v3/calendars/*/events");
        let down = google.faults().add(down.always());
        let body = job(number, 1, &["ann"]);
        let reply = rest
            .platform(Method::PUT, &path(number), Some(&body))
            .await
            .unwrap();
        assert_eq!(reply.status, 202);
        // It waits for a time on the old clock.
        reading_until(&rest, &path(number), |reading| {
            reading["participants"][0]["calendars"][0]["reason"].is_string()
        })
        .await;
        set_clock(offset);
        google.faults().remove(down);
        reading_until(&rest, &path(number), is_everywhere).await;
        let asked = google.requests().len();
        assert!(asked < 40, "{offset}: {asked} requests for one booking");
    }
    assert_eq!(google.events(CASEY, "primary").len(), 4);
}
