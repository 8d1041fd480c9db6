//! Why a request or a reply was refused for what it does with credentials. Never holds a
//! value, a placeholder or a text of the guest or the provider.

use crate::egress::EgressError;

/// Why a sealed exchange failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::plugin) enum SealingError {
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// Nothing was connected.
    #[error("the request was refused: {0}")]
    Request(#[from] RequestFault),
    #[error("the reply was refused: {0}")]
    Reply(#[from] ReplyFault),
}

/// What is wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::plugin) enum RequestFault {
    #[error("it goes to no endpoint that the description names for this provider")]
    NoEndpoint,
    #[error("its URL holds a credential")]
    Url,
    #[error("a header that is none for credentials holds one")]
    Header,
    #[error("its body holds a credential where none belongs")]
    Body,
    #[error("it has more than one Authorization header")]
    Authorizations,
    #[error(
        "its Authorization header must be Bearer and an access token that this call was given, or, to a token \
         or revoke endpoint, Basic with the client secret"
    )]
    Authorization,
    #[error(
        "what goes to a token or revoke endpoint must be one form, sent by POST as \
         application/x-www-form-urlencoded"
    )]
    NotAForm,
    #[error("its form is larger than 64 KiB or has more than 64 fields")]
    LargeForm,
    #[error("its field {0} stands twice")]
    Twice(&'static str),
    #[error("two of its fields have the same name")]
    Repeated,
    #[error("its field {0} is not the credential of that name that this call was given")]
    Field(&'static str),
    #[error(
        "its grant_type must be authorization_code with a code, or refresh_token with a refresh token"
    )]
    GrantType,
    #[error("it asks for a scope that the description does not name for this provider")]
    Scope,
    #[error("what goes to a revoke endpoint must have a token to revoke, and no grant_type")]
    Revocation,
}

/// What is wrong with a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::plugin) enum ReplyFault {
    #[error("a token endpoint's success must be a JSON object")]
    NotJson,
    #[error("its field {0} is no text")]
    Token(&'static str),
    #[error("it repeats a credential")]
    Echo,
    #[error("it holds more credentials than a call may have")]
    TooMany,
}
