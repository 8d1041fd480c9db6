//! Which IP addresses may be connected to.
//!
//! Own tables, because std's `is_global` is unstable and the crates that copy it are unmaintained.
//! It errs on the strict side: a block that holds one special range is refused as a whole.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A block: its first address and the length of its prefix.
type Block<A> = (A, u32);

/// IANA IPv4 Special-Purpose Address Registry, and what lies outside unicast.
const SPECIAL_V4: &[Block<Ipv4Addr>] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),        // "this network", RFC 791
    (Ipv4Addr::new(10, 0, 0, 0), 8),       // private, RFC 1918
    (Ipv4Addr::new(100, 64, 0, 0), 10),    // carrier-grade NAT, RFC 6598
    (Ipv4Addr::new(127, 0, 0, 0), 8),      // loopback, RFC 1122
    (Ipv4Addr::new(168, 63, 129, 16), 32), // Azure's metadata and DNS, public only by its looks
    (Ipv4Addr::new(169, 254, 0, 0), 16),   // link-local and cloud metadata, RFC 3927
    (Ipv4Addr::new(172, 16, 0, 0), 12),    // private, RFC 1918
    (Ipv4Addr::new(192, 0, 0, 0), 24),     // IETF protocol assignments, RFC 6890
    (Ipv4Addr::new(192, 0, 2, 0), 24),     // documentation, RFC 5737
    (Ipv4Addr::new(192, 31, 196, 0), 24),  // AS112, RFC 7535
    (Ipv4Addr::new(192, 52, 193, 0), 24),  // AMT, RFC 7450
    (Ipv4Addr::new(192, 88, 99, 0), 24),   // 6to4 relays, RFC 7526
    (Ipv4Addr::new(192, 168, 0, 0), 16),   // private, RFC 1918
    (Ipv4Addr::new(192, 175, 48, 0), 24),  // AS112, RFC 7534
    (Ipv4Addr::new(198, 18, 0, 0), 15),    // benchmarking, RFC 2544
    (Ipv4Addr::new(198, 51, 100, 0), 24),  // documentation, RFC 5737
    (Ipv4Addr::new(203, 0, 113, 0), 24),   // documentation, RFC 5737
    (Ipv4Addr::new(224, 0, 0, 0), 4),      // multicast, RFC 5771
    (Ipv4Addr::new(240, 0, 0, 0), 4),      // reserved and broadcast, RFC 1112, RFC 8190
];

/// Global unicast, RFC 4291: all that IANA has ever assigned from. Unique-local, link-local,
/// site-local, multicast, loopback, unspecified and IPv4-compatible addresses lie outside.
const UNICAST_V6: Block<Ipv6Addr> = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// IANA IPv6 Special-Purpose Address Registry, as far as it lies inside [`UNICAST_V6`].
const SPECIAL_V6: &[Block<Ipv6Addr>] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // Teredo, benchmarking, ORCHID, RFC 2928
    (Ipv6Addr::new(0x2001, 0x0db8, 0, 0, 0, 0, 0, 0), 32), // documentation, RFC 3849
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4, RFC 3056
    (Ipv6Addr::new(0x2620, 0x004f, 0x8000, 0, 0, 0, 0, 0), 48), // AS112, RFC 7534
    (Ipv6Addr::new(0x3ffe, 0, 0, 0, 0, 0, 0, 0), 16), // 6bone, RFC 3701
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation, RFC 9637
];

/// The forms whose last 32 bits are the IPv4 address that is reached in the end.
const EMBEDS_V4: &[Block<Ipv6Addr>] = &[
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96), // IPv4-mapped, RFC 4291
    (Ipv6Addr::new(0x0064, 0xff9b, 0, 0, 0, 0, 0, 0), 96), // NAT64, RFC 6052: needed with DNS64
];

/// Whether an address is an ordinary host on the public internet.
///
/// IPv4-mapped and NAT64 addresses are judged by the IPv4 address within. 6to4, Teredo and
/// IPv4-compatible addresses are refused whatever is within: nobody has used them for years.
#[must_use]
pub fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !SPECIAL_V4.iter().any(|block| in_v4(v4, *block)),
        IpAddr::V6(v6) if EMBEDS_V4.iter().any(|block| in_v6(v6, *block)) => {
            let [.., a, b, c, d] = v6.octets();
            is_global(IpAddr::V4(Ipv4Addr::new(a, b, c, d)))
        }
        IpAddr::V6(v6) => {
            in_v6(v6, UNICAST_V6) && !SPECIAL_V6.iter().any(|block| in_v6(v6, *block))
        }
    }
}

/// Private networks: RFC 1918, and what carriers and container networks use (RFC 6598).
const PRIVATE_V4: &[Block<Ipv4Addr>] = &[
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
];

/// Unique-local addresses, RFC 4193.
const PRIVATE_V6: Block<Ipv6Addr> = (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7);

/// Where Amazon keeps its metadata, within the unique-local addresses.
const METADATA_V6: Block<Ipv6Addr> = (Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0), 32);

/// Whether an address is this machine or a host of a private network. Link-local addresses,
/// where clouds keep their metadata, are neither.
fn is_near(address: IpAddr) -> bool {
    address.is_loopback()
        || match address {
            IpAddr::V4(v4) => PRIVATE_V4.iter().any(|block| in_v4(v4, *block)),
            IpAddr::V6(v6) => in_v6(v6, PRIVATE_V6) && !in_v6(v6, METADATA_V6),
        }
}

fn in_v4(address: Ipv4Addr, (first, prefix): Block<Ipv4Addr>) -> bool {
    (address.to_bits() ^ first.to_bits()).leading_zeros() >= prefix
}

fn in_v6(address: Ipv6Addr, (first, prefix): Block<Ipv6Addr>) -> bool {
    (address.to_bits() ^ first.to_bits()).leading_zeros() >= prefix
}

/// Which addresses a host may turn out to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Public ones only.
    Global,
    /// Loopback ones only: this very machine, granted for development and tests.
    Loopback,
    /// This machine and private networks only: where an operator's own URL is plain http.
    Near,
    /// Public ones, this machine and private networks: where an operator's own URL is https.
    Operator,
}

impl Reach {
    /// Whether a connection may go there.
    pub(super) fn admits(self, address: IpAddr) -> bool {
        match self {
            Self::Global => is_global(address),
            Self::Loopback => address.is_loopback(),
            Self::Near => is_near(address),
            Self::Operator => is_near(address) || is_global(address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_addresses_are_global() {
        for text in [
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.17",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00:1450:4001:812::200a",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
        ] {
            assert!(is_global(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn special_addresses_and_their_wrapped_forms_are_not_global() {
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "168.63.129.16",
            "169.254.0.0",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::2",
            "::127.0.0.1",
            "::8.8.8.8",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b::169.254.169.254",
            "64:ff9b:1::8.8.8.8",
            "100::1",
            "2001::1",
            "2001:0:7f00:1::",
            "2001:2::1",
            "2001:10::1",
            "2001:20::1",
            "2001:1ff:ffff::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:808:808::1",
            "2620:4f:8000::1",
            "3ffe::1",
            "3fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        ] {
            assert!(!is_global(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn an_operators_grant_reaches_private_networks_and_plain_http_never_leaves_them() {
        for (text, near, operator) in [
            ("127.0.0.1", true, true),
            ("::1", true, true),
            ("10.1.2.3", true, true),
            ("100.64.0.1", true, true),
            ("172.17.0.2", true, true),
            ("192.168.1.1", true, true),
            ("fd00::1", true, true),
            ("8.8.8.8", false, true),
            ("2606:4700::1111", false, true),
            ("169.254.169.254", false, false),
            ("168.63.129.16", false, false),
            ("fe80::1", false, false),
            ("fd00:ec2::254", false, false),
            ("0.0.0.0", false, false),
            ("::", false, false),
            ("::ffff:10.0.0.1", false, false),
            ("255.255.255.255", false, false),
            ("224.0.0.1", false, false),
        ] {
            let address = text.parse().unwrap();
            assert_eq!(Reach::Near.admits(address), near, "{text}");
            assert_eq!(Reach::Operator.admits(address), operator, "{text}");
        }
    }

    #[test]
    fn a_loopback_grant_reaches_nothing_but_loopback() {
        for (text, admitted) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("::ffff:127.0.0.1", false),
            ("0.0.0.0", false),
            ("10.0.0.1", false),
            ("8.8.8.8", false),
        ] {
            assert_eq!(
                Reach::Loopback.admits(text.parse().unwrap()),
                admitted,
                "{text}"
            );
        }
    }
}
