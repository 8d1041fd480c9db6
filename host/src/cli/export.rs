//! `calport export`: what is stored of one user, for whoever asks the platform for it. It
//! works on the database beside a running `calport serve`.

use super::{CliError, beside, log_to_stderr};
use crate::{
    config::LogFormat,
    db::Database,
    export::{ExportError, export, is_known},
    subject::Subject,
};
use clap::Args;
use std::{
    io::{self, BufWriter},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// Whose data is wanted, and where.
#[derive(Debug, Args)]
pub(super) struct Options {
    /// The platform's id of the user
    #[arg(long, value_name = "ID")]
    user: String,
    /// The user's tenant, where the platform has several
    #[arg(long, default_value = Subject::DEFAULT_TENANT)]
    tenant: String,
    /// Writes into this file, which only its owner can read, instead of to stdout; it is
    /// replaced once the export is complete
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// A file of NAME=VALUE lines under the environment
    #[arg(long, default_value = ".env", value_name = "FILE")]
    env_file: PathBuf,
}

pub(super) async fn run(options: &Options) -> Result<(), CliError> {
    // The line for auditors is told, too.
    log_to_stderr("warn,calport::audit=info", LogFormat::Text);
    let database = beside(&options.env_file).await?;
    let subject = Subject::new(&options.tenant, &options.user);
    let done = perform(&database, &subject, options.output.as_deref()).await;
    database.close().await;
    done
}

async fn perform(
    database: &Database,
    subject: &Subject,
    output: Option<&Path>,
) -> Result<(), CliError> {
    if !is_known(database, subject)
        .await
        .map_err(CliError::failed)?
    {
        return Err(CliError::Unknown(format!(
            "nothing is stored of the user {} of the tenant {}",
            subject.user, subject.tenant
        )));
    }
    let done = match output {
        None => {
            let mut stdout = BufWriter::new(io::stdout());
            export(database, subject, &mut stdout).await.map(drop)
        }
        Some(path) => into_file(database, subject, path).await,
    };
    done.map_err(CliError::failed)
}

/// Whole or not at all: whoever takes it up never finds half of it.
async fn into_file(database: &Database, subject: &Subject, path: &Path) -> Result<(), ExportError> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let mut file = NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    export(database, subject, &mut BufWriter::new(&mut file)).await?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[calport_databases::each_database]
    async fn a_file_is_written_whole_for_its_owner_alone_or_not_at_all() {
        let (database, folder) = Database::temporary().await;
        let path = folder.path().join("ann.json");
        let ann = Subject::new("default", "ann");
        let unknown = perform(&database, &ann, Some(&path)).await.unwrap_err();
        assert!(matches!(unknown, CliError::Unknown(_)), "{unknown}");
        assert!(!path.exists());
        sqlx::query("INSERT INTO lanes (tenant, user_id, provider) VALUES ('default', 'ann', 'x')")
            .execute(database.pool())
            .await
            .unwrap();
        perform(&database, &ann, Some(&path)).await.unwrap();
        let written = std::fs::read(&path).unwrap();
        let read: serde_json::Value = serde_json::from_slice(&written).unwrap();
        assert_eq!(read["work"][0]["provider"], "x");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{mode:o}");
        }
        let nowhere = folder.path().join("missing").join("ann.json");
        let failed = perform(&database, &ann, Some(&nowhere)).await.unwrap_err();
        assert!(matches!(failed, CliError::Failed(_)), "{failed}");
    }
}
