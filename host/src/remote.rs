//! The contract's remote event as it is kept in a row.

use crate::plugin::calendar::RemoteEvent;
use serde::{Deserialize, Serialize};

/// Field for field the contract's record, whose generated type has no serde.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Remote {
    id: String,
    calendar: String,
    etag: Option<String>,
    link: Option<String>,
}

impl Remote {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn calendar(&self) -> &str {
        &self.calendar
    }

    pub(crate) fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    pub(crate) fn link(&self) -> Option<&str> {
        self.link.as_deref()
    }
}

impl From<RemoteEvent> for Remote {
    fn from(
        RemoteEvent {
            id,
            calendar,
            etag,
            link,
        }: RemoteEvent,
    ) -> Self {
        Self {
            id,
            calendar,
            etag,
            link,
        }
    }
}

impl From<Remote> for RemoteEvent {
    fn from(
        Remote {
            id,
            calendar,
            etag,
            link,
        }: Remote,
    ) -> Self {
        Self {
            id,
            calendar,
            etag,
            link,
        }
    }
}
