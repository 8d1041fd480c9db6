//! Credentials that come back in the replies of an API.

use super::*;
use crate::egress::EgressError;
use crate::plugin::sealing::{
    echo::{Needles, Screened},
    fault::{ReplyFault, SealingError},
};
use bytes::Bytes;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};

type Part = Result<Frame<Bytes>, EgressError>;

/// What a guest reads of a body in these parts, and whether it ends well.
fn read(parts: Vec<Bytes>) -> (Vec<u8>, Result<(), SealingError>) {
    let needles = Needles::new([(ACCESS, "sealed_1"), (REFRESH, "sealed_2")].into_iter());
    let parts: Vec<Part> = parts
        .into_iter()
        .map(|part| Ok(Frame::data(part)))
        .collect();
    let mut body = Screened::new(StreamBody::new(futures::stream::iter(parts)), needles);
    let mut got = Vec::new();
    let ended = futures::executor::block_on(async {
        while let Some(frame) = body.frame().await {
            got.extend_from_slice(&frame?.into_data().unwrap());
        }
        Ok(())
    });
    (got, ended)
}

fn split(text: &[u8], at: &[usize]) -> Vec<Bytes> {
    let mut parts = Vec::new();
    let mut from = 0;
    for &to in at.iter().chain([&text.len()]) {
        parts.push(Bytes::copy_from_slice(&text[from..to]));
        from = to;
    }
    parts
}

#[test]
fn a_credential_is_found_wherever_the_parts_of_a_reply_meet() {
    let mut tried = 0;
    let escaped = REFRESH.replace('/', "\\/");
    let encoded = |text: &str| {
        text.bytes()
            .map(|b| format!("%{b:02x}"))
            .collect::<String>()
    };
    for token in [
        ACCESS,
        REFRESH,
        &escaped,
        &encoded(ACCESS),
        &in_dot_net(REFRESH),
    ] {
        let text = format!("[\"{token}\"]");
        let text = text.as_bytes();
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let (got, ended) = read(split(text, &[first, second]));
                assert_eq!(ended, Err(SealingError::Reply(ReplyFault::Echo)));
                assert!(
                    got.len() <= 2,
                    "{first} {second}: {} bytes passed",
                    got.len()
                );
                tried += 1;
            }
        }
        let bytes = text.chunks(1).map(Bytes::copy_from_slice).collect();
        assert_eq!(read(bytes).1, Err(SealingError::Reply(ReplyFault::Echo)));
    }
    assert!(tried > 1_000);
}

/// As `Uri.EscapeDataString` and the like write it, with the digits of older ones.
fn in_dot_net(text: &str) -> String {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes()
        .map(|b| match unreserved(b) {
            true => char::from(b).to_string(),
            false => format!("%{b:02x}"),
        })
        .collect()
}

#[test]
fn what_only_begins_like_a_credential_arrives_unchanged() {
    let almost = &ACCESS[..ACCESS.len() - 1];
    let texts = [
        format!("{almost}!{almost}{almost}"),
        format!("CCANARY.{almost}"),
        "CANARY.access/CANARY.access/token~+=".to_owned(),
        REFRESH[..REFRESH.len() - 1].to_owned(),
        format!("{}%", in_dot_net(almost)),
        format!("{}%7", in_dot_net(almost)),
        "100 % of %7, %%2F and %zz".to_owned(),
        "plain".to_owned(),
        String::new(),
    ];
    for text in texts {
        let text = text.as_bytes();
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let (got, ended) = read(split(text, &[first, second]));
                assert_eq!((got.as_slice(), ended), (text, Ok(())), "{first} {second}");
            }
        }
        let bytes = text.chunks(1).map(Bytes::copy_from_slice).collect();
        assert_eq!(read(bytes), (text.to_vec(), Ok(())));
    }
}

#[test]
fn a_broken_reply_stays_broken_and_nothing_comes_after_it() {
    let needles = Needles::new([(ACCESS, "sealed_1")].into_iter());
    let parts: Vec<Part> = vec![
        Ok(Frame::data(Bytes::from_static(b"abc CANARY"))),
        Err(EgressError::Interrupted),
        Ok(Frame::data(Bytes::from_static(b"more"))),
    ];
    let mut body = Screened::new(StreamBody::new(futures::stream::iter(parts)), needles);
    futures::executor::block_on(async {
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(first, "abc ");
        let error = body.frame().await.unwrap().err();
        assert_eq!(error, Some(SealingError::Egress(EgressError::Interrupted)));
        assert!(body.frame().await.is_none());
    });
}

#[test]
fn a_credential_is_found_in_every_spelling_that_writers_of_json_have() {
    let needles = Needles::new([("a<b>c&d='+/\"e`f", "sealed_1")].into_iter());
    for text in [
        r#""a<b>c&d='+\/"e`f""#,
        r#""a\u003cb\u003ec\u0026d='+/"e`f""#,
        r#""a\u003cb\u003ec\u0026d\u003d\u0027+/"e`f""#,
        r#""a\u003Cb\u003Ec\u0026d=\u0027\u002B/\u0022e\u0060f""#,
        "a%3Cb%3Ec%26d%3D%27%2B%2F%22e%60f",
    ] {
        assert!(needles.are_in(text.as_bytes()), "{text}");
        let without = needles.taken_out(text).unwrap();
        assert!(
            without.contains("sealed_1") && !without.contains("003"),
            "{without}"
        );
    }
}

#[test]
fn a_credential_is_found_however_it_is_percent_encoded() {
    let value = "a!b*c'd(e)f~g h+i/j=k%41é";
    let needles = Needles::new([(value, "sealed_1")].into_iter());
    for text in [
        // WHATWG forms, and Java's URLEncoder.
        "a%21b*c%27d%28e%29f%7Eg+h%2Bi%2Fj%3Dk%2541%C3%A9",
        // encodeURIComponent, and encodeURI.
        "a!b*c'd(e)f~g%20h%2Bi%2Fj%3Dk%2541%C3%A9",
        "a!b*c'd(e)f~g%20h+i/j=k%2541%C3%A9",
        // RFC 3986.
        "a%21b%2Ac%27d%28e%29f~g%20h%2Bi%2Fj%3Dk%2541%C3%A9",
        // .NET's HttpUtility.
        "a!b*c%27d(e)f%7eg+h%2bi%2fj%3dk%2541%c3%a9",
        // Every byte, in both cases, and only one.
        "%61%21%62%2a%63%27%64%28%65%29%66%7e%67%20%68%2B%69%2F%6A%3D%6B%25%34%31%C3%a9",
        "%61!b*c'd(e)f~g h+i/j=k%2541é",
    ] {
        assert!(needles.are_in(text.as_bytes()), "{text}");
        let around = format!("é%41 {text}&{text}%42+");
        let without = needles.taken_out(&around);
        assert_eq!(
            without.as_deref(),
            Some("é%41 sealed_1&sealed_1%42+"),
            "{text}"
        );
    }
    let almost = "a!b*c'd(e)f~g%20h%2Bi%2Fj%3Dk%2541%C3%A8";
    assert!(!needles.are_in(almost.as_bytes()));
}

#[test]
fn short_values_are_not_looked_for() {
    let needles = Needles::new([("calendar", "sealed_1")].into_iter());
    assert!(!needles.are_in(b"a calendar"));
}
