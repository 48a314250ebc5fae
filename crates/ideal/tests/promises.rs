//! What `promise coherent(..)` adds to what a kind of call promises.

use std::sync::Arc;

use cowrace_explore::Explorer;
use cowrace_ideal::{Oracle, Promises};
use cowrace_machine::Arch;
use cowrace_mm::{Era, World, program_and_consulted};
use cowrace_trace::Class;

/// What is found in a scenario that has no predicate.
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
    let (program, _) = program_and_consulted(world, &era, Arch::Generic, Some(Box::new(oracle.judge())));
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
