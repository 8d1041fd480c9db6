//! The settings page.

mod apple;
mod by_hand;
mod hostile;
mod outlook_only;
mod switching;
mod walks;
mod ways;

use crate::{Failure, window::Window};
use calport_e2e::{
    World,
    accounts::{CASEY, PERSONAL},
};
use calport_standins::Standin;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// The user whose page it is.
const USER: &str = "ann";
const BOOKING: &str = "/api/jobs/17/";

/// A provider as these tests see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Provider {
    Google,
    Outlook,
}

impl Provider {
    fn label(self) -> &'static str {
        match self {
            Self::Google => "Google Calendar",
            Self::Outlook => "Outlook Calendar",
        }
    }

    fn account(self) -> &'static str {
        match self {
            Self::Google => CASEY,
            Self::Outlook => PERSONAL,
        }
    }

    fn standin(self, world: &World) -> &Standin {
        match self {
            Self::Google => &world.google,
            Self::Outlook => &world.outlook,
        }
    }

    fn token_path(self) -> &'static str {
        match self {
            Self::Google => "/token",
            Self::Outlook => "/common/oauth2/v2.0/token",
        }
    }

    /// What lies in the account's main calendar.
    fn events(self, world: &World) -> Vec<Value> {
        match self {
            Self::Google => world.google.events(CASEY, "primary"),
            Self::Outlook => world.outlook.events(PERSONAL, "Calendar"),
        }
    }

    fn live_grants(self, world: &World) -> usize {
        match self {
            Self::Google => world.google.live_refresh_tokens(CASEY),
            Self::Outlook => world.outlook.live_refresh_tokens(PERSONAL),
        }
    }

    /// As when the user withdraws it in their account.
    fn kill_grant(self, world: &World) {
        match self {
            Self::Google => world.google.kill_grant(CASEY),
            Self::Outlook => world.outlook.kill_grant(PERSONAL),
        };
        match self {
            Self::Google => world.google.expire_access_tokens(),
            Self::Outlook => world.outlook.expire_access_tokens(),
        }
    }
}

/// Opens the page as the platform does: with a one-time URL.
async fn open(window: &Window, world: &World) -> Result<(), Failure> {
    let body = json!({"user": USER, "name": "Ann Example"});
    let reply = world
        .platform(Method::POST, "/api/page-sessions/", Some(&body))
        .await?;
    let url = reply.json();
    window
        .go(url["url"].as_str().ok_or("no URL of the page")?)
        .await?;
    window.sees("Your bookings in your calendar").await
}

async fn put_booking(world: &World, revision: u32, title: &str) -> Result<(), Failure> {
    let body = json!({
        "revision": revision, "title": title, "start": "2031-12-01T10:00:00Z",
        "end": "2031-12-01T12:00:00Z", "zone": "Europe/London", "location": "1 High St",
        "url": "https://platform.example/jobs/17",
        "participants": [{"user": USER, "role": "customer"}],
    });
    let reply = world.platform(Method::PUT, BOOKING, Some(&body)).await?;
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.text);
    Ok(())
}

/// Goes to the provider's consent page, chooses an account there, and allows.
async fn consent(window: &Window, account: &str) -> Result<(), Failure> {
    window
        .click(&format!("input[name=account][value='{account}']"))
        .await?;
    window.click("button[name=decision][value=allow]").await
}

/// Connects, from the button to the page that says so.
async fn connect(window: &Window, provider: Provider) -> Result<(), Failure> {
    let label = provider.label();
    window.press(&format!("Connect {label}")).await?;
    consent(window, provider.account()).await?;
    window.sees(&format!("{label} is connected.")).await
}
