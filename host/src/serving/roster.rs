//! The connections of a server: which have a request under way, and which of the others must
//! go when there are too many.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};

/// How often it is said that there are too many connections.
const SAY_AGAIN: Duration = Duration::from_secs(60);

/// All connections of one server.
#[derive(Debug)]
pub(super) struct Roster {
    most: usize,
    state: Mutex<State>,
    freed: Notify,
    under_way: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct State {
    seats: usize,
    /// Told to go, and not gone yet.
    going: usize,
    turns: u64,
    /// When it was last said that there are too many.
    said: Option<Instant>,
    /// Connections without a request, the longest waiting first.
    waiting: BTreeMap<u64, Arc<Place>>,
}

/// What the roster and its connection know of each other.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// Requests that have begun and ended. Odd: one is under way.
    steps: AtomicU64,
    /// The key among those that wait.
    turn: AtomicU64,
    is_going: AtomicBool,
    go: Notify,
}

impl Place {
    /// Which request the connection waits for; nothing while one is under way.
    pub(super) fn waiting_for(&self) -> Option<u64> {
        let steps = self.steps.load(Ordering::Acquire);
        steps.is_multiple_of(2).then_some(steps)
    }
}

impl Roster {
    pub(super) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most: most.max(1),
            state: Mutex::default(),
            freed: Notify::new(),
            under_way: watch::Sender::default(),
        })
    }

    /// How many requests are under way.
    pub(super) fn under_way(&self) -> watch::Receiver<usize> {
        self.under_way.subscribe()
    }

    /// A place for one more connection, as soon as there is one.
    pub(super) async fn admit(self: &Arc<Self>) -> Arc<Seat> {
        loop {
            if let Some(seat) = self.try_admit() {
                return seat;
            }
            // A place that came free in between has left its word here.
            self.freed.notified().await;
        }
    }

    fn try_admit(self: &Arc<Self>) -> Option<Arc<Seat>> {
        let mut state = self.state();
        if state.seats >= self.most {
            state.make_room();
            return None;
        }
        state.seats += 1;
        let seat = Arc::new(Seat {
            roster: self.clone(),
            place: Arc::default(),
        });
        state.wait(&seat.place);
        Some(seat)
    }

    /// Closes the connection that has been without a request for longest, if there is one.
    pub(super) fn make_room(&self) {
        self.state().make_room();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wait(&mut self, place: &Arc<Place>) {
        self.turns += 1;
        place.turn.store(self.turns, Ordering::Relaxed);
        self.waiting.insert(self.turns, place.clone());
    }

    /// One at a time: whoever is told to go makes the room that was wanted.
    fn make_room(&mut self) {
        if self.going > 0 {
            return;
        }
        let is_news = self.said.is_none_or(|said| said.elapsed() > SAY_AGAIN);
        if is_news {
            let connections = self.seats;
            tracing::warn!(connections, "there are as many connections as there may be");
            self.said = Some(Instant::now());
        }
        if let Some((_, place)) = self.waiting.pop_first() {
            self.going += 1;
            place.is_going.store(true, Ordering::Relaxed);
            place.go.notify_one();
        }
    }
}

/// The place of one connection. It is free when the last who holds it lets go.
#[derive(Debug)]
pub(super) struct Seat {
    roster: Arc<Roster>,
    place: Arc<Place>,
}

impl Seat {
    pub(super) fn place(&self) -> &Arc<Place> {
        &self.place
    }

    /// Ends when the connection must go.
    pub(super) async fn must_go(&self) {
        self.place.go.notified().await;
    }

    /// A request has come.
    pub(super) fn begin(self: &Arc<Self>) -> UnderWay {
        let turn = self.place.turn.load(Ordering::Relaxed);
        self.roster.state().waiting.remove(&turn);
        self.place.steps.fetch_add(1, Ordering::Release);
        let under_way = &self.roster.under_way;
        under_way.send_modify(|requests| *requests = requests.saturating_add(1));
        UnderWay(self.clone())
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut state = self.roster.state();
        let turn = self.place.turn.load(Ordering::Relaxed);
        state.waiting.remove(&turn);
        state.seats = state.seats.saturating_sub(1);
        if self.place.is_going.load(Ordering::Relaxed) {
            state.going = state.going.saturating_sub(1);
        }
        self.roster.freed.notify_one();
    }
}

/// A request under way, until its reply is written; also one whose client goes away ends.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<Seat>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let Seat { roster, place } = &*self.0;
        place.steps.fetch_add(1, Ordering::Release);
        if !place.is_going.load(Ordering::Relaxed) {
            roster.state().wait(place);
        }
        let under_way = &roster.under_way;
        under_way.send_modify(|requests| *requests = requests.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_has_waited_longest_goes_and_a_request_under_way_stays() {
        let roster = Roster::new(3);
        let seats = [
            roster.admit().await,
            roster.admit().await,
            roster.admit().await,
        ];
        let request = seats[0].begin();
        drop(seats[1].begin());
        let mut fourth = Box::pin(roster.admit());
        assert!(futures::poll!(&mut fourth).is_pending());
        let going = seats
            .each_ref()
            .map(|seat| seat.place.is_going.load(Ordering::Relaxed));
        assert_eq!(
            going,
            [false, false, true],
            "the third has never asked for anything"
        );
        seats[2].must_go().await;
        let [busy, young, old] = seats;
        drop(old);
        let fourth = fourth.await;
        // With all of them at work, whoever comes waits.
        let (second, third) = (young.begin(), fourth.begin());
        let mut fifth = Box::pin(roster.admit());
        assert!(futures::poll!(&mut fifth).is_pending());
        assert_eq!(roster.state().going, 0);
        drop((request, busy));
        drop(fifth.await);
        drop((second, third));
        assert_eq!(*roster.under_way().borrow(), 0);
        assert_eq!(roster.state().waiting.len(), 2);
    }
}
