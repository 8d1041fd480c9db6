//! The wasmtime engine: made once for a process, with everything that a booking
//! platform's calls do not need left out.

use super::{
    LoadError,
    heavy::{Busy, Heavy},
};
use std::{sync::Arc, thread, time::Duration};
use tokio::sync::Semaphore;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Length of an epoch: after how long a guest that computes gives way to others.
const TICK: Duration = Duration::from_millis(2);

/// The same while somebody computes for long: by so much that one delays others' calls, most of
/// which take less than a millisecond.
const SHORT_TICK: Duration = Duration::from_micros(500);

/// Calls that run at the same time; more wait. Each holds a slot of the pool.
const CONCURRENT_CALLS: u32 = 64;

/// The largest linear memory of a guest that the pool has room for, in bytes.
pub(super) const MAX_MEMORY: usize = 64 * 1024 * 1024;

/// The largest table of a guest that the pool has room for, in elements.
pub(super) const MAX_TABLE: usize = 10_000;

/// Core modules and tables that one component may have: what the build tools of today's
/// languages make, with room.
pub(super) const MAX_PARTS: u32 = 16;

/// Linear memories that one component may have. The tools make one. The pool has so many for
/// every call that runs: with fewer, one plugin could take those of others.
pub(super) const MAX_MEMORIES: u32 = 2;

/// Memory of a slot that is cleared by writing zeros instead of being given back to the
/// system: at 0 the page faults cost half of the pushes per second.
const KEEP_RESIDENT: usize = 1024 * 1024;

/// An engine and its clock. Cheap to clone; make one for a process.
#[derive(Clone)]
pub struct Runtime {
    engine: Engine,
    slots: Arc<Semaphore>,
    heavy: Heavy,
}

impl Runtime {
    /// Sets the engine up and starts its clock. Takes pooled memory where the address
    /// space allows, and goes without where it does not.
    ///
    /// # Errors
    /// [`LoadError::Engine`] when wasmtime does not run on this machine.
    pub fn new() -> Result<Self, LoadError> {
        let engine = Engine::new(&config(pool()))
            .or_else(|_| Engine::new(&config(InstanceAllocationStrategy::OnDemand)))
            .map_err(LoadError::Engine)?;
        let failed = |error: std::io::Error| LoadError::Engine(error.into());
        let heavy = Heavy::start().map_err(failed)?;
        start_clock(&engine, heavy.busy()).map_err(failed)?;
        Ok(Self {
            engine,
            slots: Arc::new(Semaphore::new(CONCURRENT_CALLS as usize)),
            heavy,
        })
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn slots(&self) -> &Arc<Semaphore> {
        &self.slots
    }

    pub(super) fn heavy(&self) -> &Heavy {
        &self.heavy
    }
}

impl std::fmt::Debug for Runtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Runtime")
    }
}

fn config(allocation: InstanceAllocationStrategy) -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .epoch_interruption(true)
        .allocation_strategy(allocation)
        .memory_init_cow(true);
    config
}

fn pool() -> InstanceAllocationStrategy {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(CONCURRENT_CALLS)
        .total_stacks(CONCURRENT_CALLS)
        .total_core_instances(CONCURRENT_CALLS * MAX_PARTS)
        .total_memories(CONCURRENT_CALLS * MAX_MEMORIES)
        .total_tables(CONCURRENT_CALLS * MAX_PARTS)
        .max_core_instances_per_component(MAX_PARTS)
        .max_memories_per_component(MAX_MEMORIES)
        .max_tables_per_component(MAX_PARTS)
        .max_memory_size(MAX_MEMORY)
        .table_elements(MAX_TABLE)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT / 16)
        .pagemap_scan(Enabled::Auto);
    InstanceAllocationStrategy::Pooling(pool)
}

/// Counts epochs for as long as the engine lives.
fn start_clock(engine: &Engine, heavy: &Busy) -> std::io::Result<()> {
    let (engine, heavy) = (engine.weak(), heavy.clone());
    thread::Builder::new()
        .name("calport-epochs".into())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                thread::sleep(if heavy.is_any() { SHORT_TICK } else { TICK });
            }
        })?;
    Ok(())
}
