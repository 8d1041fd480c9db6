//! The start of the page: every calendar with its state, and the bookings that lie ahead.

use super::{
    app::{App, Frame, Stop, render},
    bookings::{self, Row},
    feed::FeedView,
    message::Outcome,
    notice::Notice,
    visit::Visit,
    words::{Words, fill},
};
use crate::{
    account,
    plugin::calendar::{ProviderInfo, ProviderKind},
    service::Service,
    subject::Subject,
    sync::{self, Delivery},
    vault::Connection,
};
use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};
use url::Url;

#[derive(Template)]
#[template(path = "page/home.html")]
struct Home {
    frame: Frame,
    notice: Option<Said>,
    /// Whether what connecting means stands first: until somebody has tried once, then beside
    /// each button, so that the next step stays in sight.
    consent_first: bool,
    /// Whether bookings are on their way.
    is_waiting: bool,
    cards: Vec<Card>,
    rows: Vec<Row>,
    more: usize,
}

/// What has just happened.
struct Said {
    style: &'static str,
    text: String,
    /// Where only the user can take back what was just ended here.
    still_granted: Option<StillGranted>,
}

/// A permission that the provider still lists.
struct StillGranted {
    text: String,
    /// Each page, and what its link says.
    pages: Vec<(String, String)>,
}

/// One calendar.
struct Card {
    id: String,
    label: String,
    state: CardState,
    scopes: Vec<Scope>,
}

/// A scope with the plugin's own words for it, which are English.
struct Scope {
    name: String,
    reason: String,
}

/// How a calendar stands with this user.
enum CardState {
    Offered,
    Unavailable,
    Connected {
        account: String,
        calendar: String,
        trouble: Option<Trouble>,
        /// How far it has come, while it has not come all the way.
        progress: Option<Progress>,
    },
    /// Disconnected, while so many of our events are still to be removed.
    Leaving {
        account: String,
        waiting: u64,
    },
    /// The grant is dead.
    Dead {
        account: String,
        after_a_week: bool,
    },
    Feed(FeedView),
}

/// How many bookings are in a calendar that waits for more.
struct Progress {
    done: usize,
    count: usize,
}

impl Progress {
    fn sentence(&self, words: &Words) -> String {
        let text = fill(words.progress, "done", &self.done.to_string());
        fill(&text, "count", &self.count.to_string())
    }
}

/// What keeps bookings from a connected calendar.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Unavailable,
    Gone,
    Failed,
}

impl Home {
    fn more_text(&self) -> String {
        fill(
            self.frame.words.bookings_more,
            "count",
            &self.more.to_string(),
        )
    }
}

impl Card {
    /// The style and the word of the badge.
    fn badge(&self, words: &Words) -> (&'static str, &'static str) {
        match &self.state {
            CardState::Offered => ("none", words.state_none),
            CardState::Unavailable => ("none", words.state_unavailable),
            CardState::Connected { trouble: None, .. } => ("good", words.state_connected),
            CardState::Connected {
                trouble: Some(_), ..
            } => ("bad", words.state_attention),
            CardState::Leaving { .. } => ("none", words.state_leaving),
            CardState::Dead { .. } => ("bad", words.state_reconnect),
            CardState::Feed(feed) if feed.exists => ("good", words.state_feed),
            CardState::Feed(_) => ("none", words.state_none),
        }
    }

    fn leaving(&self, words: &Words, account: &str, waiting: &u64) -> String {
        let text = fill(words.leaving_text, "count", &waiting.to_string());
        fill(&text, "account", account)
    }

    fn named(&self, text: &str) -> String {
        fill(text, "provider", &self.label)
    }

    /// What tells this card's buttons from another's, for those who hear them.
    fn described(&self, action: &str) -> String {
        format!("{action}: {}", self.label)
    }
}

impl Trouble {
    fn sentence(self, words: &Words, card: &Card, calendar: &str) -> String {
        match self {
            Self::Unavailable => card.named(words.unavailable_connected_text),
            Self::Gone => fill(words.gone_text, "calendar", calendar),
            Self::Failed => words.failed_text.to_owned(),
        }
    }
}

/// `GET /page/`.
pub(super) async fn show(
    State(app): State<App>,
    Query(outcome): Query<Outcome>,
    visit: Visit,
) -> Result<Response, Stop> {
    let service = app.service();
    let subject = visit.subject();
    let words = visit.words();
    let connections = service.vault().connections_or_leaving(subject).await;
    let connections = connections.map_err(|error| visit.failed(&app, &error))?;
    let (left, connections): (Vec<_>, Vec<_>) = connections
        .into_iter()
        .partition(|connection| connection.leaving_at.is_some());
    let mut deliveries = Vec::new();
    for connection in &connections {
        let of = service
            .deliveries()
            .of_connection(subject, &connection.provider)
            .await;
        deliveries.extend(of.map_err(|error| visit.failed(&app, &error))?);
    }
    let feed = service.feeds().status(subject).await;
    let feed = feed.map_err(|error| visit.failed(&app, &error))?;
    let mut cards = Vec::new();
    for info in &service.plugin().info().providers {
        let connection = connections
            .iter()
            .find(|connection| connection.provider == info.id);
        let state = match info.kind {
            ProviderKind::File => CardState::Feed(FeedView::of(words, feed)),
            ProviderKind::Oauth if left.iter().any(|left| left.provider == info.id) => {
                let state = leaving(service, subject, &left, &info.id).await;
                state.map_err(|error| visit.failed(&app, &error))?
            }
            ProviderKind::Oauth => {
                let is_available = account::is_available(service, &info.id).await;
                oauth_state(connection, &deliveries, is_available)
            }
        };
        cards.push(card(info, state));
    }
    let upcoming = service.bookings().upcoming(subject).await;
    let upcoming = upcoming.map_err(|error| visit.failed(&app, &error))?;
    let now = service.vault().database().now().await;
    let now = now.map_err(|error| visit.failed(&app, &error))?;
    let dead = connections
        .iter()
        .filter(|it| it.reconnect_reason.is_some());
    let dead: Vec<&str> = dead.map(|it| it.provider.as_str()).collect();
    let (rows, more) = bookings::rows(&app, words, subject, upcoming, &deliveries, &dead, now);
    let notice = said(&app, words, &outcome, &cards);
    let home = Home {
        consent_first: notice.is_none()
            && connections.is_empty()
            && cards
                .iter()
                .any(|card| matches!(card.state, CardState::Offered)),
        notice,
        is_waiting: deliveries
            .iter()
            .any(|delivery| delivery.state == sync::State::Waiting),
        frame: visit.frame(&app),
        cards,
        rows,
        more,
    };
    Ok(render(StatusCode::OK, &home))
}

async fn leaving(
    service: &Service,
    subject: &Subject,
    left: &[Connection],
    provider: &str,
) -> Result<CardState, sqlx::Error> {
    let left = left.iter().find(|left| left.provider == provider);
    let progress = service.deliveries().progress(subject, provider).await?;
    Ok(CardState::Leaving {
        account: left
            .map(|left| left.account.label.clone())
            .unwrap_or_default(),
        waiting: progress.waiting,
    })
}

fn card(info: &ProviderInfo, state: CardState) -> Card {
    let scopes = info.scopes.iter();
    Card {
        id: info.id.clone(),
        label: info.label.clone(),
        state,
        scopes: scopes
            .map(|scope| Scope {
                name: scope.name.clone(),
                reason: scope.reason.clone(),
            })
            .collect(),
    }
}

fn oauth_state(
    connection: Option<&Connection>,
    deliveries: &[Delivery],
    is_available: bool,
) -> CardState {
    let Some(connection) = connection else {
        return if is_available {
            CardState::Offered
        } else {
            CardState::Unavailable
        };
    };
    let account = connection.account.label.clone();
    if connection.reconnect_reason.is_some() && is_available {
        let after_a_week = connection.died_in_testing();
        return CardState::Dead {
            account,
            after_a_week,
        };
    }
    let own: Vec<_> = deliveries
        .iter()
        .filter(|delivery| delivery.provider == connection.provider)
        .collect();
    let in_state = |state| own.iter().filter(move |delivery| delivery.state == state);
    let progress = Progress {
        done: in_state(sync::State::InCalendar).count(),
        count: own.len(),
    };
    let is_waiting = in_state(sync::State::Waiting).next().is_some();
    // What the user took out is no trouble.
    let mut failed = in_state(sync::State::Failed).filter(|delivery| !delivery.is_deleted());
    let trouble = if !is_available {
        Some(Trouble::Unavailable)
    } else if failed
        .clone()
        .any(|delivery| delivery.reason.as_deref() == Some(sync::CALENDAR_GONE))
    {
        Some(Trouble::Gone)
    } else {
        failed.next().map(|_| Trouble::Failed)
    };
    let calendar = connection.destination.name.clone();
    CardState::Connected {
        account,
        calendar,
        trouble,
        progress: is_waiting.then_some(progress),
    }
}

/// What the URL says has happened, where it is so: a link that somebody was sent cannot
/// claim a connection that is not there.
fn said(app: &App, words: &Words, outcome: &Outcome, cards: &[Card]) -> Option<Said> {
    let notice = Notice::parse(outcome.status.as_deref()?)?;
    let provider = outcome.provider.as_deref().unwrap_or_default();
    let card = cards.iter().find(|card| card.id == provider);
    let connected = card.and_then(|card| match &card.state {
        CardState::Connected { calendar, .. } => Some(calendar.as_str()),
        CardState::Dead { .. } => Some(""),
        CardState::Offered
        | CardState::Unavailable
        | CardState::Leaving { .. }
        | CardState::Feed(_) => None,
    });
    let is_so = match notice {
        Notice::Connected
        | Notice::Switched
        | Notice::SwitchedLeft
        | Notice::Stayed
        | Notice::Chosen
        | Notice::Trying
        | Notice::Restoring => connected.is_some(),
        Notice::Kept | Notice::Removed | Notice::Left => card
            .is_some_and(|card| matches!(card.state, CardState::Offered | CardState::Unavailable)),
        Notice::Leaving => card.is_some_and(|card| matches!(card.state, CardState::Leaving { .. })),
        Notice::FeedEnded => !cards.iter().any(|card| match &card.state {
            CardState::Feed(feed) => feed.exists,
            CardState::Offered
            | CardState::Unavailable
            | CardState::Connected { .. }
            | CardState::Leaving { .. }
            | CardState::Dead { .. } => false,
        }),
        Notice::NotConnected => connected.is_none(),
        Notice::AccountChanged
        | Notice::Parked
        | Notice::Denied
        | Notice::NeedsScope
        | Notice::NeedsAdmin
        | Notice::NeedsReconnect
        | Notice::Unavailable
        | Notice::Retry
        | Notice::TooOften
        | Notice::Expired
        | Notice::Gone
        | Notice::Rejected
        | Notice::Failed => true,
    };
    let label = app.label(provider).unwrap_or(words.calendars_heading);
    let text = notice.sentence(words, label, connected.unwrap_or_default());
    let pages = match notice.ends_grant() {
        true => app.service().revocations().pages(provider),
        false => &[],
    };
    let link = |page: &String| {
        let host = Url::parse(page).ok()?.host_str()?.to_owned();
        Some((page.clone(), host))
    };
    is_so.then(|| Said {
        style: notice.style(),
        text,
        still_granted: (!pages.is_empty()).then(|| StillGranted {
            text: fill(words.still_granted, "provider", label),
            pages: pages.iter().filter_map(link).collect(),
        }),
    })
}
