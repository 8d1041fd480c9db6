//! Zone names as Graph knows them.
//!
//! Windows names and, of the IANA names, only those that stand for a Windows zone: Graph's own list
//! ("dateTimeTimeZone", "Additional time zones"). Any other name is refused.

use chrono_tz::Tz;
use windows_timezones::WindowsTimezone;

/// The clock that a name stands for.
pub(crate) fn zone(name: &str) -> Option<Tz> {
    if let Ok(windows) = name.parse::<WindowsTimezone>() {
        return windows.tzdb_id().parse().ok();
    }
    match name {
        "UTC" | "tzone://Microsoft/Utc" => Some(Tz::UTC),
        name => {
            let zone: Tz = name.parse().ok()?;
            (windows(zone)?.tzdb_id() == name).then_some(zone)
        }
    }
}

/// The Windows name that Graph answers with, whatever name it was given.
pub(crate) fn windows_name(zone: Tz) -> &'static str {
    windows(zone).map_or("UTC", |windows| windows.name())
}

fn windows(zone: Tz) -> Option<WindowsTimezone> {
    WindowsTimezone::try_from(zone).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_names_and_their_iana_counterparts_are_known_and_others_are_not() {
        assert_eq!(zone("GMT Standard Time"), Some(Tz::Europe__London));
        assert_eq!(zone("Europe/London"), Some(Tz::Europe__London));
        assert_eq!(zone("W. Europe Standard Time"), Some(Tz::Europe__Berlin));
        assert_eq!(zone("UTC").map(windows_name), Some("UTC"));
        for unknown in [
            "Europe/Dublin",
            "gmt standard time",
            "BST",
            "+01:00",
            "",
            "Mars/Olympus",
        ] {
            assert_eq!(zone(unknown), None, "{unknown}");
        }
        assert_eq!(windows_name(Tz::America__New_York), "Eastern Standard Time");
    }
}
