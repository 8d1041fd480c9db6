//! Bytes as the lower-case hexadecimal digits that headers and signatures are written in.

/// Two digits for every byte.
pub(crate) fn encode(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
