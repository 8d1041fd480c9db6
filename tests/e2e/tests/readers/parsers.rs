//! Three readers of RFC 5545 files that know nothing of Calport or of each other: each is
//! started once for many files.

use calport_e2e::{Foreign, answer, not_tested};
use serde_json::{Value, json};
use std::{fmt, path::Path, process::Command};

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// 2027-01-01 and 2034-01-01, UTC: occurrences are asked for between them.
const FROM: i64 = 1_798_761_600;
const TO: i64 = 2_019_686_400;

/// A file to be read.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) text: String,
}

impl File {
    pub(crate) fn new(text: String) -> Self {
        Self { text }
    }
}

/// What one of them read.
#[derive(Debug)]
pub(crate) struct Reading {
    /// Its name and version.
    pub(crate) reader: String,
    /// One for each file, in their order.
    pub(crate) files: Vec<Value>,
}

/// Lets all three read the files. Empty where they are not installed.
pub(crate) fn read(files: &[File]) -> Result<Vec<Reading>, Failure> {
    let Some(foreign) = Foreign::find(env!("CARGO_TARGET_TMPDIR"))? else {
        return Ok(Vec::new());
    };
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers");
    let mut libical_is_there = foreign.python();
    libical_is_there.args(["-c", "import ctypes; ctypes.CDLL('libical.so.3')"]);
    if answer(&mut libical_is_there, Vec::new()).is_err() {
        not_tested("libical.so.3 is missing", "install Debian's libical3")?;
        return Ok(Vec::new());
    }
    let mut icalendar = foreign.python();
    icalendar.arg(scripts.join("read_with_icalendar.py"));
    let mut libical = foreign.python();
    libical.arg(scripts.join("read_with_libical.py"));
    let mut icaljs = Command::new("node");
    icaljs
        .arg(scripts.join("read_with_icaljs.cjs"))
        .arg(foreign.node());

    let input = files
        .iter()
        .map(|file| json!({"text": file.text, "from": FROM, "to": TO}))
        .collect::<Value>()
        .to_string();
    let mut readings = Vec::new();
    for mut command in [icalendar, libical, icaljs] {
        let output = answer(&mut command, input.clone().into_bytes())?;
        let mut output: Value = serde_json::from_slice(&output)?;
        let reading = Reading {
            reader: output["reader"].as_str().unwrap_or_default().to_owned(),
            files: output["files"]
                .as_array_mut()
                .map(std::mem::take)
                .unwrap_or_default(),
        };
        assert_eq!(reading.files.len(), files.len(), "{reading}");
        println!("read by {reading}: {} files", files.len());
        readings.push(reading);
    }
    Ok(readings)
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reader)
    }
}
