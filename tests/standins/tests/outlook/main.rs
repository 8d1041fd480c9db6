//! The Microsoft stand-in over its socket, by a real HTTP client.

// `cfg(test)` tells clippy that helpers outside `#[test]` functions are test code, too.
#[cfg(test)]
mod client;
#[cfg(test)]
mod events;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod oauth;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod series;
