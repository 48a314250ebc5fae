//! Any turns on one program, both as they are and adapted so that they fit.
#![no_main]

use std::sync::LazyLock;

use cowrace_machine::{Arch, Program};
use cowrace_mm::Era;
use cowrace_report::{Schedule, Turn};
use cowrace_testkit::properties::replay;
use libfuzzer_sys::fuzz_target;

/// Every kind of request: locks, choices, barriers, joins, allocations, and the environment.
const TEXT: &str = "race fuzz
mm A { buf: anon; out: swapped }
env tlb_evict, page_reuse, reclaim<=1

t0 @A                          t1 @A         child @B    other
=============================  ============  ==========  ================
read(O_DIRECT, buf[0], 1)      buf[1] = 2                clear_refs(A)
B = fork()                                   b = buf[0]
=== t0 t1 ===
out[0] = 3                     munmap(buf)   exit()      reclaim(A.out)
";

static PROGRAM: LazyLock<Program> = LazyLock::new(|| {
    let scenario = cowrace_scenario::parse(TEXT).expect("the text is right");
    let era = Era::preset("v5.18").expect("a preset");
    cowrace_mm::program(scenario.variants()[0].world(), &era, Arch::Generic)
});

fuzz_target!(|data: &[u8]| {
    let program = &*PROGRAM;
    // A byte is a turn; the high half, if it is not zero, is a choice.
    let turn = |&b: &u8| Turn { actor: b & 15, choice: (b >> 4).checked_sub(1).map(u32::from) };
    let turns = data.iter().map(turn).collect();
    replay::replays(program, &Schedule { fingerprint: program.fingerprint, turns });
    let mut bytes = data.iter().copied();
    let walked = replay::walk(program, |_| usize::from(bytes.next().unwrap_or(0)));
    assert!(replay::replays(program, &walked).is_some(), "{walked} does not fit");
});
