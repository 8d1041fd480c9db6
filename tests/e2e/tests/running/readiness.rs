//! Whether a host says that it is ready, and whether that is so.

use super::{BINARY, PATIENCE, until};
use calport_databases::{Kind, Server};
use calport_e2e::{Process, Reply, Rest, World};
use reqwest::{Method, StatusCode};
use std::{path::Path, task::Poll};

async fn get(world: &World, path: &str) -> Reply {
    let asked = world.call(Method::GET, path, None, None);
    let answered = tokio::time::timeout(PATIENCE / 4, asked).await;
    answered.expect("it does not answer").unwrap()
}

#[calport_databases::each_database]
async fn a_host_whose_database_is_away_lives_and_is_not_ready() {
    let world = World::start().await.unwrap();
    assert_eq!(get(&world, "/readyz").await.status, StatusCode::OK);
    world.service.vault().database().close().await;
    let not_ready = get(&world, "/readyz").await;
    assert_eq!(not_ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get(&world, "/healthz").await.status, StatusCode::OK);
}

/// By itself the pool would let it wait for half a minute.
#[calport_databases::each_database]
async fn a_database_that_hangs_is_told_within_seconds_and_once_it_is_over() {
    let world = World::start().await.unwrap();
    let database = world.service.vault().database();
    // Whoever asks for a connection now stands behind these in the queue.
    let (mut held, mut waiting) = (Vec::new(), Vec::new());
    for _ in 0..64 {
        let mut asking = Box::pin(database.read());
        match futures::poll!(&mut asking) {
            Poll::Ready(reading) => held.push(reading.unwrap()),
            Poll::Pending => waiting.push(asking),
        }
    }
    let not_ready = get(&world, "/readyz").await;
    assert_eq!(not_ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(not_ready.code(), "unavailable");
    drop((held, waiting));
    assert_eq!(get(&world, "/readyz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_database_that_comes_back_makes_it_ready_again_without_a_restart() {
    calport_databases::on(Kind::Postgres, async {
        let mut server = Server::start(Vec::new()).await;
        let folder = tempfile::tempdir().unwrap();
        let url = ("CALPORT_DATABASE_URL".to_owned(), server.fresh().await);
        let host = Process::start(Path::new(BINARY), folder.path(), "127.0.0.1:0", &[url]).await;
        let host = host.unwrap();
        let rest = Rest::new(host.url.clone()).unwrap();
        let is_ready = async || {
            let reply = rest.call(Method::GET, "/readyz", None, None).await;
            reply.unwrap().status == StatusCode::OK
        };
        assert!(is_ready().await);
        server.stop();
        assert!(!is_ready().await);
        server.run().await;
        until("it is ready again", is_ready).await;
    })
    .await;
}
