//! The host's side of the contract, generated from `wit/`.

#![expect(
    missing_docs,
    unreachable_pub,
    reason = "generated; the documentation is in wit/"
)]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "plugin",
    imports: { default: async | trappable },
    exports: { default: async },
    additional_derives: [PartialEq, Clone],
});

pub use calport::calendar::{secrets, token_store, types};
pub use exports::calport::calendar::{calendar, changes};
