//! A start without the right keys (case 15): refused, with nothing written.

use super::{K1, K2, Place, calport, serve, serve_with, text};
use calport_databases::{Kind, each_database, kind, stored};
use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, path::Path};

const NAMES: [&str; 3] = ["CALPORT_KEYS", "CALPORT_KEYS_FILE", "CALPORT_KEYS_COMMAND"];

/// The settings of a start whose keys come from these places alone.
fn settings(sources: &[(&str, &str)]) -> Vec<(String, String)> {
    let given = |name| sources.iter().find(|(source, _)| *source == name);
    NAMES
        .into_iter()
        .map(|name| {
            let value = given(name).map_or("", |(_, value)| value);
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

/// What a start could have changed. Some releases of pg_dump write a random word into a dump.
async fn state(place: &Place<'_>) -> Vec<u8> {
    match kind() {
        Kind::Sqlite => files(place.folder).remove("calport.db").unwrap_or_default(),
        Kind::Postgres => {
            let dump = stored(place.folder, &place.database).await;
            let lines = dump.split_inclusive(|byte| *byte == b'\n');
            let words = [b"\\restrict".as_slice(), b"\\unrestrict"];
            let lines = lines.filter(|line| !words.iter().any(|word| line.starts_with(word)));
            lines.flatten().copied().collect()
        }
    }
}

/// Every file of a folder but its log.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|file| {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        (name, fs::read(file.path()).unwrap())
    });
    files.filter(|(name, _)| name != "calport.log").collect()
}

fn write(path: &Path, content: &str, mode: u32) -> String {
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[each_database(flavor = "multi_thread")]
async fn case_15_without_the_right_keys_nothing_starts_and_nothing_is_written() {
    let sources = tempfile::tempdir().unwrap();
    let at = |name: &str| sources.path().join(name);
    let script = |name: &str, lines: &str| format!("/bin/sh {}", write(&at(name), lines, 0o600));
    let open = write(&at("open"), K1, 0o644);
    let short = write(&at("short"), "k1:c2hvcnQ=", 0o600);
    let fails = script("fails", &format!("echo {K1}; exit 1"));
    let hangs = script("hangs", &format!("echo {K1}; sleep 600"));
    let nowhere = at("nowhere");
    let nowhere = nowhere.to_str().unwrap();
    let tries: [&[(&str, &str)]; 10] = [
        &[],
        &[(NAMES[0], "k1:c2hvcnQ=")],
        &[(NAMES[0], "not a key")],
        &[(NAMES[1], &open)],
        &[(NAMES[1], &short)],
        &[(NAMES[1], nowhere)],
        &[(NAMES[2], &fails)],
        &[(NAMES[2], nowhere)],
        &[(NAMES[2], &hangs)],
        &[(NAMES[0], K1), (NAMES[2], &hangs)],
    ];
    let refused = tries.map(|sources| async move {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::fresh(folder.path()).await;
        let before = state(&place).await;
        let error = serve_with(&place, &settings(sources)).await;
        let error = error.map(|_| sources).unwrap_err();
        assert!(error.contains("exit status: 2"), "{sources:?}: {error}");
        for (name, _) in sources {
            assert!(error.contains(name), "{sources:?}: {error}");
        }
        assert!(
            !error.contains("AAECAw") && !error.contains("c2hvcnQ"),
            "{error}"
        );
        assert_eq!(files(folder.path()), BTreeMap::new(), "{sources:?}");
        assert_eq!(state(&place).await, before, "{sources:?}");
    });
    futures::future::join_all(refused).await;
}

#[each_database(flavor = "multi_thread")]
async fn case_15_a_database_is_left_alone_by_a_start_with_another_key() {
    let folder = tempfile::tempdir().unwrap();
    let place = &Place::fresh(folder.path()).await;
    let host = serve(place, K1).await.unwrap();
    assert!(host.terminate().await.unwrap().success());
    let before = state(place).await;
    assert!(before.len() > 10_000);
    let other_k1 = K2.replace("k2:", "k1:");
    for (keys, said) in [
        (K2, "k1 is not configured"),
        (&*other_k1, "k1 is not the one"),
    ] {
        let error = serve(place, keys).await.map(|_| keys).unwrap_err();
        assert!(
            error.contains("exit status: 2") && error.contains(said),
            "{error}"
        );
        let after = state(place).await;
        assert!(after == before, "{keys}");
    }
    serve(place, K1).await.unwrap().terminate().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_come_from_a_file_or_a_command_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(&folder.path().join("keys"), &format!("{K2}\n{K1}\n"), 0o400);
    let command = format!("/bin/cat {file}");
    let place = Place::fresh(folder.path()).await;
    for source in [(NAMES[0], K1), (NAMES[1], &*file), (NAMES[2], &*command)] {
        let host = serve_with(&place, &settings(&[source])).await;
        assert!(
            host.unwrap().terminate().await.unwrap().success(),
            "{source:?}"
        );
    }
}

#[tokio::test]
async fn a_new_key_is_all_that_is_printed_and_starts_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::fresh(folder.path()).await;
    let made = calport(&place, "", "keys new", None).await;
    assert!(made.status.success() && made.stderr.is_empty(), "{made:?}");
    let key = text(&made.stdout).strip_suffix('\n').unwrap();
    assert!(key.starts_with('k') && !key.contains('\n'), "{key}");
    let host = serve(&place, key).await.unwrap();
    host.terminate().await.unwrap();
    let next = calport(&place, key, "keys new", None).await;
    let (id, _) = text(&next.stdout).split_once(':').unwrap();
    assert!(!key.starts_with(&format!("{id}:")), "{id} is known already");
}
