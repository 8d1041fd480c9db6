//! `CALPORT_AUDIT_DAYS`: how long the audit log is kept.

use super::Reader;
use crate::audit::DAYS;

/// A century: whoever wants more wants for ever.
const MOST: u32 = 36_500;

impl Reader<'_> {
    pub(super) fn audit_days(&mut self) -> u32 {
        const NAME: &str = "CALPORT_AUDIT_DAYS";
        match self.environment.get(NAME).map(str::parse) {
            None => DAYS,
            Some(Ok(days)) if (1..=MOST).contains(&days) => days,
            Some(Ok(_) | Err(_)) => {
                let problem = format!("is no number of days from 1 to {MOST}");
                self.mistake(NAME, &problem, "400, or leave it out");
                DAYS
            }
        }
    }
}
