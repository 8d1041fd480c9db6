//! Calls by name, with JSON in and out, for whoever develops a plugin. They are made for
//! nobody: no network, no user's credentials, placeholders for the app's secrets.

use super::{
    CallError, Plugin, call, contract,
    json::{self, ArgumentError},
};
use futures::FutureExt;
use serde_json::Value as Json;
use wasmtime::component::{Val, types::ComponentFunc};

/// The exports that a host calls for nobody (token-store.wit).
const FOR_NOBODY: [&str; 4] = ["describe", "availability", "begin-connect", "export-ics"];

/// A function of the contract that a plugin exports.
#[derive(Clone, Debug)]
pub struct Export {
    interface: String,
    function: String,
    ty: ComponentFunc,
}

/// What a plugin has answered: it is not looked at, and nothing in it is made plain.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// What was asked for; `null` where there is nothing to tell.
    Ok(Json),
    /// The contract's error.
    Error(Json),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// It would need a user's grant.
    #[error("{0} works on a connected account, and this call is made for nobody")]
    NeedsGrant(String),
    /// What it was given does not fit.
    #[error(transparent)]
    Argument(#[from] ArgumentError),
    /// The call failed.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl Export {
    /// Its name: `begin-connect`.
    pub fn name(&self) -> &str {
        &self.function
    }

    /// What it is to be given, by their names.
    pub fn parameters(&self) -> Vec<&str> {
        self.ty.params().map(|(name, _)| name).collect()
    }

    /// Whether it is called for a user.
    pub fn needs_grant(&self) -> bool {
        !FOR_NOBODY.contains(&self.name())
    }
}

impl Plugin {
    /// The functions of the contract, those of one interface together.
    pub fn exports(&self) -> Vec<Export> {
        let component = self.0.pre.instance_pre().component();
        let interfaces = contract::of_contract(self.0.runtime.engine(), component);
        let exports = interfaces.into_iter().flat_map(|(interface, functions)| {
            functions.into_iter().map(move |(function, ty)| Export {
                interface: interface.clone(),
                function,
                ty,
            })
        });
        exports.collect()
    }

    /// Calls an export for nobody.
    ///
    /// # Errors
    /// See [`ExportError`].
    pub async fn call_by_name(
        &self,
        export: &Export,
        arguments: &Json,
    ) -> Result<Answer, ExportError> {
        if export.needs_grant() {
            return Err(ExportError::NeedsGrant(export.function.clone()));
        }
        let arguments = json::arguments(arguments, export.ty.params())?;
        let (interface, function) = (export.interface.clone(), export.function.clone());
        let mut results = vec![Val::Bool(false); export.ty.results().len()];
        let called = call::limited(&self.0, None, move |loaded, store| {
            async move {
                let pre = loaded.pre.instance_pre();
                let instance = pre.instantiate_async(&mut *store).await?;
                let interface = instance.get_export_index(&mut *store, None, &interface);
                let function = interface.and_then(|interface| {
                    instance.get_export_index(&mut *store, Some(&interface), &function)
                });
                let function =
                    function.and_then(|function| instance.get_func(&mut *store, function));
                let function =
                    function.ok_or_else(|| wasmtime::format_err!("the export is gone"))?;
                function
                    .call_async(&mut *store, &arguments, &mut results)
                    .await?;
                Ok(results)
            }
            .boxed()
        });
        let results = called.await?;
        let said = |value: Option<&Val>| match value {
            Some(value) => json::json(value).ok_or(CallError::Improper("the answer")),
            None => Ok(Json::Null),
        };
        Ok(match results.first() {
            Some(Val::Result(Ok(answer))) => Answer::Ok(said(answer.as_deref())?),
            Some(Val::Result(Err(error))) => Answer::Error(said(error.as_deref())?),
            other => Answer::Ok(said(other)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Environment,
        plugin::{BUILT_IN, Options, Runtime},
    };
    use serde_json::json;

    async fn plugin() -> Plugin {
        let options = Options {
            settings: Environment::from_pairs([
                ("GOOGLE_CLIENT_ID", "an-id"),
                ("GOOGLE_CLIENT_SECRET", "canary-of-an-app"),
            ]),
            ..Options::default()
        };
        let runtime = Runtime::new().unwrap();
        Plugin::load(&runtime, BUILT_IN, &options).await.unwrap()
    }

    fn export(plugin: &Plugin, name: &str) -> Export {
        let all = plugin.exports();
        all.into_iter().find(|it| it.name() == name).unwrap()
    }

    #[tokio::test]
    async fn every_export_of_the_contract_is_known_and_those_for_users_are_refused() {
        let plugin = plugin().await;
        let exports = plugin.exports();
        assert_eq!(exports.len(), 12);
        for export in &exports {
            let error = plugin.call_by_name(export, &json!({"x": 1})).await;
            match (error.unwrap_err(), export.needs_grant()) {
                (ExportError::NeedsGrant(name), true) => assert_eq!(name, export.name()),
                (ExportError::Argument(error), false) => assert_eq!(error.path, "x"),
                (other, _) => panic!("{}: {other}", export.name()),
            }
        }
        let for_nobody = exports.iter().filter(|export| !export.needs_grant());
        assert_eq!(for_nobody.count(), FOR_NOBODY.len());
    }

    #[tokio::test]
    async fn answers_and_errors_come_as_the_contract_says_and_hold_no_secret() {
        let plugin = plugin().await;
        let called = async |name: &str, given: Json| {
            plugin.call_by_name(&export(&plugin, name), &given).await
        };
        let Ok(Answer::Ok(info)) = called("describe", json!({})).await else {
            panic!("it does not describe itself")
        };
        assert_eq!(info["providers"][0]["kind"], "oauth");
        assert_eq!(
            info["providers"][0]["endpoints"][0]["uses"],
            json!(["authorize"])
        );
        assert_eq!(info["providers"][2]["revocation"], Json::Null);
        let available = called("availability", json!({"provider": "google"})).await;
        assert_eq!(available.unwrap(), Answer::Ok(Json::Null));
        let missing = called("availability", json!({"provider": "outlook"})).await;
        let names = json!({"not-configured": ["OUTLOOK_CLIENT_ID", "OUTLOOK_CLIENT_SECRET"]});
        assert_eq!(missing.unwrap(), Answer::Error(names));
        let request = json!({"redirect-uri": "https://host.example/cb", "state": "s",
            "code-challenge": "c"});
        let begun = called(
            "begin-connect",
            json!({"provider": "google", "request": request}),
        );
        let Ok(Answer::Ok(begun)) = begun.await else {
            panic!("nothing begins")
        };
        let url = begun["url"].as_str().unwrap();
        assert!(url.contains("client_id=an-id"), "{url}");
        assert!(!url.contains("canary"), "{url}");
        let file = called("export-ics", json!({"events": [], "options": {}})).await;
        let Ok(Answer::Ok(Json::String(file))) = file else {
            panic!("{file:?}")
        };
        assert!(file.starts_with("BEGIN:VCALENDAR\r\n"), "{file}");
    }
}
