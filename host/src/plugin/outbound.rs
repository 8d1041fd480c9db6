//! Connects a guest's `wasi:http` to the one way out.

use super::{
    budget::Purse,
    limits::WRITE_BYTES,
    reach::{Attempts, Reach},
    sealing::{Sealed, SealingError, Seals},
};
use crate::{
    egress::{Egress, EgressError, TlsFault},
    steps,
};
use http::{HeaderValue, Request, Response, StatusCode, header::RETRY_AFTER};
use http_body_util::{BodyExt, Empty};
use std::time::Duration;
use tracing::Instrument;
use wasmtime_wasi_http::{Error, RequestOptions, Result, WasiBody, WasiHttpHooks};

/// A guest's requests go to the egress of its plugin, or nowhere.
pub(super) struct Outbound {
    way: Way,
    attempts: Option<Attempts>,
}

#[derive(Clone)]
enum Way {
    Open(Box<Open>),
    /// To nobody: there is no reason to ask.
    Denied,
    /// As where nobody listens.
    Unreachable,
}

#[derive(Clone)]
struct Open {
    egress: Egress,
    seals: Seals,
    purse: Option<Purse>,
}

impl Outbound {
    /// Requests of a call for a user are sealed, and wait for that user's budget.
    pub(super) fn new(reach: &Reach, egress: Egress, seals: Seals, purse: Option<Purse>) -> Self {
        let way = match reach {
            Reach::Endpoints => Way::Open(Box::new(Open {
                egress,
                seals,
                purse,
            })),
            Reach::Nowhere(_) => Way::Unreachable,
        };
        Self {
            way,
            attempts: noted(reach),
        }
    }

    /// Refuses every request.
    pub(super) fn closed(reach: &Reach) -> Self {
        Self {
            way: Way::Denied,
            attempts: noted(reach),
        }
    }
}

fn noted(reach: &Reach) -> Option<Attempts> {
    match reach {
        Reach::Endpoints => None,
        Reach::Nowhere(attempts) => Some(attempts.clone()),
    }
}

type Io = Box<dyn Future<Output = Result<()>> + Send>;

impl WasiHttpHooks for Outbound {
    /// The egress sets it from the target that it has checked.
    fn set_host_header(&mut self) -> bool {
        false
    }

    /// The default is 1 MiB for each body that was begun, sent or not.
    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        WRITE_BYTES
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _sent: Io,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Io)>> + Send> {
        if let Some(attempts) = &self.attempts {
            attempts.note(request.uri());
        }
        let way = self.way.clone();
        let sending = async move {
            let Open {
                egress,
                seals,
                purse,
            } = match way {
                Way::Open(open) => *open,
                Way::Denied => return Err(Error::HttpRequestDenied),
                Way::Unreachable => return Err(Error::ConnectionRefused),
            };
            // A guest may ask for less time than the host gives, never for more.
            let wish = options.and_then(|options| options.first_byte_timeout);
            let deadline = wish.unwrap_or(Duration::MAX);
            if let Some(purse) = purse
                && let Err(wait) = purse.spend().await
            {
                tracing::warn!(?wait, "a request found its provider's budget spent");
                let io = Box::new(std::future::ready(Ok(()))) as Io;
                return Ok((slow_down(wait), io));
            }
            steps::at(steps::REQUESTED);
            let response = send(&egress, &seals, request, deadline)
                .await
                .map_err(code)?;
            steps::at(steps::ANSWERED);
            let response = response.map(|body| body.map_err(code).boxed_unsync());
            #[cfg(test)]
            let response = tapped(seals, response);
            Ok((response, Box::new(std::future::ready(Ok(()))) as Io))
        };
        // wasmtime sends it in a task of its own.
        Box::new(sending.in_current_span())
    }
}

/// Writes down what the guest is about to read.
#[cfg(test)]
fn tapped(seals: Seals, response: Response<WasiBody>) -> Response<WasiBody> {
    seals.tap(format!("{:?}", response.headers()).as_bytes());
    response.map(|body| {
        let tapped = body.map_frame(move |frame| {
            frame.map_data(|data| {
                seals.tap(&data);
                data
            })
        });
        tapped.boxed_unsync()
    })
}

async fn send(
    egress: &Egress,
    seals: &Seals,
    request: Request<WasiBody>,
    within: Duration,
) -> Result<Sealed, SealingError> {
    seals.send(egress.check(request, within).await?).await
}

/// What the provider would answer, said in its place: plugins know what to do with it.
fn slow_down(wait: Duration) -> Response<WasiBody> {
    let body = Empty::new().map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    let seconds = HeaderValue::from(wait.as_secs().saturating_add(1));
    response.headers_mut().insert(RETRY_AFTER, seconds);
    response
}

/// The error code of `wasi:http` that says the same.
fn code(error: SealingError) -> Error {
    match error {
        SealingError::Egress(error) => egress_code(error),
        SealingError::Request(fault) => {
            tracing::warn!(%fault, "a plugin's request was refused");
            Error::HttpRequestDenied
        }
        SealingError::Reply(fault) => {
            tracing::warn!(%fault, "a reply to a plugin was refused");
            Error::HttpProtocolError
        }
    }
}

fn egress_code(error: EgressError) -> Error {
    let refused = matches!(
        error,
        EgressError::NotAllowed(_) | EgressError::BadRequest(_) | EgressError::AddressRefused
    );
    if refused {
        tracing::warn!(%error, "a plugin's request was refused");
    } else {
        tracing::debug!(%error, "a plugin's request failed");
    }
    match error {
        EgressError::NotAllowed(_) | EgressError::BadRequest(_) => Error::HttpRequestDenied,
        EgressError::AddressRefused => Error::DestinationIpProhibited,
        EgressError::DnsFailed => Error::DnsError {
            rcode: None,
            info_code: None,
        },
        EgressError::ConnectFailed => Error::ConnectionRefused,
        EgressError::ConnectTimedOut => Error::ConnectionTimeout,
        EgressError::TlsFailed(fault) => match fault {
            TlsFault::Expired
            | TlsFault::WrongName
            | TlsFault::UntrustedIssuer
            | TlsFault::BadCertificate => Error::TlsCertificateError,
            TlsFault::Alert | TlsFault::Protocol => Error::TlsProtocolError,
        },
        EgressError::Deadline => Error::HttpResponseTimeout,
        EgressError::RequestTooLarge => Error::HttpRequestBodySize(None),
        EgressError::RequestHeadersTooLarge => Error::HttpRequestHeaderSectionSize(None),
        EgressError::ReplyTooLarge => Error::HttpResponseBodySize(None),
        EgressError::ReplyHeadersTooLarge => Error::HttpResponseHeaderSectionSize(None),
        EgressError::BadReply(_) => Error::HttpProtocolError,
        EgressError::Interrupted => Error::HttpResponseIncomplete,
    }
}
