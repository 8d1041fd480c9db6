//! What Google Calendar's error replies mean ("Handle API errors", Calendar API).
//! Reasons decide, prose never does; prose is only ever quoted, cleaned.

use serde_json::Value;

use super::oauth::scopes_missing;
use crate::bindings::calport::calendar::types::{Error, RetryCause};
use crate::fault;
use crate::http::Response;
use crate::json::Fields as _;
use crate::oauth::not_now;
use crate::oauth::session::Caller;
use crate::remote::Refusal;

pub(super) fn refusal(response: &Response, caller: &dyn Caller) -> Refusal {
    let reply = response.json().unwrap_or(Value::Null);
    let body = reply.at("error");
    let now = caller.world().now();
    let wait = |cause| Refusal::Fault(not_now(response, cause, now));
    let ours = format!("Google Calendar refused the request ({}).", response.status);
    let rejected = || fault::rejected(body.at("message").as_str(), &ours);
    // Old and new ways of saying why stand side by side.
    let details = [body.at("errors"), body.at("details")];
    let reason = |name: &str| {
        details
            .iter()
            .filter_map(|list| list.as_array())
            .flatten()
            .any(|detail| *detail.at("reason") == *name)
    };
    let any = |names: &[&str]| names.iter().any(|name| reason(name));

    match response.status {
        404 => Refusal::NotFound,
        409 => Refusal::Duplicate,
        410 => Refusal::Deleted,
        412 => Refusal::Changed,
        403 | 429 if any(&["quotaExceeded", "dailyLimitExceeded", "calendarUsageLimitsExceeded"]) => {
            wait(RetryCause::QuotaExhausted)
        }
        403 if any(&["rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"]) => {
            wait(RetryCause::RateLimited)
        }
        429 => wait(RetryCause::RateLimited),
        403 if any(&["insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"]) => {
            Refusal::Fault(Error::NeedsScope(scopes_missing(caller.scopes())))
        }
        403 if any(&["accessNotConfigured", "SERVICE_DISABLED"]) => {
            Refusal::Fault(Error::Misconfigured(
                "The Google Calendar API is not enabled in the app's Google Cloud project. Enable it in the \
                 project that GOOGLE_CLIENT_ID belongs to."
                    .to_owned(),
            ))
        }
        403 if any(&["domainPolicy", "admin_policy_enforced"]) => Refusal::Fault(Error::NeedsAdmin(
            "The administrator of this Google Workspace does not allow the app to use Calendar.".to_owned(),
        )),
        403 if reason("requiredAccessLevel") => Refusal::Forbidden(Error::Rejected(
            "This calendar is read-only for the connected account. Choose another calendar.".to_owned(),
        )),
        403 if reason("notACalendarUser") => Refusal::Forbidden(Error::Rejected(
            "This Google account does not use Google Calendar. Open it once with this account.".to_owned(),
        )),
        403 => Refusal::Forbidden(rejected()),
        400..500 if response.status != 408 => Refusal::Fault(rejected()),
        // 5xx, 408, and what nobody should send: redirects are not followed.
        _ => wait(RetryCause::Unavailable),
    }
}
