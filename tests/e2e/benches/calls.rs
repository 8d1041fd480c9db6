//! What a call of the plugin costs: `cargo bench -p calport-e2e`. Prints times and ratios
//! measured in this one run; asserts nothing.

use calport_e2e::{World, WorldOptions, accounts::CASEY, plugin_options, runtime};
use calport_host::{
    plugin::{
        BUILT_IN, Budget, Options, Plugin, Sealing,
        calendar::IcsOptions,
        types::{Event, Span, Status, Timed},
    },
    subject::Subject,
    vault::Binding,
};
use calport_standins::ConsentChoice;
use futures::{StreamExt, stream};
use std::{collections::BTreeMap, time::Instant};

fn event(number: usize) -> Event {
    let start = 1_953_972_000 + 3_600 * i64::try_from(number % 10_000).unwrap_or_default();
    Event {
        uid: format!("{number}@bench"),
        revision: 1,
        status: Status::Confirmed,
        title: "Deep clean".into(),
        description: Some("Key under the mat".into()),
        location: Some("1 High St".into()),
        url: None,
        when: Span::Timed(Timed {
            start,
            end: start + 3_600,
            zone: "Europe/London".into(),
        }),
        recurrence: None,
        reminders: vec![60],
        organizer: None,
        attendees: vec![],
        updated: 1_900_000_000,
    }
}

const FILE: IcsOptions = IcsOptions {
    name: None,
    refresh_interval: None,
};

#[tokio::main]
async fn main() {
    println!("component: {} bytes", BUILT_IN.len());
    let started = Instant::now();
    let mut cold = plugin_options(vec![]);
    cold.cache_dir = None;
    Plugin::load(runtime(), BUILT_IN, &cold).await.unwrap();
    let compiled = started.elapsed();
    let plugin = Plugin::load(runtime(), BUILT_IN, &plugin_options(vec![]))
        .await
        .unwrap();
    let started = Instant::now();
    Plugin::load(runtime(), BUILT_IN, &plugin_options(vec![]))
        .await
        .unwrap();
    println!(
        "load: compiling {compiled:?}, from the cache {:?}",
        started.elapsed()
    );

    let calls = 2_000;
    let started = Instant::now();
    for _ in 0..calls {
        plugin.export_ics(vec![event(1)], FILE).await.unwrap();
    }
    let one = started.elapsed() / calls;
    println!("export-ics, 1 event, instance and all: {one:?}");
    let many: Vec<_> = (0..10_000).map(event).collect();
    let started = Instant::now();
    let text = plugin.export_ics(many, FILE).await.unwrap();
    let all = started.elapsed();
    let each = all / 10_000;
    println!(
        "export-ics, 10,000 events ({} bytes): {all:?}, {each:?} each",
        text.len()
    );
    println!(
        "an event in a call of its own costs {:.1} times one among 10,000",
        one.as_secs_f64() / each.as_secs_f64()
    );

    let options = WorldOptions {
        without_workers: true,
        // Nobody waits for what a provider allows.
        budgets: BTreeMap::from([("google".to_owned(), Budget::default())]),
        ..WorldOptions::default()
    };
    let world = World::start_with(options).await.unwrap();
    world
        .connect("ann", CASEY, &ConsentChoice::Allow)
        .await
        .unwrap();
    for in_flight in [1, 32] {
        let pushes = 500;
        let started = Instant::now();
        stream::iter(0..pushes)
            .map(|number| {
                let subject = Subject::new(Subject::DEFAULT_TENANT, "ann");
                let binding = Binding::new(world.service.vault().clone(), subject, "google");
                world.service.plugin().push_event(
                    binding,
                    None,
                    event(in_flight * 1_000 + number),
                    None,
                )
            })
            .buffer_unordered(in_flight)
            .for_each(|pushed| {
                pushed.unwrap();
                std::future::ready(())
            })
            .await;
        let rate = pushes as f64 / started.elapsed().as_secs_f64();
        println!("push-event to the stand-in in this process, {in_flight} in flight: {rate:.0}/s");
    }
    sealing(&world).await;
}

/// What sealing costs: the same pushes by turns with and without, so that both meet the same
/// machine and the same stand-in.
async fn sealing(world: &World) {
    const ROUNDS: usize = 20;
    const PUSHES: usize = 100;
    let mut options = Options {
        budgets: BTreeMap::from([("google".to_owned(), Budget::default())]),
        ..plugin_options(world.google.environment())
    };
    let sealed = Plugin::load(runtime(), BUILT_IN, &options).await.unwrap();
    options = Options {
        sealing: Sealing::Off,
        ..options
    };
    let open = Plugin::load(runtime(), BUILT_IN, &options).await.unwrap();
    for in_flight in [1, 32] {
        let mut ratios = Vec::new();
        let mut spent = [0.0, 0.0];
        for round in 0..ROUNDS {
            let mut times = [0.0, 0.0];
            // Who goes first takes turns, too: the calendar grows.
            for turn in [round % 2, 1 - round % 2] {
                let plugin = if turn == 0 { &sealed } else { &open };
                let started = Instant::now();
                stream::iter(0..PUSHES)
                    .map(|number| {
                        let subject = Subject::new(Subject::DEFAULT_TENANT, "ann");
                        let binding =
                            Binding::new(world.service.vault().clone(), subject, "google");
                        let number = ((in_flight * ROUNDS + round) * 2 + turn) * PUSHES + number;
                        plugin.push_event(binding, None, event(100_000 + number), None)
                    })
                    .buffer_unordered(in_flight)
                    .for_each(|pushed| {
                        pushed.unwrap();
                        std::future::ready(())
                    })
                    .await;
                times[turn] = started.elapsed().as_secs_f64();
                spent[turn] += times[turn];
            }
            ratios.push(times[0] / times[1]);
        }
        ratios.sort_by(f64::total_cmp);
        println!(
            "a sealed push costs {:.3} times an open one, {in_flight} in flight (of {ROUNDS} rounds the middle \
             {:.3}, from {:.3} to {:.3})",
            spent[0] / spent[1],
            ratios[ROUNDS / 2],
            ratios[0],
            ratios[ROUNDS - 1],
        );
    }
}
