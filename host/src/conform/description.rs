//! Whether what a plugin says of itself can be believed: ids, labels, https endpoints, honest
//! secrets, reasons for scopes. A host that loads it checks the same.

use super::{Checklist, Failure};
use crate::plugin::{Attempts, Examination, LoadError};

const AREA: &str = "The description";

pub(super) fn check(examination: &Examination, attempts: &Attempts, list: &mut Checklist) {
    let what = "describe names providers with their labels, https endpoints, credentials, scopes \
                and reasons";
    let plugin = match &examination.plugin {
        Ok(plugin) => plugin,
        // It was never asked.
        Err(
            LoadError::Engine(_)
            | LoadError::File { .. }
            | LoadError::TooLarge
            | LoadError::NotAComponent { .. }
            | LoadError::ForbiddenImports(_)
            | LoadError::WrongContract { .. }
            | LoadError::Mismatch(_),
        ) => return,
        Err(
            error @ (LoadError::Describe(_)
            | LoadError::Description(_)
            | LoadError::Budget(_)
            | LoadError::Endpoint { .. }),
        ) => {
            let remedy = "Correct what `describe` answers; wit/calendar.wit says what each field \
                          may hold.";
            list.add(AREA, what, Err(Failure::new(error.to_string(), remedy)));
            return;
        }
    };
    list.add(AREA, what, Ok(()));
    let version = &plugin.info().version;
    let is_semantic = match is_semantic(version) {
        true => Ok(()),
        false => Err(Failure::new(
            format!("it says {version}"),
            "Say MAJOR.MINOR.PATCH, as in 1.4.0 (semver.org).",
        )),
    };
    list.add(AREA, "its version is a semantic one", is_semantic);
    let silent = match attempts.take().first() {
        None => Ok(()),
        Some(attempt) => Err(Failure::new(
            format!("it wanted to reach {}", attempt.url),
            "Describe the plugin from what is built into it.",
        )),
    };
    list.add(AREA, "describe sends nothing", silent);
}

/// Semantic Versioning 2.0.0, items 2, 9 and 10.
fn is_semantic(version: &str) -> bool {
    let (version, build) = match version.split_once('+') {
        Some((version, build)) => (version, Some(build)),
        None => (version, None),
    };
    let (core, release) = match version.split_once('-') {
        Some((core, release)) => (core, Some(release)),
        None => (version, None),
    };
    let is_number = |text: &str| {
        let is_digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        is_digits && (text == "0" || !text.starts_with('0'))
    };
    let is_word = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let words = |text: Option<&str>| text.is_none_or(|text| text.split('.').all(is_word));
    core.split('.').count() == 3 && core.split('.').all(is_number) && words(release) && words(build)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_semantic_version_is_told_from_another_one() {
        for version in [
            "0.1.0",
            "1.10.200",
            "1.0.0-rc.1",
            "1.0.0+5.sha-1",
            "1.0.0-a+b",
        ] {
            assert!(is_semantic(version), "{version}");
        }
        for version in [
            "1", "1.0", "1.0.0.0", "v1.0.0", "1.0.x", "01.0.0", "1.0.0-", "1.0.0+", "",
        ] {
            assert!(!is_semantic(version), "{version}");
        }
    }
}
