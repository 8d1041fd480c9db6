//! What Graph's error replies mean ("Microsoft Graph error responses"). Codes decide,
//! prose never does; prose is only ever quoted, cleaned.

use serde_json::Value;

use super::{PROFILE, oauth::has_no_mailbox};
use crate::bindings::calport::calendar::types::{Error, RetryCause};
use crate::fault;
use crate::http::Response;
use crate::json::Fields as _;
use crate::oauth::not_now;
use crate::oauth::session::Caller;
use crate::remote::Refusal;

pub(super) fn refusal(response: &Response, caller: &dyn Caller) -> Refusal {
    let reply = response.json().unwrap_or(Value::Null);
    let error = reply.at("error");
    let code = error.at("code").as_str().unwrap_or_default();
    let wait = |cause| Refusal::Fault(not_now(response, cause, caller.world().now()));
    let ours = format!("Microsoft Graph refused the request ({}).", response.status);
    let rejected = || fault::rejected(error.at("message").as_str(), &ours);

    if has_no_mailbox(error) && response.status < 500 {
        return Refusal::Fault(Error::Rejected(
            "This Microsoft account has no Outlook mailbox that apps can use. Connect an account with an \
             Outlook.com or Microsoft 365 mailbox."
                .to_owned(),
        ));
    }
    match (response.status, code) {
        (400 | 409, "ErrorDuplicateTransactionId") => Refusal::Duplicate,
        (409, _) | (412, _) => Refusal::Changed,
        // An id of another mailbox, or of none: nothing here has it.
        (404, _)
        | (400, "ErrorInvalidIdMalformed" | "ErrorInvalidId" | "ErrorInvalidMailboxItemId") => {
            Refusal::NotFound
        }
        (410, _) => Refusal::Deleted,
        (_, "ErrorQuotaExceeded") | (507, _) => Refusal::Fault(Error::Rejected(
            "The mailbox of this account is full.".to_owned(),
        )),
        (429, _) | (403, "TooManyRequests" | "ApplicationThrottled" | "activityLimitReached") => {
            wait(RetryCause::RateLimited)
        }
        (403, "ErrorAccessDenied" | "AccessDenied" | "Authorization_RequestDenied") => {
            let missing = PROFILE.missing_scopes(caller.scopes());
            if missing.is_empty() {
                Refusal::Forbidden(Error::Rejected(
                    "This account may not do that to this calendar. It may be read-only: choose another one.".to_owned(),
                ))
            } else {
                Refusal::Fault(Error::NeedsScope(missing))
            }
        }
        (403, _) => Refusal::Forbidden(rejected()),
        (408, _) => wait(RetryCause::Unavailable),
        (400..500, _) => Refusal::Fault(rejected()),
        // 5xx, and what nobody should send: redirects are not followed.
        _ => wait(RetryCause::Unavailable),
    }
}
