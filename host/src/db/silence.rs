//! A server that is gone without a word: its machine has lost power, or the network drops
//! what is sent to it. No reset comes, and the system would wait for an answer for a quarter
//! of an hour or for ever (case 45).

use futures::{
    TryStreamExt,
    stream::{self, BoxStream},
};
use sqlx::Error;
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::time::timeout;

/// How long one step of a statement may take. Longer than a statement waits for another's
/// lock, and far longer than any of ours.
const LONGEST: Duration = Duration::from_secs(20);

/// For how long after one silence connections are asked whether they live before they are
/// kept: those that were open together fall silent together.
const WARY: Duration = Duration::from_secs(60);

/// When the server last left something unanswered. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Silence {
    longest: Duration,
    last: Arc<Mutex<Option<Instant>>>,
}

impl Default for Silence {
    fn default() -> Self {
        Self {
            longest: LONGEST,
            last: Arc::default(),
        }
    }
}

impl Silence {
    /// An answer, or an error when none comes in time.
    pub(super) async fn broken_by<T>(
        &self,
        answer: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut asked = Asked {
            silence: self,
            is_answered: false,
        };
        let answer = timeout(self.longest, answer).await;
        asked.is_answered = answer.is_ok();
        answer.unwrap_or_else(|_| Err(no_answer()))
    }

    /// The same for each step of a stream.
    pub(super) fn broken_by_each<'e, T: Send + 'e>(
        &self,
        steps: BoxStream<'e, Result<T, Error>>,
    ) -> BoxStream<'e, Result<T, Error>> {
        let silence = self.clone();
        Box::pin(stream::try_unfold(steps, move |mut steps| {
            let silence = silence.clone();
            async move {
                let step = silence.broken_by(steps.try_next()).await?;
                Ok(step.map(|step| (step, steps)))
            }
        }))
    }

    /// Whether it is not long ago that something stayed unanswered.
    pub(super) fn was_heard_lately(&self) -> bool {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|last| last.elapsed() < WARY)
    }
}

/// What a connection that does not answer comes to.
pub(super) fn no_answer() -> Error {
    let words = "the database server does not answer";
    Error::Io(io::Error::new(io::ErrorKind::TimedOut, words))
}

/// Something that is asked. Given up by whoever asked it, it is unanswered as well.
struct Asked<'s> {
    silence: &'s Silence,
    is_answered: bool,
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            let last = &self.silence.last;
            *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{StreamExt, poll};
    use std::{
        future::{pending, ready},
        pin::pin,
    };

    fn hasty() -> Silence {
        Silence {
            longest: Duration::from_millis(10),
            ..Silence::default()
        }
    }

    #[tokio::test]
    async fn what_stays_unanswered_fails_in_time_and_is_remembered() {
        let silence = hasty();
        assert_eq!(silence.broken_by(ready(Ok(7))).await.unwrap(), 7);
        assert!(!silence.was_heard_lately());
        let error = silence.broken_by(pending::<Result<(), _>>()).await;
        assert!(error.unwrap_err().to_string().contains("does not answer"));
        assert!(silence.was_heard_lately());
    }

    #[tokio::test]
    async fn a_stream_that_stops_in_the_middle_fails_in_time() {
        let silence = hasty();
        let whole = stream::iter([1, 2]).map(Ok).boxed();
        let all: Vec<_> = silence.broken_by_each(whole).try_collect().await.unwrap();
        assert_eq!(all, [1, 2]);
        assert!(!silence.was_heard_lately());
        let half = stream::iter([1]).map(Ok).chain(stream::pending());
        let mut half = silence.broken_by_each(half.boxed());
        assert_eq!(half.try_next().await.unwrap(), Some(1));
        assert!(half.try_next().await.is_err());
        assert!(silence.was_heard_lately());
    }

    #[tokio::test]
    async fn what_its_caller_gives_up_is_remembered_too() {
        let silence = Silence::default();
        {
            let mut asking = pin!(silence.broken_by(pending::<Result<(), _>>()));
            assert!(poll!(&mut asking).is_pending());
        }
        assert!(silence.was_heard_lately());
    }
}
