//! Runs calendar plugins: a component is loaded, verified and asked what it needs once;
//! then every call gets a fresh instance that is thrown away. Nothing of one user's call
//! is ever seen by another's.

mod artefact;
mod bindings;
mod bounded;
mod budget;
mod by_name;
mod cache;
mod call;
mod contract;
mod description;
mod engine;
mod error;
mod examine;
mod heavy;
mod imports;
mod json;
mod limits;
mod load;
mod meter;
mod outbound;
mod place;
mod reach;
mod refresh;
mod refused;
mod room;
mod scopes;
mod sealing;
mod secrets;
mod state;
mod token_store;

pub use artefact::{Artefact, Wishes};
pub use bindings::{calendar, changes, types};
pub use budget::{Allowance, Budget, BudgetError};
pub use by_name::{Answer, Export, ExportError};
pub use contract::Misfit;
pub use description::DescriptionError;
pub use engine::Runtime;
pub use error::{CallError, LoadError, error_code};
pub use examine::Examination;
pub use json::ArgumentError;
pub use limits::{LimitError, Limits};
pub use reach::{Attempt, Attempts, Reach};
pub(crate) use scopes::undescribed;
#[cfg(fuzzing)]
pub use sealing::fuzzing;
pub(crate) use sealing::is_below;
pub use sealing::{Sealing, holds_placeholder};

use crate::{config::Environment, egress::Egress, metrics::Metrics, vault::Binding};
use bindings::PluginPre;
use futures::FutureExt;
use refused::RefusedApps;
use state::State;
use std::{collections::BTreeMap, path::Path, sync::Arc};
use tokio::io::AsyncReadExt;

/// The component that the host carries: Google, Outlook and files for Apple.
pub static BUILT_IN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/calport_plugin.wasm"));

/// How a plugin is to be run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The app's credentials and endpoint overrides. The plugin gets at those that its
    /// description names.
    pub settings: Environment,
    /// Whether endpoint overrides on loopback may be reached.
    pub allow_loopback: bool,
    /// What one call may take.
    pub limits: Limits,
    /// The SHA-256 of the one component besides the built-in one that is accepted without
    /// having been granted, in hexadecimal.
    pub pinned: Option<String>,
    /// Where compiled components are kept; `None` compiles at every start.
    pub cache_dir: Option<std::path::PathBuf>,
    /// Where requests go.
    pub reach: Reach,
    /// Where calls and refreshes are counted.
    pub metrics: Metrics,
    /// What providers allow, by their ids, where it is neither what they publish nor what
    /// the settings say.
    pub budgets: BTreeMap<String, Budget>,
    /// Whether the plugin holds placeholders in place of credentials.
    pub sealing: Sealing,
}

/// The bytes of a component, but for those of one that is too large.
///
/// # Errors
/// [`LoadError::File`], [`LoadError::TooLarge`].
pub async fn read(path: &Path) -> Result<Vec<u8>, LoadError> {
    let failed = |source| LoadError::File {
        path: path.to_owned(),
        source,
    };
    let file = tokio::fs::File::open(path).await.map_err(failed)?;
    let mut bytes = Vec::new();
    let mut start = file.take(load::LARGEST as u64 + 1);
    start.read_to_end(&mut bytes).await.map_err(failed)?;
    match bytes.len() <= load::LARGEST {
        true => Ok(bytes),
        false => Err(LoadError::TooLarge),
    }
}

/// A loaded plugin. Cheap to clone.
#[derive(Clone)]
pub struct Plugin(Arc<Loaded>);

struct Loaded {
    runtime: Runtime,
    pre: PluginPre<State>,
    limits: Limits,
    info: calendar::PluginInfo,
    artefact: Artefact,
    settings: Arc<BTreeMap<String, String>>,
    policy: Arc<sealing::Policy>,
    reach: Reach,
    egress: Egress,
    budgets: budget::Budgets,
    refused: RefusedApps,
    metrics: Metrics,
}

impl Plugin {
    /// Loads a component, verifies what it imports and exports, and asks what it is.
    ///
    /// # Errors
    /// See [`LoadError`]; each names what is wrong and what to do.
    pub async fn load(
        runtime: &Runtime,
        component: &[u8],
        options: &Options,
    ) -> Result<Self, LoadError> {
        load::load(runtime, component, options)
            .await
            .map(|loaded| Self(Arc::new(loaded)))
    }

    /// Loads a component from a file.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub async fn load_file(
        runtime: &Runtime,
        path: &Path,
        options: &Options,
    ) -> Result<Self, LoadError> {
        Self::load(runtime, &read(path).await?, options).await
    }

    /// The same component with other settings.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn configured(&self, options: &Options) -> Result<Self, LoadError> {
        load::again(&self.0, options).map(|loaded| Self(Arc::new(loaded)))
    }

    /// What it is and what it wants.
    pub fn artefact(&self) -> &Artefact {
        &self.0.artefact
    }

    /// What the plugin says of itself; checked when it was loaded.
    pub fn info(&self) -> &calendar::PluginInfo {
        &self.0.info
    }

    /// The provider with this id.
    pub fn provider(&self, id: &str) -> Option<&calendar::ProviderInfo> {
        self.0
            .info
            .providers
            .iter()
            .find(|provider| provider.id == id)
    }

    /// What a provider allows.
    pub fn budget(&self, provider: &str) -> Budget {
        self.0.budgets.of(provider)
    }

    /// The value that the operator gave a setting which the description names. A secret's is
    /// not among them.
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.0.settings.get(name).map(String::as_str)
    }

    /// The contract's `availability`. A provider that refused the app's own credentials
    /// lately is not available either, whatever the plugin says.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn availability(&self, provider: &str) -> Result<(), CallError> {
        self.0.refused.check(provider)?;
        let provider = provider.to_owned();
        self.call("availability", None, move |guest, store| {
            async move {
                guest
                    .calport_calendar_calendar()
                    .call_availability(store, &provider)
                    .await
            }
            .boxed()
        })
        .await
    }

    /// The contract's `begin-connect`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn begin_connect(
        &self,
        provider: &str,
        request: calendar::ConnectRequest,
    ) -> Result<calendar::Authorization, CallError> {
        let provider = provider.to_owned();
        self.call("begin-connect", None, move |guest, store| {
            async move {
                guest
                    .calport_calendar_calendar()
                    .call_begin_connect(store, &provider, &request)
                    .await
            }
            .boxed()
        })
        .await
    }

    /// The contract's `complete-callback`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn complete_callback(
        &self,
        binding: Binding,
        callback: calendar::Callback,
    ) -> Result<calendar::Account, CallError> {
        let provider = binding.provider().to_owned();
        self.call("complete-callback", Some(binding), move |guest, store| {
            async move {
                let callback = store.data().seals.callback(callback);
                guest
                    .calport_calendar_calendar()
                    .call_complete_callback(store, &provider, &callback)
                    .await
            }
            .boxed()
        })
        .await
    }

    /// The contract's `disconnect`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn disconnect(&self, binding: Binding, revoke: bool) -> Result<(), CallError> {
        let provider = binding.provider().to_owned();
        self.call("disconnect", Some(binding), move |guest, store| {
            async move {
                guest
                    .calport_calendar_calendar()
                    .call_disconnect(store, &provider, revoke)
                    .await
            }
            .boxed()
        })
        .await
    }

    /// The contract's `list-calendars`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn list_calendars(
        &self,
        binding: Binding,
    ) -> Result<Vec<calendar::CalendarEntry>, CallError> {
        let provider = binding.provider().to_owned();
        self.call("list-calendars", Some(binding), move |guest, store| {
            async move {
                guest
                    .calport_calendar_calendar()
                    .call_list_calendars(store, &provider)
                    .await
            }
            .boxed()
        })
        .await
    }

    /// The contract's `push-event`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn push_event(
        &self,
        binding: Binding,
        calendar: Option<String>,
        event: types::Event,
        known: Option<calendar::RemoteEvent>,
    ) -> Result<Option<calendar::RemoteEvent>, CallError> {
        let provider = binding.provider().to_owned();
        self.call("push-event", Some(binding), move |guest, store| {
            async move {
                guest
                    .calport_calendar_calendar()
                    .call_push_event(
                        store,
                        &provider,
                        calendar.as_deref(),
                        &event,
                        known.as_ref(),
                    )
                    .await
            }
            .boxed()
        })
        .await
    }

    /// The contract's `remove-event`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn remove_event(
        &self,
        binding: Binding,
        remote: calendar::RemoteEvent,
    ) -> Result<(), CallError> {
        let provider = binding.provider().to_owned();
        self.call("remove-event", Some(binding), move |guest, store| {
            async move {
                guest
                    .calport_calendar_calendar()
                    .call_remove_event(store, &provider, &remote)
                    .await
            }
            .boxed()
        })
        .await
    }

    /// The contract's `busy`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn busy(
        &self,
        binding: Binding,
        calendars: Vec<String>,
        range: types::Range,
    ) -> Result<Vec<types::Range>, CallError> {
        let provider = binding.provider().to_owned();
        self.call("busy", Some(binding), move |guest, store| {
            async move {
                guest
                    .calport_calendar_calendar()
                    .call_busy(store, &provider, &calendars, range)
                    .await
            }
            .boxed()
        })
        .await
    }

    /// The contract's `changes.read`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn read_changes(
        &self,
        binding: Binding,
        calendar: Option<String>,
        since: Option<String>,
    ) -> Result<changes::ChangePage, CallError> {
        let provider = binding.provider().to_owned();
        self.call("read-changes", Some(binding), move |guest, store| {
            async move {
                guest
                    .calport_calendar_changes()
                    .call_read(store, &provider, calendar.as_deref(), since.as_deref())
                    .await
            }
            .boxed()
        })
        .await
    }

    /// The contract's `changes.compare`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn compare_event(
        &self,
        binding: Binding,
        event: types::Event,
        remote: calendar::RemoteEvent,
    ) -> Result<changes::Finding, CallError> {
        let provider = binding.provider().to_owned();
        self.call("compare-event", Some(binding), move |guest, store| {
            async move {
                guest
                    .calport_calendar_changes()
                    .call_compare(store, &provider, &event, &remote)
                    .await
            }
            .boxed()
        })
        .await
    }

    /// The contract's `export-ics`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn export_ics(
        &self,
        events: Vec<types::Event>,
        options: calendar::IcsOptions,
    ) -> Result<String, CallError> {
        self.call("export-ics", None, move |guest, store| {
            async move {
                guest
                    .calport_calendar_calendar()
                    .call_export_ics(store, &events, &options)
                    .await
            }
            .boxed()
        })
        .await
    }
}

impl std::fmt::Debug for Plugin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Plugin({} {})", self.0.info.name, self.0.info.version)
    }
}
