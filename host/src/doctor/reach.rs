//! Whether a provider's endpoints answer from here, through the one way out that plugins
//! have. Nothing is sent but a bare request: any reply will do.

use super::Report;
use crate::{
    config::Environment,
    egress::{AllowList, Egress, EgressError, Limits, Loopback, Origin},
    plugin::calendar::{EndpointUse, ProviderInfo},
};
use bytes::Bytes;
use futures::future::join_all;
use http::{HeaderMap, Request, header::DATE};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant, SystemTime},
};

/// How long one may take.
const DEADLINE: Duration = Duration::from_secs(5);

/// A clock elsewhere.
pub(super) struct Elsewhere {
    /// Whose.
    pub(super) of: String,
    /// How many seconds it is ahead of ours.
    pub(super) ahead: i64,
}

/// The clocks of those that answered.
pub(super) async fn examine(
    environment: &Environment,
    provider: &ProviderInfo,
    report: &mut Report,
) -> Vec<Elsewhere> {
    let area = &provider.label;
    let asked = join_all(places(environment, provider).into_iter().map(ask)).await;
    let mut clocks = Vec::new();
    for (origin, answer) in asked {
        match answer {
            Ok(answer) if answer.status >= 500 => report.warning(
                area,
                format!("{origin} answers with {}.", answer.status),
                "Look at the provider's status page; work waits and is tried again.",
            ),
            Ok(answer) => {
                let took = answer.took.as_millis();
                report.ok(area, format!("{origin} answers ({took} ms)."));
                clocks.extend(answer.ahead.map(|ahead| Elsewhere { of: origin, ahead }));
            }
            Err(error) => report.problem(area, format!("{origin}: {error}."), remedy(&error)),
        }
    }
    clocks
}

/// Each origin once, with one of its URLs and the operator's word on this machine. What only
/// browsers visit is not among them.
fn places(environment: &Environment, provider: &ProviderInfo) -> Vec<(String, String, Loopback)> {
    let loopback = match environment.get("CALPORT_ALLOW_LOOPBACK") {
        Some("1") => Loopback::Allowed,
        Some(_) | None => Loopback::Denied,
    };
    let mut places = BTreeMap::new();
    for endpoint in &provider.endpoints {
        if endpoint.uses == EndpointUse::AUTHORIZE {
            continue;
        }
        let set = environment.get(&endpoint.setting);
        let url = set.unwrap_or(&endpoint.default_url);
        // One that is no URL is among the configuration's mistakes.
        if let Ok(origin) = Origin::parse(url) {
            places.insert(origin.to_string(), url.to_owned());
        }
    }
    let places = places.into_iter();
    places
        .map(|(origin, url)| (origin, url, loopback))
        .collect()
}

struct Answer {
    status: u16,
    took: Duration,
    ahead: Option<i64>,
}

async fn ask(
    (origin, url, loopback): (String, String, Loopback),
) -> (String, Result<Answer, Unreached>) {
    let mut allowed = AllowList::new(loopback);
    let answer = match allowed.allow(&url) {
        Ok(_) => get(allowed, &url).await,
        Err(error) => Err(Unreached::Refused(error.to_string())),
    };
    (origin, answer)
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unreached {
    /// It may not be asked.
    #[error("it may not be asked: {0}")]
    Refused(String),
    /// It was asked in vain.
    #[error(transparent)]
    Failed(#[from] EgressError),
}

async fn get(allowed: AllowList, url: &str) -> Result<Answer, Unreached> {
    let request = Request::get(url).body(Bytes::new());
    let request = request.map_err(|error| Unreached::Refused(error.to_string()))?;
    let begun = Instant::now();
    let reply = send(allowed, request).await?;
    let took = begun.elapsed();
    Ok(Answer {
        status: reply.status().as_u16(),
        took,
        ahead: ahead(reply.headers(), took),
    })
}

/// Sends one request by itself, within a few seconds.
pub(super) async fn send(
    allowed: AllowList,
    request: Request<Bytes>,
) -> Result<http::Response<Bytes>, Unreached> {
    let limits = Limits {
        deadline: DEADLINE,
        connect_timeout: DEADLINE,
        ..Limits::default()
    };
    let egress = Egress::builder(allowed).limits(limits).build();
    let egress = egress.map_err(|error| Unreached::Refused(error.to_string()))?;
    Ok(egress.send_bytes(request).await?)
}

/// How far the clock behind a `Date` header is ahead of ours, the way there and back shared.
fn ahead(headers: &HeaderMap, took: Duration) -> Option<i64> {
    let theirs = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    let ours = SystemTime::now().checked_sub(took / 2)?;
    let seconds = |time: SystemTime| {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        i64::try_from(since.as_secs()).ok()
    };
    Some(seconds(theirs)? - seconds(ours)?)
}

/// What an operator can do about it.
pub(super) fn remedy(error: &Unreached) -> &'static str {
    let Unreached::Failed(error) = error else {
        return "Correct the setting that moves it there.";
    };
    match error {
        EgressError::DnsFailed => {
            "Let this machine resolve names: look at its resolver and at the firewall's rules \
             for DNS."
        }
        EgressError::TlsFailed(_) => {
            "Look at this machine's clock, and whether something on the way breaks TLS open: a \
             proxy with a certificate of its own is not trusted."
        }
        EgressError::AddressRefused => {
            "Its name leads to a private address: look at the resolver, or set \
             CALPORT_ALLOW_LOOPBACK=1 where a stand-in on this machine is meant."
        }
        EgressError::NotAllowed(_)
        | EgressError::ConnectFailed
        | EgressError::ConnectTimedOut
        | EgressError::Deadline
        | EgressError::RequestTooLarge
        | EgressError::RequestHeadersTooLarge
        | EgressError::ReplyTooLarge
        | EgressError::ReplyHeadersTooLarge
        | EgressError::BadRequest(_)
        | EgressError::BadReply(_)
        | EgressError::Interrupted => "Let this machine reach it by https, past the firewall.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_read_from_its_date() {
        let mut headers = HeaderMap::new();
        assert_eq!(ahead(&headers, Duration::ZERO), None);
        let later = SystemTime::now() + Duration::from_secs(3_600);
        let date = httpdate::fmt_http_date(later);
        headers.insert(DATE, date.parse().unwrap());
        let ahead = ahead(&headers, Duration::ZERO).unwrap();
        assert!((3_590..=3_600).contains(&ahead), "{ahead}");
    }
}
