//! Dates and times as people read them, each in its booking's own zone.

use super::words::{Words, fill};
use crate::bookings::{Body, When};
use jiff::{Timestamp, Zoned, civil::Date, tz::TimeZone};

/// When a booking takes place.
pub(super) struct Shown {
    /// For machines: the `datetime` of a `time` element.
    pub(super) machine: String,
    pub(super) date: String,
    /// The time of day, or that it lasts all day.
    pub(super) time: String,
}

/// When a booking takes place, in words.
pub(super) fn of_booking(words: &Words, body: &Body) -> Option<Shown> {
    match body.when().ok()? {
        When::Timed { start, end, zone } => {
            let (from, to) = (local(start, &zone), local(end, &zone));
            let mut until = clock(&to);
            if from.date() != to.date() {
                until = format!("{}, {until}", date(words, to.date()));
            }
            let span = fill(
                &fill(words.time_span, "start", &clock(&from)),
                "end",
                &until,
            );
            let place = zone.rsplit('/').next().unwrap_or(&zone).replace('_', " ");
            let zone = fill(words.zone_time, "place", &place);
            Some(Shown {
                machine: start.to_string(),
                date: date(words, from.date()),
                time: format!("{span}, {zone}"),
            })
        }
        When::AllDay { start, end } => {
            let mut time = words.booking_all_day.to_owned();
            if let Some(last) = end.yesterday().ok().filter(|last| *last > start) {
                let until = fill(words.booking_until, "date", &date(words, last));
                time = format!("{time}, {until}");
            }
            Some(Shown {
                machine: start.to_string(),
                date: date(words, start),
                time,
            })
        }
    }
}

/// A moment whose reader's zone is not known.
pub(super) fn moment(words: &Words, seconds: i64) -> Option<String> {
    let at = Timestamp::from_second(seconds)
        .ok()?
        .to_zoned(TimeZone::UTC);
    let text = fill(words.utc_time, "date", &date(words, at.date()));
    Some(fill(&text, "time", &clock(&at)))
}

fn date(words: &Words, date: Date) -> String {
    let index = |one_based: i8| usize::try_from(one_based - 1).unwrap_or_default();
    let weekday = words
        .weekdays
        .get(index(date.weekday().to_monday_one_offset()));
    let month = words.months.get(index(date.month()));
    let text = fill(words.date, "weekday", weekday.unwrap_or(&""));
    let text = fill(&text, "day", &date.day().to_string());
    let text = fill(&text, "month", month.unwrap_or(&""));
    fill(&text, "year", &date.year().to_string())
}

fn clock(at: &Zoned) -> String {
    at.strftime("%H:%M").to_string()
}

fn local(at: Timestamp, zone: &str) -> Zoned {
    at.to_zoned(TimeZone::get(zone).unwrap_or(TimeZone::UTC))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::Language;
    use serde_json::json;

    fn shown(language: Language, body: &serde_json::Value) -> (String, String) {
        let body = Body::parse(body.to_string().as_bytes()).unwrap();
        let shown = of_booking(language.words(), &body).unwrap();
        (shown.date, shown.time)
    }

    #[test]
    fn a_booking_is_shown_on_its_own_clock_in_every_language() {
        let booking = json!({"revision": 1, "title": "x", "start": "2026-07-01T22:30:00Z",
            "end": "2026-07-02T00:00:00Z", "zone": "Europe/Berlin"});
        let english = shown(Language::English, &booking);
        assert_eq!(english.0, "Thu 2 July 2026");
        assert_eq!(english.1, "00:30 to 02:00, Berlin time");
        let german = shown(Language::German, &booking);
        assert_eq!(german.0, "Do, 2. Juli 2026");
        assert_eq!(german.1, "00:30 bis 02:00 Uhr, Zeit in Berlin");
    }

    #[test]
    fn the_last_day_of_an_all_day_booking_is_shown_not_the_one_after() {
        let one = json!({"revision": 1, "title": "x", "start_date": "2026-12-24",
            "end_date": "2026-12-25"});
        assert_eq!(shown(Language::English, &one).1, "all day");
        let two = json!({"revision": 1, "title": "x", "start_date": "2026-12-24",
            "end_date": "2026-12-26"});
        assert_eq!(
            shown(Language::English, &two).1,
            "all day, until Fri 25 December 2026"
        );
    }
}
