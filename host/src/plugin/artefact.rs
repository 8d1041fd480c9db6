//! What a component is and what it wants: what an operator looks at before it is granted
//! anything, and what is compared when the file changes.

use super::{
    cache,
    calendar::{EndpointUse, PluginInfo, ProviderInfo},
};
use crate::egress::Origin;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// A component: these bytes, under the name that it gives itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artefact {
    /// As it calls itself.
    pub name: String,
    /// Its own version.
    pub version: String,
    /// Of its bytes, in hexadecimal.
    pub sha256: String,
    /// Whether it is the one that the host carries, which is trusted as the host is.
    pub is_built_in: bool,
    /// What it wants.
    pub wishes: Wishes,
}

/// What a component asks for. An operator's endpoint override is not in here: that is a grant
/// of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wishes {
    /// Origins that it sends requests to.
    pub hosts: BTreeSet<String>,
    /// Origins that it sends users' browsers to.
    pub pages: BTreeSet<String>,
    /// Settings that it reads.
    pub settings: BTreeSet<String>,
    /// Settings that it uses and that stay hidden.
    pub secrets: BTreeSet<String>,
    /// Scopes that users are asked for, each after its provider's id.
    pub scopes: BTreeSet<String>,
    /// Interfaces that it imports.
    pub imports: BTreeSet<String>,
}

/// One kind of wish, in words.
type Kind = (&'static str, fn(&Wishes) -> &BTreeSet<String>);

/// Everything that can be wished for, what matters most first.
const KINDS: [Kind; 6] = [
    ("reaches", |wishes| &wishes.hosts),
    ("sends browsers to", |wishes| &wishes.pages),
    ("uses the secrets", |wishes| &wishes.secrets),
    ("reads the settings", |wishes| &wishes.settings),
    ("asks users for", |wishes| &wishes.scopes),
    ("imports", |wishes| &wishes.imports),
];

impl Artefact {
    pub(super) fn new(bytes: &[u8], info: &PluginInfo, imports: BTreeSet<String>) -> Self {
        Self {
            name: info.name.clone(),
            version: info.version.clone(),
            sha256: sha256(bytes),
            is_built_in: bytes == super::BUILT_IN,
            wishes: Wishes::new(&info.providers, imports),
        }
    }
}

/// The SHA-256 of a component, in hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    cache::hex(&Sha256::digest(bytes))
}

impl Wishes {
    fn new(providers: &[ProviderInfo], imports: BTreeSet<String>) -> Self {
        let mut wishes = Self {
            imports,
            ..Self::default()
        };
        for provider in providers {
            for endpoint in &provider.endpoints {
                // Checked before: it is an https URL.
                let Ok(origin) = Origin::parse(&endpoint.default_url) else {
                    continue;
                };
                if endpoint.uses.contains(EndpointUse::AUTHORIZE) {
                    wishes.pages.insert(origin.to_string());
                }
                if endpoint.uses != EndpointUse::AUTHORIZE {
                    wishes.hosts.insert(origin.to_string());
                }
                wishes.settings.insert(endpoint.setting.clone());
            }
            wishes.settings.extend(provider.redirect_setting.clone());
            for credential in &provider.credentials {
                let kind = match credential.secret {
                    true => &mut wishes.secrets,
                    false => &mut wishes.settings,
                };
                kind.insert(credential.name.clone());
            }
            let scopes = provider.scopes.iter();
            let scopes = scopes.map(|scope| format!("{} {}", provider.id, scope.name));
            wishes.scopes.extend(scopes);
        }
        wishes
    }

    /// Each kind that it has any of, in words.
    pub fn kinds(&self) -> impl Iterator<Item = (&'static str, &BTreeSet<String>)> {
        let kinds = KINDS.iter().map(|(words, of)| (*words, of(self)));
        kinds.filter(|(_, wishes)| !wishes.is_empty())
    }

    /// What it has that an older one had not, and what it has no longer: `+` or `-`, the kind,
    /// the wish.
    pub fn changes(&self, older: &Self) -> Vec<(char, &'static str, String)> {
        let mut changes = Vec::new();
        for (words, of) in KINDS {
            let (new, old) = (of(self), of(older));
            let added = new.difference(old).map(|wish| ('+', words, wish.clone()));
            let gone = old.difference(new).map(|wish| ('-', words, wish.clone()));
            changes.extend(added.chain(gone));
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wishes(hosts: &[&str], secrets: &[&str]) -> Wishes {
        let set = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Wishes {
            hosts: set(hosts),
            secrets: set(secrets),
            ..Wishes::default()
        }
    }

    #[test]
    fn what_was_added_and_what_is_gone_is_told_by_its_kind() {
        let old = wishes(&["https://a.example"], &["A_CLIENT_SECRET"]);
        let new = wishes(&["https://a.example", "https://b.example"], &[]);
        let changes = new.changes(&old);
        assert_eq!(
            changes,
            [
                ('+', "reaches", "https://b.example".to_owned()),
                ('-', "uses the secrets", "A_CLIENT_SECRET".to_owned()),
            ]
        );
        assert!(new.changes(&new).is_empty());
        assert_eq!(new.kinds().count(), 1, "what it has none of is not listed");
    }

    #[test]
    fn wishes_survive_being_written_down() {
        let wishes = wishes(&["https://a.example"], &["A_CLIENT_SECRET"]);
        let written = serde_json::to_string(&wishes).unwrap();
        assert_eq!(serde_json::from_str::<Wishes>(&written).unwrap(), wishes);
    }
}
