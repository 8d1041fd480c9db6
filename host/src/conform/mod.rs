//! Tries a component against the contract, without any account and without any provider:
//! whatever it wants to send is refused and noted. Its credentials are made up, and it is
//! granted nothing.

mod checklist;
mod connecting;
mod description;
mod files;
mod grants;
mod ics;
mod texts;
mod trial;
mod world;

pub use checklist::{Check, Checklist, Failure};

use crate::{
    db::DatabaseError,
    plugin::{Attempts, Examination, LoadError, Options, Reach, Runtime, calendar::ProviderKind},
};
use trial::Trial;

/// Why nothing could be tried.
#[derive(Debug, thiserror::Error)]
pub enum ConformError {
    /// It is no component, or none can be run here.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// There is no place for what a plugin may store.
    #[error("a folder for what plugins store could not be made: {0}")]
    Folder(#[from] std::io::Error),
    /// The same.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The system has no random numbers.
    #[error("the system's random source refused: {0}")]
    Random(#[from] getrandom::Error),
}

/// Tries a component in everything that the contract asks for and that can be tried here.
/// Of `options` the limits count, and where compiled code is kept.
///
/// # Errors
/// See [`ConformError`]. A component that does not conform is none.
pub async fn conform(
    runtime: &Runtime,
    bytes: &[u8],
    options: &Options,
) -> Result<Checklist, ConformError> {
    let attempts = Attempts::default();
    let options = Options {
        limits: options.limits,
        cache_dir: options.cache_dir.clone(),
        reach: Reach::Nowhere(attempts.clone()),
        ..Options::default()
    };
    let examination = Examination::of(runtime, bytes, &options).await?;
    let mut list = Checklist::new(examination.sha256.clone());
    let misfits = examination.misfits(runtime, &options).await?;
    world::check(&examination, &misfits, &mut list);
    description::check(&examination, &attempts, &mut list);
    let Ok(plugin) = examination.plugin else {
        list.break_off();
        return Ok(list);
    };
    list.name(plugin.artefact());
    let trial = Trial::new(&plugin, &options, attempts).await?;
    for provider in &plugin.info().providers {
        match provider.kind {
            ProviderKind::Oauth => {
                connecting::check(&trial, provider, &mut list).await?;
                grants::check(&trial, provider, &mut list).await;
            }
            ProviderKind::File => {
                connecting::check_file_provider(&trial, provider, &mut list).await
            }
        }
    }
    world::check_unknown_provider(&trial, &mut list).await;
    files::check(&trial, &mut list).await;
    trial.end().await;
    Ok(list)
}
