//! Builds the component that the host carries, so that `cargo run` and `cargo test`
//! are all that anyone has to know.

mod guest;

use std::{env, error::Error, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=migrations");
    // Fuzzing runs no component, and nightly is not asked for the target of one.
    if env::var_os("CARGO_CFG_FUZZING").is_some() {
        let place = Path::new(&env::var("OUT_DIR")?).join("calport_plugin.wasm");
        return Ok(std::fs::write(place, [])?);
    }
    guest::build("calport-plugin", "plugin")
}
