//! Busy times (Calendar API, `freebusy.query`): when, never what.

use serde_json::json;

use super::{API, PRIMARY, errors};
use crate::bindings::calport::calendar::types::{Error, Range, RetryCause};
use crate::http::{Method, Request};
use crate::json::Fields as _;
use crate::oauth::session::Caller;
use crate::time;
use crate::{fault, json};

/// `calendarExpansionMax` of one query.
const CALENDARS_PER_QUERY: usize = 50;

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
    let mut found = Vec::new();
    for some in calendars.chunks(CALENDARS_PER_QUERY) {
        let items: Vec<_> = some.iter().map(|id| json!({ "id": id })).collect();
        let query = json!({
            "timeMin": time::rfc3339(range.start),
            "timeMax": time::rfc3339(range.end),
            "items": items,
        });
        let url = API.below(caller.world(), "/freeBusy")?;
        let response = caller.send(Request::new(Method::Post, url).json(&query))?;
        if !response.is_success() {
            return Err(errors::refusal(&response, caller).into_error());
        }
        let reply = response.json()?;
        for id in some {
            let calendar = reply
                .at("calendars")
                .get(id)
                .ok_or_else(fault::unavailable)?;
            if let Some(trouble) = json::list(calendar.at("errors"))?.first() {
                return Err(refused(trouble.at("reason").as_str().unwrap_or_default()));
            }
            for period in json::list(calendar.at("busy"))? {
                let at = |name: &str| {
                    period
                        .at(name)
                        .as_str()
                        .and_then(time::parse_rfc3339)
                        .ok_or_else(fault::unavailable)
                };
                found.push(Range {
                    start: at("start")?,
                    end: at("end")?,
                });
            }
        }
    }
    Ok(found)
}

/// One calendar's error inside an answer that is otherwise fine.
fn refused(reason: &str) -> Error {
    match reason {
        "notFound" => Error::Gone,
        "rateLimitExceeded" | "userRateLimitExceeded" => fault::retry(RetryCause::RateLimited),
        "quotaExceeded" => fault::retry(RetryCause::QuotaExhausted),
        "groupTooBig" | "tooManyCalendarsRequested" => Error::Rejected(
            "Google Calendar shows no busy times of so many calendars at once.".to_owned(),
        ),
        "forbidden" | "requiredAccessLevel" => Error::Rejected(
            "This account may not see the busy times of one of the calendars.".to_owned(),
        ),
        // internalError, backendError, and what may come.
        _ => fault::unavailable(),
    }
}
