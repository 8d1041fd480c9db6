//! Where master keys come from: a setting, a file, or a command that asks whoever keeps them.
//! What they are is in no message.

use super::{Environment, Reader, key_command};
use crate::vault::KeyRing;
use std::{
    fs::{File, Metadata},
    io::{self, Read},
    path::Path,
    time::Duration,
};
use zeroize::Zeroizing;

/// The keys themselves.
pub(super) const SETTING: &str = "CALPORT_KEYS";
/// A file that holds them.
const FILE: &str = "CALPORT_KEYS_FILE";
/// A command that prints them.
const COMMAND: &str = "CALPORT_KEYS_COMMAND";

/// How long the command may take: a key service answers in a second, and a start that hangs is
/// taken for a crash by whatever watches it.
const DEADLINE: Duration = Duration::from_secs(10);

/// The most that a file or command may hold: a thousand keys.
pub(super) const LARGEST: u64 = 64 * 1024;

/// Why there are no master keys.
#[derive(Debug, thiserror::Error)]
#[error("{name} {problem}. Set it to {remedy}.")]
pub struct KeyMistake {
    name: &'static str,
    problem: String,
    remedy: &'static str,
}

/// Reads the master keys.
///
/// # Errors
/// [`KeyMistake`].
pub fn keys(environment: &Environment) -> Result<KeyRing, KeyMistake> {
    keys_within(environment, DEADLINE)
}

fn keys_within(environment: &Environment, deadline: Duration) -> Result<KeyRing, KeyMistake> {
    let set = [SETTING, FILE, COMMAND].map(|name| Some((name, environment.get(name)?)));
    let set: Vec<_> = set.into_iter().flatten().collect();
    let (name, value) = match *set.as_slice() {
        [] => {
            return Err(KeyMistake {
                name: SETTING,
                problem: format!("is missing, and so are {FILE} and {COMMAND}"),
                remedy: "what `calport keys new` prints, or set one of the others; and keep it: \
                         without it stored credentials cannot be read",
            });
        }
        [only] => only,
        [(first, _), (second, _), ..] => {
            return Err(KeyMistake {
                name: first,
                problem: format!("and {second} are both set"),
                remedy: "nothing, or unset the other: keys come from one place only",
            });
        }
    };
    let text = match name {
        FILE => of_file(Path::new(value)).map_err(|problem| KeyMistake {
            name,
            problem,
            remedy: "a file that its owner alone can read (chmod 600), with the output of \
                     `calport keys new` in it",
        })?,
        COMMAND => key_command::run(value, deadline).map_err(|error| KeyMistake {
            name,
            problem: error.to_string(),
            remedy: "a program with its arguments, separated by spaces, that prints keys as \
                     `calport keys new` does, and exits with 0; there is no shell around it",
        })?,
        _ => Zeroizing::new(value.to_owned()),
    };
    KeyRing::parse(&text).map_err(|error| KeyMistake {
        name,
        problem: match name {
            SETTING => error.to_string(),
            _ => format!("leads to a text that {error}"),
        },
        remedy: "ID:BASE64 entries of 32 random bytes each, as `calport keys new` prints them, \
                 separated by commas or line breaks",
    })
}

fn of_file(path: &Path) -> Result<Zeroizing<String>, String> {
    let unreadable = |error: io::Error| format!("names a file that cannot be read ({error})");
    // Opening a pipe would wait for somebody to write.
    check(&path.metadata().map_err(unreadable)?)?;
    let file = File::open(path).map_err(unreadable)?;
    // Nobody has put another one in its place meanwhile.
    check(&file.metadata().map_err(unreadable)?)?;
    let mut text = Zeroizing::new(String::with_capacity(LARGEST as usize));
    file.take(LARGEST)
        .read_to_string(&mut text)
        .map_err(unreadable)?;
    Ok(text)
}

fn check(file: &Metadata) -> Result<(), String> {
    if !file.is_file() {
        return Err("names something that is no file".to_owned());
    }
    if file.len() > LARGEST {
        return Err("names a file that is too large".to_owned());
    }
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&file.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Err(format!(
                "names a file that others than its owner can reach (mode {mode:04o})"
            ));
        }
    }
    Ok(())
}

impl Reader<'_> {
    pub(super) fn keys(&mut self) -> Option<KeyRing> {
        match keys(self.environment) {
            Ok(keys) => Some(keys),
            Err(mistake) => {
                self.mistakes.push(format!("  {mistake}"));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    const K1: &str = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const K2: &str = "k2:HxsdHBsaGRgXFhUUExIREA8ODQwLCgkIBwYFBAMCAQA=";

    fn read(pairs: &[(&str, &str)]) -> Result<Vec<String>, String> {
        let environment = Environment::from_pairs(pairs.iter().copied());
        // Long enough for a shell to start on a busy machine; what hangs hangs longer.
        let keys = keys_within(&environment, Duration::from_secs(5));
        let keys = keys.map_err(|mistake| mistake.to_string())?;
        Ok(keys.ids().map(str::to_owned).collect())
    }

    fn refused(pairs: &[(&str, &str)], named: &[&str]) {
        let error = read(pairs).unwrap_err();
        for name in named {
            assert!(error.contains(name), "{name}: {error}");
        }
        for secret in ["c2hvcnQ", "AAECAw", "HxsdHB", "canary"] {
            assert!(!error.contains(secret), "{error}");
        }
    }

    #[test]
    fn case_15_missing_short_wrong_and_doubled_keys_are_refused_without_showing_them() {
        refused(&[], &["CALPORT_KEYS is missing", "keys new"]);
        for keys in [
            "k1:c2hvcnQ=",
            "AAAA",
            "k1:!!!!",
            "k 1:AAAA",
            &format!("{K1},{K1}"),
            &format!("{K1},"),
        ] {
            refused(&[(SETTING, keys)], &["CALPORT_KEYS ", "Set it to"]);
        }
        let both = format!("{K2},{K1}");
        assert_eq!(read(&[(SETTING, &both)]).unwrap(), ["k2", "k1"]);
    }

    #[test]
    fn case_15_two_sources_are_refused_and_both_are_named() {
        for (one, other) in [(SETTING, FILE), (FILE, COMMAND), (SETTING, COMMAND)] {
            let named = format!("{one} and {other} are both set");
            refused(&[(other, "/canary"), (one, K1)], &[&named]);
        }
        assert_eq!(
            read(&[(SETTING, K1), (FILE, ""), (COMMAND, " ")]).unwrap(),
            ["k1"]
        );
    }

    #[cfg(unix)]
    #[test]
    fn case_15_a_file_of_keys_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let name = path.to_str().unwrap();
        let write = |text: &[u8], mode| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        };
        refused(&[(FILE, name)], &["CALPORT_KEYS_FILE", "cannot be read"]);
        let text = format!("{K2}\n{K1}\n");
        for mode in [0o600, 0o400] {
            write(text.as_bytes(), mode);
            assert_eq!(read(&[(FILE, name)]).unwrap(), ["k2", "k1"], "{mode:o}");
        }
        for mode in [0o640, 0o604, 0o620, 0o602, 0o610, 0o666] {
            write(text.as_bytes(), mode);
            let shown = format!("{mode:04o}");
            refused(&[(FILE, name)], &["CALPORT_KEYS_FILE", "chmod 600", &shown]);
        }
        for wrong in [&b""[..], b"k1:c2hvcnQ=", b"\xff\xfe", &[b'\n'; 70_000]] {
            write(wrong, 0o600);
            refused(&[(FILE, name)], &["CALPORT_KEYS_FILE"]);
        }
        let directory = folder.path().to_str().unwrap();
        refused(&[(FILE, directory)], &["CALPORT_KEYS_FILE", "no file"]);
        refused(&[(FILE, "/dev/stdin")], &["CALPORT_KEYS_FILE"]);
    }

    #[cfg(unix)]
    #[test]
    fn case_15_a_command_gives_keys_or_is_refused_in_time() {
        let folder = tempfile::tempdir().unwrap();
        let script = |name: &str, lines: &str| {
            let path = folder.path().join(name);
            fs::write(&path, lines).unwrap();
            format!("/bin/sh {}", path.display())
        };
        let echo = script("echo", "printf '%s\\n' \"$@\"");
        let both = format!("{echo}  {K2}   {K1}");
        assert_eq!(read(&[(COMMAND, &both)]).unwrap(), ["k2", "k1"]);
        for (name, lines, said) in [
            (
                "fails",
                &*format!("echo {K1}; echo canary >&2; exit 3"),
                "3",
            ),
            ("says nothing", "true", "leads to a text"),
            ("says short", "echo k1:c2hvcnQ=", "leads to a text"),
            ("says much", "while echo canary; do :; done", "too much"),
            ("hangs", &*format!("echo {K1}; sleep 600"), "5 seconds"),
            (
                "hangs silently",
                &*format!("echo {K1}; exec >&-; sleep 600"),
                "5 seconds",
            ),
            (
                "leaves a child",
                &*format!("sleep 600 & echo {K1}"),
                "5 seconds",
            ),
            ("is killed", "kill -9 $$", "signal"),
        ] {
            let command = script(&name.replace(' ', "-"), lines);
            refused(&[(COMMAND, &command)], &["CALPORT_KEYS_COMMAND", said]);
        }
        let nowhere = folder.path().join("nowhere");
        let nowhere = nowhere.to_str().unwrap();
        refused(&[(COMMAND, nowhere)], &["CALPORT_KEYS_COMMAND", "started"]);
        // There is no shell: what looks like one's language is an argument.
        let substituted = format!("{echo} $(echo {K1})");
        refused(&[(COMMAND, &substituted)], &["CALPORT_KEYS_COMMAND"]);
    }
}
