//! `calport demo`: a tiny booking platform, Calport, and stand-ins for the providers, all
//! in one process. The platform is a client of the REST interface like any other: it has
//! no other way into Calport.

mod folder;
mod pages;
mod people;
mod records;
mod replies;
mod rest;
mod running;
mod seed;
mod standins;
#[cfg(test)]
mod tests;
mod words;

pub use running::{Running, start};

use crate::{
    cli::{CliError, log_to_stderr, signals::Signals},
    config::LogFormat,
};
use std::path::PathBuf;

/// What the demo is called on consent pages and its own.
const NAME: &str = "Brightside";

/// How to run a demo.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Options {
    /// The port to listen on [default: 8000, or any free one; 0: any free one]
    #[arg(long)]
    pub port: Option<u16>,
    /// Keeps bookings, connections and feeds in this folder; the stand-ins begin anew, so that
    /// accounts are connected again [default: a temporary one, removed at the end]
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

/// Runs a demo until it is told to end.
///
/// # Errors
/// The port or the folder cannot be used, or the parts do not start.
pub async fn run(options: Options) -> Result<(), CliError> {
    log_to_stderr("error", LogFormat::Text);
    // Listened for from the start, so that a temporary folder never stays behind.
    let mut signals = Signals::listen().map_err(CliError::failed)?;
    let running = tokio::select! {
        running = start(options) => running?,
        () = signals.next() => return Ok(()),
    };
    println!("{}", running.welcome());
    signals.next().await;
    running.stop().await?;
    println!("\nThe demo has ended.");
    Ok(())
}
