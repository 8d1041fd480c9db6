//! Time, stack and memory of its own, without end.

use crate::{Deed, bindings::calport::calendar::types::Error};
use std::hint::black_box;
use wasip2::{
    clocks::{monotonic_clock, wall_clock},
    io::poll,
};

/// Something that a call leaves behind for the next one, if anything is left behind.
static mut LEFT_BEHIND: u32 = 0;

const HOUR: u64 = 3_600 * 1_000_000_000;

pub(crate) fn perform(deed: &Deed) -> Option<Result<String, Error>> {
    match deed.name.as_str() {
        "good" => {}
        "spin" => loop {
            std::hint::spin_loop();
        },
        "spin in host calls" => loop {
            black_box(wall_clock::now());
        },
        "recurse" => return Some(Ok(recurse(black_box(0)).to_string())),
        "allocate" => {
            let mut hoard = Vec::new();
            loop {
                hoard.push(black_box(vec![1_u8; 1 << 20]));
            }
        }
        "grow memory" => return Some(Ok(grow_memory().to_string())),
        "sleep for an hour" => monotonic_clock::subscribe_duration(HOUR).block(),
        "sleep for ever" => monotonic_clock::subscribe_duration(u64::MAX).block(),
        "sleep until the end" => monotonic_clock::subscribe_instant(u64::MAX).block(),
        "sleep not at all" => loop {
            monotonic_clock::subscribe_duration(0).block();
        },
        "poll nothing" => return Some(Ok(format!("{:?}", poll::poll(&[])))),
        "exit well" => std::process::exit(0),
        "exit badly" => std::process::exit(1),
        "panic" => panic!("{}", deed.arguments.join(" ")),
        "trap" => core::arch::wasm32::unreachable(),
        "leave behind" => {
            // One thread, one call.
            let left = unsafe {
                LEFT_BEHIND += 1;
                LEFT_BEHIND
            };
            return Some(Ok(left.to_string()));
        }
        _ => return None,
    }
    Some(Ok("done".to_owned()))
}

#[expect(unconditional_recursion, reason = "that is the deed")]
fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    recurse(frame[0] + 1) + frame[63]
}

/// Takes what it gets and writes to all of it, so that it is really there.
fn grow_memory() -> usize {
    const PAGE: usize = 65_536;
    let mut pages = 0;
    loop {
        let before = core::arch::wasm32::memory_grow::<0>(1);
        if before == usize::MAX {
            return pages;
        }
        pages += 1;
        for at in (before * PAGE..(before + 1) * PAGE).step_by(4_096) {
            unsafe { (at as *mut u8).write_volatile(1) };
        }
    }
}
