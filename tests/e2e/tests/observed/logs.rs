//! The log at the highest level of detail, as a collector of logs and as people read it.

use crate::life::{JOB, Life, job};
use reqwest::Method;
use serde_json::Value;

async fn logged(format: &str) -> crate::life::Left {
    let life = Life::begin(&[("CALPORT_LOG_FORMAT", format), ("RUST_LOG", "trace")]).await;
    let put = life.rest.platform(Method::PUT, JOB, Some(&job(1))).await;
    assert_eq!(put.unwrap().status, 202);
    life.delivered().await;
    // Two connections and a booking in two calendars.
    life.receiver.until(4).await.unwrap();
    life.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn case_13_every_line_in_json_is_an_object_and_no_detail_shows_a_secret() {
    let left = logged("json").await;
    for line in left.log.lines() {
        let object = serde_json::from_str::<Value>(line);
        let object = object.unwrap_or_else(|error| panic!("{error}: {line}"));
        for field in ["timestamp", "level", "target", "fields"] {
            assert!(!object[field].is_null(), "{field} {line}");
        }
    }
    for part in [r#""level":"DEBUG""#, r#""name":"delivery""#] {
        assert!(left.log.contains(part), "{part}");
    }
    left.search(&left.log);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_13_a_log_for_people_shows_no_secret_and_in_a_file_no_colours() {
    let left = logged("text").await;
    for part in [" DEBUG ", "delivery{"] {
        assert!(left.log.contains(part), "{part}");
    }
    assert!(!left.log.contains('\u{1b}'), "{}", left.log);
    left.search(&left.log);
}
