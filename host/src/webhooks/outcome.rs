//! What the end of a try means for its webhook: taken, again later, or set aside.

use crate::egress::EgressError;
use backon::{BackoffBuilder, ExponentialBuilder};
use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use std::time::{Duration, SystemTime};

/// Tries before a webhook is set aside: two days and a half of a receiver that is away, so
/// that a broken weekend loses nothing.
const MAX_TRIES: usize = 50;

/// The longest wait that no receiver asked for, before jitter.
const MAX_DELAY: Duration = Duration::from_secs(3_600);

/// The bounds of a wait that a receiver asked for.
const ASKED: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(86_400)];

/// How a try ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The receiver has taken it.
    Delivered,
    /// To be tried again after this time.
    Again(Duration, String),
    /// Not to be tried again.
    SetAside(String),
}

/// The receiver has answered the try with this number, counted from 1.
pub(super) fn of_reply(tries: i64, status: StatusCode, headers: &HeaderMap) -> Outcome {
    let why = format!("the receiver answered {}", status.as_u16());
    if status.is_success() {
        return Outcome::Delivered;
    }
    // It wants none of these any more (RFC 9110, 15.5.11).
    if status == StatusCode::GONE {
        return Outcome::SetAside(why);
    }
    again(tries, why, asked(headers, SystemTime::now()))
}

/// There was no answer.
pub(super) fn of_error(tries: i64, error: &EgressError) -> Outcome {
    again(tries, error.to_string(), None)
}

fn again(tries: i64, why: String, asked: Option<Duration>) -> Outcome {
    let mut schedule = ExponentialBuilder::new()
        .with_factor(2.0)
        .with_min_delay(Duration::from_secs(1))
        .with_max_delay(MAX_DELAY)
        .with_max_times(MAX_TRIES - 1)
        // What failed together does not come back together.
        .with_jitter()
        .build();
    let before = usize::try_from(tries.saturating_sub(1)).unwrap_or_default();
    match schedule.nth(before) {
        Some(delay) => Outcome::Again(asked.unwrap_or(delay), why),
        None => Outcome::SetAside(format!("{why}, {MAX_TRIES} times")),
    }
}

/// Seconds or a date (RFC 9110, 10.2.3), within bounds; what is neither asks for nothing.
fn asked(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let wish = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(text)
            .ok()?
            .duration_since(now)
            .unwrap_or_default(),
    };
    let [least, most] = ASKED;
    Some(wish.clamp(least, most))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn asking(text: &str) -> HeaderMap {
        HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(text).unwrap())])
    }

    #[test]
    fn waits_double_to_an_hour_with_jitter_and_end_after_fifty_tries() {
        let none = HeaderMap::new();
        for (tries, least) in [
            (1, 1),
            (2, 2),
            (5, 16),
            (12, 2_048),
            (13, 3_600),
            (49, 3_600),
        ] {
            let Outcome::Again(delay, why) = of_reply(tries, StatusCode::BAD_GATEWAY, &none) else {
                panic!("try {tries} was the last");
            };
            let seconds = delay.as_secs();
            assert!(
                (least..=2 * least).contains(&seconds),
                "try {tries}: {seconds} s"
            );
            assert_eq!(why, "the receiver answered 502");
        }
        assert_eq!(
            of_reply(50, StatusCode::BAD_GATEWAY, &none),
            Outcome::SetAside("the receiver answered 502, 50 times".to_owned())
        );
        assert!(matches!(
            of_error(50, &EgressError::ConnectFailed),
            Outcome::SetAside(_)
        ));
    }

    #[test]
    fn a_wait_that_the_receiver_asks_for_is_honoured_within_bounds() {
        // case 33
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_700);
        for (text, seconds) in [
            ("7", Some(7)),
            (" 7 ", Some(7)),
            ("0", Some(1)),
            ("315360000", Some(86_400)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(77)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(1)),
            ("Sat, 06 Nov 2094 08:49:37 GMT", Some(86_400)),
            ("-1", None),
            ("soon", None),
            ("99999999999999999999999", None),
        ] {
            let asked = asked(&asking(text), now).map(|wish| wish.as_secs());
            assert_eq!(asked, seconds, "{text}");
        }
    }

    #[test]
    fn only_success_is_taken_and_gone_is_final() {
        let none = HeaderMap::new();
        for (status, taken) in [
            (200, true),
            (204, true),
            (301, false),
            (400, false),
            (500, false),
        ] {
            let outcome = of_reply(1, StatusCode::from_u16(status).unwrap(), &none);
            assert_eq!(outcome == Outcome::Delivered, taken, "{status}");
        }
        assert!(matches!(
            of_reply(1, StatusCode::GONE, &none),
            Outcome::SetAside(_)
        ));
    }
}
