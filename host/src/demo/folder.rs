//! Where a demo keeps its files: a temporary folder that goes with it, or one that stays.
//! Its secrets are drawn at random and are readable by their owner alone.

use crate::{cli::CliError, vault::KeyRing};
use base64::{Engine, prelude::BASE64_STANDARD};
use secrecy::SecretString;
use std::{
    collections::BTreeMap,
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
};
use tempfile::{NamedTempFile, TempDir};

const DATABASE: &str = "calport.db";
const RECORDS: &str = "bookings.json";
const SECRETS: &str = "secrets.env";

/// Names in the file of secrets: those of `calport serve`.
const KEYS: &str = "CALPORT_KEYS";
const JWT_SECRET: &str = "CALPORT_JWT_SECRET";
const PLATFORM_TOKEN: &str = "CALPORT_PLATFORM_TOKEN";

/// A demo's folder.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Whether an earlier demo has used it.
    pub(super) is_used: bool,
    /// Removes it at the end.
    temporary: Option<TempDir>,
}

/// What a platform and its Calport share, and the key of stored credentials.
pub(super) struct Secrets {
    pub(super) keys: KeyRing,
    pub(super) jwt_secret: SecretString,
    pub(super) platform_token: SecretString,
}

impl Folder {
    /// This folder, which is made when it is missing, or a temporary one.
    pub(super) fn open(kept: Option<&Path>) -> Result<Self, CliError> {
        let Some(path) = kept else {
            let temporary = tempfile::Builder::new().prefix("calport-demo-").tempdir();
            let temporary = temporary.map_err(|error| {
                CliError::Failed(format!("a temporary folder cannot be made: {error}"))
            })?;
            let path = temporary.path().to_owned();
            return Ok(Self {
                path,
                is_used: false,
                temporary: Some(temporary),
            });
        };
        let path = path.to_owned();
        make(&path)
            .map_err(|error| CliError::Usage(format!("--data {}: {error}", path.display())))?;
        let is_used = path.join(DATABASE).exists();
        if is_used && !path.join(SECRETS).exists() {
            return Err(CliError::Usage(format!(
                "--data {}: it holds {DATABASE} without the {SECRETS} that reads it. Take \
                 another folder, or remove {DATABASE}",
                path.display()
            )));
        }
        Ok(Self {
            path,
            is_used,
            temporary: None,
        })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it goes with the demo.
    pub(super) fn is_temporary(&self) -> bool {
        self.temporary.is_some()
    }

    /// The URL of Calport's database.
    pub(super) fn database_url(&self) -> String {
        format!("sqlite:{}", self.path.join(DATABASE).display())
    }

    /// Where the platform keeps its own bookings.
    pub(super) fn records(&self) -> PathBuf {
        self.path.join(RECORDS)
    }

    /// The secrets of this folder; drawn when it has none yet.
    pub(super) fn secrets(&self) -> Result<Secrets, CliError> {
        let file = self.path.join(SECRETS);
        let unusable = |problem: &dyn std::fmt::Display| {
            CliError::Usage(format!("{}: {problem}", file.display()))
        };
        if !file.exists() {
            draw(&self.path, &file).map_err(|error| unusable(&error))?;
        }
        let pairs: Result<BTreeMap<_, _>, _> =
            dotenvy::from_path_iter(&file).and_then(Iterator::collect);
        // dotenvy's message would repeat the line, which is a secret.
        let mut pairs = pairs.map_err(|_| unusable(&"it cannot be read"))?;
        let mut take = |name| {
            pairs
                .remove(name)
                .ok_or_else(|| unusable(&format!("no {name}")))
        };
        Ok(Secrets {
            keys: KeyRing::parse(&take(KEYS)?)
                .map_err(|error| unusable(&format!("{KEYS} {error}")))?,
            jwt_secret: take(JWT_SECRET)?.into(),
            platform_token: take(PLATFORM_TOKEN)?.into(),
        })
    }
}

fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Written aside and renamed, so that the file is never there by half. Temporary files are
/// for their owner alone (mode 0600), and keep that when renamed.
fn draw(folder: &Path, file: &Path) -> io::Result<()> {
    let mut written = NamedTempFile::new_in(folder)?;
    writeln!(written, "{KEYS}=demo:{}", random()?)?;
    writeln!(written, "{JWT_SECRET}={}", random()?)?;
    writeln!(written, "{PLATFORM_TOKEN}={}", random()?)?;
    written.as_file().sync_all()?;
    written.persist(file)?;
    Ok(())
}

fn random() -> io::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(BASE64_STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn a_kept_folder_has_the_same_secrets_again_and_hides_them_from_others() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("new").join("folder");
        let first = Folder::open(Some(&path)).unwrap().secrets().unwrap();
        let again = Folder::open(Some(&path)).unwrap().secrets().unwrap();
        assert_eq!(
            first.jwt_secret.expose_secret(),
            again.jwt_secret.expose_secret()
        );
        let other = Folder::open(None).unwrap().secrets().unwrap();
        assert_ne!(
            first.jwt_secret.expose_secret(),
            other.jwt_secret.expose_secret()
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
            assert_eq!(
                fs::metadata(path.join(SECRETS)).unwrap().mode() & 0o777,
                0o600
            );
        }
    }

    #[test]
    fn a_database_whose_secrets_are_gone_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(DATABASE), "").unwrap();
        let error = Folder::open(Some(folder.path())).unwrap_err().to_string();
        assert!(error.contains(SECRETS), "{error}");
        assert!(!folder.path().join(SECRETS).exists());
    }

    #[test]
    fn a_temporary_folder_goes_with_the_demo() {
        let folder = Folder::open(None).unwrap();
        let path = folder.path().to_owned();
        assert!(folder.is_temporary() && path.exists());
        drop(folder);
        assert!(!path.exists());
    }
}
