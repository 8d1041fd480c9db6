//! What the real binary tells those who operate it, while a user's bookings pass through: its
//! log, and with the feature `otel` its spans. It is searched for everything that nobody is to
//! read there.
//!
//! `cargo test -p calport-e2e --features otel --test observed` tests the spans, too.

#[cfg(feature = "otel")]
mod collector;
mod life;
mod logs;
#[cfg(feature = "otel")]
mod spans;
