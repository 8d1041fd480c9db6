//! The contract's `secrets` import: the settings that the plugin's description names.

use super::{
    bindings::secrets::{Host, SecretsError},
    state::State,
};

impl Host for State {
    async fn get(
        &mut self,
        name: String,
    ) -> wasmtime::Result<Result<Option<String>, SecretsError>> {
        // A described setting without a value is kept as an empty one.
        Ok(match self.settings.get(&name) {
            Some(value) if value.is_empty() => Ok(None),
            Some(value) => Ok(Some(value.clone())),
            None => Err(SecretsError::Denied),
        })
    }
}
