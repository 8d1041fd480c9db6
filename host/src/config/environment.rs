//! Settings by name, from the process and `.env`. Values never show in `Debug`.

use std::{collections::BTreeMap, fmt, io, path::Path};
use zeroize::Zeroizing;

/// The process environment over the pairs of a `.env` file. An empty value counts as
/// not set, as in a template that nobody has filled in. Values are erased from memory with it.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, Zeroizing<String>>);

impl Environment {
    /// The process environment, and under it the file if there is one.
    ///
    /// # Errors
    /// The file exists and cannot be read or understood; the message names the line.
    pub fn read(dot_env: &Path) -> io::Result<Self> {
        let mut pairs = BTreeMap::new();
        match dotenvy::from_path_iter(dot_env) {
            Ok(lines) => {
                for line in lines {
                    let (name, value) = line.map_err(|error| describe(dot_env, &error))?;
                    pairs.insert(name, Zeroizing::new(value));
                }
            }
            Err(dotenvy::Error::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(describe(dot_env, &error)),
        }
        pairs.extend(Self::of_process().0);
        Ok(Self(pairs))
    }

    /// The process environment alone.
    pub fn of_process() -> Self {
        // Names and values that are not UTF-8 cannot be ours.
        let pairs = std::env::vars_os().filter_map(|(name, value)| {
            let value = Zeroizing::new(value.into_string().ok()?);
            Some((name.into_string().ok()?, value))
        });
        Self(pairs.collect())
    }

    /// Just these pairs.
    pub fn from_pairs<N: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), Zeroizing::new(value.into())))
                .collect(),
        )
    }

    /// Erases a setting that nobody is to find any more.
    pub(super) fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// The value of a setting, `None` when it is missing or blank.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// The names of all that is set, whoever it is for.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Environment({} names)", self.0.len())
    }
}

/// dotenvy's own message repeats the line, which may hold a secret.
fn describe(file: &Path, error: &dotenvy::Error) -> io::Error {
    let reason = match error {
        dotenvy::Error::LineParse(_, at) => {
            format!("a line is not NAME=VALUE (at its character {at})")
        }
        dotenvy::Error::Io(error) => error.to_string(),
        _ => "it cannot be read".to_owned(),
    };
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("{}: {reason}", file.display()),
    )
}
