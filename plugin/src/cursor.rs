//! Where a reading of changes stands, as a text that hosts keep and hand back. Holds
//! providers' tokens as they are; never looks into them.

use crate::bindings::calport::calendar::types::Error;
use crate::bindings::exports::calport::calendar::changes::{Change, ChangePage};
use crate::fault;

/// changes.wit, `change-page.next`. Graph's links take about 1,000.
const LONGEST: usize = 8_192;

/// changes.wit, `change-page.changes`: the largest page that Google gives.
const MOST_CHANGES: usize = 2_500;

/// Longer than the id of anything that was pushed.
const LONGEST_ID: usize = 2_048;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// A reading is over; the token names its end.
    Over,
    /// Within a full reading; the token names the next page.
    Full,
    /// Within a reading of what has changed; the token names the next page.
    Partial,
}

/// What a host passes as `since`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) stage: Stage,
    pub(crate) token: String,
    /// What a provider needs besides the token.
    pub(crate) context: String,
}

impl Cursor {
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let read = || {
            let mut pairs = url::form_urlencoded::parse(text.as_bytes());
            let mut next = |wanted: &str| {
                let (name, value) = pairs.next()?;
                (name == wanted).then(|| value.into_owned())
            };
            let stage = match next("stage")?.as_str() {
                "over" => Stage::Over,
                "full" => Stage::Full,
                "partial" => Stage::Partial,
                _ => return None,
            };
            let (token, context) = (next("token")?, next("context")?);
            (!token.is_empty() && pairs.next().is_none()).then_some(Self {
                stage,
                token,
                context,
            })
        };
        if text.len() > LONGEST {
            return Err(unknown());
        }
        read().ok_or_else(unknown)
    }

    fn text(&self) -> Result<String, Error> {
        let stage = match self.stage {
            Stage::Over => "over",
            Stage::Full => "full",
            Stage::Partial => "partial",
        };
        let text = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("stage", stage)
            .append_pair("token", &self.token)
            .append_pair("context", &self.context)
            .finish();
        if text.len() > LONGEST || self.token.is_empty() {
            return Err(fault::unavailable());
        }
        Ok(text)
    }
}

fn unknown() -> Error {
    fault::invalid(
        "since",
        "is no cursor of this plugin",
        "pass what read returned as next, or none to begin anew",
    )
}

/// A page while it is read.
#[derive(Default)]
pub(crate) struct Page(Vec<Change>);

impl Page {
    /// Of several rows about one event the page tells once. An id that is longer than
    /// any that was ever pushed is somebody else's.
    pub(crate) fn add(
        &mut self,
        id: &str,
        etag: Option<String>,
        occurrence: bool,
    ) -> Result<(), Error> {
        if id.len() > LONGEST_ID {
            return Ok(());
        }
        // Rows of one series follow each other.
        if let Some(known) = self.0.iter_mut().rev().find(|known| known.id == id) {
            known.etag = etag.or(known.etag.take());
            known.occurrence |= occurrence;
            return Ok(());
        }
        if self.0.len() == MOST_CHANGES {
            return Err(fault::unavailable());
        }
        self.0.push(Change {
            id: id.to_owned(),
            etag,
            occurrence,
        });
        Ok(())
    }

    pub(crate) fn finish(self, next: &Cursor, is_full: bool) -> Result<ChangePage, Error> {
        Ok(ChangePage {
            changes: self.0,
            next: next.text()?,
            more: match next.stage {
                Stage::Over => false,
                Stage::Full | Stage::Partial => true,
            },
            full: is_full,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was_given_out() {
        for stage in [Stage::Over, Stage::Full, Stage::Partial] {
            for token in [
                "CPDAlvWDx70CEPDA=",
                "https://a.example/b?$x=%20&y=1",
                "é \n+",
            ] {
                let cursor = Cursor {
                    stage,
                    token: token.into(),
                    context: "1 & 2".into(),
                };
                let text = cursor.text().unwrap();
                assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "{text}");
                assert_eq!(Cursor::parse(&text), Ok(cursor));
            }
        }
    }

    #[test]
    fn what_is_no_cursor_is_the_callers_mistake() {
        let long = format!("stage=over&token={}&context=", "x".repeat(LONGEST));
        for text in [
            "",
            "stage=over",
            "stage=over&token=&context=",
            "stage=done&token=a&context=",
            "token=a&stage=over&context=",
            "stage=over&token=a&context=&more=1",
            "CPDAlvWDx70CEPDA=",
            "\0",
            &long,
        ] {
            assert!(
                matches!(Cursor::parse(text), Err(Error::Invalid(field)) if field.field == "since"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_token_that_no_host_could_keep_is_an_answer_that_cannot_be_read() {
        for token in [String::new(), "x".repeat(LONGEST)] {
            let cursor = Cursor {
                stage: Stage::Over,
                token,
                context: String::new(),
            };
            assert_eq!(cursor.text(), Err(fault::unavailable()));
        }
    }
}
