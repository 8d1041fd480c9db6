//! Which imports a component may have. Everything else is refused by name before any of
//! it runs (case 25).

use super::{bindings::Plugin, error::LoadError, state::State};
use crate::plain;
use wasmtime::{
    Engine,
    component::{Component, HasSelf, Linker},
};
use wasmtime_wasi::{
    cli::{WasiCli, WasiCliView},
    p2::bindings::cli,
};

/// The contract's export that makes a component a plugin.
const EXPORT: &str = "calport:calendar/calendar@0.1.0";

/// What is shown of a component's own names: characters, and how many of them.
const NAME: usize = 200;
const NAMES: usize = 32;

/// Interfaces by package and name; any 0.2 version of WASI will do.
const ALLOWED: &[&str] = &[
    "calport:calendar/types",
    "calport:calendar/secrets",
    "calport:calendar/token-store",
    "wasi:http/outgoing-handler",
    "wasi:http/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:random/random",
    // Empty for every guest; Rust's standard library asks for them in any case.
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/stderr",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:cli/terminal-stderr",
];

/// Refuses a component that imports what is not allowed, or exports no calendar.
pub(super) fn verify(engine: &Engine, component: &Component) -> Result<(), LoadError> {
    let (imports, exports) = names(engine, component);
    let forbidden = forbidden(&imports);
    if !forbidden.is_empty() {
        let forbidden = forbidden
            .iter()
            .map(|name| plain::line(name, NAME).into_owned());
        let forbidden = forbidden.take(NAMES).collect();
        return Err(LoadError::ForbiddenImports(forbidden));
    }
    if exports.iter().any(|name| name == EXPORT) {
        return Ok(());
    }
    let found = exports
        .into_iter()
        .find(|name| name.starts_with("calport:calendar/calendar@"));
    Err(LoadError::WrongContract {
        expected: EXPORT,
        found,
    })
}

/// Those that no plugin gets.
pub(super) fn forbidden(imports: &[String]) -> Vec<String> {
    let is_allowed = |name: &str| ALLOWED.contains(&name.split('@').next().unwrap_or(name));
    let forbidden = imports.iter().filter(|name| !is_allowed(name));
    forbidden.cloned().collect()
}

/// What it imports and what it exports.
pub(super) fn names(engine: &Engine, component: &Component) -> (Vec<String>, Vec<String>) {
    let ty = component.component_type();
    let imports = ty.imports(engine).map(|(name, _)| name.to_owned());
    let exports = ty.exports(engine).map(|(name, _)| name.to_owned());
    (imports.collect(), exports.collect())
}

/// Everything that is allowed, and nothing else.
pub(super) fn linker(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_proxy_interfaces_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    let l = &mut linker;
    cli::environment::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::exit::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_input::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_output::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_stdin::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_stdout::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_stderr::add_to_linker::<State, WasiCli>(l, State::cli)?;
    Plugin::add_to_linker::<State, HasSelf<State>>(l, |state| state)?;
    Ok(linker)
}
