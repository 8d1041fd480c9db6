//! Builds the component that the host carries, so that `cargo run` and `cargo test`
//! are all that anyone has to know.

mod guest;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=migrations");
    guest::build("calport-plugin", "plugin")
}
