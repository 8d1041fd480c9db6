//! What was found, how bad it is, and what to do about it.

use serde::Serialize;

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it must be.
    Ok,
    /// It works, and somebody should know.
    Warning,
    /// It does not work, or will not, or must not be so.
    Problem,
}

impl Verdict {
    /// Its word. Stable.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// One thing that was looked at. Its texts hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it belongs to, as a heading.
    pub area: String,
    /// How bad it is.
    pub verdict: Verdict,
    /// What is so, as a sentence.
    pub says: String,
    /// What to do, as a sentence; missing where there is nothing to do.
    pub remedy: Option<String>,
}

/// Everything that was found, in the order in which it is read best.
#[derive(Clone, Debug, Default)]
pub struct Report {
    findings: Vec<Finding>,
}

impl Report {
    pub(super) fn ok(&mut self, area: &str, says: impl Into<String>) {
        self.add(area, Verdict::Ok, says.into(), None);
    }

    pub(super) fn warning(
        &mut self,
        area: &str,
        says: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(area, Verdict::Warning, says.into(), Some(remedy.into()));
    }

    pub(super) fn problem(
        &mut self,
        area: &str,
        says: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.add(area, Verdict::Problem, says.into(), Some(remedy.into()));
    }

    fn add(&mut self, area: &str, verdict: Verdict, says: String, remedy: Option<String>) {
        self.findings.push(Finding {
            area: area.to_owned(),
            verdict,
            says,
            remedy,
        });
    }

    /// What was found.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many findings are so bad.
    pub fn count(&self, verdict: Verdict) -> usize {
        let same = self.findings.iter().filter(|it| it.verdict == verdict);
        same.count()
    }

    /// The worst of it.
    pub fn verdict(&self) -> Verdict {
        let all = self.findings.iter().map(|finding| finding.verdict);
        all.max().unwrap_or(Verdict::Ok)
    }
}
