//! The `calport` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    calport_host::cli::main()
}
