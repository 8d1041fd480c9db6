//! Starts a chromedriver of its own on a free port, and ends it.

use super::Failure;
use fantoccini::{Client, ClientBuilder};
use serde_json::json;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// A running chromedriver; killed when dropped.
pub(crate) struct Driver {
    _process: Child,
    url: String,
    profile: TempDir,
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
            Err(error) if std::env::var_os("CI").is_none() => {
                eprintln!(
                    "NOT TESTED: chromedriver does not start ({error}); install chromium-driver"
                );
                return Ok(None);
            }
            Err(error) => return Err(format!("chromedriver does not start: {error}").into()),
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
                return Ok(Some(Self {
                    _process: process,
                    url,
                    profile: tempfile::tempdir()?,
                }));
            }
        }
        Err("chromedriver ended before it listened".into())
    }

    /// A fresh browser with a window of this size.
    pub(crate) async fn browser(
        &self,
        width: u32,
        height: u32,
        dark: bool,
    ) -> Result<Client, Failure> {
        let mut args = vec![
            "--headless".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            format!("--window-size={width},{height}"),
            format!("--user-data-dir={}", self.profile.path().display()),
        ];
        if dark {
            args.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        let mut chrome = json!({ "args": args });
        if width < 500 {
            // A window cannot be as narrow as a phone; its emulation can.
            chrome["mobileEmulation"] = json!({
                "deviceMetrics": {"width": width, "height": height, "pixelRatio": 2.0},
            });
        }
        let capabilities = json!({ "goog:chromeOptions": chrome });
        let capabilities = capabilities.as_object().cloned().unwrap_or_default();
        Ok(
            ClientBuilder::new(hyper_util::client::legacy::connect::HttpConnector::new())
                .capabilities(capabilities)
                .connect(&self.url)
                .await?,
        )
    }
}
