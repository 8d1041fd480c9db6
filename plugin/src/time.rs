//! Days, instants and how they are written (RFC 3339, RFC 5545, HTTP dates).
//! Proleptic Gregorian, no leap seconds. Never asks a clock and knows no zones.

use std::fmt;

/// Seconds in a day of the UTC scale.
pub(crate) const DAY: i64 = 86_400;

/// 1970-01-01T00:00:00Z, the first instant that events may name: the zones' rules
/// in files begin there.
pub(crate) const FIRST_INSTANT: i64 = 0;

/// 9999-12-30T00:00:00Z: four-digit years, with a day to spare for zone offsets.
pub(crate) const LAST_INSTANT: i64 = 253_402_128_000;

/// A day of the Gregorian calendar, as days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Date(pub(crate) i64);

impl Date {
    /// `None` when there is no such day.
    pub(crate) fn new(year: i64, month: u8, day: u8) -> Option<Self> {
        if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
            return None;
        }
        // Years that begin in March: the leap day is then the last day of a year.
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month_from_march = (i64::from(month) + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Some(Self(era * 146_097 + day_of_era - 719_468))
    }

    /// The day that an instant falls on in UTC.
    pub(crate) fn of(instant: i64) -> Self {
        Self(instant.div_euclid(DAY))
    }

    /// `YYYY-MM-DD` and nothing else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 10 || bytes.get(4) != Some(&b'-') || bytes.get(7) != Some(&b'-') {
            return None;
        }
        let year = digits(text.get(0..4)?)?;
        let month = u8::try_from(digits(text.get(5..7)?)?).ok()?;
        let day = u8::try_from(digits(text.get(8..10)?)?).ok()?;
        Self::new(year, month, day)
    }

    /// Year, month and day.
    pub(crate) fn parts(self) -> (i64, u8, u8) {
        let days = self.0 + 719_468;
        let era = days.div_euclid(146_097);
        let day_of_era = days.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (
            year,
            month.try_into().unwrap_or(1),
            day.try_into().unwrap_or(1),
        )
    }

    /// 0 is Sunday, 6 is Saturday.
    pub(crate) fn weekday(self) -> u8 {
        (self.0 + 4).rem_euclid(7).try_into().unwrap_or(0)
    }

    /// Midnight of this day in UTC.
    pub(crate) fn midnight(self) -> i64 {
        self.0 * DAY
    }

    /// RFC 5545 DATE: `20261224`.
    pub(crate) fn basic(self) -> String {
        let (year, month, day) = self.parts();
        format!("{year:04}{month:02}{day:02}")
    }
}

/// ISO 8601: `2026-12-24`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.parts();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// How many days a month has; 0 for a month that there is not.
pub(crate) fn days_in_month(year: i64, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.rem_euclid(4) == 0
            && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0) =>
        {
            29
        }
        2 => 28,
        _ => 0,
    }
}

/// RFC 5545 local DATE-TIME of a clock that shows `local` seconds since the epoch:
/// `20261224T100000`. For the UTC form append `Z`.
pub(crate) fn basic(local: i64) -> String {
    let date = Date::of(local);
    let (hours, minutes, seconds) = clock(local);
    format!("{}T{hours:02}{minutes:02}{seconds:02}", date.basic())
}

/// `2026-12-24T10:00:00`, without an offset: Graph's form.
pub(crate) fn extended(local: i64) -> String {
    let (hours, minutes, seconds) = clock(local);
    format!("{}T{hours:02}:{minutes:02}:{seconds:02}", Date::of(local))
}

/// RFC 3339 in UTC: `2026-12-24T10:00:00Z`.
pub(crate) fn rfc3339(instant: i64) -> String {
    format!("{}Z", extended(instant))
}

/// An RFC 3339 instant; a fraction of a second is cut off.
pub(crate) fn parse_rfc3339(text: &str) -> Option<i64> {
    let (local, rest) = parse_extended(text)?;
    let offset = match rest.as_bytes() {
        b"Z" | b"z" => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let hours = digits(rest.get(1..3)?)?;
            let minutes = digits(rest.get(4..6)?)?;
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = hours * 3_600 + minutes * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    Some(local - offset)
}

/// A date and time with an optional fraction, which is cut off, and what follows.
pub(crate) fn parse_extended(text: &str) -> Option<(i64, &str)> {
    let date = Date::parse(text.get(0..10)?)?;
    if !matches!(text.as_bytes().get(10), Some(b'T' | b't')) {
        return None;
    }
    let clock = text.get(11..19)?;
    if clock.as_bytes().get(2) != Some(&b':') || clock.as_bytes().get(5) != Some(&b':') {
        return None;
    }
    let hours = digits(clock.get(0..2)?)?;
    let minutes = digits(clock.get(3..5)?)?;
    let seconds = digits(clock.get(6..8)?)?;
    // 60 is a leap second, which this scale does not count.
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    let mut rest = text.get(19..)?;
    if let Some(fraction) = rest.strip_prefix('.') {
        let end = fraction
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(fraction.len());
        if end == 0 {
            return None;
        }
        rest = fraction.get(end..)?;
    }
    Some((
        date.midnight() + hours * 3_600 + minutes * 60 + seconds.min(59),
        rest,
    ))
}

/// RFC 9110 HTTP-date, in any of its three forms.
pub(crate) fn parse_http_date(text: &str) -> Option<i64> {
    let parsed = httpdate::parse_http_date(text).ok()?;
    let since = parsed.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}

/// ASCII digits only: `str::parse` would take a sign.
pub(crate) fn digits(text: &str) -> Option<i64> {
    if text.is_empty() || text.len() > 18 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn clock(local: i64) -> (i64, i64, i64) {
    let second = local.rem_euclid(DAY);
    (second / 3_600, second % 3_600 / 60, second % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_four_centuries_agrees_with_an_independent_calendar() {
        let mut day = jiff::civil::date(1899, 12, 31);
        let mut date = Date::new(1899, 12, 31).unwrap();
        while day.year() < 2301 {
            let (year, month, number) = date.parts();
            assert_eq!(
                (year, month, number),
                (i64::from(day.year()), day.month() as u8, day.day() as u8)
            );
            assert_eq!(Date::new(year, month, number), Some(date));
            assert_eq!(date.weekday(), day.weekday().to_sunday_zero_offset() as u8);
            assert_eq!(Date::parse(&day.to_string()), Some(date));
            assert_eq!(date.to_string(), day.to_string());
            day = day.tomorrow().unwrap();
            date = Date(date.0 + 1);
        }
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for text in [
            "2026-02-29",
            "2100-02-29",
            "2026-00-10",
            "2026-13-01",
            "2026-04-31",
            "2026-1-01",
            "20261224",
            "2026-12-24T",
            "+026-12-24",
            "2026-12-2x",
            "２０２６-12-24",
            "",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert!(Date::parse("2028-02-29").is_some());
    }

    #[test]
    fn instants_are_read_with_every_kind_of_offset_and_refused_without_one() {
        let at = 1_796_119_200; // 2026-12-01T10:00:00Z
        for text in [
            "2026-12-01T10:00:00Z",
            "2026-12-01t10:00:00z",
            "2026-12-01T11:00:00+01:00",
            "2026-12-01T04:30:00-05:30",
            "2026-12-01T10:00:00.999Z",
            "2026-12-01T10:00:00.0000000Z",
        ] {
            assert_eq!(parse_rfc3339(text), Some(at), "{text}");
        }
        assert_eq!(rfc3339(at), "2026-12-01T10:00:00Z");
        assert_eq!(basic(at), "20261201T100000");
        for text in [
            "2026-12-01T10:00:00",
            "2026-12-01 10:00:00Z",
            "2026-12-01T24:00:00Z",
            "2026-12-01T10:00Z",
            "2026-12-01T10:00:00.Z",
            "2026-12-01T10:00:00+1:00",
            "2026-12-01T10:00:00+24:00",
            "2026-12-01T10:00:00é",
            "",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn the_bounds_are_what_they_say() {
        assert_eq!(rfc3339(FIRST_INSTANT), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(LAST_INSTANT), "9999-12-30T00:00:00Z");
    }
}
