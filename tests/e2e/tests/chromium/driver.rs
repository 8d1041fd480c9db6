//! Starts a chromedriver of its own on a free port with one Chromium in it, and ends both.

use crate::Failure;
use calport_e2e::not_tested;
use fantoccini::{Client, ClientBuilder};
use serde_json::json;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// A running Chromium.
pub(crate) struct Driver {
    process: Child,
    client: Client,
    _profile: TempDir,
}

impl Driver {
    /// `None` where there is no browser; in CI that is an error.
    pub(crate) async fn start() -> Result<Option<Self>, Failure> {
        let started = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        let mut process = match started {
            Ok(process) => process,
            Err(error) => {
                let missing = format!("chromedriver does not start ({error})");
                not_tested(&missing, "install chromium-driver")?;
                return Ok(None);
            }
        };
        let output = process.stdout.take().ok_or("chromedriver has no output")?;
        let mut lines = BufReader::new(output).lines();
        while let Some(line) = lines.next_line().await? {
            // "ChromeDriver was started successfully on port 12345."
            let port = line
                .split("on port ")
                .nth(1)
                .and_then(|rest| rest.strip_suffix('.'));
            if let Some(port) = port.filter(|port| port.parse::<u16>().is_ok_and(|port| port != 0))
            {
                let url = format!("http://127.0.0.1:{port}");
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                let profile = tempfile::tempdir()?;
                return Ok(Some(Self {
                    client: open(&url, &profile).await?,
                    process,
                    _profile: profile,
                }));
            }
        }
        Err("chromedriver ended before it listened".into())
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Ends Chromium first: alone, chromedriver would leave it behind.
    pub(crate) async fn stop(mut self) {
        let _ = self.client.close().await;
        let _ = self.process.kill().await;
    }
}

async fn open(url: &str, profile: &TempDir) -> Result<Client, Failure> {
    let args = [
        "--headless".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        format!("--user-data-dir={}", profile.path().display()),
    ];
    let capabilities = json!({
        "goog:chromeOptions": { "args": args },
        // An unexpected dialog is a fault, and not to be clicked away.
        "unhandledPromptBehavior": "ignore",
    });
    let capabilities = capabilities.as_object().cloned().unwrap_or_default();
    Ok(
        ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
            .capabilities(capabilities)
            .connect(url)
            .await?,
    )
}
