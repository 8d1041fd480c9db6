//! The host as a process of its own, which can be killed at any moment and started again.

use crate::{Browser, JWT_SECRET, KEYS, Landing, PLATFORM_TOKEN, Rest, rest::Failure};
use calport_standins::{ConsentChoice, Google, Outlook};
use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// How long a start may take. Generous: it only passes when something is broken.
const START: Duration = Duration::from_secs(60);

/// A running `calport serve`.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// Kept open, so that the process can go on writing to it.
    _stdout: Lines<BufReader<ChildStdout>>,
    /// Where it listens, without a slash at the end.
    pub url: String,
}

/// A process that was killed before it listened.
#[derive(Debug, thiserror::Error)]
#[error("killed before it listened: {0}")]
pub struct Exited(pub ExitStatus);

impl Process {
    /// Starts the host on a folder that holds its database and its log, and waits until it
    /// listens. `listen`: the address of an earlier start, or port 0.
    ///
    /// # Errors
    /// [`Exited`], or whatever kept it from starting.
    pub async fn start(
        binary: &Path,
        folder: &Path,
        listen: &str,
        settings: &[(String, String)],
    ) -> Result<Self, Failure> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(folder.join("calport.log"))?;
        // A write beyond a file size limit, as tests set, is to fail and not to end it.
        let mut child = Command::new("/bin/sh")
            .args(["-c", "trap '' XFSZ; exec \"$0\" serve"])
            .arg(binary)
            .current_dir(folder)
            .env_clear()
            .env("CALPORT_LISTEN", listen)
            .env("CALPORT_DATABASE_URL", "sqlite:calport.db")
            .env("CALPORT_KEYS", KEYS)
            .env("CALPORT_JWT_SECRET", JWT_SECRET)
            .env("CALPORT_PLATFORM_TOKEN", PLATFORM_TOKEN)
            .env("CALPORT_RETURN_URL", "https://platform.example/calendars")
            .env("CALPORT_ALLOW_LOOPBACK", "1")
            .env("CALPORT_CACHE_DIR", compiled())
            .envs(settings.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().ok_or("no stdout")?;
        let mut stdout = BufReader::new(stdout).lines();
        let url = tokio::time::timeout(START, async {
            while let Some(line) = stdout.next_line().await? {
                if let Some(url) = line.strip_prefix("Calport listens on ") {
                    return Ok(Some(url.to_owned()));
                }
            }
            Ok::<_, std::io::Error>(None)
        })
        .await??;
        let Some(url) = url else {
            let status = child.wait().await?;
            if status.code().is_some() {
                let log = std::fs::read_to_string(folder.join("calport.log"))?;
                return Err(format!("{status}: {log}").into());
            }
            return Err(Exited(status).into());
        };
        Ok(Self {
            child,
            _stdout: stdout,
            url,
        })
    }

    /// Ends it at once, wherever it is.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub async fn kill(mut self) -> Result<(), Failure> {
        self.child.kill().await?;
        Ok(())
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub async fn ended(&mut self) -> Result<ExitStatus, Failure> {
        Ok(self.child.wait().await?)
    }

    /// Asks it to end, as a service manager does, and waits until it has.
    ///
    /// # Errors
    /// When it cannot be asked or waited for.
    pub async fn terminate(mut self) -> Result<ExitStatus, Failure> {
        self.ask_to_end()?;
        self.ended().await
    }

    /// Asks it to end, and does not wait.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn ask_to_end(&self) -> Result<(), Failure> {
        if let Some(id) = self.child.id() {
            let id = rustix::process::Pid::from_raw(i32::try_from(id)?).ok_or("no process")?;
            rustix::process::kill_process(id, rustix::process::Signal::TERM)?;
        }
        Ok(())
    }

    /// The id of the process, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }
}

/// Connects a user of a host in another process, as their browser does.
///
/// # Errors
/// When the flow does not end connected.
pub async fn connect(
    rest: &Rest,
    standins: (&Google, &Outlook),
    whom: (&str, &str, &str),
) -> Result<(), Failure> {
    let landing = consent(rest, standins, whom).await?;
    match landing.status().as_str() {
        "connected" => Ok(()),
        _ => Err(format!("{}: {landing:?}", whom.0).into()),
    }
}

/// Goes through a whole flow with a host in another process: where the browser comes out.
///
/// # Errors
/// When the flow does not begin or the stand-in shows an error page.
pub async fn consent(
    rest: &Rest,
    (google, outlook): (&Google, &Outlook),
    (user, provider, account): (&str, &str, &str),
) -> Result<Landing, Failure> {
    let origin = rest.url.replace("127.0.0.1", "localhost");
    google.register_redirect_uri(format!("{origin}/api/calendar/google/callback/"));
    outlook.register_redirect_uri(format!("{origin}/api/calendar/outlook/callback/"));
    let browser = Browser::new();
    let url = rest.begin_with(provider, user, &browser).await?;
    let callback = match provider {
        "google" => google.consent(&url, account, &ConsentChoice::Allow)?,
        _ => outlook.consent(&url, account, &ConsentChoice::Allow)?,
    };
    let callback = callback.replace("localhost", "127.0.0.1");
    Ok(browser.open(&callback).await?)
}

/// Where all tests keep compiled components, so that each is compiled once.
pub fn compiled() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/compiled")
}
