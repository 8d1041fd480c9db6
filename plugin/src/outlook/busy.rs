//! Busy times by `calendarView`: `getSchedule` does not exist for personal accounts.
//! Only times and whether they are free are asked for, never what happens in them.

use serde_json::Value;

use super::{PRIMARY, graph};
use crate::bindings::calport::calendar::types::{Error, Range};
use crate::json::Fields as _;
use crate::oauth::session::Caller;
use crate::{fault, json, time};

/// `range` is checked already. Answers unmerged.
pub(crate) fn busy(
    caller: &mut dyn Caller,
    calendars: &[String],
    range: Range,
) -> Result<Vec<Range>, Error> {
    let main = [PRIMARY.to_owned()];
    let calendars = if calendars.is_empty() {
        &main
    } else {
        calendars
    };
    let (start, end) = (time::rfc3339(range.start), time::rfc3339(range.end));
    let query = [
        ("startDateTime", start.as_str()),
        ("endDateTime", &end),
        ("$select", "start,end,showAs,isCancelled"),
        ("$top", "500"),
    ];
    let mut found = Vec::new();
    for calendar in calendars {
        let first = graph::of_calendar(caller, calendar, "calendarView", &query)?;
        let mut take = |item: &Value| {
            let shown = item.at("showAs").as_str();
            if json::flag(item.at("isCancelled"))
                || matches!(shown, Some("free" | "workingElsewhere"))
            {
                return Ok(());
            }
            let at = |name: &str| instant(item.at(name)).ok_or_else(fault::unavailable);
            found.push(Range {
                start: at("start")?,
                end: at("end")?,
            });
            Ok(())
        };
        graph::pages(caller, first, &mut take).map_err(graph::Refusal::into_error)?;
    }
    Ok(found)
}

/// A `dateTimeTimeZone` in UTC, which is what every call prefers.
pub(super) fn instant(moment: &Value) -> Option<i64> {
    if moment.at("timeZone").as_str() != Some("UTC") {
        return None;
    }
    let (instant, rest) = time::parse_extended(moment.at("dateTime").as_str()?)?;
    matches!(rest, "" | "Z").then_some(instant)
}
