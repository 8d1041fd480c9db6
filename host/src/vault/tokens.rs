//! The tokens of a connection as its row holds them: sealed with the connection's data key or,
//! in rows from before there were any, with a master key.

use super::{Context, Credentials, KeyRing, SealError, Sealed, data_key::DataKey};
use crate::subject::Subject;
use secrecy::SecretString;
use sqlx::{Row, any::AnyRow};

const ACCESS: &str = "access_token";
const REFRESH: &str = "refresh_token";

/// The sealed columns of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SealedTokens {
    pub(super) access: Sealed,
    pub(super) refresh: Option<Sealed>,
    /// `None`: master keys sealed the tokens themselves.
    pub(super) data_key: Option<Sealed>,
}

/// What they hold.
#[derive(Clone, Debug)]
pub(super) struct Tokens {
    pub(super) access: SecretString,
    pub(super) refresh: Option<SecretString>,
}

/// Whose row it is, and what opens it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Owner<'a> {
    pub(super) keys: &'a KeyRing,
    pub(super) subject: &'a Subject,
    pub(super) provider: &'a str,
}

impl<'a> Owner<'a> {
    fn place(&self, field: &'a str) -> Context<'a> {
        Context {
            subject: self.subject,
            provider: self.provider,
            field,
        }
    }
}

impl SealedTokens {
    /// Of a row with the columns `access_token`, `refresh_token` and `data_key`.
    pub(super) fn of(row: &AnyRow) -> Result<Self, sqlx::Error> {
        let refresh: Option<String> = row.try_get("refresh_token")?;
        let data_key: Option<String> = row.try_get("data_key")?;
        Ok(Self {
            access: Sealed::from_column(row.try_get("access_token")?),
            refresh: refresh.map(Sealed::from_column),
            data_key: data_key.map(Sealed::from_column),
        })
    }

    pub(super) fn open(&self, owner: Owner<'_>) -> Result<Tokens, SealError> {
        let key = self.key(owner)?;
        let open = |sealed, field| open(key.as_ref(), sealed, field, owner);
        Ok(Tokens {
            access: open(&self.access, ACCESS)?,
            refresh: self
                .refresh
                .as_ref()
                .map(|sealed| open(sealed, REFRESH))
                .transpose()?,
        })
    }

    /// The refresh token alone.
    pub(super) fn open_refresh(&self, owner: Owner<'_>) -> Result<Option<SecretString>, SealError> {
        let Some(sealed) = &self.refresh else {
            return Ok(None);
        };
        let key = self.key(owner)?;
        open(key.as_ref(), sealed, REFRESH, owner).map(Some)
    }

    /// The row with new tokens under the key that it has. A refresh token that the provider
    /// left out stays.
    pub(super) fn renewed(
        &self,
        owner: Owner<'_>,
        credentials: &Credentials,
    ) -> Result<Self, SealError> {
        let (Some(wrapped), Some(key)) = (&self.data_key, self.key(owner)?) else {
            let refresh = match &credentials.refresh_token {
                Some(refresh) => Some(refresh.clone()),
                None => self.open_refresh(owner)?,
            };
            let access = credentials.access_token.clone();
            return Tokens { access, refresh }.seal(owner);
        };
        let refresh = credentials.refresh_token.as_ref();
        let refresh = refresh.map(|token| key.seal(token, owner.place(REFRESH)));
        Ok(Self {
            access: key.seal(&credentials.access_token, owner.place(ACCESS))?,
            refresh: refresh.transpose()?.or_else(|| self.refresh.clone()),
            data_key: Some(wrapped.clone()),
        })
    }

    /// The row with its data key sealed by the master key that encrypts; it gets one where it
    /// had none.
    pub(super) fn rewrapped(&self, owner: Owner<'_>) -> Result<Self, SealError> {
        match self.key(owner)? {
            None => self.open(owner)?.seal(owner),
            Some(key) => Ok(Self {
                data_key: Some(key.wrap(owner.keys, owner.subject, owner.provider)?),
                ..self.clone()
            }),
        }
    }

    /// The id of the master key that the row cannot be read without, for its `key_id`. Rows
    /// that are written have a data key, and so one.
    pub(super) fn key_id(&self) -> &str {
        self.data_key.as_ref().map_or("", Sealed::key_id)
    }

    fn key(&self, owner: Owner<'_>) -> Result<Option<DataKey>, SealError> {
        self.data_key
            .as_ref()
            .map(|wrapped| DataKey::unwrap(owner.keys, wrapped, owner.subject, owner.provider))
            .transpose()
    }
}

impl Tokens {
    /// Seals them under a key that was never used before.
    pub(super) fn seal(&self, owner: Owner<'_>) -> Result<SealedTokens, SealError> {
        let key = DataKey::draw()?;
        let refresh = self.refresh.as_ref();
        let refresh = refresh.map(|token| key.seal(token, owner.place(REFRESH)));
        Ok(SealedTokens {
            access: key.seal(&self.access, owner.place(ACCESS))?,
            refresh: refresh.transpose()?,
            data_key: Some(key.wrap(owner.keys, owner.subject, owner.provider)?),
        })
    }
}

fn open(
    key: Option<&DataKey>,
    sealed: &Sealed,
    field: &str,
    owner: Owner<'_>,
) -> Result<SecretString, SealError> {
    let place = owner.place(field);
    match key {
        Some(key) => key.open(sealed, place),
        None => owner.keys.open(sealed, place),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    const K1: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const K2: &str = "k2:HxsdHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

    fn tokens(of: &str) -> Tokens {
        Tokens {
            access: format!("access-of-{of}").into(),
            refresh: Some(format!("refresh-of-{of}").into()),
        }
    }

    #[test]
    fn case_12_neither_tokens_nor_data_keys_open_in_another_row() {
        let keys = KeyRing::parse(K1).unwrap();
        let [ann, bob] = ["ann", "bob"].map(|user| Subject::new("default", user));
        let other_tenant = Subject::new("other", "ann");
        let owner = |subject, provider| Owner {
            keys: &keys,
            subject,
            provider,
        };
        let home = owner(&ann, "google");
        let row = tokens("ann").seal(home).unwrap();
        let opened = row.open(home).unwrap();
        assert_eq!(opened.access.expose_secret(), "access-of-ann");
        assert_eq!(opened.refresh.unwrap().expose_secret(), "refresh-of-ann");
        let refused = |row: &SealedTokens, at| {
            assert_eq!(
                row.open(at).unwrap_err(),
                SealError::Forged,
                "{row:?} {at:?}"
            );
        };
        for elsewhere in [
            owner(&bob, "google"),
            owner(&ann, "outlook"),
            owner(&other_tenant, "google"),
        ] {
            refused(&row, elsewhere);
            let theirs = tokens("other").seal(elsewhere).unwrap();
            // The data key alone, the tokens alone, and each token alone, in either direction.
            for (mine, at) in [(&row, home), (&theirs, elsewhere)] {
                let other = if mine == &row { &theirs } else { &row };
                for swapped in [
                    SealedTokens {
                        data_key: other.data_key.clone(),
                        ..mine.clone()
                    },
                    SealedTokens {
                        data_key: mine.data_key.clone(),
                        ..other.clone()
                    },
                    SealedTokens {
                        access: other.access.clone(),
                        ..mine.clone()
                    },
                    SealedTokens {
                        refresh: other.refresh.clone(),
                        ..mine.clone()
                    },
                ] {
                    refused(&swapped, at);
                }
            }
        }
        // From one field into the other.
        refused(
            &SealedTokens {
                access: row.refresh.clone().unwrap(),
                refresh: Some(row.access.clone()),
                ..row.clone()
            },
            home,
        );
        // A key that was this row's before: what it sealed is worth nothing any more.
        let before = tokens("ann").seal(home).unwrap();
        refused(
            &SealedTokens {
                data_key: before.data_key,
                ..row.clone()
            },
            home,
        );
        // The two forms do not mix: a token that a master key sealed is none of a data key's.
        let old = keys.seal(&"older".into(), home.place(ACCESS)).unwrap();
        refused(
            &SealedTokens {
                access: old,
                ..row.clone()
            },
            home,
        );
        refused(
            &SealedTokens {
                data_key: None,
                ..row
            },
            home,
        );
    }

    #[test]
    fn case_12_no_flipped_byte_of_a_row_is_read() {
        let keys = KeyRing::parse(K1).unwrap();
        let ann = Subject::new("default", "ann");
        let home = Owner {
            keys: &keys,
            subject: &ann,
            provider: "google",
        };
        let row = tokens("ann").seal(home).unwrap();
        let mut tried = 0;
        for column in ["access", "refresh", "data_key"] {
            let length = match column {
                "access" => row.access.as_column().len(),
                "refresh" => row.refresh.as_ref().unwrap().as_column().len(),
                _ => row.data_key.as_ref().unwrap().as_column().len(),
            };
            for (position, bit) in (0..length).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
                let flip = |sealed: &Sealed| {
                    let mut bytes = sealed.as_column().as_bytes().to_vec();
                    bytes[position] ^= 1 << bit;
                    // A text column holds no other bytes.
                    String::from_utf8(bytes).ok().map(Sealed::from_column)
                };
                let mut flipped = row.clone();
                let changed = match column {
                    "access" => flip(&row.access).map(|it| flipped.access = it),
                    "refresh" => {
                        flip(row.refresh.as_ref().unwrap()).map(|it| flipped.refresh = Some(it))
                    }
                    _ => flip(row.data_key.as_ref().unwrap()).map(|it| flipped.data_key = Some(it)),
                };
                if changed.is_some() {
                    assert!(flipped.open(home).is_err(), "{column} {position} {bit}");
                    tried += 1;
                }
            }
        }
        assert!(tried > 1_500, "{tried}");
    }

    #[test]
    fn a_row_of_the_old_form_is_read_and_brought_to_the_new_one_by_what_is_saved() {
        let keys = KeyRing::parse(&format!("{K2},{K1}")).unwrap();
        let old_keys = KeyRing::parse(K1).unwrap();
        let ann = Subject::new("default", "ann");
        let home = Owner {
            keys: &keys,
            subject: &ann,
            provider: "google",
        };
        let seal = |text: &str, field| old_keys.seal(&text.into(), home.place(field)).unwrap();
        let old = SealedTokens {
            access: seal("older-access", ACCESS),
            refresh: Some(seal("older-refresh", REFRESH)),
            data_key: None,
        };
        assert_eq!(
            old.open(home).unwrap().access.expose_secret(),
            "older-access"
        );
        let credentials = Credentials {
            access_token: "newer-access".into(),
            refresh_token: None,
            expires_at: None,
            scopes: Vec::new(),
            client_id: String::new(),
        };
        for row in [
            old.renewed(home, &credentials).unwrap(),
            old.rewrapped(home).unwrap(),
        ] {
            assert_eq!(row.key_id(), "k2");
            assert!(row.access.as_column().starts_with("v2."), "{row:?}");
            let refresh = row.open(home).unwrap().refresh.unwrap();
            assert_eq!(refresh.expose_secret(), "older-refresh");
        }
    }

    #[test]
    fn another_master_key_seals_the_data_key_anew_and_no_token() {
        let both = KeyRing::parse(&format!("{K2},{K1}")).unwrap();
        let ann = Subject::new("default", "ann");
        let owner = |keys| Owner {
            keys,
            subject: &ann,
            provider: "google",
        };
        let old_keys = KeyRing::parse(K1).unwrap();
        let row = tokens("ann").seal(owner(&old_keys)).unwrap();
        let rotated = row.rewrapped(owner(&both)).unwrap();
        assert_eq!((row.key_id(), rotated.key_id()), ("k1", "k2"));
        assert_eq!(
            (&rotated.access, &rotated.refresh),
            (&row.access, &row.refresh)
        );
        let new_keys = KeyRing::parse(K2).unwrap();
        let opened = rotated.open(owner(&new_keys)).unwrap();
        assert_eq!(opened.access.expose_secret(), "access-of-ann");
        assert_eq!(
            row.open(owner(&new_keys)).unwrap_err(),
            SealError::UnknownKey("k1".into())
        );
    }
}
