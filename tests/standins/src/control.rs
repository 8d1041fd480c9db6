//! `/_control/`: faults, records and switches over HTTP, for tests in other processes and languages.
//!
//! It only says in JSON what the Rust interface says; it never can do more.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use axum::routing::{get, post};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::pairs::Pairs;
use crate::record::path_matches;
use crate::server::{self, Shell};

/// The controls that every stand-in has.
pub(crate) fn routes(shell: Arc<Shell>) -> Router {
    Router::new()
        .route("/_control/requests", get(requests).delete(forget))
        .route("/_control/faults", get(faults).post(add).delete(clear))
        .route("/_control/switch", post(switch))
        .route("/_control/latency", post(latency))
        .route("/_control/clock", post(clock))
        .with_state(shell)
}

/// What a control answers that has nothing to say.
pub(crate) fn done() -> Response {
    server::json(200, &json!({}))
}

/// Reads a control's JSON body; the answer to a wrong one says what is wrong.
pub(crate) fn body<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, Response> {
    serde_json::from_slice(bytes)
        .map_err(|error| server::json(400, &json!({ "error": error.to_string() })))
}

async fn requests(State(shell): State<Arc<Shell>>, RawQuery(query): RawQuery) -> Response {
    let query = Pairs::parse(query.unwrap_or_default());
    let list: Vec<Value> = shell
        .records
        .all()
        .iter()
        .filter(|request| {
            query
                .get("method")
                .is_none_or(|method| request.method.as_str() == method)
        })
        .filter(|request| {
            query
                .get("path")
                .is_none_or(|path| path_matches(path, &request.path))
        })
        .map(crate::Recorded::to_json)
        .collect();
    server::json(200, &json!({ "requests": list }))
}

async fn forget(State(shell): State<Arc<Shell>>) -> Response {
    shell.records.clear();
    done()
}

async fn faults(State(shell): State<Arc<Shell>>) -> Response {
    let all = shell.faults.all();
    let list: Vec<Value> = all
        .into_iter()
        .map(|(id, fault, hits)| json!({ "id": id, "fault": fault, "hits": hits }))
        .collect();
    server::json(200, &json!({ "faults": list }))
}

async fn add(State(shell): State<Arc<Shell>>, bytes: Bytes) -> Response {
    match body::<Fault>(&bytes) {
        Ok(fault) => server::json(200, &json!({ "id": shell.faults.add(fault) })),
        Err(reply) => reply,
    }
}

async fn clear(State(shell): State<Arc<Shell>>) -> Response {
    shell.faults.clear();
    done()
}

async fn switch(State(shell): State<Arc<Shell>>, bytes: Bytes) -> Response {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Switch {
        on: bool,
    }
    match body::<Switch>(&bytes) {
        Ok(wanted) => {
            shell.switch(wanted.on);
            done()
        }
        Err(reply) => reply,
    }
}

async fn latency(State(shell): State<Arc<Shell>>, bytes: Bytes) -> Response {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Latency {
        milliseconds: u64,
    }
    match body::<Latency>(&bytes) {
        Ok(wanted) => {
            shell.set_latency(Duration::from_millis(wanted.milliseconds));
            done()
        }
        Err(reply) => reply,
    }
}

async fn clock(State(shell): State<Arc<Shell>>, bytes: Bytes) -> Response {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Advance {
        advance_seconds: u64,
    }
    match body::<Advance>(&bytes) {
        Ok(wanted) => {
            shell
                .clock
                .advance(Duration::from_secs(wanted.advance_seconds));
            done()
        }
        Err(reply) => reply,
    }
}
