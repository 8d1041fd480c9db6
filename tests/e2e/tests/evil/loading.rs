//! What is refused before a user is near: lies in the description, and components that were
//! made by hand to hurt whoever loads them.

use crate::raw::{Raw, raw};
use calport_artifacts::evil_that_says;
use calport_e2e::{plugin_options, runtime};
use calport_host::plugin::{CallError, DescriptionError, Limits, LoadError, Options, Plugin};
use std::time::Duration;

async fn load(component: &[u8]) -> Result<Plugin, LoadError> {
    let options = Options {
        limits: Limits {
            wall: Duration::from_secs(10),
            computing: Duration::from_secs(1),
            ..Limits::default()
        },
        allow_loopback: false,
        ..plugin_options(vec![])
    };
    Plugin::load(runtime(), component, &options).await
}

/// The hostile plugin with another description.
fn lying(lie: &str) -> Vec<u8> {
    evil_that_says(lie).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_description_that_lies_is_refused_with_a_reason() {
    use DescriptionError::{Setting, Text, TooMany};
    for lie in ["long name", "colours", "backwards"] {
        let error = load(&lying(lie)).await.unwrap_err();
        assert!(
            matches!(error, LoadError::Description(Text(_))),
            "{lie}: {error}"
        );
        assert!(!error.to_string().contains('\u{1b}'), "{lie}");
    }
    let error = load(&lying("many providers")).await.unwrap_err();
    assert!(
        matches!(error, LoadError::Description(TooMany(..))),
        "{error}"
    );
    let error = load(&lying("host secrets")).await.unwrap_err();
    assert!(
        matches!(error, LoadError::Description(Setting { .. })),
        "{error}"
    );
    let error = load(&lying("metadata service")).await.unwrap_err();
    assert!(matches!(error, LoadError::Endpoint { .. }), "{error}");
    let error = load(&lying("spin")).await.unwrap_err();
    let LoadError::Describe(why) = error else {
        panic!("{error}")
    };
    assert!(matches!(*why, CallError::TimedOut), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_description_depends_on_the_component_alone() {
    let component = lying("by chance");
    let mut hosts = Vec::new();
    for _ in 0..3 {
        let plugin = load(&component).await.unwrap();
        let provider = plugin.provider("evil").unwrap();
        hosts.push(provider.endpoints[2].default_url.clone());
    }
    assert_eq!(hosts[0], hosts[1]);
    assert_eq!(hosts[0], hosts[2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_made_by_hand_loads_if_it_behaves() {
    // Otherwise the refusals below would prove nothing.
    let plugin = load(&raw(&Raw::default())).await.unwrap();
    assert_eq!(plugin.info().name, "raw");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_24_no_answer_in_the_raw_reaches_beyond_its_memory_or_types() {
    for (what, raw_component) in [
        (
            "an odd address",
            Raw {
                answer: 1_025,
                ..Raw::default()
            },
        ),
        (
            "an address beyond memory",
            Raw {
                answer: 0xffff_fff0,
                ..Raw::default()
            },
        ),
        (
            "a name beyond memory",
            Raw {
                name: (0xffff_0000, 4),
                ..Raw::default()
            },
        ),
        (
            "a name as long as an address space",
            Raw {
                name: (0, 0xffff_ffff),
                ..Raw::default()
            },
        ),
        (
            "a name that is no text",
            Raw {
                name: (2_048, 4),
                ..Raw::default()
            },
        ),
        (
            "billions of providers",
            Raw {
                providers: (0, 0x1000_0000),
                ..Raw::default()
            },
        ),
        (
            "providers at an odd address",
            Raw {
                providers: (4_097, 1),
                ..Raw::default()
            },
        ),
        (
            "a kind that there is not",
            Raw {
                providers: (4_096, 1),
                ..Raw::default()
            },
        ),
        (
            "nothing but a trap",
            Raw {
                describe: "unreachable",
                ..Raw::default()
            },
        ),
        (
            "a call of itself without end",
            Raw {
                describe: "(drop (call $describe))",
                ..Raw::default()
            },
        ),
    ] {
        let error = load(&raw(&raw_component)).await.unwrap_err();
        let LoadError::Describe(why) = error else {
            panic!("{what}: {error}")
        };
        assert!(
            matches!(*why, CallError::Trapped(_) | CallError::OutOfMemory),
            "{what}: {why}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_24_what_a_component_does_before_it_is_asked_counts_as_well() {
    let spins = Raw {
        start: "(loop $l (br $l))",
        ..Raw::default()
    };
    let error = load(&raw(&spins)).await.unwrap_err();
    assert!(
        matches!(&error, LoadError::Describe(why) if matches!(**why, CallError::TimedOut)),
        "{error}"
    );
    for (what, greedy) in [
        (
            "a large memory",
            Raw {
                pages: 2_000,
                ..Raw::default()
            },
        ),
        (
            "a large table",
            Raw {
                table: 10_000_000,
                ..Raw::default()
            },
        ),
    ] {
        // Whether the pool or the limit says no is one.
        assert!(load(&raw(&greedy)).await.is_err(), "{what}");
    }
    // What cannot be had is answered with -1, and the guest goes on.
    for start in [
        "(if (i32.ne (memory.grow (i32.const 40000)) (i32.const -1)) (then unreachable))",
        "(if (i32.ne (table.grow (ref.null func) (i32.const 1000000)) (i32.const -1)) (then unreachable))",
    ] {
        let grows = Raw {
            start,
            ..Raw::default()
        };
        load(&raw(&grows)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_that_takes_arguments_where_it_has_no_memory_traps() {
    let takes = Raw {
        realloc: "(i32.const 0xfffffff0)",
        ..Raw::default()
    };
    let plugin = load(&raw(&takes)).await.unwrap();
    let error = plugin.availability("raw").await.unwrap_err();
    assert!(matches!(error, CallError::Trapped(_)), "{error}");
}
