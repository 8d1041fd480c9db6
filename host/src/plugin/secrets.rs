//! The contract's `secrets` import: the settings that the plugin's description names.

use super::{
    bindings::secrets::{Host, SecretsError},
    sealing::Full,
    state::State,
};

impl Host for State {
    async fn get(
        &mut self,
        name: String,
    ) -> wasmtime::Result<Result<Option<String>, SecretsError>> {
        let setting = self.setting(&name);
        #[cfg(test)]
        self.seals.tap(format!("{setting:?}").as_bytes());
        Ok(setting)
    }
}

impl State {
    fn setting(&self, name: &str) -> Result<Option<String>, SecretsError> {
        if let Some(sealed) = self.seals.app_secret(name) {
            return sealed.map_err(|Full| SecretsError::Unavailable);
        }
        // A described setting without a value is kept as an empty one.
        match self.settings.get(name) {
            Some(value) if value.is_empty() => Ok(None),
            Some(value) => Ok(Some(value.clone())),
            None => Err(SecretsError::Denied),
        }
    }
}
