//! Calport's reference host: it runs a calendar plugin for many users of a booking
//! platform and keeps what the plugin must never hold.
//!
//! A platform written in Rust uses this crate as a library: [`service::Service`] is
//! the whole of it, [`api::router`] its REST interface. Everybody else runs the
//! `calport` binary, which [`cli`] implements.

pub mod account;
pub mod api;
pub mod audit;
mod backoff;
pub mod bookings;
pub mod cli;
pub mod config;
pub mod conform;
pub mod connect;
pub mod cookie;
pub mod db;
#[cfg(feature = "demo")]
pub mod demo;
pub mod doctor;
pub mod drift;
pub mod egress;
pub mod export;
pub mod feeds;
mod hex;
pub mod lease;
pub mod metrics;
mod object;
pub mod page;
mod plain;
pub mod plugin;
pub mod readiness;
mod remote;
pub mod retention;
pub mod revocation;
pub mod service;
pub mod serving;
pub mod steps;
pub mod subject;
mod sweep;
pub mod sync;
mod traces;
pub mod trust;
pub mod vault;
#[cfg(test)]
mod waits;
pub mod webhooks;
