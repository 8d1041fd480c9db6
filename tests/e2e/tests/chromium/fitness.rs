//! What every page must be on every screen: within its edges, big enough to touch, and
//! without anything that axe-core finds.

use crate::{
    Failure,
    window::{DESKTOP, PHONE_AT_NIGHT, Window},
};
use std::{path::Path, sync::OnceLock};

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
        let axe = axe();
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

/// axe-core's text, where it is installed.
fn axe() -> Option<&'static str> {
    static AXE: OnceLock<Option<String>> = OnceLock::new();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../foreign/node");
    let file = folder.join("node_modules/axe-core/axe.min.js");
    let axe = AXE.get_or_init(|| match std::fs::read_to_string(&file) {
        Ok(text) => Some(text + "; null"),
        Err(error) => {
            eprintln!("NOT TESTED with axe-core: {}: {error}", file.display());
            None
        }
    });
    axe.as_deref()
}
