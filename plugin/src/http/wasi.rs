//! One blocking exchange over wasi:http: few and large reads and writes, because
//! each is a call into the host. Never keeps anything between exchanges.

use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingResponse, Method as WasiMethod, OutgoingBody, OutgoingRequest,
    Scheme,
};
use wasip2::io::streams::StreamError;

use super::{Failure, LARGEST_BODY, Method, Request, Response};

/// What wasi:io lets through in one `blocking-write-and-flush`.
const LARGEST_WRITE: usize = 4_096;

/// Asked for in one read; hosts answer with what they have.
const LARGEST_READ: u64 = 64 * 1024;

pub(crate) fn send(request: &Request) -> Result<Response, Failure> {
    let headers = Fields::new();
    let set = |name: &str, value: &str| {
        headers
            .append(name, value.as_bytes())
            .map_err(|_| Failure::Refused)
    };
    for (name, value) in &request.headers {
        set(name, value)?;
    }
    let body = request.body.as_deref();
    if let Some(body) = body {
        set("content-length", &body.len().to_string())?;
    } else if matches!(request.method, Method::Post | Method::Patch) {
        set("content-length", "0")?;
    }

    let outgoing = OutgoingRequest::new(headers);
    let url = &request.url;
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let authority = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => return Err(Failure::Refused),
    };
    let scheme = match url.scheme() {
        "https" => Scheme::Https,
        "http" => Scheme::Http,
        _ => return Err(Failure::Refused),
    };
    let method = match request.method {
        Method::Get => WasiMethod::Get,
        Method::Post => WasiMethod::Post,
        Method::Patch => WasiMethod::Patch,
        Method::Delete => WasiMethod::Delete,
    };
    outgoing
        .set_method(&method)
        .map_err(|()| Failure::Refused)?;
    outgoing
        .set_scheme(Some(&scheme))
        .map_err(|()| Failure::Refused)?;
    outgoing
        .set_authority(Some(&authority))
        .map_err(|()| Failure::Refused)?;
    outgoing
        .set_path_with_query(Some(&path))
        .map_err(|()| Failure::Refused)?;

    let sink = outgoing.body().map_err(|()| Failure::Refused)?;
    let future = outgoing_handler::handle(outgoing, None).map_err(|code| failure(&code))?;
    write(sink, body.unwrap_or_default())?;
    future.subscribe().block();
    match future.get() {
        Some(Ok(Ok(response))) => read(&response),
        Some(Ok(Err(code))) => Err(failure(&code)),
        Some(Err(())) | None => Err(Failure::NoReply),
    }
}

fn write(sink: OutgoingBody, body: &[u8]) -> Result<(), Failure> {
    if !body.is_empty() {
        let stream = sink.write().map_err(|()| Failure::NoReply)?;
        for part in body.chunks(LARGEST_WRITE) {
            match stream.blocking_write_and_flush(part) {
                Ok(()) => {}
                // Nobody takes the rest: the connection was refused, or the peer has answered
                // before it has read everything. The reply says which; to finish a body that
                // is too short would hide it.
                Err(StreamError::Closed) => return Ok(()),
                Err(StreamError::LastOperationFailed(_)) => return Err(Failure::NoReply),
            }
        }
    }
    OutgoingBody::finish(sink, None).map_err(|code| failure(&code))
}

fn read(response: &IncomingResponse) -> Result<Response, Failure> {
    let status = response.status();
    let retry_after = response
        .headers()
        .get("retry-after")
        .into_iter()
        .next()
        .and_then(|value| String::from_utf8(value).ok());
    let source = response.consume().map_err(|()| Failure::NoReply)?;
    let stream = source.stream().map_err(|()| Failure::NoReply)?;
    let mut body = Vec::new();
    loop {
        match stream.blocking_read(LARGEST_READ) {
            Ok(part) if body.len() + part.len() > LARGEST_BODY => return Err(Failure::Unreadable),
            Ok(part) if body.is_empty() => body = part,
            Ok(part) => body.extend_from_slice(&part),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(error)) => {
                let code = wasip2::http::types::http_error_code(&error);
                return Err(code.as_ref().map_or(Failure::NoReply, failure));
            }
        }
    }
    Ok(Response {
        status,
        retry_after,
        body,
    })
}

fn failure(code: &ErrorCode) -> Failure {
    match code {
        ErrorCode::DestinationIpProhibited
        | ErrorCode::HttpRequestDenied
        | ErrorCode::HttpRequestLengthRequired
        | ErrorCode::HttpRequestBodySize(_)
        | ErrorCode::HttpRequestMethodInvalid
        | ErrorCode::HttpRequestUriInvalid
        | ErrorCode::HttpRequestUriTooLong
        | ErrorCode::HttpRequestHeaderSectionSize(_)
        | ErrorCode::HttpRequestHeaderSize(_)
        | ErrorCode::HttpRequestTrailerSectionSize(_)
        | ErrorCode::HttpRequestTrailerSize(_)
        | ErrorCode::ConfigurationError => Failure::Refused,
        ErrorCode::HttpResponseHeaderSectionSize(_)
        | ErrorCode::HttpResponseHeaderSize(_)
        | ErrorCode::HttpResponseBodySize(_)
        | ErrorCode::HttpResponseTrailerSectionSize(_)
        | ErrorCode::HttpResponseTrailerSize(_)
        | ErrorCode::HttpResponseTransferCoding(_)
        | ErrorCode::HttpResponseContentCoding(_)
        | ErrorCode::HttpUpgradeFailed
        | ErrorCode::HttpProtocolError
        | ErrorCode::LoopDetected => Failure::Unreadable,
        ErrorCode::DnsTimeout
        | ErrorCode::DnsError(_)
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionTerminated
        | ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::ConnectionLimitReached
        | ErrorCode::TlsProtocolError
        | ErrorCode::TlsCertificateError
        | ErrorCode::TlsAlertReceived(_)
        | ErrorCode::HttpResponseIncomplete
        | ErrorCode::HttpResponseTimeout
        | ErrorCode::InternalError(_) => Failure::NoReply,
    }
}
