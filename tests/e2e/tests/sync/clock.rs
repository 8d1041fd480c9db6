//! A database clock that jumps (case 46). Debian's libfaketime moves it: that of the real
//! binary, whose SQLite has no other one, or that of PostgreSQL alone.

use super::{is_everywhere, job, path, reading_until};
use calport_databases::{Server, clock_settings, is_there};
use calport_e2e::{Process, Rest, accounts::CASEY, connect, libfaketime, not_tested};
use calport_standins::{Fault, Google, GoogleConfig, Outlook, OutlookConfig};
use reqwest::Method;
use std::{
    fs,
    path::{Path, PathBuf},
};

fn library() -> Option<PathBuf> {
    let library = libfaketime();
    if library.is_none() {
        let remedy = "install Debian's package libfaketime";
        not_tested("libfaketime is missing: no clock jumps", remedy).unwrap();
    }
    library
}

#[tokio::test]
async fn case_46_a_clock_that_jumps_a_day_either_way_stops_nothing_and_makes_no_storm() {
    let Some(library) = library() else { return };
    let folder = tempfile::tempdir().unwrap();
    let clock = folder.path().join("clock");
    fs::write(&clock, "+0").unwrap();
    let settings = clock_settings(&library, &clock);
    book_while_it_jumps(&settings, |offset| fs::write(&clock, offset).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn case_46_the_clock_of_postgresql_jumps_a_day_either_way_and_nothing_comes_of_it() {
    let Some(library) = library() else { return };
    if let Err(missing) = is_there() {
        return not_tested("PostgreSQL's clock", &missing.to_string()).unwrap();
    }
    let server = Server::start_with_clock(&library).await;
    let settings = [("CALPORT_DATABASE_URL", server.fresh().await)];
    book_while_it_jumps(&settings, |offset| server.set_clock(offset)).await;
}

async fn book_while_it_jumps(own: &[(&str, String)], set_clock: impl Fn(&str)) {
    let google = Google::start(GoogleConfig::default()).unwrap();
    let outlook = Outlook::start(OutlookConfig::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut settings = google.environment();
    settings.extend(
        own.iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone())),
    );
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
