//! What every page must be on every screen: within its edges, big enough to touch, and
//! without anything that axe-core finds.

use crate::{
    Failure,
    lent::in_browser,
    window::{DESKTOP, PHONE_AT_NIGHT, Window},
};
use calport_e2e::Foreign;
use std::sync::OnceLock;

/// The rules of WCAG 2.2 AA, and what axe-core calls best practice.
const RULES: &str = "['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa','best-practice']";

/// What sticks out of the screen or is smaller than 24 pixels (WCAG 2.2, 2.5.8). A radio
/// button is touched through its label.
const MISFITS: &str = "(() => {
  const root = document.documentElement;
  const small = [...document.querySelectorAll('a, button, summary, select, input, label')]
    .filter((it) => it.checkVisibility() && getComputedStyle(it).clipPath === 'none')
    .filter((it) => it.type !== 'radio' && it.type !== 'checkbox')
    .filter((it) => it.tagName !== 'LABEL' || it.control?.type === 'radio')
    .filter((it) => {
      const { width, height } = it.getBoundingClientRect();
      return Math.min(width, height) < 24;
    })
    .map((it) => 'too small: ' + it.outerHTML.slice(0, 120));
  if (root.scrollWidth > root.clientWidth) {
    small.push('sticks out: ' + root.scrollWidth + ' of ' + root.clientWidth);
  }
  return small;
})()";

impl Window {
    /// The page is fit for a desktop and for a phone at night; `state` is named when not.
    pub(crate) async fn is_fit(&self, state: &str) -> Result<(), Failure> {
        let axe = axe()?;
        if let Some(axe) = axe {
            self.evaluate(axe).await?;
        }
        for screen in [PHONE_AT_NIGHT, DESKTOP] {
            self.screen(screen).await?;
            let misfits = self.evaluate(MISFITS).await?;
            if misfits != serde_json::json!([]) {
                return Err(format!("{state}, {screen:?}: {misfits:#}").into());
            }
            if axe.is_none() {
                continue;
            }
            let run = format!(
                "axe.run(document, {{runOnly: {RULES}}}).then((found) => found.violations.map(\
                 (one) => [one.id, ...one.nodes.map((node) => node.html + node.failureSummary)]))"
            );
            let found = self.evaluate(&run).await?;
            if found != serde_json::json!([]) {
                return Err(format!("{state}, {screen:?}: {found:#}").into());
            }
        }
        Ok(())
    }
}

/// axe-core's text. `None` where it is not
/// installed; in CI that is an error.
fn axe() -> Result<Option<&'static str>, Failure> {
    static AXE: OnceLock<String> = OnceLock::new();
    if let Some(text) = AXE.get() {
        return Ok(Some(text));
    }
    let Some(foreign) = Foreign::find(env!("CARGO_TARGET_TMPDIR"))? else {
        return Ok(None);
    };
    let file = foreign.node().join("node_modules/axe-core/axe.min.js");
    let text = std::fs::read_to_string(file)? + "; null";
    Ok(Some(AXE.get_or_init(|| text)))
}

#[test]
fn a_page_that_is_unfit_is_found_out() -> Result<(), Failure> {
    in_browser(async |window| {
        let mut unfit = vec![
            ("<div style='width:900px'>wide</div>", "sticks out"),
            (
                "<button style='width:9px;height:9px'>x</button>",
                "too small",
            ),
        ];
        if axe()?.is_some() {
            unfit.push((
                "<p style='color:%23bbb;background:%23fff'>pale</p>",
                "contrast",
            ));
        }
        for (body, found) in unfit {
            let meta = "<meta name=viewport content='width=device-width'>";
            window.go(&format!("data:text/html,{meta}{body}")).await?;
            let said = window.is_fit(body).await;
            let said = said.map_or_else(|error| error.to_string(), |()| "nothing".to_owned());
            assert!(said.contains(found), "{body}: {said}");
        }
        Ok(())
    })
}
