//! What one call of a guest holds on the host's side: an empty WASI world, the one way
//! out, and at most one user's credentials.

use super::{
    Limits, Loaded, Reach, outbound::Outbound, refresh::Refreshing, room::Room, sealing::Seals,
};
use crate::{metrics::Metrics, vault::Binding};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{
    HostMonotonicClock, HostWallClock, WasiCtx, WasiCtxView, WasiView, p2::pipe::MemoryOutputPipe,
    random::Deterministic,
};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

pub(super) struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: Outbound,
    table: ResourceTable,
    pub(super) stderr: MemoryOutputPipe,
    pub(super) limits: Limits,
    pub(super) room: Room,
    pub(super) settings: Arc<BTreeMap<String, String>>,
    pub(super) seals: Seals,
    pub(super) binding: Option<Binding>,
    pub(super) metrics: Metrics,
    pub(super) refreshing: Option<Refreshing>,
}

impl State {
    /// The state of a call for one user, or for nobody. The latter reaches nothing outside.
    pub(super) fn new(loaded: &Loaded, binding: Option<Binding>) -> Self {
        let provider = binding.as_ref().map(Binding::provider);
        let seals = Seals::new(loaded.policy.clone(), provider);
        let outbound = match &binding {
            Some(binding) => Outbound::new(
                &loaded.reach,
                loaded.egress.clone(),
                seals.clone(),
                loaded.budgets.purse(binding),
            ),
            None => Outbound::closed(&loaded.reach),
        };
        Self::with(
            &loaded.limits,
            outbound,
            loaded.settings.clone(),
            seals,
            binding,
            loaded.metrics.clone(),
        )
    }

    /// The state of a call that can reach nothing at all, in which nothing happens by chance and
    /// no time passes: what is answered depends on the component alone.
    pub(super) fn closed(limits: &Limits, reach: &Reach) -> Self {
        let mut closed = Self::with(
            limits,
            Outbound::closed(reach),
            Arc::default(),
            Seals::new(Arc::default(), None),
            None,
            Metrics::default(),
        );
        closed.wasi = WasiCtx::builder()
            .stderr(closed.stderr.clone())
            .max_random_size(limits.random_bytes)
            .secure_random(Deterministic::new(vec![0]))
            .wall_clock(Standstill)
            .monotonic_clock(Standstill)
            .build();
        closed
    }

    fn with(
        limits: &Limits,
        outbound: Outbound,
        settings: Arc<BTreeMap<String, String>>,
        seals: Seals,
        binding: Option<Binding>,
        metrics: Metrics,
    ) -> Self {
        let stderr = MemoryOutputPipe::new(limits.stderr_bytes);
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(limits.header_bytes);
        let mut table = ResourceTable::new();
        table.set_max_capacity(limits.handles);
        Self {
            wasi: WasiCtx::builder()
                .stderr(stderr.clone())
                .max_random_size(limits.random_bytes)
                .build(),
            http,
            outbound,
            table,
            stderr,
            limits: *limits,
            room: limits.room(),
            settings,
            seals,
            binding,
            metrics,
            refreshing: None,
        }
    }
}

/// Clocks that always say the same.
struct Standstill;

impl HostWallClock for Standstill {
    fn resolution(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn now(&self) -> Duration {
        Duration::ZERO
    }
}

impl HostMonotonicClock for Standstill {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        0
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.outbound,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}
