//! A hostile plugin does everything that it can think of. Counted at real sockets and in real
//! memory: nobody is reached, nobody else waits, the host lives on.

mod answers;
mod compute;
mod consent;
mod flood;
mod lair;
mod listener;
mod loading;
mod memory;
mod raw;
mod sealed;
mod spy;
mod wire;
mod work;
