//! Whether the configuration can be read, and whether a setting was misspelt: nobody reads
//! that one, and nobody says so otherwise.

use super::{Patient, Report};
use crate::config::NAMES;

const AREA: &str = "Configuration";

pub(super) fn examine(patient: &Patient<'_>, report: &mut Report) {
    match &patient.config {
        Ok(_) => report.ok(AREA, "Nothing is missing, and all of it can be read."),
        Err(mistakes) => {
            for mistake in &mistakes.0 {
                // "NAME is so. Set it to that."
                let (says, remedy) = match mistake.split_once(". ") {
                    Some((says, remedy)) => (format!("{}.", says.trim()), remedy),
                    None => (mistake.trim().to_owned(), "Correct it."),
                };
                report.problem(AREA, says, remedy);
            }
        }
    }
    for name in patient.environment.names() {
        if !name.starts_with("CALPORT_") || NAMES.contains(&name) {
            continue;
        }
        let remedy = match nearest(name) {
            Some(meant) => format!("Is {meant} meant? Rename it, or remove it."),
            None => "Remove it; .env.example explains all there are.".to_owned(),
        };
        report.warning(
            AREA,
            format!("{name} is no setting: nobody reads it."),
            remedy,
        );
    }
}

/// The setting that a misspelt one most likely stands for.
fn nearest(name: &str) -> Option<&'static str> {
    let known = NAMES.iter().map(|known| (distance(name, known), *known));
    let (distance, known) = known.min()?;
    (distance <= 3).then_some(known)
}

/// Levenshtein's: how many letters are to be changed, left out or put in.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.bytes().enumerate() {
        let mut left = at + 1;
        let mut diagonal = at;
        let mut next = vec![left];
        for (above, wanted) in row.iter().skip(1).zip(other.bytes()) {
            let changed = diagonal + usize::from(letter != wanted);
            left = changed.min(left + 1).min(above + 1);
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_setting_is_told_from_a_strange_one() {
        assert_eq!(
            nearest("CALPORT_RETENTON_DAYS"),
            Some("CALPORT_RETENTION_DAYS")
        );
        assert_eq!(nearest("CALPORT_PUBLIC_URI"), Some("CALPORT_PUBLIC_URL"));
        assert_eq!(nearest("CALPORT_FAVOURITE_FRUIT"), None);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", "abc"), 0);
    }
}
