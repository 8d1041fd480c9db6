//! How a receiver knows that a webhook is ours and of this moment: HMAC-SHA256 (RFC 2104)
//! over time and body, once with each secret.

use crate::hex;
use hmac::{Mac, SimpleHmac, digest::KeyInit};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;

/// The header that carries it.
pub const HEADER: &str = "calport-signature";

/// `t=SECONDS,v1=HEX[,v1=HEX]` for a body that is sent at this time.
pub(super) fn sign(secrets: &[SecretString], seconds: i64, body: &str) -> String {
    let mut header = format!("t={seconds}");
    for secret in secrets {
        // HMAC takes a key of any length.
        if let Ok(mac) =
            <SimpleHmac<Sha256> as KeyInit>::new_from_slice(secret.expose_secret().as_bytes())
        {
            let tag = mac
                .chain_update(format!("{seconds}.{body}"))
                .finalize()
                .into_bytes();
            header.push_str(",v1=");
            header.push_str(&hex::encode(&tag));
        }
    }
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with `printf '1700000000.{"id":"wh_1"}' | openssl dgst -sha256 -hmac "$SECRET"`.
    #[test]
    fn a_signature_is_what_other_tools_compute() {
        let [new, old] = [
            SecretString::from("0123456789abcdef0123456789abcdef"),
            SecretString::from("f".repeat(100)),
        ];
        let header = sign(&[new, old], 1_700_000_000, r#"{"id":"wh_1"}"#);
        let documented = include_str!("../../../README.md");
        let first = header.split(',').nth(1).unwrap();
        assert!(documented.contains(first), "the README says another one");
        assert_eq!(
            header,
            "t=1700000000,\
             v1=664a9841d01c45efa3bb1724f9ef7317d3a74294531d4ebce79d5edc85501e57,\
             v1=aedacd7c9ac42050bb31f0e6bfa70963a0421f9b16906dab6d95e3091a602c2f"
        );
    }
}
