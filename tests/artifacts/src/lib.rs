//! The guests that tests need, each built from its package in this workspace.

/// The hostile plugin of `tests/evil`, with a description that looks harmless.
pub static EVIL: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/calport_evil.wasm"));

/// Where in its bytes it is told how to lie.
const MARK: &[u8] = b"LIE:";

/// As long as the mark and the lie together.
const LENGTH: usize = 32;

/// The same with a lie of at most 28 characters in its description; `None` when the component
/// has no place for one.
pub fn evil_that_says(lie: &str) -> Option<Vec<u8>> {
    let mut component = EVIL.to_vec();
    let at = component
        .windows(MARK.len() + 5)
        .position(|bytes| bytes.starts_with(MARK) && bytes.ends_with(b"none "))?;
    let place = component.get_mut(at..at + LENGTH)?;
    let text = format!("LIE:{lie:28}");
    if text.len() != LENGTH {
        return None;
    }
    place.copy_from_slice(text.as_bytes());
    Some(component)
}
