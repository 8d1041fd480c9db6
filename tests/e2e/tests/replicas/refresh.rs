//! One refresh for all who need one (cases 16 to 18), at a provider that ends a whole grant
//! when a refresh token comes back that was used before.

use super::{binary, job, path};
use calport_databases::{Kind, each_database, fresh, kind};
use calport_e2e::{Process, Replicas, Rest, accounts::CASEY, connect};
use calport_standins::{Behaviour, Fault, Google, GoogleConfig, Outlook, OutlookConfig, Requests};
use reqwest::{Method, StatusCode};
use std::time::{Duration, Instant};

const CALENDARS: &str = "/api/calendar/google/calendars/";

fn refreshes(requests: &Requests) -> usize {
    let to_token = requests.to("/token");
    let refreshing =
        to_token.filter(|request| request.field("grant_type").as_deref() == Some("refresh_token"));
    refreshing.len()
}

#[each_database(flavor = "multi_thread")]
async fn case_16_fifty_callers_in_each_process_at_expiry_refresh_once_and_all_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let database = fresh(folder.path()).await;
    let number = match kind() {
        Kind::Sqlite => 1,
        Kind::Postgres => 3,
    };
    let google = GoogleConfig::default().rotate_refresh_tokens();
    // So many at once are more than one user's budget.
    let settings = [
        ("CALPORT_DRIFT_INTERVAL", "0"),
        ("GOOGLE_REQUESTS_PER_MINUTE_PER_USER", "0"),
    ];
    let replicas = Replicas::start(binary(), number, &database, google, &settings)
        .await
        .unwrap();
    replicas.connect("ann", "google", CASEY).await.unwrap();
    for turn in 1..=3 {
        replicas.google.expire_access_tokens();
        replicas.google.forget_requests();
        let mut asking = tokio::task::JoinSet::new();
        for rest in replicas.each().unwrap() {
            for _ in 0..50 {
                let rest = rest.clone();
                asking.spawn(async move {
                    let reply = rest
                        .user("ann", Method::GET, CALENDARS, None)
                        .await
                        .unwrap();
                    (reply.status, reply.text)
                });
            }
        }
        for (status, text) in asking.join_all().await {
            assert_eq!(status, StatusCode::OK, "turn {turn}: {text}");
        }
        assert_eq!(refreshes(&replicas.google.requests()), 1, "turn {turn}");
    }
    assert_eq!(replicas.google.live_refresh_tokens(CASEY), 1);
}

#[each_database(flavor = "multi_thread")]
async fn case_18_a_refresh_whose_caller_has_gone_is_saved_a_hundred_times_of_a_hundred() {
    let folder = tempfile::tempdir().unwrap();
    let database = fresh(folder.path()).await;
    let google = GoogleConfig::default().rotate_refresh_tokens();
    let settings = [
        ("CALPORT_DRIFT_INTERVAL", "0"),
        ("GOOGLE_REQUESTS_PER_MINUTE_PER_USER", "0"),
    ];
    let replicas = Replicas::start(binary(), 1, &database, google, &settings)
        .await
        .unwrap();
    // Ten at a time, each with a grant of their own.
    let users: Vec<_> = (0..10).map(|number| format!("user-{number}")).collect();
    for user in &users {
        replicas.connect(user, "google", CASEY).await.unwrap();
    }
    // Its first bytes are there at once, its last ones when the caller has long gone.
    let slow = Fault::on("POST", "/token").body_contains("grant_type=refresh_token");
    let slow = slow.always().behaviour(Behaviour::Drip { pause_ms: 3 });
    let slow = replicas.google.faults().add(slow);
    let mut saved = 0;
    for _ in 0..10 {
        replicas.google.expire_access_tokens();
        replicas.google.forget_requests();
        let callers = users
            .iter()
            .map(|user| tokio::spawn(ask(&replicas.rest, user)));
        let callers: Vec<_> = callers.collect();
        let deadline = Instant::now() + Duration::from_secs(90);
        while refreshes(&replicas.google.requests()) < users.len() {
            assert!(Instant::now() < deadline, "not everybody refreshed");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        for caller in callers {
            caller.abort();
            assert!(caller.await.unwrap_err().is_cancelled());
        }
        let again = users.iter().map(|user| ask(&replicas.rest, user));
        let statuses = futures::future::join_all(again).await;
        let ok = statuses.iter().filter(|status| **status == StatusCode::OK);
        let ok = ok.count();
        if refreshes(&replicas.google.requests()) == users.len() {
            saved += ok;
        }
    }
    assert_eq!(saved, 100);
    assert_eq!(replicas.google.faults().hits(slow), 100);
    assert_eq!(replicas.google.live_refresh_tokens(CASEY), users.len());
}

/// What a call is answered that needs a token.
fn ask(rest: &Rest, user: &str) -> impl Future<Output = StatusCode> + use<> {
    let (rest, user) = (rest.clone(), user.to_owned());
    async move {
        let reply = rest.user(&user, Method::GET, CALENDARS, None).await;
        reply.unwrap().status
    }
}

#[each_database(flavor = "multi_thread")]
async fn case_17_a_refresher_that_is_killed_before_it_saves_costs_one_reconnection_at_most() {
    let google = Google::start(GoogleConfig::default().rotate_refresh_tokens()).unwrap();
    let outlook = Outlook::start(OutlookConfig::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut settings = google.environment();
    let database = fresh(folder.path()).await;
    settings.push(("CALPORT_DATABASE_URL".to_owned(), database));
    settings.push(("CALPORT_DRIFT_INTERVAL".to_owned(), "0".to_owned()));
    let host = Process::start(binary(), folder.path(), "127.0.0.1:0", &settings)
        .await
        .unwrap();
    let listen = host.url.replace("http://", "");
    let rest = Rest::one_by_one(host.url.clone()).unwrap();
    let standins = (&google, &outlook);
    connect(&rest, standins, ("ann", "google", CASEY))
        .await
        .unwrap();
    host.terminate().await.unwrap();
    google.expire_access_tokens();
    // The first answer refuses the old token, the second one is the new one: nobody sees it.
    let mut killed = settings.clone();
    killed.push(("CALPORT_TEST_KILL".to_owned(), "answered:2".to_owned()));
    let mut host = Process::start(binary(), folder.path(), &listen, &killed)
        .await
        .unwrap();
    let cut = rest.user("ann", Method::GET, CALENDARS, None).await;
    assert!(cut.is_err(), "{cut:?}");
    host.ended().await.unwrap();
    assert_eq!(refreshes(&google.requests()), 1);
    let host = Process::start(binary(), folder.path(), &listen, &settings)
        .await
        .unwrap();
    // It comes back as soon as the lease of the dead one has run out, where there may be others.
    let deadline = Instant::now() + Duration::from_secs(90);
    while needs_reconnect(&rest).await != Some(true) {
        assert!(Instant::now() < deadline, "nobody noticed");
        let _ = rest.user("ann", Method::GET, CALENDARS, None).await;
    }
    let tried = refreshes(&google.requests());
    assert!(tried <= 3, "{tried} refreshes");
    for number in 1..=5 {
        let body = job(number, 1, &["ann"]);
        let reply = rest
            .platform(Method::PUT, &path(number), Some(&body))
            .await
            .unwrap();
        assert_eq!(reply.status, StatusCode::ACCEPTED);
    }
    assert_eq!(
        refreshes(&google.requests()),
        tried,
        "a dead grant is left alone"
    );
    connect(&rest, standins, ("ann", "google", CASEY))
        .await
        .unwrap();
    for number in 1..=5 {
        super::everywhere(&rest, number).await;
    }
    assert_eq!(google.events(CASEY, "primary").len(), 5);
    host.terminate().await.unwrap();
}

async fn needs_reconnect(rest: &Rest) -> Option<bool> {
    let reply = rest
        .user("ann", Method::GET, "/api/calendar/", None)
        .await
        .ok()?;
    let all = reply.json();
    let google = all["providers"]
        .as_array()?
        .iter()
        .find(|it| it["id"] == "google")?;
    google["needs_reconnect"].as_bool()
}
