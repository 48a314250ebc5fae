//! What `promise coherent(..)` adds to the promise of a kind of call.

use std::sync::Arc;

use cowrace_explore::Explorer;
use cowrace_machine::{Arch, mmu};
use cowrace_mm::objects::{MmStruct, variable};
use cowrace_mm::value::Value;
use cowrace_mm::{Era, World, program_and_rule_reads};
use cowrace_report::Class;
use cowrace_spec::{Oracle, Promises};

/// The finding in a scenario that has no predicate.
fn found(call: &str, promise: &str) -> Option<Class> {
    let text = format!(
        "race r\nmm A {{ buf: anon }}\n\n\
         parent @A\n\
         ==========================\n\
         h = {call}\nB = fork()\nbuf[1] = 2\ndma_write(h[0], 1)\nr = buf[0]\n\n{promise}\n"
    );
    let scenario = cowrace_scenario::parse(&text).unwrap();
    let world: &World = scenario.variants()[0].world();
    let oracle = Arc::new(Oracle::new(world, &Promises::default()).unwrap());
    let era = Era::preset("v6.15").unwrap();
    let (program, _) = program_and_rule_reads(world, &era, Arch::Generic, Some(Box::new(oracle.judge())));
    Explorer::new(&program).run(&mut ()).finding.map(|(finding, _)| finding.class)
}

#[test]
fn a_get_over_a_fork_is_damaged_only_if_more_is_promised() {
    assert_eq!(found("get(buf, FOLL_WRITE)", ""), None);
    assert_eq!(found("get(buf, FOLL_WRITE)", "promise coherent(h)"), Some(Class::LostRead));
}

#[test]
fn a_pin_keeps_the_promise_anyway() {
    assert_eq!(found("pin(buf, FOLL_WRITE)", ""), None);
    assert_eq!(found("pin(buf, FOLL_WRITE)", "promise coherent(h)"), None);
}

/// The finding in a scenario under an era.
fn damage(text: &str, era: &str) -> Option<Class> {
    let scenario = cowrace_scenario::parse(text).unwrap_or_else(|errors| panic!("{text}{errors:#?}"));
    let world: &World = scenario.variants()[0].world();
    let oracle = Arc::new(Oracle::new(world, &Promises::default()).unwrap());
    let era = Era::preset(era).unwrap();
    let (program, _) = program_and_rule_reads(world, &era, Arch::Generic, Some(Box::new(oracle.judge())));
    Explorer::new(&program).run(&mut ()).finding.map(|(finding, _)| finding.class)
}

#[test]
fn a_handle_that_is_cut_off_is_found_although_it_is_not_used() {
    // If only page_count decides, a store after clear_refs copies.
    let text = "race r\nmm A { buf: anon }\n\n\
                a @A\n========================================\n\
                h = get_user_pages_fast(buf, FOLL_WRITE)\nclear_refs(A)\nbuf[1] = 2\n";
    assert_eq!(damage(text, "v5.11"), Some(Class::StalePin));
    assert_eq!(damage(text, "v6.12"), None);
}

/// Each of two loads may see either value, but the second does not go back.
#[test]
fn what_is_seen_must_be_allowed_all_together() {
    let text = "race r\nmm A { buf: anon }\n\n\
                a @A        b @A\n==========  ==========\n\
                buf[0] = 1  r = buf[0]\n            s = buf[0]\n";
    let scenario = cowrace_scenario::parse(text).unwrap();
    let world = scenario.variants()[0].world();
    let oracle = Arc::new(Oracle::new(world, &Promises::default()).unwrap());
    assert_eq!((oracle.values("r").len(), oracle.values("s").len()), (2, 2));
    let era = Era::preset("v6.12").unwrap();
    let (program, _) = program_and_rule_reads(world, &era, Arch::Generic, Some(Box::new(oracle.judge())));
    let ends_with = |r, s| {
        let mut memory = program.memory.clone();
        memory.set(variable(0), Value::Number(r).encode());
        memory.set(variable(1), Value::Number(s).encode());
        let page = mmu::page(memory.get(MmStruct(0).pte(0)));
        memory.set(mmu::data(page, 0), 1);
        (program.check)(&memory)
    };
    for (r, s) in [(0, 0), (0, 1), (1, 1)] {
        assert_eq!(ends_with(r, s), None, "{r} {s}");
    }
    assert_eq!(ends_with(1, 0).map(|finding| finding.class), Some(Class::LostWrite));
}
