//! Whether the keys are keys, and whether others on this machine can read them.

use super::Report;
use crate::vault::KeyRing;
use std::path::Path;

const AREA: &str = "Keys";

pub(super) fn examine(env_file: &Path, keys: &KeyRing, report: &mut Report) {
    let ids: Vec<&str> = keys.ids().collect();
    let says = match ids.as_slice() {
        [only] => format!("One key, {only}, seals and opens."),
        [first, older @ ..] => format!("{first} seals; {} open what is older.", older.join(", ")),
        [] => return,
    };
    report.ok(AREA, says);
    for id in keys.weak() {
        report.problem(
            AREA,
            format!("The key {id} is not random: its bytes repeat or count."),
            "Put a random one before it, `head -c 32 /dev/urandom | base64`, and keep this one \
             until nothing is sealed with it any more.",
        );
    }
    #[cfg(unix)]
    mode(env_file, report);
}

/// Only its owner and nobody else.
#[cfg(unix)]
fn mode(file: &Path, report: &mut Report) {
    use std::os::unix::fs::PermissionsExt;
    let Ok(about) = std::fs::metadata(file) else {
        return;
    };
    let mode = about.permissions().mode() & 0o777;
    let name = file.display();
    if mode & 0o077 == 0 {
        report.ok(AREA, format!("{name} is its owner's alone."));
    } else {
        report.warning(
            AREA,
            format!("Others on this machine can read {name} (its mode is {mode:o})."),
            format!("chmod 600 {name}"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn keys_that_somebody_typed_are_told_from_random_ones() {
        let examined = |keys: &str| {
            let mut report = Report::default();
            let keys = KeyRing::parse(keys).unwrap();
            examine(Path::new("/nowhere"), &keys, &mut report);
            report
        };
        let random = "k1:qkS0zzhlSg8bLnsUw0dNcXHnm1W7rXcbK5GBhB7pQ0c=";
        assert_eq!(examined(random).verdict(), Verdict::Ok);
        let same = format!("k0:{}=", "A".repeat(43));
        let counted = "k0:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
        for weak in [&*same, counted] {
            let report = examined(&format!("{random},{weak}"));
            assert_eq!(report.verdict(), Verdict::Problem);
            let said = format!("{:?}", report.findings());
            assert!(
                said.contains("The key k0") && !said.contains("AAA"),
                "{said}"
            );
        }
    }
}
