//! Addresses. Wherever a request is let through to, another parser sees the same allowed place,
//! and what is sent is what was judged.

#![no_main]

use calport_fuzz::percent_decoded;
use calport_host::{
    connect::fuzzing::{AUTHORIZE_URL, PARAMETERS, authorizes},
    egress::{AllowList, Loopback, Origin, Target, is_global},
    plugin::fuzzing::{Border, Takes},
};
use http::Uri;
use libfuzzer_sys::fuzz_target;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

thread_local! {
    static BORDER: Border = Border::default();
}

fuzz_target!(|data: &[u8]| {
    if let Some(octets) = data.first_chunk() {
        check_address(Ipv6Addr::from(*octets));
    }
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    // In builds with debug assertions idna 1.1.0 panics where such a label holds a mark of
    // direction. Others are refused before idna sees them: they are not ASCII.
    if text.to_ascii_lowercase().contains("xn--") {
        return;
    }
    check_origin(text);
    if let Ok(uri) = text.parse::<Uri>() {
        check_target(&uri, text);
    }
    if let Some(url) = authorizes(text) {
        check_consent(text, &url);
    }
});

fn check_origin(text: &str) {
    let Ok(origin) = Origin::parse(text) else {
        return;
    };
    let url = Url::parse(text).expect("an origin is one of a URL");
    check_same(&origin, &url);
    assert_eq!(Origin::parse(&origin.to_string()), Ok(origin.clone()));
    for loopback in [Loopback::Denied, Loopback::Allowed] {
        let mut list = AllowList::new(loopback);
        if list.allow(text).is_err() {
            continue;
        }
        assert_eq!(list.origins(), [origin.clone()]);
        let is_here = origin.is_loopback();
        assert!(origin.is_https() || is_here, "{origin}");
        assert!(!is_here || loopback == Loopback::Allowed, "{origin}");
        let address = match origin.host() {
            Host::Domain(_) => continue,
            Host::Ipv4(address) => IpAddr::V4(*address),
            Host::Ipv6(address) => IpAddr::V6(*address),
        };
        assert!(is_here || is_global(address), "{origin}");
    }
}

fn check_same(origin: &Origin, url: &Url) {
    assert_eq!(
        url.scheme(),
        if origin.is_https() { "https" } else { "http" }
    );
    assert_eq!(
        url.host().map(|host| host.to_owned()).as_ref(),
        Some(origin.host())
    );
    assert_eq!(url.port_or_known_default(), Some(origin.port()));
    assert_eq!((url.username(), url.password()), ("", None));
}

fn check_target(uri: &Uri, text: &str) {
    let Ok(target) = Target::parse(uri) else {
        return;
    };
    // http leaves the fragment out, which nobody sends.
    let text = text.split_once('#').map_or(text, |(sent, _)| sent);
    check_same(
        target.origin(),
        &Url::parse(text).expect("a target is a URL"),
    );

    let sent = format!("{}{}", target.origin(), target.path_and_query());
    let url = Url::parse(&sent).expect("what is sent is a URL");
    check_same(target.origin(), &url);
    // No parser leaves the folder that was judged, or finds another query.
    assert_eq!(segments(url.path()), segments(target.path()), "{sent}");
    let query = target
        .path_and_query()
        .split_once('?')
        .map(|(_, query)| query);
    assert_eq!(url.query().map(decoded), query.map(decoded), "{sent}");
    let again = sent.parse().map(|uri| Target::parse(&uri));
    assert_eq!(again.ok(), Some(Ok(target.clone())), "{sent}");

    BORDER.with(|border| {
        let passes = border.passes(uri);
        let is_listed = matches!(
            url.as_str().split('/').nth(2),
            Some("own.example" | "foreign.example")
        ) && url.scheme() == "https";
        assert_eq!(passes.is_some(), is_listed, "{sent}");
        assert!(passes.is_none_or(|passed| passed == target), "{sent}");
        let is_own = url.origin().ascii_serialization() == "https://own.example";
        match border.takes(&target) {
            None => {}
            Some(Takes::Token) => assert_eq!(url.as_str(), "https://own.example/token"),
            Some(Takes::Revocation) => assert_eq!(url.as_str(), "https://own.example/revoke"),
            Some(Takes::Calls) => {
                assert!(is_own, "{sent}");
                let mut path = url.path_segments().into_iter().flatten();
                assert_eq!(
                    (path.next(), path.next()),
                    (Some("api"), Some("v1")),
                    "{sent}"
                );
            }
        }
    });
}

fn segments(path: &str) -> Vec<Vec<u8>> {
    path.split('/').map(decoded).collect()
}

fn decoded(text: &str) -> Vec<u8> {
    percent_decoded(text.as_bytes())
}

fn check_consent(text: &str, url: &Url) {
    assert_eq!(Url::parse(url.as_str()).as_ref(), Ok(url), "{text}");
    let (page, query) = url.as_str().split_once('?').expect("there are parameters");
    assert_eq!(page, AUTHORIZE_URL, "{text}");
    let pairs: Vec<_> = query
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| {
            (
                decoded(&name.replace('+', " ")),
                decoded(&value.replace('+', " ")),
            )
        })
        .collect();
    for (name, value) in PARAMETERS {
        let found: Vec<_> = pairs
            .iter()
            .filter(|(found, _)| found == name.as_bytes())
            .collect();
        assert!(
            matches!(found.as_slice(), [(_, found)] if found == value.as_bytes()),
            "{text}"
        );
    }
    // Another parser, where it can read this at all.
    if let Ok(uri) = url.as_str().parse::<Uri>() {
        let authority = uri.authority().map(|authority| authority.as_str());
        assert_eq!(authority, Some("own.example"), "{text}");
        assert_eq!(
            (uri.scheme_str(), uri.path()),
            (Some("https"), "/authorize"),
            "{text}"
        );
    }
}

/// Against what the standard library calls special, which is less.
fn check_address(v6: Ipv6Addr) {
    let [.., a, b, c, d] = v6.octets();
    let v4 = Ipv4Addr::new(a, b, c, d);
    let is_special = v4.is_private()
        || v4.is_loopback()
        || v4.is_link_local()
        || v4.is_broadcast()
        || v4.is_documentation()
        || v4.is_multicast()
        || v4.is_unspecified();
    assert!(!(is_special && is_global(v4.into())), "{v4}");
    assert_eq!(
        is_global(v4.into()),
        is_global(v4.to_ipv6_mapped().into()),
        "{v4}"
    );
    let is_special = v6.is_loopback()
        || v6.is_multicast()
        || v6.is_unspecified()
        || v6.is_unique_local()
        || v6.is_unicast_link_local();
    assert!(!(is_special && is_global(v6.into())), "{v6}");
}
