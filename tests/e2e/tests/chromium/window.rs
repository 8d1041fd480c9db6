//! What a person does in a browser, and what its screen can be.

use crate::Failure;
use calport_e2e::PATIENCE;
use fantoccini::{Client, Locator, error::CmdError, key::Key, wd::WebDriverCompatibleCommand};
use http::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;
use url::{ParseError, Url};

/// How often the page is looked at while something is awaited.
const GLANCE: Duration = Duration::from_millis(25);

/// A screen that pages must be good on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    pub(crate) width: u32,
    pub(crate) dark: bool,
}

pub(crate) const DESKTOP: Screen = Screen {
    width: 1280,
    dark: false,
};

/// As narrow as phones are today.
pub(crate) const PHONE_AT_NIGHT: Screen = Screen {
    width: 360,
    dark: true,
};

/// The browser's only window.
pub(crate) struct Window {
    client: Client,
}

impl Window {
    /// As a browser that was just installed.
    pub(crate) async fn new(client: Client) -> Result<Self, Failure> {
        let window = Self { client };
        window
            .devtools("Network.clearBrowserCookies", json!({}))
            .await?;
        window.scripts(true).await?;
        window.screen(DESKTOP).await?;
        Ok(window)
    }

    pub(crate) async fn screen(&self, screen: Screen) -> Result<(), Failure> {
        let Screen { width, dark } = screen;
        let metrics = json!({
            "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics)
            .await?;
        let scheme = if dark { "dark" } else { "light" };
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": features }),
        )
        .await?;
        Ok(())
    }

    /// Whether pages may run scripts.
    pub(crate) async fn scripts(&self, run: bool) -> Result<(), Failure> {
        let off = json!({ "value": !run });
        self.devtools("Emulation.setScriptExecutionDisabled", off)
            .await?;
        Ok(())
    }

    /// Lets pages of this origin use the clipboard, as a person's click on "Allow" does.
    pub(crate) async fn allow_clipboard(&self, origin: &str) -> Result<(), Failure> {
        let permissions = json!({
            "origin": origin,
            "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"],
        });
        self.devtools("Browser.grantPermissions", permissions)
            .await?;
        Ok(())
    }

    pub(crate) async fn go(&self, url: &str) -> Result<(), Failure> {
        Ok(self.client.goto(url).await?)
    }

    /// What a person can read.
    pub(crate) async fn text(&self) -> Result<String, Failure> {
        Ok(self.client.find(Locator::Css("body")).await?.text().await?)
    }

    /// Clicks what this selector finds, once it is there.
    pub(crate) async fn click(&self, selector: &str) -> Result<(), Failure> {
        self.click_on(Locator::Css(selector), selector).await
    }

    /// Clicks the button or link of this name.
    pub(crate) async fn press(&self, name: &str) -> Result<(), Failure> {
        let path = format!(
            "//*[self::button or self::a or self::summary]\
             [@aria-label=\"{name}\" or (not(@aria-label) and normalize-space()=\"{name}\")]"
        );
        self.click_on(Locator::XPath(&path), name).await
    }

    async fn click_on(&self, locator: Locator<'_>, name: &str) -> Result<(), Failure> {
        let found = self
            .client
            .wait()
            .at_most(PATIENCE)
            .for_element(locator)
            .await;
        match found {
            Ok(found) => Ok(found.click().await?),
            Err(error) => Err(self.lost(&format!("there is no {name:?} ({error})")).await),
        }
    }

    /// Waits until the page says it.
    pub(crate) async fn sees(&self, words: &str) -> Result<(), Failure> {
        let deadline = Instant::now() + PATIENCE;
        // Between two pages there is no body.
        while !self.text().await.is_ok_and(|shown| shown.contains(words)) {
            if Instant::now() > deadline {
                return Err(self.lost(&format!("the page never says {words:?}")).await);
            }
            tokio::time::sleep(GLANCE).await;
        }
        Ok(())
    }

    /// Reloads until the page says it.
    pub(crate) async fn comes_to_see(&self, words: &str) -> Result<(), Failure> {
        let deadline = Instant::now() + PATIENCE;
        while !self.text().await.is_ok_and(|shown| shown.contains(words)) {
            if Instant::now() > deadline {
                return Err(self.lost(&format!("the page never says {words:?}")).await);
            }
            tokio::time::sleep(GLANCE).await;
            self.client.refresh().await?;
        }
        Ok(())
    }

    /// Reloads until this expression is true.
    pub(crate) async fn comes_to(&self, expression: &str) -> Result<(), Failure> {
        let deadline = Instant::now() + PATIENCE;
        while !self.evaluate(expression).await.is_ok_and(|is| is == true) {
            if Instant::now() > deadline {
                return Err(self.lost(&format!("never true: {expression}")).await);
            }
            tokio::time::sleep(GLANCE).await;
            self.client.refresh().await?;
        }
        Ok(())
    }

    /// Evaluates an expression, as a developer's console does.
    pub(crate) async fn evaluate(&self, expression: &str) -> Result<Value, Failure> {
        let asked = json!({
            "expression": expression, "returnByValue": true, "awaitPromise": true,
            "userGesture": true,
        });
        let mut answer = self.devtools("Runtime.evaluate", asked).await?;
        if let Some(thrown) = answer.get("exceptionDetails") {
            return Err(format!("the page threw {thrown}").into());
        }
        Ok(answer["result"]["value"].take())
    }

    /// The URL of what a frame of the page shows.
    pub(crate) async fn framed(&self, at: u16) -> Result<String, Failure> {
        self.client.enter_frame(at).await?;
        let url = self.client.execute("return document.URL", vec![]).await;
        self.client.enter_parent_frame().await?;
        Ok(url?.as_str().unwrap_or_default().to_owned())
    }

    /// Presses a key where the focus is.
    pub(crate) async fn key(&self, key: Key) -> Result<(), Failure> {
        let key = char::from(key).to_string();
        Ok(self.client.active_element().await?.send_keys(&key).await?)
    }

    /// Goes with the Tab key to what has this name, and checks on the way that the focus is
    /// always to be seen.
    pub(crate) async fn tab_to(&self, name: &str) -> Result<(), Failure> {
        for _ in 0..60 {
            self.key(Key::Tab).await?;
            let focus = self.evaluate(FOCUS).await?;
            if focus.is_null() {
                continue;
            }
            if focus["visible"] != true {
                return Err(self.lost(&format!("no ring around {focus}")).await);
            }
            if focus["name"] == name {
                return Ok(());
            }
        }
        Err(self.lost(&format!("Tab never reaches {name:?}")).await)
    }

    async fn lost(&self, why: &str) -> Failure {
        let url = self.client.current_url().await.map(String::from);
        let shown = self.text().await.unwrap_or_default();
        format!("{why}\n{}\n{shown}", url.unwrap_or_default()).into()
    }

    async fn devtools(&self, method: &str, params: Value) -> Result<Value, CmdError> {
        let command = Devtools {
            body: json!({ "cmd": method, "params": params }),
        };
        self.client.issue_cmd(command).await
    }
}

/// The name of what has the focus, and whether one sees that it has.
const FOCUS: &str = "(() => {
  const it = document.activeElement;
  if (it === document.body || it === document.documentElement) return null;
  const style = getComputedStyle(it);
  const label = it.labels && it.labels[0];
  const name = it.getAttribute('aria-label') || (label || it).textContent;
  return {
    name: name.replace(/\\s+/g, ' ').trim(),
    visible: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
  };
})()";

/// A command of Chromium's own protocol, through chromedriver.
#[derive(Debug)]
struct Devtools {
    body: Value,
}

impl WebDriverCompatibleCommand for Devtools {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        let session = session.unwrap_or_default();
        base.join(&format!("session/{session}/goog/cdp/execute"))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
