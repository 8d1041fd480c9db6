//! That there is one way out: nothing else in this crate makes a connection by itself.

use std::fs;
use std::path::{Path, PathBuf};

/// What opens connections or resolves names in the libraries at hand.
const WAYS: &[&str] = &[
    "reqwest",
    "client::legacy",
    "hyper::client",
    "HttpConnector",
    "TcpStream::connect",
    "TcpSocket",
    "UdpSocket",
    "lookup_host",
    "to_socket_addrs",
    "default_send_request",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "tests" {
            sources(&path, found);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            found.push(path);
        }
    }
}

#[test]
fn nothing_else_in_the_host_opens_a_connection() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut inside = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        // Tests stand at the end of a file.
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let way = WAYS.iter().find(|way| code.contains(*way));
        if file.starts_with(root.join("egress")) {
            inside += usize::from(way.is_some());
        } else {
            assert_eq!(way, None, "{}", file.display());
        }
    }
    assert!(inside >= 2, "the egress itself is found out");
}
