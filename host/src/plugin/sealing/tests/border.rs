//! The border between a guest's `wasi:http` and real sockets, for tests of what crosses it.

use super::*;
use crate::{
    egress::{AllowList, Egress, Loopback, tests::server::Server},
    plugin::{Reach, outbound::Outbound},
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use std::pin::Pin;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// A guest in a call to `own`, and a server for each provider.
pub(super) struct Border {
    outbound: Outbound,
    seals: Seals,
    pub(super) own: Server,
    pub(super) foreign: Server,
    received: Arc<Mutex<Vec<String>>>,
}

impl Border {
    /// `own` answers `reply(head, body)`, and all that either receives is kept.
    pub(super) async fn new(
        reply: impl Fn(&str, &str) -> String + Clone + Send + Sync + 'static,
    ) -> Self {
        let received = Arc::<Mutex<Vec<String>>>::default();
        let kept = Arc::clone(&received);
        let answer = move |head: &str, body: &[u8]| {
            let body = String::from_utf8(body.to_vec()).unwrap();
            kept.lock().unwrap().push(format!("{head}{body}"));
            reply(head, &body)
        };
        let (own, foreign) = (
            Server::answering(answer.clone()).await,
            Server::answering(answer).await,
        );
        let mut list = AllowList::new(Loopback::Allowed);
        for server in [&own, &foreign] {
            list.allow(&server.url("")).unwrap();
        }
        let seals = seals(&settings(&own.url(""), &foreign.url("")));
        let egress = Egress::builder(list).build().unwrap();
        Self {
            outbound: Outbound::new(&Reach::default(), egress, seals.clone(), None),
            seals,
            own,
            foreign,
            received,
        }
    }

    pub(super) fn seal(&self, kind: Kind, value: &str) -> String {
        self.seals.hand_out(kind, value.into()).unwrap()
    }

    /// The secret of a provider, as the guest gets it.
    pub(super) fn secret(&self, name: &str) -> String {
        self.seals.app_secret(name).unwrap().unwrap().unwrap()
    }

    /// Asks for a new token, as it should be asked for.
    pub(super) async fn send_refresh(&mut self) -> Result<Response<WasiBody>, Error> {
        let refresh = self.seal(Kind::RefreshToken, REFRESH);
        let form = format!("grant_type=refresh_token&refresh_token={refresh}");
        let url = self.own.url("/token");
        self.send(post(&url, FORM, &form)).await
    }

    pub(super) async fn send(
        &mut self,
        request: Request<WasiBody>,
    ) -> Result<Response<WasiBody>, Error> {
        self.send_with(request, None).await
    }

    pub(super) async fn send_with(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
    ) -> Result<Response<WasiBody>, Error> {
        let sent = Box::new(async { Ok(()) });
        let sending = self.outbound.send_request(request, options, sent);
        Ok(Pin::from(sending).await?.0)
    }

    pub(super) fn received(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }

    pub(super) async fn connects(&self) -> usize {
        self.own.connects().await + self.foreign.connects().await
    }
}

fn body(text: &str) -> WasiBody {
    Full::new(Bytes::from(text.to_owned()))
        .map_err(|never| match never {})
        .boxed_unsync()
}

pub(super) fn get(url: &str, token: &str) -> Request<WasiBody> {
    Request::get(url)
        .header("authorization", format!("Bearer {token}"))
        .body(body(""))
        .unwrap()
}

pub(super) fn post(url: &str, kind: &str, text: &str) -> Request<WasiBody> {
    Request::post(url)
        .header("content-type", kind)
        .body(body(text))
        .unwrap()
}

pub(super) async fn text(response: Response<WasiBody>) -> Result<String, Error> {
    let bytes = response.into_body().collect().await?.to_bytes();
    Ok(String::from_utf8(bytes.to_vec()).unwrap())
}
