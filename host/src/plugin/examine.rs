//! Looks at a component without granting it anything: it is compiled, and asked in a closed
//! world what it is.

use super::{
    LoadError, Misfit, Options, Plugin, Runtime, artefact::sha256, contract, imports, load,
};
use wasmtime::component::Component;

/// What a component shows of itself, also one that is refused.
#[derive(Debug)]
pub struct Examination {
    /// Of its bytes, in hexadecimal.
    pub sha256: String,
    /// Its bytes.
    pub size: usize,
    /// Interfaces that it imports, allowed or not.
    pub imports: Vec<String>,
    /// Those of its imports that no plugin gets.
    pub forbidden: Vec<String>,
    /// Interfaces that it exports.
    pub exports: Vec<String>,
    /// The plugin, or why it is none.
    pub plugin: Result<Plugin, LoadError>,
    component: Component,
}

impl Examination {
    /// Examines the bytes of a component.
    ///
    /// # Errors
    /// When it is no component at all; whatever else is wrong with it is in
    /// [`Examination::plugin`].
    pub async fn of(runtime: &Runtime, bytes: &[u8], options: &Options) -> Result<Self, LoadError> {
        let component = load::compile(runtime, bytes, options).await?;
        let (imports, exports) = imports::names(runtime.engine(), &component);
        Ok(Self {
            sha256: sha256(bytes),
            size: bytes.len(),
            forbidden: imports::forbidden(&imports),
            imports,
            exports,
            plugin: Plugin::load(runtime, bytes, options).await,
            component,
        })
    }

    /// What its exports lack of the contract, or say otherwise.
    ///
    /// # Errors
    /// The contract's own measure cannot be compiled here.
    pub async fn misfits(
        &self,
        runtime: &Runtime,
        options: &Options,
    ) -> Result<Vec<Misfit>, LoadError> {
        contract::misfits(runtime, &self.component, options).await
    }
}
