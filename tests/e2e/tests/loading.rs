//! Components that are no plugins, and plugins that misbehave when they are loaded.

use calport_e2e::{plugin_options, runtime};
use calport_host::plugin::{BUILT_IN, LoadError, Plugin};
use std::path::Path;

async fn load(bytes: &[u8]) -> Result<Plugin, LoadError> {
    Plugin::load(runtime(), bytes, &plugin_options(vec![])).await
}

/// The error's words, which must say what to do.
async fn refusal(wat: &str) -> String {
    load(&wat::parse_str(wat).unwrap())
        .await
        .unwrap_err()
        .to_string()
}

#[tokio::test]
async fn the_built_in_component_loads_and_describes_itself() {
    let plugin = load(BUILT_IN).await.unwrap();
    assert_eq!(plugin.info().name, "calport");
    let ids: Vec<_> = plugin
        .info()
        .providers
        .iter()
        .map(|provider| &provider.id)
        .collect();
    assert!(
        ids.iter().any(|id| *id == "google") && ids.iter().any(|id| *id == "apple"),
        "{ids:?}"
    );
}

#[tokio::test]
async fn what_is_no_component_is_refused_with_a_remedy() {
    for bytes in [
        &b""[..],
        b"not wasm",
        b"\0asm\x01\0\0\0",
        &BUILT_IN[..BUILT_IN.len() / 2],
    ] {
        let error = load(bytes).await.unwrap_err();
        assert!(matches!(error, LoadError::NotAComponent { .. }), "{error}");
        assert!(error.to_string().contains("wasm32-wasip2"), "{error}");
    }
    let missing = Path::new("no-such-component.wasm");
    let error = Plugin::load_file(runtime(), missing, &plugin_options(vec![]))
        .await
        .unwrap_err();
    let words = error.to_string();
    assert!(
        words.contains("no-such-component.wasm") && words.contains("CALPORT_PLUGIN"),
        "{words}"
    );
}

#[tokio::test]
async fn case_25_imports_beyond_the_contract_are_refused_by_name_before_anything_runs() {
    for name in [
        "wasi:sockets/tcp@0.2.0",
        "wasi:filesystem/types@0.2.0",
        "wasi:filesystem/preopens@0.2.0",
        "wasi:http/incoming-handler@0.2.0",
        "evil:host/everything@1.0.0",
    ] {
        let words = refusal(&format!("(component (import \"{name}\" (instance)))")).await;
        assert!(words.contains(name), "{words}");
    }
}

#[tokio::test]
async fn a_component_for_another_contract_is_told_which_one_is_needed() {
    let words = refusal("(component)").await;
    assert!(words.contains("calport:calendar/calendar@0.1.0"), "{words}");
    let other =
        "(component (instance $i) (export \"calport:calendar/calendar@0.9.0\" (instance $i)))";
    let words = refusal(other).await;
    assert!(
        words.contains("but calport:calendar/calendar@0.9.0"),
        "{words}"
    );
    let hollow =
        "(component (instance $i) (export \"calport:calendar/calendar@0.1.0\" (instance $i)))";
    let words = refusal(hollow).await;
    assert!(words.contains("does not fit the contract"), "{words}");
}

#[tokio::test]
async fn an_endpoint_override_must_be_a_url_that_may_be_reached() {
    for url in [
        "http://calendar.example/",
        "ftp://x/",
        "https://10.0.0.1/x",
        "nonsense",
    ] {
        let options = plugin_options(vec![("GOOGLE_API_URL".into(), url.into())]);
        let result = Plugin::load(runtime(), BUILT_IN, &options).await;
        match result {
            Err(LoadError::Endpoint { setting, .. }) => assert_eq!(setting, "GOOGLE_API_URL"),
            // A private address is refused when it is connected to.
            Ok(_) => assert!(url.contains("10.0.0.1"), "{url}"),
            Err(other) => panic!("{other}"),
        }
    }
    let mut options = plugin_options(vec![(
        "GOOGLE_API_URL".into(),
        "http://127.0.0.1:9/".into(),
    )]);
    options.allow_loopback = false;
    let error = Plugin::load(runtime(), BUILT_IN, &options)
        .await
        .unwrap_err();
    assert!(matches!(error, LoadError::Endpoint { .. }), "{error}");
}
