//! Links to one booking's file that need no bearer, for mails: signed, for one participant
//! and booking, and valid for a time.

use crate::{bookings::BookingId, subject::Subject, vault::Signer};
use serde::Deserialize;
use url::Url;

/// How long a link works, in seconds: as long as a mail is likely to be looked for.
pub(crate) const LINK_SECONDS: i64 = 90 * 86_400;

/// Keeps these signatures from meaning anything elsewhere.
const PURPOSE: &str = "calport file link v1";

/// Why a link opens nothing. All look the same to the one who clicks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It was changed, or signed with a master key that is gone, as links were before the host
    /// had a key of its own.
    #[error("this link is not one of ours")]
    Forged,
    /// Its time is over.
    #[error("this link is too old")]
    Expired,
}

/// The query of a signed link.
#[derive(Clone, Debug, Deserialize)]
pub struct Link {
    /// Whose file it opens.
    pub user: String,
    /// Of which tenant.
    #[serde(default = "default_tenant")]
    pub tenant: String,
    /// Until when, in seconds since 1970.
    pub expires: i64,
    /// Over all of this and the booking.
    pub signature: String,
}

fn default_tenant() -> String {
    Subject::DEFAULT_TENANT.to_owned()
}

impl Link {
    /// The URL of a participant's file.
    pub fn url(
        public_url: &Url,
        signer: &Signer,
        booking: &BookingId,
        user: &str,
        now: i64,
    ) -> String {
        let expires = now + LINK_SECONDS;
        let signature = signer.sign(PURPOSE, &message(booking, user, expires));
        let mut url = public_url.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty()
                .extend(["api", booking.kind.as_str(), &booking.id, "calendar.ics"]);
        }
        let mut query = url.query_pairs_mut();
        query.append_pair("user", user);
        if booking.tenant != Subject::DEFAULT_TENANT {
            query.append_pair("tenant", &booking.tenant);
        }
        query
            .append_pair("expires", &expires.to_string())
            .append_pair("signature", &signature);
        drop(query);
        url.into()
    }

    /// Whose file of this booking it opens.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub fn verify(
        &self,
        signer: &Signer,
        booking: &BookingId,
        now: i64,
    ) -> Result<Subject, LinkError> {
        let message = message(booking, &self.user, self.expires);
        if !signer.verify(PURPOSE, &message, &self.signature) {
            return Err(LinkError::Forged);
        }
        if self.expires < now {
            return Err(LinkError::Expired);
        }
        Ok(Subject::new(&self.tenant, &self.user))
    }
}

fn message(booking: &BookingId, user: &str, expires: i64) -> String {
    // No id can hold a line break.
    [
        &booking.tenant,
        booking.kind.as_str(),
        &booking.id,
        user,
        &expires.to_string(),
    ]
    .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bookings::Kind, vault::KeyRing};

    #[test]
    fn a_link_opens_one_booking_for_one_user_until_it_is_too_old() {
        let signer = || {
            let keys = KeyRing::parse("k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
            Signer::of(keys.unwrap())
        };
        let (keys, another_hosts) = (signer(), signer());
        let id = |id: &str| BookingId {
            tenant: "t".into(),
            kind: Kind::Jobs,
            id: id.into(),
        };
        let public = Url::parse("https://host.example/").unwrap();
        let url = Link::url(&public, &keys, &id("a/b"), "ann", 1_000);
        assert!(url.starts_with("https://host.example/api/jobs/a%2Fb/calendar.ics?user=ann"));
        let query: std::collections::BTreeMap<String, String> = Url::parse(&url)
            .unwrap()
            .query_pairs()
            .into_owned()
            .collect();
        let link = Link {
            user: query["user"].clone(),
            tenant: query["tenant"].clone(),
            expires: query["expires"].parse().unwrap(),
            signature: query["signature"].clone(),
        };
        assert_eq!(
            link.verify(&keys, &id("a/b"), 1_000),
            Ok(Subject::new("t", "ann"))
        );
        assert_eq!(
            link.verify(&keys, &id("a/b"), link.expires + 1),
            Err(LinkError::Expired)
        );
        assert_eq!(link.verify(&keys, &id("b"), 1_000), Err(LinkError::Forged));
        let other = Link {
            user: "bob".into(),
            ..link.clone()
        };
        assert_eq!(
            other.verify(&keys, &id("a/b"), 1_000),
            Err(LinkError::Forged)
        );
        let later = Link {
            expires: link.expires + 1,
            ..link.clone()
        };
        assert_eq!(
            later.verify(&keys, &id("a/b"), 1_000),
            Err(LinkError::Forged)
        );
        assert_eq!(
            link.verify(&another_hosts, &id("a/b"), 1_000),
            Err(LinkError::Forged)
        );
    }
}
