//! WIP
#[derive(Debug, clap::Args)]
pub struct Options {}
pub async fn run(_: Options) -> Result<(), crate::cli::CliError> { Ok(()) }
