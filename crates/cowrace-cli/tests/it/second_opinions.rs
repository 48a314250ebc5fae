//! loom, shuttle and explore on the same programs: random ones, and the common problem of other checkers.

use std::ops::ControlFlow;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cowrace_check::{Outcomes, Task};
use cowrace_explore::{Explorer, replay};
use cowrace_loom::{Loom, Memory};
use cowrace_machine::{Arch, Program};
use cowrace_mm::Era;
use cowrace_report::{Class, Stop};
use cowrace_scenario::parse;
use cowrace_shuttle::{Search, Shuttle};
use cowrace_testkit::common_problem::{Rule, Variant, problem};
use cowrace_testkit::fixed;
use cowrace_testkit::scripts::random::{Flavour, scripts};
use cowrace_testkit::scripts::{Step, program};
use cowrace_thread_engine::{Limits, Opinion, Watch};
use proptest::strategy::{Strategy, ValueTree};

/// A test that fails says so in its own words, although shuttle has been there before: the test runs itself, to fail.
#[test]
fn what_fails_behind_a_search_by_shuttle_is_none_of_its_tasks() {
    const FAILS: &str = "COWRACE_TEST_FAILS";
    if std::env::var_os(FAILS).is_some() {
        let program = Arc::new(program(&[vec![Step::Load(0)]]));
        let opinion = Shuttle::new(program, Search::Random { seed: 1 }).limits(executions(2)).run();
        assert!(opinion.executions > 0, "shuttle has not been there");
        panic!("the words of the test");
    }
    let itself = [
        "--exact",
        "second_opinions::what_fails_behind_a_search_by_shuttle_is_none_of_its_tasks",
        "--nocapture",
    ];
    let this = std::env::current_exe().expect("it runs");
    let done = Command::new(this).args(itself).env(FAILS, "1").output().expect("it runs");
    let said = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
    assert!(!done.status.success() && said.contains("the words of the test"), "{said}");
    assert!(!said.contains("test panicked in task") && !said.contains("Task failed"), "{said}");
}

fn executions(most: u64) -> Limits {
    Limits { executions: Some(most), ..Limits::default() }
}

/// An opinion must not see what explore does not, and what it finds must replay to what it says.
fn among(program: &Program, outcomes: &Outcomes, opinion: &Opinion, who: &str) {
    assert_eq!(opinion.reason, None, "{who}");
    if let Some(wrong) = outcomes.against(program, &Outcomes::from(opinion)) {
        panic!("{who}: {wrong}");
    }
    if let Some((finding, schedule)) = &opinion.finding {
        let trace = replay(program, schedule).unwrap_or_else(|error| panic!("{who}: {schedule}: {error}"));
        assert_eq!(trace.finding.map(|f| f.class), Some(finding.class), "{who}: {schedule}");
    }
}

/// Compares all engines on a program; gives which of loom and shuttle's exhaustive search came to an end.
fn compare(program: Program) -> [bool; 2] {
    let program = Arc::new(program);
    let outcomes = Outcomes::of(&program);
    let is_sound = Explorer::new(&program).run(&mut ()).finding.is_none();
    let loom = Loom::new(Arc::clone(&program)).exhaustive(true).limits(executions(2_000)).run();
    among(&program, &outcomes, &loom, "loom");
    let random = Search::Random { seed: 1 };
    let pct = Search::Pct { seed: 2, depth: 3 };
    for search in [random, pct] {
        let few = Shuttle::new(Arc::clone(&program), search).exhaustive(true).limits(executions(50)).run();
        among(&program, &outcomes, &few, "shuttle");
        assert!(!few.complete);
    }
    let all = Shuttle::new(Arc::clone(&program), Search::Exhaustive);
    let all = all.exhaustive(true).limits(executions(3_000)).run();
    among(&program, &outcomes, &all, "shuttle, exhaustive");
    // Where something is bad an execution ends, and the accesses behind it, from which loom would learn that
    // there are other orders, do not happen. shuttle's exhaustive search learns from nothing.
    let is_exact = !outcomes.classes().contains(&Class::Refcount);
    assert!(
        !loom.complete || !is_sound || outcomes.beyond(&Outcomes::from(&loom)) == 0,
        "loom has missed something"
    );
    assert!(
        !all.complete || !is_exact || outcomes.beyond(&Outcomes::from(&all)) == 0,
        "shuttle has missed something"
    );
    [loom.complete, all.complete]
}

fn random_programs(flavour: Flavour, seed: u8) {
    let mut runner = fixed(seed, 0);
    let strategy = scripts(flavour);
    let (mut compared, mut complete) = (0, [0; 2]);
    for _ in 0..30 {
        let scripts: Vec<Vec<Step>> = strategy.new_tree(&mut runner).expect("a program").current();
        let program = program(&scripts);
        if !Explorer::new(&program).exhaustive(true).limits(executions(5_000)).run(&mut ()).complete {
            continue;
        }
        compared += 1;
        let done = compare(program);
        complete.iter_mut().zip(done).for_each(|(count, done)| *count += usize::from(done));
    }
    assert!(compared > 15 && complete[0] > 7 && complete[1] > 3, "{compared} programs, {complete:?}");
}

#[test]
fn random_atomics() {
    random_programs(Flavour::Atomics, 21);
}

#[test]
fn random_locks() {
    random_programs(Flavour::Locks, 22);
}

#[test]
fn random_waits() {
    random_programs(Flavour::Waits, 23);
}

#[test]
fn random_everything() {
    random_programs(Flavour::All, 24);
}

#[test]
fn the_common_problem() {
    for (rule, outcomes) in [(Rule::Mapcount, 2), (Rule::Count, 5)] {
        let program = Arc::new(problem(Variant::new(3, rule, true)));
        let ours = Outcomes::of(&program);
        assert_eq!(ours.len(), outcomes);
        let loom = Loom::new(Arc::clone(&program)).exhaustive(true).run();
        among(&program, &ours, &loom, "loom");
        assert!(
            loom.complete && ours.beyond(&Outcomes::from(&loom)) == 0,
            "{rule:?}: {} executions",
            loom.executions
        );
        let pct = Search::Pct { seed: 3, depth: 3 };
        let shuttle =
            Shuttle::new(Arc::clone(&program), pct).exhaustive(true).limits(executions(3_000)).run();
        among(&program, &ours, &shuttle, "shuttle");
        assert_eq!(ours.beyond(&Outcomes::from(&shuttle)), 0, "{rule:?}");
        assert_eq!(loom.finding.is_some(), rule == Rule::Count);
        assert_eq!(shuttle.finding.is_some(), rule == Rule::Count);
    }
}

/// Two actors that lose an increment unless they are lucky.
fn racy() -> Vec<Vec<Step>> {
    vec![
        vec![Step::Load(0), Step::StoreAcc(0, 1)],
        vec![Step::Load(0), Step::StoreAcc(0, 1), Step::Load(0), Step::Bad(1)],
    ]
}

#[test]
fn limits_are_bounds_and_say_so() {
    let program = Arc::new(program(&racy()));
    let one = Loom::new(Arc::clone(&program)).exhaustive(true).limits(executions(1)).run();
    assert_eq!((one.complete, one.stopped), (false, Some(Stop::Executions)));
    let bounded = Loom::new(Arc::clone(&program)).exhaustive(true).preemptions(Some(1)).run();
    assert_eq!((bounded.complete, bounded.stopped, bounded.reason), (false, None, None));
    let weak = Loom::new(Arc::clone(&program)).exhaustive(true).memory(Memory::C11(Arch::Generic)).run();
    assert!(!weak.complete);
    let steps = Limits { steps: 2, ..Limits::default() };
    let short = Loom::new(Arc::clone(&program)).limits(steps).run();
    assert_eq!((short.complete, short.stopped), (false, Some(Stop::Steps)));
    let short = Shuttle::new(Arc::clone(&program), Search::Exhaustive).limits(steps).run();
    assert_eq!((short.complete, short.stopped), (false, Some(Stop::Steps)));
    // No process is so small. Elsewhere than on Linux nobody knows.
    let memory = Limits { memory: Some(1), ..Limits::default() };
    let small = Shuttle::new(program, Search::Random { seed: 0 }).limits(memory).exhaustive(true).run();
    assert_eq!((small.complete, small.stopped, small.executions), (false, Some(Stop::Memory), 1));
}

#[test]
fn whoever_watches_can_stop_the_search() {
    let program = Arc::new(program(&racy()));
    let told = Arc::new(AtomicU64::new(0));
    let watch = {
        let told = Arc::clone(&told);
        Watch::new(move |more| {
            let now = told.fetch_add(more, Ordering::Relaxed) + more;
            if now > 1 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    };
    let random = Search::Random { seed: 0 };
    let shuttle = Shuttle::new(Arc::clone(&program), random).exhaustive(true).watch(watch).run();
    assert_eq!((shuttle.complete, shuttle.stopped), (false, Some(Stop::Interrupted)));
    // It begins anew when it learns that a word is shared, and those executions are told as well.
    assert!(shuttle.executions <= told.load(Ordering::Relaxed), "{}", shuttle.executions);
    let loom = Loom::new(program).exhaustive(true).watch(Watch::new(|_| ControlFlow::Break(()))).run();
    assert_eq!((loom.complete, loom.stopped, loom.executions), (false, Some(Stop::Interrupted), 1));
}

#[test]
fn more_actors_than_loom_has_threads_for_is_no_answer() {
    let program = program(&vec![vec![Step::Add(0, 1), Step::Load(0)]; 5]);
    let opinion = Loom::new(Arc::new(program)).run();
    let reason = opinion.reason.expect("a reason");
    assert_eq!(reason, "there are 5 actors, and loom has threads for 4");
    assert_eq!((opinion.complete, opinion.executions), (false, 0));
}

#[test]
fn more_branches_than_loom_allows_is_no_answer() {
    let long: Vec<Step> = (0..6000).map(|_| Step::FetchAdd(0, 1)).collect();
    let program = Arc::new(program(&[long.clone(), long]));
    let steps = Limits { steps: 100_000, ..Limits::default() };
    let opinion = Loom::new(program).limits(steps).run();
    let reason = opinion.reason.expect("a reason");
    assert!(reason.contains("exceeded maximum number of branches"), "{reason}");
    assert!(!opinion.complete);
}

#[test]
fn choices_are_enumerated_outside() {
    let choose = vec![Step::Choose(3), Step::StoreAcc(0, 0), Step::Choose(2), Step::StoreAcc(1, 0)];
    let program = Arc::new(program(&[choose, vec![Step::Load(0), Step::StoreAcc(2, 0)]]));
    let ours = Outcomes::of(&program);
    for opinion in [
        Loom::new(Arc::clone(&program)).exhaustive(true).run(),
        Shuttle::new(Arc::clone(&program), Search::Exhaustive).exhaustive(true).run(),
    ] {
        among(&program, &ours, &opinion, "either");
        assert!(opinion.complete && ours.beyond(&Outcomes::from(&opinion)) == 0);
    }
}

#[test]
fn shuttle_goes_on_where_only_choices_differ() {
    // One actor alone; and two that share a word only after a certain choice.
    let alone = vec![vec![Step::Choose(3), Step::StoreAcc(0, 0)]];
    let later = vec![vec![Step::Choose(2), Step::IfOdd, Step::Store(1, 1)], vec![Step::AddUnless(1, 2, 0)]];
    for scripts in [alone, later] {
        let program = Arc::new(program(&scripts));
        let ours = Outcomes::of(&program);
        assert_eq!(ours.len(), 3);
        for search in [Search::Exhaustive, Search::Random { seed: 4 }, Search::Pct { seed: 4, depth: 3 }] {
            let shuttle = Shuttle::new(Arc::clone(&program), search).exhaustive(true);
            let opinion = shuttle.limits(executions(200)).run();
            among(&program, &ours, &opinion, "shuttle");
            assert_eq!(
                ours.beyond(&Outcomes::from(&opinion)),
                0,
                "{search:?} after {} executions",
                opinion.executions
            );
            assert_eq!(opinion.complete, search == Search::Exhaustive);
        }
    }
}

#[test]
fn what_the_environment_does_is_seen_by_all() {
    for (env, era) in [("tlb_evict", "v5.8"), ("lru_drain", "v6.1"), ("page_reuse", "v6.1")] {
        let text = format!(
            "race env\nmm A {{ buf: anon warm(a) }}\nenv {env}\n\na @A        d\n\
             ==========  =====================\nbuf[0] = 1  clear_refs(A)\n            s = soft_dirty(A.buf)\n\n\
             never s == 1 else lost-soft-dirty\n"
        );
        let scenario = parse(&text).unwrap_or_else(|errors| panic!("{text}{errors:?}"));
        let era = Era::preset(era).expect("a preset");
        let variant = scenario.variant(None).expect("the only one");
        let task =
            Task { scenario: &scenario, variant, era: &era, arch: Arch::default(), specification: None };
        let program = Arc::new(task.program());
        let ours = Outcomes::of(&program);
        let class = Explorer::new(&program).run(&mut ()).finding.map(|(finding, _)| finding.class);
        let loom = Loom::new(Arc::clone(&program)).exhaustive(true).limits(executions(5_000)).run();
        let shuttle = Shuttle::new(Arc::clone(&program), Search::Pct { seed: 0, depth: 3 });
        let shuttle = shuttle.exhaustive(true).limits(executions(2_000)).run();
        for (who, opinion) in [("loom", loom), ("shuttle", shuttle)] {
            among(&program, &ours, &opinion, who);
            assert_eq!(opinion.finding.map(|(f, _)| f.class), class, "{who}, {env}");
        }
    }
}

#[test]
fn a_schedule_of_ours_replays_under_shuttle() {
    for scripts in [racy(), vec![vec![Step::Lock(1)], vec![Step::Lock(1), Step::Unlock(1)]]] {
        let program = Arc::new(program(&scripts));
        let (finding, schedule) = Explorer::new(&program).run(&mut ()).finding.expect("it is bad");
        let opinion = Shuttle::new(Arc::clone(&program), Search::Exhaustive).replay(&schedule);
        let (theirs, _) = opinion.finding.expect("shuttle sees it as well");
        assert_eq!(theirs.class, finding.class);
        assert_eq!(opinion.executions, 1);
    }
    // A good one replays to a good end.
    let program = Arc::new(program(&racy()));
    let good = Shuttle::new(Arc::clone(&program), Search::Exhaustive)
        .replay(&"1:00c0ffee:0*2.1*3".parse().expect("it reads"));
    assert!(good.finding.is_none() && good.outcomes.len() == 1);
}

#[test]
fn deadlocks_are_seen_by_all() {
    let scripts = [
        vec![Step::Lock(1), Step::Lock(2), Step::Unlock(2), Step::Unlock(1)],
        vec![Step::Lock(2), Step::Lock(1), Step::Unlock(1), Step::Unlock(2)],
    ];
    let program = Arc::new(program(&scripts));
    for opinion in [
        Loom::new(Arc::clone(&program)).run(),
        Shuttle::new(Arc::clone(&program), Search::Exhaustive).run(),
        Shuttle::new(Arc::clone(&program), Search::Random { seed: 5 }).limits(executions(500)).run(),
    ] {
        let (finding, schedule) = opinion.finding.expect("a deadlock");
        assert_eq!(finding.class, Class::Deadlock);
        let again = replay(&program, &schedule).expect("it replays").finding.expect("a deadlock");
        assert_eq!(again.class, Class::Deadlock);
    }
}
