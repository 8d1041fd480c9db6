//! From the bytes of a component to a plugin that can be called.

use super::{
    Artefact, BUILT_IN, LoadError, Loaded, Options, Runtime, bindings,
    bindings::PluginPre,
    budget::{Budget, Budgets},
    cache,
    calendar::{EndpointUse, PluginInfo},
    call, description, imports, meter,
    refused::RefusedApps,
    sealing::{self, Sealing},
    state::State,
};
use crate::{
    config::Environment,
    egress::{AllowList, Egress, Loopback},
    plain,
};
use std::{collections::BTreeMap, sync::Arc};
use wasmtime::component::Component;

/// The largest component in bytes: those that carry a Python or JavaScript runtime have up to
/// 40 MB. What is larger would keep the compiler busy for minutes.
pub(super) const LARGEST: usize = 64 * 1024 * 1024;

pub(super) async fn load(
    runtime: &Runtime,
    bytes: &[u8],
    options: &Options,
) -> Result<Loaded, LoadError> {
    let component = compile(runtime, bytes, options).await?;
    imports::verify(runtime.engine(), &component)?;
    let mismatch = |error: wasmtime::Error| LoadError::Mismatch(shown(&format!("{error:#}")));
    let linker = imports::linker(runtime.engine()).map_err(LoadError::Engine)?;
    let pre = linker.instantiate_pre(&component).map_err(mismatch)?;
    let pre = PluginPre::new(pre).map_err(mismatch)?;
    let info = describe(runtime, &pre, options).await?;
    description::check(&info)?;
    let (imports, _) = imports::names(runtime.engine(), &component);
    let artefact = Artefact::new(bytes, &info, imports.into_iter().collect());
    configured(runtime, pre, info, artefact, options)
}

/// The same component with other settings: it is neither compiled nor asked again.
pub(super) fn again(loaded: &Loaded, options: &Options) -> Result<Loaded, LoadError> {
    let (info, artefact) = (loaded.info.clone(), loaded.artefact.clone());
    configured(&loaded.runtime, loaded.pre.clone(), info, artefact, options)
}

fn configured(
    runtime: &Runtime,
    pre: PluginPre<State>,
    info: PluginInfo,
    artefact: Artefact,
    options: &Options,
) -> Result<Loaded, LoadError> {
    let egress = egress(&info, options)?;
    let budgets = budgets(&info, options)?;
    let settings = Arc::new(settings(&info, &options.settings));
    let policy = sealing::Policy::new(options.sealing, &info, &options.settings)?;
    if options.sealing == Sealing::Off {
        tracing::warn!(plugin = info.name, "this plugin is given real credentials");
    }
    Ok(Loaded {
        runtime: runtime.clone(),
        pre,
        limits: options.limits.tightened(),
        info,
        artefact,
        settings,
        policy: Arc::new(policy),
        reach: options.reach.clone(),
        egress,
        budgets,
        refused: RefusedApps::default(),
        metrics: options.metrics.clone(),
    })
}

/// Compiling takes most of a second, and all of both cores.
pub(super) async fn compile(
    runtime: &Runtime,
    bytes: &[u8],
    options: &Options,
) -> Result<Component, LoadError> {
    if bytes.len() > LARGEST {
        return Err(LoadError::TooLarge);
    }
    let engine = runtime.engine().clone();
    let bytes = if bytes == BUILT_IN {
        BUILT_IN.into()
    } else {
        bytes.to_vec()
    };
    let cache_dir = options.cache_dir.clone();
    let compiling = tokio::task::spawn_blocking(move || {
        cache::component(&engine, &bytes, cache_dir.as_deref())
    });
    match compiling.await {
        Ok(Ok(component)) => Ok(component),
        Ok(Err(error)) => Err(LoadError::NotAComponent {
            // wasmtime goes on to list the bytes that it expected.
            reason: shown(
                error
                    .root_cause()
                    .to_string()
                    .split(" - expected")
                    .next()
                    .unwrap_or_default(),
            ),
        }),
        Err(_) => Err(LoadError::NotAComponent {
            reason: "compiling it failed".to_owned(),
        }),
    }
}

/// The compiler's words, which may quote a component's.
fn shown(reason: &str) -> String {
    plain::line(reason, 500).into_owned()
}

/// Asked in a closed world: until it has said what it needs it gets nothing.
async fn describe(
    runtime: &Runtime,
    pre: &PluginPre<State>,
    options: &Options,
) -> Result<PluginInfo, LoadError> {
    let limits = &options.limits.tightened();
    let mut store = call::store(runtime.engine(), State::closed(limits, &options.reach));
    let asking = async {
        let guest: bindings::Plugin = pre.instantiate_async(&mut store).await?;
        guest
            .calport_calendar_calendar()
            .call_describe(&mut store)
            .await
    };
    let asking = meter::within(meter::Clock::Wall, limits.computing, asking);
    let asked = tokio::time::timeout(limits.wall, asking).await;
    match asked {
        Ok(Some(Ok(info))) => Ok(info),
        Ok(Some(Err(error))) => Err(LoadError::Describe(Box::new(call::failure(&error, &store)))),
        Ok(None) | Err(_) => Err(LoadError::Describe(Box::new(super::CallError::TimedOut))),
    }
}

/// The settings that a description names, but for the secrets; those without a value stay
/// empty.
fn settings(info: &PluginInfo, environment: &Environment) -> BTreeMap<String, String> {
    let names = info.providers.iter().flat_map(|provider| {
        let credentials = provider
            .credentials
            .iter()
            .filter(|credential| !credential.secret)
            .map(|credential| &credential.name);
        let endpoints = provider.endpoints.iter().map(|endpoint| &endpoint.setting);
        credentials
            .chain(endpoints)
            .chain(&provider.redirect_setting)
    });
    names
        .map(|name| {
            (
                name.clone(),
                environment.get(name).unwrap_or_default().to_owned(),
            )
        })
        .collect()
}

/// What each provider allows.
fn budgets(info: &PluginInfo, options: &Options) -> Result<Budgets, LoadError> {
    let mut budgets = Vec::new();
    for provider in &info.providers {
        let budget = match options.budgets.get(&provider.id) {
            Some(budget) => *budget,
            None => Budget::configured(&provider.id, &options.settings)?,
        };
        budgets.push((provider.id.clone(), budget));
    }
    Ok(Budgets::new(budgets))
}

/// The one way out, to the endpoints of the description and wherever the operator has
/// moved them. What only a browser visits is not among them.
fn egress(info: &PluginInfo, options: &Options) -> Result<Egress, LoadError> {
    let loopback = if options.allow_loopback {
        Loopback::Allowed
    } else {
        Loopback::Denied
    };
    let mut allowed = AllowList::new(loopback);
    for endpoint in info
        .providers
        .iter()
        .flat_map(|provider| &provider.endpoints)
    {
        if endpoint.uses == EndpointUse::AUTHORIZE {
            continue;
        }
        let url = options
            .settings
            .get(&endpoint.setting)
            .unwrap_or(&endpoint.default_url);
        allowed.allow(url).map_err(|error| LoadError::Endpoint {
            setting: endpoint.setting.clone(),
            reason: error.to_string(),
        })?;
    }
    Egress::builder(allowed)
        .limits(options.limits.tightened().egress())
        .build()
        .map_err(|error| LoadError::Endpoint {
            setting: "TLS".to_owned(),
            reason: error.to_string(),
        })
}
