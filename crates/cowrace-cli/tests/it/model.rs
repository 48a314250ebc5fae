//! Small facts about the kernel that the model must not get wrong, each as a scenario of its own.

use cowrace_check::Task;
use cowrace_explore::{Explorer, Limits};
use cowrace_machine::Arch;
use cowrace_mm::era::DirectIo;
use cowrace_mm::{Era, program};
use cowrace_report::Class;
use cowrace_testkit::repository;

/// What every preset makes of a scenario.
fn finds(text: &str, expected: Option<Class>) {
    let scenario = cowrace_scenario::parse(text).unwrap_or_else(|errors| panic!("{errors:?}"));
    for era in Era::presets() {
        let program = program(scenario.variants()[0].world(), &era, Arch::Generic);
        let outcome = Explorer::new(&program).run(&mut ());
        let class = outcome.finding.as_ref().map(|(finding, _)| finding.class);
        assert_eq!(class, expected, "{} under {}: {:?}", scenario.name(), era.name(), outcome.finding);
    }
}

#[test]
fn an_early_copy_is_as_writable_as_its_area() {
    finds(
        "race early-copy
mm A { buf: anon read_only }

t0 @A                           child @B
==============================  ===========
h = pin_user_pages_fast(buf)
B = fork()
                                buf[0] = 5
                                y = buf[0]

never y == 5 else private-write
",
        None,
    );
}

#[test]
fn a_pin_is_given_back_once() {
    finds(
        "race twice
mm A { buf: anon }

t0 @A
==============================
h = pin_user_pages_fast(buf)
unpin_user_page(h)
unpin_user_page(h)
",
        Some(Class::Refcount),
    );
}

#[test]
fn a_device_that_goes_on_behind_the_unpin_writes_to_freed_memory() {
    finds(
        "race behind-the-unpin
mm A { buf: anon }

t0 @A
========================================
h = pin_user_pages_fast(buf, FOLL_WRITE)
unpin_user_page(h)
munmap(buf)
dma_write(h[0], 1)
",
        Some(Class::UseAfterFree),
    );
}

/// What direct I/O holds across a fork is what a get or a pin holds, as the era has it.
#[test]
fn direct_io_takes_a_get_or_a_pin_by_era() {
    for era in Era::presets() {
        let found = |call: &str| {
            let text = format!(
                "race held
mm A {{ buf: anon }}

t0 @A
================================================
h = {call}(buf, FOLL_WRITE)
C = fork()
buf[1] = 2
dma_write(h[0], 1)
r = buf[0]

always r == 1 else lost-read
"
            );
            let scenario = cowrace_scenario::parse(&text).unwrap_or_else(|errors| panic!("{errors:?}"));
            let program = program(scenario.variants()[0].world(), &era, Arch::Generic);
            Explorer::new(&program).run(&mut ()).finding.map(|(finding, _)| finding)
        };
        let taken = match era.rules().direct_io {
            DirectIo::Get => "get_user_pages_fast",
            DirectIo::Pin => "pin_user_pages_fast",
        };
        assert_eq!(found("iov_iter_extract_pages"), found(taken), "{}", era.name());
    }
}

#[test]
fn the_last_thread_takes_the_memory_with_it() {
    finds(
        "race exit
mm A { buf: anon = 7, 8 }

t0 @A         t1 @A         dev
============  ============  ================================
exit()        r = buf[0]
=== t0 dev ===
                            h = pin_user_pages_remote(A.buf)

always r == 7 && h == EFAULT
",
        None,
    );
}

#[test]
fn madv_free_leaves_soft_dirty_alone() {
    for area in ["anon lazyfree", "anon"] {
        let free = if area == "anon" { "madvise(buf, MADV_FREE)" } else { "" };
        finds(
            &format!(
                "race soft-dirty
mm A {{ buf: {area} }}

t0 @A
=======================
{free}
s = soft_dirty(A.buf)

always s == 1 else lost-soft-dirty
"
            ),
            None,
        );
    }
}

#[test]
fn two_faults_bring_one_page_back() {
    finds(
        "race two-swapins
mm A { buf: swapped = 3, 4 }

t0 @A         t1 @A
===========   ===========
buf[0] = 1    buf[1] = 2

always A.buf[0] == 1 && A.buf[1] == 2 else lost-write
",
        None,
    );
}

/// A window about steps that an era lacks does not apply there. One that applied nowhere would never make
/// anything vacuous.
#[test]
fn every_window_of_the_corpus_opens_somewhere() {
    let corpus = repository("scenarios");
    for source in cowrace_scenario::load(&[corpus]).expect("the corpus is there") {
        let scenario = cowrace_scenario::parse(&source.text).expect("the corpus parses");
        for variant in scenario.variants() {
            let has_windows = !variant.world().windows.is_empty();
            let opens = has_windows
                && Era::presets().iter().any(|era| {
                    let program = program(variant.world(), era, Arch::Generic);
                    let limits = Limits { executions: Some(100_000), ..Limits::default() };
                    let outcome = Explorer::new(&program).limits(limits).exhaustive(true).run(&mut ());
                    outcome.opened.iter().all(|&opened| opened)
                });
            // Where calls are in order anyhow, there is no window: what is drawn must be possible.
            let drawn = |era: &Era| {
                let arch = Arch::Generic;
                Task { scenario: &scenario, variant, era, arch, specification: None }.as_written().is_ok()
            };
            let is_sound = opens || !has_windows && Era::presets().iter().any(drawn);
            assert!(is_sound, "{} {:?}: the window never opens", scenario.name(), variant.name());
        }
    }
}
