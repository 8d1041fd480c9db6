//! Whether a host says that it is ready, and whether that is so.

use super::PATIENCE;
use calport_e2e::{Reply, World};
use reqwest::{Method, StatusCode};

async fn get(world: &World, path: &str) -> Reply {
    let asked = world.call(Method::GET, path, None, None);
    let answered = tokio::time::timeout(PATIENCE / 4, asked).await;
    answered.expect("it does not answer").unwrap()
}

#[tokio::test]
async fn a_host_whose_database_is_away_lives_and_is_not_ready() {
    let world = World::start().await.unwrap();
    assert_eq!(get(&world, "/readyz").await.status, StatusCode::OK);
    world.service.vault().database().close().await;
    let not_ready = get(&world, "/readyz").await;
    assert_eq!(not_ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get(&world, "/healthz").await.status, StatusCode::OK);
}

/// By itself the pool would let it wait for half a minute.
#[tokio::test]
async fn a_database_that_hangs_is_told_within_seconds_and_once_it_is_over() {
    let world = World::start().await.unwrap();
    let pool = world.service.vault().database().pool().clone();
    let mut held = Vec::new();
    for _ in 0..pool.options().get_max_connections() {
        held.push(pool.acquire().await.unwrap());
    }
    let not_ready = get(&world, "/readyz").await;
    assert_eq!(not_ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(not_ready.code(), "unavailable");
    drop(held);
    assert_eq!(get(&world, "/readyz").await.status, StatusCode::OK);
}
