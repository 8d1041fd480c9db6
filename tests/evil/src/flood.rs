//! Memory and handles of the host's: everything that a guest may ask a host to keep for it.

use crate::{Deed, bindings::calport::calendar::types::Error};
use std::{hint::black_box, io::Write};
use wasip2::{
    clocks::monotonic_clock,
    http::{
        outgoing_handler,
        types::{Fields, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme},
    },
    io::{poll, streams::OutputStream},
    random::random,
};

const MIB: usize = 1 << 20;

pub(crate) fn perform(deed: &Deed) -> Option<Result<String, Error>> {
    let kept = match deed.name.as_str() {
        "a million pollables" => keep(1_000_000, || monotonic_clock::subscribe_duration(u64::MAX)),
        "a million fields" => keep(1_000_000, Fields::new),
        "a million requests" => keep(1_000_000, || OutgoingRequest::new(Fields::new())),
        "a million options" => keep(1_000_000, RequestOptions::new),
        "full fields" => keep(1_000_000, full_fields),
        "long methods" => keep(10_000, || with_method(&"M".repeat(30 * MIB))),
        "fair methods" => keep(10_000, || with_method(&"M".repeat(100 * 1_024))),
        "long authorities" => keep(10_000, || with_authority(&"a".repeat(30 * MIB))),
        "long paths" => keep(10_000, || with_path(&"p".repeat(65_000))),
        "bodies without an end" => keep(10_000, unfinished_body),
        "40,000 headers" => (0..40_000).fold(Fields::new(), append_one).entries().len(),
        "40,000 values" => {
            let fields = Fields::new();
            let _ = fields.set("x", &vec![b"v".to_vec(); 40_000]);
            fields.entries().len()
        }
        "a giant header" => {
            let fields = Fields::new();
            let _ = fields.append("x", &vec![b'v'; 48 * MIB]);
            fields.entries().len()
        }
        "a million entries" => {
            let entries = vec![("x".to_owned(), Vec::new()); 1_000_000];
            Fields::from_list(&entries).map_or(0, |fields| fields.entries().len())
        }
        "poll a million times over" => {
            let now = monotonic_clock::subscribe_duration(0);
            poll::poll(&vec![&now; 8_000_000]).len()
        }
        "all randomness" => random::get_random_bytes(u64::MAX).len(),
        "much randomness" => random::get_random_bytes(60 << 20).len(),
        "fair randomness" => loop {
            black_box(random::get_random_bytes(64 * 1_024));
        },
        "shout" => shout(std::io::stderr()),
        "talk" => shout(std::io::stdout()),
        "gigantic write" => gigantic_write(),
        "forged handles" => {
            for handle in 0..100_000 {
                drop(unsafe { Fields::from_handle(handle) });
            }
            0
        }
        "dropped twice" => {
            let fields = Fields::new();
            let again = unsafe { Fields::from_handle(fields.handle()) };
            drop(fields);
            drop(again);
            0
        }
        "another's handle" => {
            let fields = Fields::new();
            let stream = unsafe { OutputStream::from_handle(fields.handle()) };
            stream.check_write().map_or(0, |n| n as usize)
        }
        "a request without an end" => return Some(request_without_end(deed)),
        "a thousand requests" => return Some(Ok(thousand_requests(deed).to_string())),
        _ => return None,
    };
    Some(Ok(kept.to_string()))
}

/// Keeps as many as it gets.
fn keep<T>(count: usize, make: impl FnMut() -> T) -> usize {
    let hoard: Vec<T> = std::iter::repeat_with(make).take(count).collect();
    black_box(hoard).len()
}

fn append_one(fields: Fields, n: usize) -> Fields {
    let _ = fields.append(&format!("x-{n}"), b"v");
    fields
}

fn full_fields() -> Fields {
    let fields = Fields::new();
    let _ = fields.append("x", &vec![b'v'; 60 * 1_024]);
    fields
}

fn with_method(method: &str) -> OutgoingRequest {
    let request = OutgoingRequest::new(Fields::new());
    let _ = request.set_method(&Method::Other(method.to_owned()));
    request
}

fn with_authority(authority: &str) -> OutgoingRequest {
    let request = OutgoingRequest::new(Fields::new());
    let _ = request.set_authority(Some(authority));
    request
}

fn with_path(path: &str) -> OutgoingRequest {
    let request = OutgoingRequest::new(Fields::new());
    let _ = request.set_path_with_query(Some(&format!("/{path}")));
    request
}

/// A body with as much in it as it takes, whose request is never sent.
fn unfinished_body() -> (OutgoingRequest, OutgoingBody, OutputStream) {
    let request = OutgoingRequest::new(Fields::new());
    let body = request.body().expect("a first body");
    let stream = body.write().expect("a first stream");
    let bytes = vec![b'b'; MIB];
    while let Ok(room @ 1..) = stream.check_write() {
        let room = usize::try_from(room).map_or(MIB, |room| room.min(MIB));
        if stream.write(&bytes[..room]).is_err() {
            break;
        }
    }
    (request, body, stream)
}

fn shout(mut to: impl Write) -> usize {
    let line = vec![b'!'; MIB];
    let mut written = 0;
    for _ in 0..1_024 {
        match to.write_all(&line) {
            Ok(()) => written += line.len(),
            Err(_) => break,
        }
    }
    written
}

/// More than the stream has said that it takes.
fn gigantic_write() -> usize {
    let request = OutgoingRequest::new(Fields::new());
    let body = request.body().expect("a first body");
    let stream = body.write().expect("a first stream");
    let _ = stream.write(&vec![b'b'; 40 * MIB]);
    let _ = stream.write_zeroes(u64::MAX);
    0
}

/// To the allowed host that the deed's first argument names.
fn to_host(deed: &Deed) -> OutgoingRequest {
    let request = OutgoingRequest::new(Fields::new());
    let _ = request.set_method(&Method::Post);
    let _ = request.set_scheme(Some(&Scheme::Http));
    let _ = request.set_authority(deed.arguments.first().map(String::as_str));
    let _ = request.set_path_with_query(Some("/"));
    request
}

/// Its body is begun and never ended, with no timeout at all.
fn request_without_end(deed: &Deed) -> Result<String, Error> {
    let request = to_host(deed);
    let body = request.body().expect("a first body");
    let stream = body.write().expect("a first stream");
    let options = RequestOptions::new();
    let _ = options.set_connect_timeout(Some(u64::MAX));
    let _ = options.set_first_byte_timeout(Some(u64::MAX));
    let _ = options.set_between_bytes_timeout(Some(u64::MAX));
    let future = outgoing_handler::handle(request, Some(options))
        .map_err(|code| Error::Other(Some(format!("refused: {code:?}"))))?;
    let _ = stream.blocking_write_and_flush(b"to be continued");
    future.subscribe().block();
    Ok(format!(
        "{:?}",
        future.get().map(|reply| reply.map(|reply| reply.map(drop)))
    ))
}

fn thousand_requests(deed: &Deed) -> usize {
    let begun: Vec<_> = std::iter::repeat_with(|| outgoing_handler::handle(to_host(deed), None))
        .take(1_000)
        .collect();
    begun.iter().filter(|begun| begun.is_ok()).count()
}
