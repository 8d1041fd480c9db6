//! Builds the guests that tests need.

#[path = "../../host/build/guest.rs"]
mod guest;

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=../../host/build/guest.rs");
    guest::build("calport-evil", "tests/evil")
}
