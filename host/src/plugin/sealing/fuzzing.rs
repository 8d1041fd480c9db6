//! The sealer as a fuzz target drives it: what would leave for a guest, and what the guest gets
//! to see. Nothing is connected.

#![expect(
    clippy::expect_used,
    reason = "a harness that cannot be set up has to stop"
)]

use super::{
    Asked, Kind, Policy, Sealing, Seals,
    echo::Screened,
    policy::Way,
    reply,
    samples::{ACCESS, CODE, REFRESH, SECRET, VERIFIER, info, settings},
};
use crate::egress::{AllowList, Egress, EgressError, Loopback, Target};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, Uri};
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use std::{sync::Arc, time::Duration};
use tokio::runtime::Runtime;

/// What the guest of every call is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// The app's secret at the call's own provider.
    Secret,
    /// The app's secret at another provider, of no use in this call.
    ForeignSecret,
    /// The user's access token.
    Access,
    /// The user's refresh token.
    Refresh,
    /// A code that came back with the browser.
    Code,
    /// The verifier of the code's challenge.
    Verifier,
    /// An id token, of no use in any request.
    Other,
}

impl Given {
    /// All of it.
    pub const ALL: [Self; 7] = [
        Self::Secret,
        Self::ForeignSecret,
        Self::Access,
        Self::Refresh,
        Self::Code,
        Self::Verifier,
        Self::Other,
    ];

    /// The real value, which the guest must never see.
    pub fn value(self) -> String {
        match self {
            Self::Secret => format!("{SECRET}-OWN"),
            Self::ForeignSecret => format!("{SECRET}-FOREIGN"),
            Self::Access => ACCESS.to_owned(),
            Self::Refresh => REFRESH.to_owned(),
            Self::Code => CODE.to_owned(),
            Self::Verifier => VERIFIER.to_owned(),
            Self::Other => "CANARY-id-token-or-the-like".to_owned(),
        }
    }
}

/// What an endpoint takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// A form, to get tokens.
    Token,
    /// A form, to revoke one.
    Revocation,
    /// An access token in a header.
    Calls,
}

/// What all calls share: the providers `https://own.example` and `https://foreign.example`, both
/// allowed.
pub struct Border {
    policy: Arc<Policy>,
    egress: Egress,
    runtime: Runtime,
}

impl Default for Border {
    fn default() -> Self {
        let (own, foreign) = ("https://own.example", "https://foreign.example");
        let mut list = AllowList::new(Loopback::Denied);
        for url in [own, foreign] {
            list.allow(url).expect("it is an origin");
        }
        let policy = Policy::new(Sealing::On, &info(), &settings(own, foreign));
        Self {
            policy: Arc::new(policy.expect("the endpoints are plain URLs")),
            egress: Egress::builder(list).build().expect("there are no roots"),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .expect("a runtime of one thread"),
        }
    }
}

impl Border {
    /// A call to the own provider.
    pub fn call(&self) -> Call<'_> {
        let seals = Seals::new(Arc::clone(&self.policy), Some("own"));
        let placeholders = Given::ALL.map(|given| {
            let kind = match given {
                Given::Secret => return app_secret(&seals, "OWN_CLIENT_SECRET"),
                Given::ForeignSecret => return app_secret(&seals, "FOREIGN_CLIENT_SECRET"),
                Given::Access => Kind::AccessToken,
                Given::Refresh => Kind::RefreshToken,
                Given::Code => Kind::Code,
                Given::Verifier => Kind::Verifier,
                Given::Other => Kind::Other,
            };
            let sealed = seals.hand_out(kind, given.value().into());
            sealed.expect("a call has room for seven")
        });
        Call {
            border: self,
            seals,
            placeholders,
        }
    }

    /// Where a request for this would go, if the allow-list lets it.
    pub fn passes(&self, uri: &Uri) -> Option<Target> {
        let mut request = Request::new(Full::<Bytes>::default());
        *request.uri_mut() = uri.clone();
        let checking = self.egress.check(request, Duration::from_secs(60));
        let mut checked = self.runtime.block_on(checking).ok()?;
        Some(checked.parts().target().clone())
    }

    /// What a target takes in a call to the own provider.
    pub fn takes(&self, target: &Target) -> Option<Takes> {
        match self.policy.way("own", target).ok()? {
            Way::Form { token: true, .. } => Some(Takes::Token),
            Way::Form { token: false, .. } => Some(Takes::Revocation),
            Way::Api => Some(Takes::Calls),
        }
    }
}

fn app_secret(seals: &Seals, name: &str) -> String {
    let sealed = seals.app_secret(name).expect("it is described");
    sealed.expect("there is room").expect("it is set")
}

/// One call of a guest.
pub struct Call<'a> {
    border: &'a Border,
    seals: Seals,
    placeholders: [String; Given::ALL.len()],
}

/// What would be sent.
#[derive(Debug)]
pub struct Leaving {
    /// Where to.
    pub target: Target,
    /// What the endpoint takes.
    pub takes: Takes,
    /// With the credentials in them.
    pub headers: HeaderMap,
    /// With the credentials in it.
    pub body: Bytes,
}

impl Call<'_> {
    /// What the guest holds of each credential, in the order of [`Given::ALL`].
    pub fn placeholders(&self) -> &[String] {
        &self.placeholders
    }

    /// Whether this is a placeholder of this call.
    pub fn knows(&self, text: &str) -> bool {
        const KINDS: &[Kind] = &[
            Kind::ClientSecret,
            Kind::AccessToken,
            Kind::RefreshToken,
            Kind::Code,
            Kind::Verifier,
            Kind::Other,
        ];
        self.seals.table.open(KINDS, text).is_some()
    }

    /// What would leave for this request; `None` where it is refused.
    pub fn leaves(&self, request: Request<Bytes>) -> Option<Leaving> {
        let checking = self
            .border
            .egress
            .check(request.map(Full::new), Duration::from_secs(60));
        let mut checked = self.border.runtime.block_on(checking).ok()?;
        let parts = checked.parts();
        self.seals.fill(parts).ok()?;
        Some(Leaving {
            takes: self.border.takes(parts.target())?,
            target: parts.target().clone(),
            headers: parts.headers.clone(),
            body: parts.body.clone(),
        })
    }

    /// What the guest reads of a reply of a token or revoke endpoint; `None` where it is refused.
    pub fn reads_token_reply(&self, status: StatusCode, body: &Bytes) -> Option<Bytes> {
        reply::seal(&self.seals.table, Asked::Tokens, status, body).ok()
    }

    /// What the guest reads of an API's reply that comes in these parts, and whether to its end.
    pub fn reads_reply(&self, parts: Vec<Bytes>) -> (Vec<u8>, bool) {
        let parts = parts
            .into_iter()
            .map(|part| Ok::<_, EgressError>(Frame::data(part)));
        let body = StreamBody::new(futures::stream::iter(parts));
        let mut screened = Screened::new(body, self.seals.table.needles());
        let mut read = Vec::new();
        let ended = self.border.runtime.block_on(async {
            while let Some(frame) = screened.frame().await {
                match frame.map(Frame::into_data) {
                    Ok(Ok(data)) => read.extend_from_slice(&data),
                    Ok(Err(_)) | Err(_) => return false,
                }
            }
            true
        });
        (read, ended)
    }
}
