//! One question per test.

use cowrace::{Class, Engine, Kernel, Scenario, Verdict};

const FORK: &str = include_str!("../races/fork-vs-gup-fast-seqcount.race");

#[test]
fn pins_survive_fork() {
    cowrace::check(FORK).kernel("v6.12").assert_holds();
}

#[test]
fn pins_do_not_survive_fork_without_the_sequence_count() {
    let kernel = Kernel::new("v6.12").without("57efa1fe5957");
    cowrace::check(FORK).kernel(kernel).assert_violated(Class::LostRead);
}

/// The output of a failing test.
#[test]
fn a_failure_is_explained() {
    let report = cowrace::check_file("races/fork-vs-gup-fast-seqcount.race").kernel("v5.10").run();
    let text = report.expect("the scenario is right").to_string();
    for words in
        ["VIOLATED lost-read", "thread1 @A", "The nearest execution that holds", "cowrace replay races/fork"]
    {
        assert!(text.contains(words), "no `{words}` in:\n{text}");
    }
}

#[test]
fn under_loom() {
    cowrace::check(small()).kernel("v6.12").engine(Engine::Loom).assert_holds();
}

#[test]
fn under_shuttle() {
    let check = cowrace::check(small()).kernel("v5.7").engine(Engine::Shuttle { seed: 0 });
    check.max_executions(500).assert_violated(Class::Leak);
}

/// Random schedules that find nothing prove nothing.
#[test]
fn shuttle_proves_nothing() {
    let check = cowrace::check(small()).kernel("v6.12").engine(Engine::Shuttle { seed: 0 });
    let report = check.max_executions(100).run().expect("the scenario is right");
    assert_eq!(report.verdict(), Verdict::Bounded);
}

/// A scenario built from data: a child keeps a page of its parent in a pipe.
fn small() -> Scenario {
    let scenario = Scenario::builder("vmsplice-child")
        .memory("A", ["buf: anon"])
        .forked("C", "A")
        .column("parent", "A")
        .column("child", "C")
        .cell("child", "p = vmsplice(buf)")
        .cell("child", "munmap(buf)")
        .barrier()
        .cell("parent", "buf[0] = 1")
        .barrier()
        .cell("child", "s = pipe_read(p[0])")
        .promise("always s == 0 else leak");
    scenario.build().unwrap_or_else(|error| panic!("{error}"))
}
