//! The consent page and the page that refuses to show it.
//!
//! Neither asks for a password, and neither knows what a scope means: the provider says it in words.

use askama::Template;

#[derive(Template)]
#[template(path = "consent.html")]
pub(crate) struct ConsentPage<'a> {
    pub(crate) provider: &'a str,
    pub(crate) app: &'a str,
    pub(crate) returns_to: String,
    pub(crate) accounts: Vec<Choice>,
    /// What the user may refuse one by one.
    pub(crate) boxes: Vec<Tick>,
    /// What the user can only accept or refuse as a whole.
    pub(crate) asks: Vec<&'a str>,
    /// What signing in tells the app anyway.
    pub(crate) always: Vec<&'a str>,
}

pub(crate) struct Choice {
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) chosen: bool,
}

pub(crate) struct Tick {
    pub(crate) scope: String,
    pub(crate) words: &'static str,
}

impl ConsentPage<'_> {
    /// What the page says of where the browser will go.
    pub(crate) fn origin(uri: &str) -> String {
        url::Url::parse(uri)
            .map_or_else(|_| uri.to_owned(), |url| url.origin().ascii_serialization())
    }
}

#[derive(Template)]
#[template(path = "refusal.html")]
pub(crate) struct RefusalPage<'a> {
    pub(crate) provider: &'a str,
    pub(crate) status: u16,
    pub(crate) code: &'a str,
    pub(crate) message: &'a str,
}
