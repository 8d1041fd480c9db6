//! A plugin in WebAssembly text, so that its canonical ABI can be wrong in ways that no
//! compiler emits. `describe` is all that it does.

use std::path::Path;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// What is wrong with it.
pub(crate) struct Raw {
    /// Where the description is said to be.
    pub(crate) answer: u32,
    /// Address and length of its name.
    pub(crate) name: (u32, u32),
    /// Address and length of its providers.
    pub(crate) providers: (u32, u32),
    /// Done before the answer.
    pub(crate) describe: &'static str,
    /// Done when it is instantiated.
    pub(crate) start: &'static str,
    /// Where the host may put its arguments.
    pub(crate) realloc: &'static str,
    /// Pages of memory at the start.
    pub(crate) pages: u32,
    /// Elements of the table at the start.
    pub(crate) table: u32,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            answer: 1_024,
            name: (1_100, 3),
            providers: (0, 0),
            describe: "",
            start: "",
            realloc: "(i32.const 8192)",
            pages: 1,
            table: 1,
        }
    }
}

/// Little-endian words as a WAT string.
fn words(words: &[u32]) -> String {
    let bytes = words.iter().flat_map(|word| word.to_le_bytes());
    bytes.map(|byte| format!("\\{byte:02x}")).collect()
}

/// Its bytes.
pub(crate) fn raw(raw: &Raw) -> Vec<u8> {
    let (name, providers) = (raw.name, raw.providers);
    // name, version, providers; then at 4096 a provider whose kind is 9.
    let info = words(&[name.0, name.1, 1_104, 5, providers.0, providers.1]);
    let provider = words(&[1_100, 3, 1_100, 3, 9]);
    let others: String = [
        ("calendar", "availability", "i32 i32"),
        (
            "calendar",
            "begin-connect",
            "i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32",
        ),
        (
            "calendar",
            "complete-callback",
            "i32 i32 i32 i32 i32 i32 i32 i32",
        ),
        ("calendar", "disconnect", "i32 i32 i32"),
        ("calendar", "list-calendars", "i32 i32"),
        ("calendar", "push-event", "i32"),
        (
            "calendar",
            "remove-event",
            "i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32",
        ),
        ("calendar", "busy", "i32 i32 i32 i32 i64 i64"),
        ("calendar", "export-ics", "i32 i32 i32 i32 i32 i32 i32"),
        ("changes", "read", "i32 i32 i32 i32 i32 i32 i32 i32"),
        ("changes", "compare", "i32"),
    ]
    .map(|(interface, name, parameters)| {
        format!(
            "(func (export \"calport:calendar/{interface}@0.1.0#{name}\") (param {parameters}) \
             (result i32) (i32.const 0))"
        )
    })
    .concat();
    let text = format!(
        r#"(module
            (memory (export "memory") {pages})
            (table {table} funcref)
            (data (i32.const 1024) "{info}")
            (data (i32.const 1100) "raw\00" "1.0.0")
            (data (i32.const 2048) "\ff\fe\c0\80")
            (data (i32.const 4096) "{provider}")
            (func $start {start})
            (start $start)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) {realloc})
            (func $describe (export "calport:calendar/calendar@0.1.0#describe") (result i32)
                {describe} (i32.const {answer}))
            {others})"#,
        pages = raw.pages,
        table = raw.table,
        start = raw.start,
        realloc = raw.realloc,
        describe = raw.describe,
        answer = raw.answer,
    );
    let mut module = wat::parse_str(text).unwrap();
    let mut resolve = Resolve::default();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
    let (package, _) = resolve.push_dir(folder).unwrap();
    let world = resolve.select_world(&[package], Some("plugin")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).unwrap();
    let encoder = ComponentEncoder::default().module(&module).unwrap();
    encoder.validate(true).encode().unwrap()
}
