//! Behind the real PgBouncer in transaction mode, with fewer server connections than workers.

use super::{binary, everywhere, job, path, server};
use calport_databases::Pooler;
use calport_e2e::{Replicas, accounts::CASEY, not_tested};
use calport_standins::GoogleConfig;
use reqwest::{Method, StatusCode};

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_work_behind_a_pooler_that_lends_four_connections() {
    let Some(server) = server().await else { return };
    if let Err(missing) = Pooler::is_there() {
        return not_tested("poolers", &missing.to_string()).unwrap();
    }
    let direct = server.fresh().await;
    let name = direct.split(['/', '?']).nth(3).unwrap().to_owned();
    let pooler = Pooler::start(server, 4).await;
    let url = pooler.url(&name);
    let google = GoogleConfig::default();
    let mut replicas = Replicas::start(binary(), 2, &url, google, &[])
        .await
        .unwrap();
    replicas.connect("ann", "google", CASEY).await.unwrap();
    let mut stating = tokio::task::JoinSet::new();
    for number in 1..=60 {
        let rest = replicas.rest.clone();
        stating.spawn(async move {
            let body = job(number, 1, &["ann"]);
            rest.platform(Method::PUT, &path(number), Some(&body))
                .await
                .unwrap()
        });
    }
    for reply in stating.join_all().await {
        assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
    }
    for number in 1..=60 {
        everywhere(&replicas.rest, number).await;
    }
    // A start brings the schema up to date, on connections that others have used before.
    let process = replicas.processes[0].take().unwrap();
    process.terminate().await.unwrap();
    replicas.run(0).await.unwrap();
    assert_eq!(replicas.google.events(CASEY, "primary").len(), 60);
}
