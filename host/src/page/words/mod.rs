//! Every text of the page, in every language that it speaks. The compiler sees to it that
//! none is missing; texts name what they leave open in braces: `{provider}`.

mod de;
mod en;

use axum::http::{HeaderMap, header};

/// A language that the page speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// British English.
    English,
    /// German.
    German,
}

impl Language {
    /// All of them, the one to fall back on first.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// The primary subtag (RFC 5646).
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// What its speakers call it.
    pub fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
        }
    }

    /// The language of a tag, whatever its region.
    pub fn parse(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or(tag);
        Self::ALL
            .into_iter()
            .find(|language| primary.eq_ignore_ascii_case(language.code()))
    }

    /// The best one for `Accept-Language` (RFC 9110, section 12.5.4).
    pub fn accepted(headers: &HeaderMap) -> Self {
        let value = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok());
        let mut best = (0.0, Self::English);
        for part in value.unwrap_or_default().split(',') {
            let (tag, weight) = part.split_once(';').unwrap_or((part, "q=1"));
            let weight = weight
                .trim()
                .strip_prefix("q=")
                .and_then(|q| q.parse::<f32>().ok());
            if let (Some(language), Some(weight)) = (Self::parse(tag.trim()), weight)
                && weight > best.0
            {
                best = (weight, language);
            }
        }
        best.1
    }

    /// Its texts.
    pub(super) fn words(self) -> &'static Words {
        match self {
            Self::English => &en::WORDS,
            Self::German => &de::WORDS,
        }
    }
}

macro_rules! words {
    ($($name:ident),* $(,)?) => {
        /// The texts of one language.
        pub(super) struct Words {
            pub(super) language: Language,
            /// Monday first.
            pub(super) weekdays: [&'static str; 7],
            pub(super) months: [&'static str; 12],
            $(pub(super) $name: &'static str,)*
        }

        #[cfg(test)]
        impl Words {
            fn all(&self) -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($name), self.$name)),*]
            }
        }
    };
}

words! {
    // Around every page.
    title, language_label, back_to, back_unnamed, settings_of, close, close_hint, back_to_settings,
    // The start.
    heading, intro, calendars_heading,
    // Before consent.
    consent_heading, can_heading, can_write, can_list, can_busy, can_account,
    cannot_heading, cannot_password, cannot_other, cannot_events, consent_honest, consent_leave,
    scopes_summary, scopes_intro,
    // A calendar.
    state_connected, state_none, state_reconnect, state_unavailable, state_attention, state_leaving, state_feed,
    account_label, destination_label, connect, reconnect, choose, disconnect, try_again,
    offered_text, unavailable_text, unavailable_connected_text, reconnect_text, reconnect_week,
    gone_text, failed_text, progress, leaving_text, leaving_look, leaving_stop,
    // The feed.
    feed_intro, feed_create, feed_another, feed_end, feed_fetched, feed_never,
    feed_heading, feed_secret, feed_open, feed_scan, feed_address, feed_copy, feed_copied,
    feed_others, feed_lost, feed_done, feed_qr,
    // Choosing.
    choose_heading, choose_legend, choose_note, choose_main, choose_empty, choose_refresh, save,
    cancel,
    // Disconnecting.
    disconnect_heading, disconnect_intro, disconnect_legend, disconnect_keep, disconnect_remove,
    disconnect_stay,
    // Finishing.
    finish_heading, finish_text, finish_button, finish_elsewhere,
    // Another account.
    switch_heading, switch_text, switch_bookings, switch_nothing, switch_yes, switch_no,
    // Bookings.
    bookings_heading, bookings_none, bookings_more, bookings_note, bookings_refresh, booking_repeats,
    booking_tentative, booking_all_day, booking_until, booking_state, booking_no_calendar,
    in_calendar, waiting, needs_reconnect, failed, drift_moved, drift_deleted, drift_changed,
    drift_occurrence, put_back, open_in, show_booking, download,
    // Times.
    date, time_span, zone_time, utc_time,
    // What happened.
    still_granted, in_calendar_dead,
    said_connected, said_switched, said_switched_left, said_stayed, said_account_changed, said_kept, said_removed, said_left, said_leaving, said_chosen, said_trying, said_restoring, said_parked,
    said_feed_ended, said_denied, said_needs_scope, said_needs_admin, said_needs_reconnect,
    said_unavailable, said_retry, said_too_often, said_expired, said_gone, said_not_connected, said_rejected,
    said_failed, said_form_refused,
    // Pages that only say something.
    closed_heading, closed_text, link_heading, link_text, bye_heading, bye_text, missing_heading,
    missing_text, done_heading, nothing_heading, sorry_heading,
}

/// A text with what it leaves open put in.
pub(super) fn fill(text: &str, name: &str, value: &str) -> String {
    text.replace(&format!("{{{name}}}"), value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use std::collections::BTreeSet;

    fn holes(text: &str) -> BTreeSet<&str> {
        text.split('{')
            .skip(1)
            .filter_map(|rest| rest.split('}').next())
            .collect()
    }

    #[test]
    fn every_language_says_everything_and_leaves_the_same_open() {
        let english = en::WORDS.all();
        for language in Language::ALL {
            for ((name, text), (_, original)) in language.words().all().into_iter().zip(&english) {
                assert!(!text.trim().is_empty(), "{name}");
                assert_eq!(holes(text), holes(original), "{name}: {text}");
            }
        }
    }

    #[test]
    fn no_two_errors_share_a_sentence() {
        for language in Language::ALL {
            let all = language.words().all();
            let said: Vec<_> = all
                .iter()
                .filter(|(name, _)| name.starts_with("said_"))
                .collect();
            let unique: BTreeSet<_> = said.iter().map(|(_, text)| text).collect();
            assert_eq!(unique.len(), said.len());
        }
    }

    #[test]
    fn the_browser_says_which_language_it_wants() {
        for (accept, language) in [
            ("de-AT,de;q=0.9,en;q=0.8", Language::German),
            ("en-GB,en;q=0.9,de;q=0.8", Language::English),
            ("fr, de;q=0.2, en;q=0.1", Language::German),
            ("de;q=0, en;q=0.1", Language::English),
            ("fr", Language::English),
            ("", Language::English),
            ("de;q=x", Language::English),
            ("DE", Language::German),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(accept));
            assert_eq!(Language::accepted(&headers), language, "{accept}");
        }
        assert_eq!(Language::accepted(&HeaderMap::new()), Language::English);
    }
}
