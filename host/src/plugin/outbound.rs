//! Connects a guest's `wasi:http` to the one way out.

use crate::{
    egress::{Egress, EgressError, TlsFault},
    steps,
};
use http::{Request, Response};
use http_body_util::BodyExt;
use std::time::Duration;
use tracing::Instrument;
use wasmtime_wasi_http::{Error, RequestOptions, Result, WasiBody, WasiHttpHooks};

/// A guest's requests go to the egress of its plugin, or nowhere.
pub(super) struct Outbound(Option<Egress>);

impl Outbound {
    pub(super) fn new(egress: Egress) -> Self {
        Self(Some(egress))
    }

    /// Refuses every request.
    pub(super) fn closed() -> Self {
        Self(None)
    }
}

type Io = Box<dyn Future<Output = Result<()>> + Send>;

impl WasiHttpHooks for Outbound {
    /// The egress sets it from the target that it has checked.
    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _sent: Io,
    ) -> Box<dyn Future<Output = Result<(Response<WasiBody>, Io)>> + Send> {
        let egress = self.0.clone();
        let sending = async move {
            let egress = egress.ok_or(Error::HttpRequestDenied)?;
            // A guest may ask for less time than the host gives, never for more.
            let wish = options.and_then(|options| options.first_byte_timeout);
            let deadline = wish.unwrap_or(Duration::MAX);
            steps::at(steps::REQUESTED);
            let response = egress.send_within(request, deadline).await.map_err(code)?;
            steps::at(steps::ANSWERED);
            let response = response.map(|body| body.map_err(code).boxed_unsync());
            Ok((response, Box::new(std::future::ready(Ok(()))) as Io))
        };
        // wasmtime sends it in a task of its own.
        Box::new(sending.in_current_span())
    }
}

/// The error code of `wasi:http` that says the same.
fn code(error: EgressError) -> Error {
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
