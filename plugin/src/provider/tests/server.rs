//! A provider's stand-in with one account, and a world that reaches it over a socket.

use calport_standins::{
    ConsentChoice, Fault, Google, GoogleConfig, Outlook, OutlookConfig, Repeat,
};
use serde_json::{Value, json};

use super::*;
use crate::bindings::exports::calport::calendar::calendar::{Callback, Parameter};
use crate::http::{Failure, Method, Request, Response};
use crate::outside::fake::{Fake, Reply};

const REDIRECT: &str = "http://127.0.0.1:8000/callback";

/// The pair of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn over_the_socket(request: &Request) -> Reply {
    let method = match request.method {
        Method::Get => minreq::Method::Get,
        Method::Post => minreq::Method::Post,
        Method::Patch => minreq::Method::Patch,
        Method::Delete => minreq::Method::Delete,
    };
    let mut outgoing = minreq::Request::new(method, request.url.as_str()).with_timeout(30);
    for (name, value) in &request.headers {
        outgoing = outgoing.with_header(*name, value);
    }
    if let Some(body) = &request.body {
        outgoing = outgoing.with_body(body.clone());
    }
    let reply = outgoing.send().map_err(|_| Failure::NoReply)?;
    Ok(Response {
        status: reply.status_code,
        retry_after: reply
            .headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("retry-after"))
            .map(|(_, value)| value.clone()),
        body: reply.as_bytes().to_vec(),
    })
}

/// A provider's stand-in with one account, whichever provider it is.
pub(super) enum Server {
    Google(Google),
    Outlook(Outlook),
}

impl Server {
    pub(super) fn google() -> Self {
        Self::Google(Google::start(GoogleConfig::default().redirect_uri(REDIRECT)).unwrap())
    }

    pub(super) fn google_that_gives_no_id_back() -> Self {
        Self::Google(
            Google::start(
                GoogleConfig::default()
                    .redirect_uri(REDIRECT)
                    .refuse_reviving(),
            )
            .unwrap(),
        )
    }

    /// Lists come in pages of so many entries.
    pub(super) fn google_with_pages(entries: usize) -> Self {
        let config = GoogleConfig::default().redirect_uri(REDIRECT);
        Self::Google(Google::start(config.largest_page(entries)).unwrap())
    }

    /// Lists come in pages of so many entries.
    pub(super) fn outlook_with_pages(entries: usize) -> Self {
        let config = OutlookConfig::default().redirect_uri(REDIRECT);
        Self::Outlook(Outlook::start(config.largest_page(entries)).unwrap())
    }

    pub(super) fn outlook(repeat: Repeat) -> Self {
        Self::Outlook(
            Outlook::start(
                OutlookConfig::default()
                    .redirect_uri(REDIRECT)
                    .repeat(repeat),
            )
            .unwrap(),
        )
    }

    pub(super) fn all() -> Vec<Self> {
        vec![
            Self::google(),
            Self::google_that_gives_no_id_back(),
            Self::outlook(Repeat::SameEvent),
            Self::outlook(Repeat::BadRequest),
            Self::outlook(Repeat::Conflict),
        ]
    }

    pub(super) fn id(&self) -> &'static str {
        match self {
            Self::Google(_) => "google",
            Self::Outlook(_) => "outlook",
        }
    }

    pub(super) fn account(&self) -> &'static str {
        match self {
            Self::Google(_) => "casey.customer@gmail.example",
            Self::Outlook(_) => "casey.customer@outlook.example",
        }
    }

    pub(super) fn consent(&self, url: &str, choice: &ConsentChoice) -> String {
        match self {
            Self::Google(google) => google.consent(url, self.account(), choice).unwrap(),
            Self::Outlook(outlook) => outlook.consent(url, self.account(), choice).unwrap(),
        }
    }

    pub(super) fn strike(&self, fault: Fault) {
        match self {
            Self::Google(google) => google.faults().add(fault),
            Self::Outlook(outlook) => outlook.faults().add(fault),
        };
    }

    /// What the user sees in the main calendar.
    pub(super) fn events(&self) -> Vec<Value> {
        match self {
            Self::Google(google) => google.events(self.account(), self.account()),
            Self::Outlook(outlook) => outlook.events(self.account(), "Calendar"),
        }
    }

    pub(super) fn titles(&self) -> Vec<String> {
        let field = match self {
            Self::Google(_) => "summary",
            Self::Outlook(_) => "subject",
        };
        self.events()
            .iter()
            .map(|event| event[field].as_str().unwrap().to_owned())
            .collect()
    }

    pub(super) fn delete_by_hand(&self, id: &str) -> bool {
        match self {
            Self::Google(google) => google.delete_event(self.account(), self.account(), id),
            Self::Outlook(outlook) => outlook.delete_event(self.account(), id),
        }
    }

    /// The user calls it `title` and puts it on 2 December 2026, 15:00 to 16:00 UTC.
    pub(super) fn edit_by_hand(&self, id: &str, title: &str) -> bool {
        let at = |hour: u8| {
            let text = format!("2026-12-02T{hour}:00:00");
            match self {
                Self::Google(_) => json!({ "dateTime": text + "Z" }),
                Self::Outlook(_) => json!({ "dateTime": text, "timeZone": "UTC" }),
            }
        };
        match self {
            Self::Google(google) => {
                let patch = json!({ "summary": title, "start": at(15), "end": at(16) });
                google.edit_event(self.account(), self.account(), id, &patch)
            }
            Self::Outlook(outlook) => {
                let patch = json!({ "subject": title, "start": at(15), "end": at(16) });
                outlook.edit_event(self.account(), id, &patch)
            }
        }
    }

    /// The user moves it out of the main calendar.
    pub(super) fn move_by_hand(&self, id: &str) -> bool {
        match self {
            Self::Google(google) => {
                let holidays = "en.uk#holiday@group.v.calendar.google.com";
                google.move_event(self.account(), self.account(), id, holidays)
            }
            Self::Outlook(outlook) => outlook.move_event(self.account(), id, "Holidays"),
        }
    }

    pub(super) fn forget_readings(&self) {
        match self {
            Self::Google(google) => google.expire_sync_tokens(),
            Self::Outlook(outlook) => outlook.expire_delta_links(),
        }
    }

    pub(super) fn invitations(&self) -> Vec<String> {
        match self {
            Self::Google(google) => google.invitations(self.account()),
            Self::Outlook(outlook) => outlook.invitations(self.account()),
        }
    }

    /// A world that reaches it.
    pub(super) fn world(&self) -> Fake {
        let world = Fake::default();
        let settings = match self {
            Self::Google(google) => google.environment(),
            Self::Outlook(outlook) => outlook.environment(),
        };
        for (name, value) in settings {
            world.set(&name, &value);
        }
        world.serve(over_the_socket);
        world
    }

    /// A world with a user who has consented.
    pub(super) fn connected(&self) -> Fake {
        let world = self.world();
        self.connect(&world, &ConsentChoice::Allow).unwrap();
        world
    }

    pub(super) fn connect(&self, world: &Fake, choice: &ConsentChoice) -> Result<Account, Error> {
        let request = ConnectRequest {
            redirect_uri: REDIRECT.into(),
            state: "state".into(),
            code_challenge: CHALLENGE.into(),
            login_hint: None,
        };
        let url = begin_connect(world, self.id(), &request).unwrap().url;
        let back = url::Url::parse(&self.consent(&url, choice)).unwrap();
        let parameters = back
            .query_pairs()
            .filter(|(name, _)| name != "state")
            .map(|(name, value)| Parameter {
                name: name.into_owned(),
                value: value.into_owned(),
            })
            .collect();
        let callback = Callback {
            parameters,
            redirect_uri: REDIRECT.into(),
            code_verifier: VERIFIER.into(),
        };
        complete_callback(world, self.id(), &callback)
    }

    pub(super) fn push(
        &self,
        world: &Fake,
        event: &Event,
        known: Option<&RemoteEvent>,
    ) -> Result<Option<RemoteEvent>, Error> {
        push_event(world, self.id(), None, event.clone(), known)
    }
}
