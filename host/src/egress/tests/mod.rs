//! The whole way out, tested against real sockets and a real TLS server on loopback.
//!
//! Connects are counted where they arrive. No test reaches beyond this machine.

mod addresses;
mod alone;
mod cuts;
mod exchange;
mod places;
pub(crate) mod server;
mod targets;
mod tls;

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Empty};

use super::{AllowList, Egress, EgressError, Limits, Loopback, ReplyBody, Resolve, Resolving};
use server::Server;

/// Far beyond what any test takes: reached, it fails the test.
const PATIENCE: Duration = Duration::from_secs(20);

/// Short enough to wait for, long enough for a loopback exchange on a busy machine.
const SHORT: Duration = Duration::from_millis(400);

fn limits() -> Limits {
    Limits {
        deadline: PATIENCE,
        connect_timeout: PATIENCE,
        ..Limits::default()
    }
}

/// One place: who does not give it back stops everybody else.
fn one_place(deadline: Duration) -> Limits {
    Limits {
        deadline,
        in_flight_per_origin: 1,
        ..limits()
    }
}

fn allowed(urls: &[&str]) -> AllowList {
    let mut list = AllowList::new(Loopback::Allowed);
    for url in urls {
        list.allow(url).unwrap();
    }
    list
}

fn egress_to(server: &Server, limits: Limits) -> Egress {
    Egress::builder(allowed(&[&server.url("")]))
        .limits(limits)
        .build()
        .unwrap()
}

fn get(url: &str) -> Request<Empty<Bytes>> {
    Request::get(url).body(Empty::new()).unwrap()
}

async fn text(reply: Response<ReplyBody>) -> Result<String, EgressError> {
    let bytes = reply.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}

/// How many bytes came, or why not all of them.
async fn outcome(sent: Result<Response<ReplyBody>, EgressError>) -> Result<usize, EgressError> {
    let mut body = sent?.into_body();
    let mut read = 0;
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => read += frame.into_data().unwrap().len(),
            Err(error) => {
                assert!(read <= 4 * 1024 * 1024, "{read}");
                assert!(body.is_end_stream());
                return Err(error);
            }
        }
    }
    Ok(read)
}

/// Says what a test says, and how often it was asked.
#[derive(Default)]
struct FakeResolver {
    names: HashMap<String, Vec<IpAddr>>,
    asked: Mutex<Vec<String>>,
    calls: AtomicUsize,
}

impl FakeResolver {
    fn new(names: &[(&str, &[&str])]) -> Arc<Self> {
        let names = names
            .iter()
            .map(|(name, addresses)| {
                (
                    (*name).to_owned(),
                    addresses.iter().map(|text| text.parse().unwrap()).collect(),
                )
            })
            .collect();
        Arc::new(Self {
            names,
            ..Self::default()
        })
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Resolve for FakeResolver {
    fn resolve(&self, name: &str) -> Resolving {
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.asked.lock().unwrap().push(name.to_owned());
        let found = self.names.get(name).cloned();
        Box::pin(async move { found.ok_or_else(|| io::Error::other("no such name")) })
    }
}
