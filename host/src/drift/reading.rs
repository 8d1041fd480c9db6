//! One whole reading of what has happened in a calendar. Of every page only what is ours is
//! kept, so that a calendar of any size takes little memory.

use super::known::{Known, Touched};
use crate::plugin::changes::{Change, ChangePage};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What a reading tells of our events.
#[derive(Debug)]
pub(super) struct Reading<'k> {
    /// By their ids at the provider.
    known: HashMap<&'k str, &'k Known>,
    touched: BTreeMap<&'k str, Touched>,
    /// Listed, touched or not.
    listed: HashSet<&'k str>,
    is_full: bool,
}

impl<'k> Reading<'k> {
    pub(super) fn new(known: &'k [Known]) -> Self {
        let by_id = known
            .iter()
            .filter_map(|known| Some((known.delivery.remote.as_ref()?.id(), known)));
        Self {
            known: by_id.collect(),
            touched: BTreeMap::new(),
            listed: HashSet::new(),
            is_full: false,
        }
    }

    pub(super) fn take(&mut self, page: ChangePage) {
        self.is_full |= page.full;
        for change in page.changes {
            self.take_one(&change);
        }
    }

    fn take_one(&mut self, change: &Change) {
        let Some((id, known)) = self.known.get_key_value(change.id.as_str()) else {
            return;
        };
        self.listed.insert(id);
        let remote = known.delivery.remote.as_ref();
        let is_as_pushed =
            change.etag.is_some() && change.etag.as_deref() == remote.and_then(|r| r.etag());
        let touched = match (change.occurrence, is_as_pushed) {
            (true, _) => Touched::Occurrence,
            (false, true) if !known.delivery.is_deleted() => return,
            (false, _) => Touched::Event,
        };
        let most = self.touched.entry(id).or_insert(touched);
        *most = (*most).max(touched);
    }

    /// What is to be compared. Of a full reading also what it does not list, unless it is
    /// known to be gone.
    pub(super) fn finish(mut self) -> Vec<(&'k Known, Touched)> {
        if self.is_full {
            for (id, known) in &self.known {
                if !self.listed.contains(id) && !known.delivery.is_deleted() {
                    self.touched.entry(id).or_insert(Touched::Event);
                }
            }
        }
        let known = &self.known;
        self.touched
            .iter()
            .filter_map(|(id, touched)| Some((*known.get(id)?, *touched)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        drift::known::tests::known,
        sync::{Drift, Stays, What},
    };

    fn page(full: bool, changes: &[(&str, Option<&str>, bool)]) -> ChangePage {
        let change = |(id, etag, occurrence): &(&str, Option<&str>, bool)| Change {
            id: (*id).to_owned(),
            etag: etag.map(str::to_owned),
            occurrence: *occurrence,
        };
        ChangePage {
            changes: changes.iter().map(change).collect(),
            next: "next".to_owned(),
            more: false,
            full,
        }
    }

    fn touched(known: &[Known], pages: Vec<ChangePage>) -> Vec<(String, Touched)> {
        let mut reading = Reading::new(known);
        for page in pages {
            reading.take(page);
        }
        let touched = reading.finish().into_iter();
        touched
            .map(|(known, touched)| (known.delivery.booking.id.clone(), touched))
            .collect()
    }

    #[test]
    fn what_is_not_ours_or_as_it_was_pushed_is_passed_over() {
        let known = [known("a", "1"), known("b", "1"), known("c", "1")];
        let changes = [
            ("a", Some("1"), false),
            ("b", Some("2"), false),
            ("dentist", Some("2"), true),
        ];
        let found = touched(&known, vec![page(false, &changes)]);
        assert_eq!(found, [("b".to_owned(), Touched::Event)]);
    }

    #[test]
    fn a_full_reading_tells_what_is_missing_by_not_listing_it_on_any_page() {
        let known = [known("a", "1"), known("b", "1"), known("c", "1")];
        let pages = vec![
            page(true, &[("a", Some("1"), false)]),
            page(true, &[("c", None, false)]),
        ];
        let found = touched(&known, pages);
        let expected = ["b", "c"].map(|id| (id.to_owned(), Touched::Event));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_single_date_outweighs_the_series_told_on_another_page() {
        let known = [known("a", "1")];
        for pages in [
            [("a", None, true), ("a", Some("1"), false)],
            [("a", Some("2"), false), ("a", None, true)],
        ] {
            let pages = pages.iter().map(|change| page(false, &[*change])).collect();
            let found = touched(&known, pages);
            assert_eq!(found, [("a".to_owned(), Touched::Occurrence)]);
        }
    }

    #[test]
    fn what_is_known_to_be_gone_is_looked_at_when_it_is_back() {
        let mut gone = known("a", "1");
        gone.delivery.drift = Some(Drift {
            what: What::Deleted,
            seen: None,
            seen_title: None,
            seen_at: 0,
            stays: Stays::Revision(1),
        });
        let gone = [gone];
        assert!(touched(&gone, vec![page(true, &[])]).is_empty());
        let back = vec![page(false, &[("a", Some("1"), false)])];
        assert_eq!(touched(&gone, back), [("a".to_owned(), Touched::Event)]);
    }
}
