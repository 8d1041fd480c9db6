//! A component that a command was given: its file, and what its calls may take here.

use super::CliError;
use crate::{
    config::{Environment, cache_dir},
    plugin::{self, Limits, LoadError},
};
use std::path::Path;

/// The bytes of a component.
pub(super) async fn read(file: &Path) -> Result<Vec<u8>, CliError> {
    plugin::read(file).await.map_err(|error| match error {
        LoadError::File { path, source } => CliError::Usage(format!(
            "the component {} cannot be read: {source}",
            path.display()
        )),
        other => CliError::usage(other),
    })
}

/// As `calport serve` would run it, but without the app's credentials: the limits of the
/// environment, and the place of compiled code.
pub(super) fn options(environment: &Environment) -> Result<plugin::Options, CliError> {
    let limits = Limits::configured(environment).map_err(|wrong| {
        let wrong: Vec<_> = wrong.iter().map(ToString::to_string).collect();
        CliError::Usage(wrong.join("; "))
    })?;
    Ok(plugin::Options {
        limits,
        cache_dir: cache_dir(environment),
        ..plugin::Options::default()
    })
}
