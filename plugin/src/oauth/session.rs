//! Calls with a valid access token of this user: refreshed before it runs out, once
//! more when the provider refuses it, by one caller at a time. Never shows a token.

use super::exchange::{self, Purpose, TokenRefusal};
use super::{App, Profile};
use crate::bindings::calport::calendar::types::Error;
use crate::fault;
use crate::http::{Request, Response};
use crate::outside::{Credentials, Outside, RefreshTurn, Secret, StoreFailure, Stored};

/// Seconds before its end at which a token counts as expired: the longest that a
/// request may be under way.
const MARGIN: i64 = 60;

/// Turns that a call waits for before it gives up: each one means that somebody
/// else stored a token which has run out already.
const MOST_TURNS: usize = 3;

/// What makes requests with an access token.
pub(crate) trait Caller {
    /// Any reply but 401, whatever its status.
    fn send(&mut self, request: Request) -> Result<Response, Error>;
    fn world(&self) -> &dyn Outside;
    /// The scopes that were granted, as the provider spells them.
    fn scopes(&self) -> &[String];
}

/// Calls with the stored credentials.
pub(crate) struct Session<'a> {
    world: &'a dyn Outside,
    profile: &'static Profile,
    app: App,
    stored: Stored,
    refreshed: bool,
}

/// Calls with a grant that is not stored yet.
pub(crate) struct Fresh<'a> {
    pub(crate) world: &'a dyn Outside,
    pub(crate) token: &'a Secret,
    pub(crate) scopes: &'a [String],
}

impl Caller for Fresh<'_> {
    fn send(&mut self, request: Request) -> Result<Response, Error> {
        let response = self.world.send(&authorized(request, self.token))?;
        if response.status == 401 {
            return Err(refused_at_once());
        }
        Ok(response)
    }

    fn world(&self) -> &dyn Outside {
        self.world
    }

    fn scopes(&self) -> &[String] {
        self.scopes
    }
}

impl<'a> Session<'a> {
    pub(crate) fn open(world: &'a dyn Outside, profile: &'static Profile) -> Result<Self, Error> {
        let app = profile.app(world)?;
        let stored = world.load()?.ok_or(Error::NotConnected)?;
        Ok(Self {
            world,
            profile,
            app,
            stored,
            refreshed: false,
        })
    }

    fn expires_soon(&self) -> bool {
        let limit = self.world.now().saturating_add(MARGIN);
        self.stored
            .credentials
            .expires_at
            .is_some_and(|expires_at| expires_at <= limit)
    }

    fn refresh(&mut self) -> Result<(), Error> {
        self.refreshed = true;
        for _ in 0..MOST_TURNS {
            match self.world.begin_refresh(self.stored.revision)? {
                RefreshTurn::Mine if self.refresh_now()? => return Ok(()),
                // Somebody else stored something while this caller refreshed.
                RefreshTurn::Mine => {}
                RefreshTurn::Changed(stored) => self.stored = stored,
                RefreshTurn::Erased => return Err(Error::NotConnected),
            }
            if !self.expires_soon() {
                return Ok(());
            }
        }
        Err(fault::unavailable())
    }

    /// Answers whether the token is this caller's own, which is good however short
    /// it lives, or what somebody else stored meanwhile.
    fn refresh_now(&mut self) -> Result<bool, Error> {
        let Some(token) = self.stored.credentials.refresh_token.clone() else {
            return Err(Error::NeedsReconnect(
                "The access token has expired and there is no refresh token.".to_owned(),
            ));
        };
        match exchange::ask(
            self.world,
            self.profile,
            &self.app,
            &Purpose::Refresh { token: &token },
        ) {
            Ok(grant) => self.keep(Credentials {
                access_token: grant.access_token,
                refresh_token: grant.refresh_token,
                expires_at: Some(grant.expires_at),
                scopes: grant
                    .scopes
                    .unwrap_or_else(|| self.stored.credentials.scopes.clone()),
                client_id: self.app.client_id.clone(),
            }),
            Err(TokenRefusal::Dead(reason)) => self.reload(Some(reason)),
            // A grant of an earlier registration of the app: no setting is wrong.
            Err(TokenRefusal::Fault(Error::Misconfigured(_)))
                if self.stored.credentials.client_id != self.app.client_id =>
            {
                self.reload(Some(
                    "The grant belongs to an earlier registration of this app.",
                ))
            }
            Err(TokenRefusal::Fault(error)) => Err(error),
        }
    }

    fn keep(&mut self, mut credentials: Credentials) -> Result<bool, Error> {
        match self.world.save(&credentials, Some(self.stored.revision)) {
            Ok(revision) => {
                let old = self.stored.credentials.refresh_token.take();
                credentials.refresh_token = credentials.refresh_token.or(old);
                self.stored = Stored {
                    credentials,
                    revision,
                };
                Ok(true)
            }
            // Somebody connected anew meanwhile: theirs is the later wish.
            Err(StoreFailure::Conflict(_)) => self.reload(None),
            Err(
                failure
                @ (StoreFailure::NoUser | StoreFailure::Unavailable | StoreFailure::Refused),
            ) => Err(failure.into()),
        }
    }

    /// Takes what is stored now; if that has not changed, the grant is dead.
    fn reload(&mut self, dead: Option<&str>) -> Result<bool, Error> {
        let stored = self.world.load()?.ok_or(Error::NotConnected)?;
        match dead {
            Some(reason) if stored.revision == self.stored.revision => {
                Err(Error::NeedsReconnect(reason.to_owned()))
            }
            Some(_) | None => {
                self.stored = stored;
                Ok(false)
            }
        }
    }
}

impl Caller for Session<'_> {
    fn send(&mut self, request: Request) -> Result<Response, Error> {
        if self.expires_soon() {
            self.refresh()?;
        }
        let once = |session: &Self| {
            session.world.send(&authorized(
                request.clone(),
                &session.stored.credentials.access_token,
            ))
        };
        let response = once(self)?;
        if response.status != 401 {
            return Ok(response);
        }
        if self.refreshed {
            return Err(refused_at_once());
        }
        self.refresh()?;
        let response = once(self)?;
        if response.status == 401 {
            return Err(refused_at_once());
        }
        Ok(response)
    }

    fn world(&self) -> &dyn Outside {
        self.world
    }

    fn scopes(&self) -> &[String] {
        &self.stored.credentials.scopes
    }
}

fn authorized(request: Request, token: &Secret) -> Request {
    request.header("authorization", format!("Bearer {}", token.expose()))
}

fn refused_at_once() -> Error {
    Error::NeedsReconnect("The provider refuses the token that it has just given out.".to_owned())
}

#[cfg(test)]
mod tests;
