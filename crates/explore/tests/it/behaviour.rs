//! What the engine promises in addition to completeness: findings, limits, replay, tidying, guiding, windows.

use std::ops::ControlFlow;
use std::time::Duration;

use cowrace_explore::{
    Directive, Execution, Explorer, FollowError, Limits, Observer, Outcome, Progress, ReplayError, Until,
    follow, linearize, replay,
};
use cowrace_machine::{Mark, Point, Program, Window};
use cowrace_report::{
    Access, Class, Detail, Fault, Faulty, Owner, Schedule, Stop, Turn, Value, Waiting, Waits, Word,
};
use cowrace_testkit::common_problem::{Rule, Variant, problem};
use cowrace_testkit::scripts::{Step::*, *};

fn explore(program: &Program) -> Outcome {
    Explorer::new(program).run(&mut ())
}

fn found(program: &Program) -> (Class, Detail) {
    let outcome = explore(program);
    assert!(!outcome.complete && outcome.stopped.is_none());
    let (finding, schedule) = outcome.finding.expect("a finding");
    assert_eq!(replay(program, &schedule).expect("it replays").finding.as_ref(), Some(&finding));
    (finding.class, finding.detail)
}

fn schedule(turns: &[u8]) -> Schedule {
    let turn = |&actor: &u8| Turn { actor, choice: None };
    Schedule { fingerprint: 0xc0ffee, turns: turns.iter().map(turn).collect() }
}

/// A request that waits for the lock in these bits of a word.
fn waits_for_lock(waits: &Waits) -> &[String] {
    match waits {
        Waits::Access { primitive, access, holders } => {
            let Access::Lock { word } = &**access else { panic!("{access:?}") };
            let shared = Owner::Object("boot2".to_owned());
            assert_eq!((&primitive[..], &word.of, word.nth), ("lock_page", &shared, Some(FLAGS)));
            holders
        }
        other => panic!("{other:?}"),
    }
}

fn waiting(detail: Detail) -> Vec<(String, Waits)> {
    let Detail::Deadlock { waiting } = detail else { panic!("{detail:?}") };
    waiting.into_iter().map(|Waiting { actor, waits }| (actor, waits)).collect()
}

/// The fault, and the access that shows it.
fn fault(detail: Detail) -> (Fault, Faulty) {
    let Detail::Fault { fault, access: Some(access) } = detail else { panic!("{detail:?}") };
    (fault, *access)
}

#[test]
fn deadlock() {
    let abba = program(&[
        vec![Lock(1), Lock(2), Unlock(2), Unlock(1)],
        vec![Lock(2), Lock(1), Unlock(1), Unlock(2)],
    ]);
    let (class, detail) = found(&abba);
    assert_eq!(class, Class::Deadlock);
    let both = waiting(detail);
    let both: Vec<_> = both.iter().map(|(actor, waits)| (&actor[..], waits_for_lock(waits))).collect();
    assert_eq!(both, [("a", &["b".to_owned()][..]), ("b", &["a".to_owned()])]);
    let (class, detail) = found(&program(&[vec![Join(1)], vec![Barrier(0)], vec![Join(0), Barrier(0)]]));
    assert_eq!(class, Class::Deadlock);
    let all = [
        ("a".to_owned(), Waits::Actor("b".to_owned())),
        ("b".to_owned(), Waits::Barrier { absent: vec!["c".to_owned()] }),
        ("c".to_owned(), Waits::Actor("a".to_owned())),
    ];
    assert_eq!(waiting(detail), all);
}

#[test]
fn use_after_free() {
    let program = program(&[vec![Publish], vec![TakeAndFree], vec![Use]]);
    let (class, detail) = found(&program);
    assert_eq!(class, Class::UseAfterFree);
    let (fault, Faulty { actor, primitive, access, function }) = fault(detail);
    assert_eq!(fault, Fault::Freed);
    assert_eq!([actor, primitive, function], ["c", "READ_ONCE", "user"]);
    let Access::Load { word: Word { of, .. }, value } = access else { panic!("{access:?}") };
    assert_eq!((of, value), (Owner::Object("a0.0".to_owned()), Value::Number(1)));
}

#[test]
fn counts_below_zero() {
    let (class, detail) = found(&program(&[vec![SubAndTest(0, 1)], vec![FetchAdd(0, 1)]]));
    assert_eq!(class, Class::Refcount);
    assert_eq!(fault(detail).0, Fault::BelowZero);
    let (class, detail) = found(&program(&[vec![Unlock(1)]]));
    assert_eq!(class, Class::Refcount);
    assert_eq!(fault(detail).0, Fault::NotHeld);
}

/// Additions commute, so only one of their orders is explored, but all of them are judged.
#[test]
fn counts_below_zero_in_another_order() {
    for scripts in [
        vec![vec![Add(0, 1)], vec![Add(0, -1)]],
        vec![vec![Store(0, 1)], vec![Add(0, 1)], vec![Load(0), Add(0, -1)], vec![Add(0, -1)]],
        // Only if both come first, each after a read that orders nothing.
        vec![vec![Store(1, 1), Add(0, 2)], vec![Add(0, 1)], vec![Add(0, -1)], vec![Load(1), Add(0, -1)]],
    ] {
        let (class, detail) = found(&program(&scripts));
        assert_eq!((class, fault(detail).0), (Class::Refcount, Fault::BelowZero));
    }
    // Here every decrement comes after an increment of its own actor.
    let sound =
        program(&[vec![Add(0, 1), Add(0, -1)], vec![Add(0, 1), Add(0, -1)], vec![Add(0, 2), Add(0, -2)]]);
    let outcome = explore(&sound);
    assert_eq!((outcome.complete, outcome.executions, outcome.finding), (true, 1, None));
}

#[test]
fn model_findings_and_checks() {
    let (class, _) = found(&program(&[vec![Load(0), Bad(1)], vec![Store(0, 1)]]));
    assert_eq!(class, Class::Assertion);
    // Before anything has happened.
    let outcome = explore(&program(&[vec![Bad(0), Load(0)]]));
    assert_eq!(outcome.finding.map(|(_, s)| s.turns.len()), Some(0));
    let (class, _) = found(&problem(Variant::new(3, Rule::Count, true)));
    assert_eq!(class, Class::LostRead);
}

#[test]
fn limits_are_not_complete() {
    let program = problem(Variant::new(4, Rule::Mapcount, true));
    let limited = |limits| {
        let outcome = Explorer::new(&program).limits(limits).run(&mut ());
        assert!(!outcome.complete && outcome.finding.is_none());
        outcome
    };
    let by_executions = limited(Limits { executions: Some(10), ..Limits::default() });
    assert_eq!((by_executions.stopped, by_executions.executions), (Some(Stop::Executions), 10));
    assert_eq!(limited(Limits { time: Some(Duration::ZERO), ..Limits::default() }).stopped, Some(Stop::Time));
    assert_eq!(limited(Limits { steps: 20, ..Limits::default() }).stopped, Some(Stop::Steps));
    // A limit that is just enough does not spoil the answer.
    let runs = { explore(&program) };
    let limits = Limits { executions: Some(runs.executions), ..Limits::default() };
    assert!(Explorer::new(&program).limits(limits).run(&mut ()).complete);
}

#[test]
fn an_observer_can_stop_the_search() {
    struct Stopper(u64);
    impl Observer for Stopper {
        fn execution(&mut self, _: &Execution<'_>) {
            self.0 += 1;
        }
        fn progress(&mut self, progress: &Progress) -> ControlFlow<()> {
            assert_eq!(progress.executions, self.0);
            ControlFlow::Break(())
        }
    }
    let program = problem(Variant::new(5, Rule::Mapcount, false));
    let outcome = Explorer::new(&program).run(&mut Stopper(0));
    assert_eq!(outcome.stopped, Some(Stop::Interrupted));
    assert!(!outcome.complete && outcome.executions < 4840);
}

#[test]
fn no_actors() {
    let outcome = explore(&program(&[]));
    assert_eq!((outcome.complete, outcome.executions), (true, 1));
}

#[test]
fn replay_errors() {
    let program = program(&[vec![Lock(1), Unlock(1)], vec![Choose(2), Lock(1), Unlock(1)]]);
    let error = |schedule: &Schedule| replay(&program, schedule).expect_err("it does not fit");
    let mut other = schedule(&[0]);
    other.fingerprint = 1;
    assert_eq!(error(&other), ReplayError::Fingerprint { schedule: 1, program: 0xc0ffee });
    assert_eq!(
        error(&schedule(&[0, 7])).to_string(),
        "step 2 moves actor 7, but there are only 2, numbered from 0"
    );
    assert_eq!(error(&schedule(&[0, 0, 0])).to_string(), "step 3 moves a, which has finished");
    assert_eq!(
        error(&schedule(&[1])).to_string(),
        "at step 1 b picks a number below 2, and the schedule does not say which"
    );
    let choose = |choice| Turn { actor: 1, choice: Some(choice) };
    let mut wrong = schedule(&[0]);
    wrong.turns.push(choose(2));
    assert_eq!(error(&wrong).to_string(), "at step 2 b picks a number below 2, which 2 is not");
    wrong.turns[1] = Turn { actor: 0, choice: Some(0) };
    assert_eq!(error(&wrong).to_string(), "step 2 picks 0 for a, which has nothing to pick there");
    wrong.turns[1] = choose(1);
    assert_eq!(error(&wrong).to_string(), "the schedule ends after 2 steps, but a could go on");
    wrong.turns.push(Turn { actor: 1, choice: None });
    let ReplayError::NotReady { step: 3, actor, waits } = error(&wrong) else { panic!("it cannot move") };
    assert_eq!((&actor[..], waits_for_lock(&waits)), ("b", &["a".to_owned()][..]));
    wrong.turns.pop();
    wrong.turns.extend(schedule(&[0, 1, 1, 1]).turns);
    assert_eq!(error(&wrong), ReplayError::TooLong { step: 6, finding: None });
    wrong.turns.pop();
    let trace = replay(&program, &wrong).expect("it fits");
    assert_eq!((trace.finding, trace.schedule), (None, wrong));
}

#[test]
fn a_trace_says_what_happened() {
    let program = program(&[vec![
        Mark(Mark::Begin(3)),
        Store(0, 5),
        Mark(Mark::Step("stored")),
        Load(0),
        Mark(Mark::End(3)),
        Mark(Mark::Begin(4)),
        Mark(Mark::End(4)),
        Fence,
    ]]);
    let trace = replay(&program, &schedule(&[0, 0, 0])).expect("it fits");
    let events: Vec<String> = trace
        .events
        .iter()
        .map(|e| format!("{:?} {} {} {:?}", e.call, e.primitive, e.changes.len(), e.steps))
        .collect();
    assert_eq!(
        events,
        [
            "Some(3) WRITE_ONCE 1 [Begin(3), Anchor(\"stored\")]",
            "Some(3) READ_ONCE 0 [End(3)]",
            "None smp_mb 0 []",
        ]
    );
    let [stored, loaded, _] = &trace.events[..] else { panic!("{trace:?}") };
    let Access::Load { word, value } = &loaded.access else { panic!("{loaded:?}") };
    let object = Owner::Object("boot2".to_owned());
    assert_eq!((&word.of, word.nth, value), (&object, Some(0), &Value::Number(5)));
    assert_eq!((&stored.changes[0].word, &stored.changes[0].to), (word, value));
    assert_eq!(trace.variables[0], ("w0".to_owned(), Value::Number(5)));
    assert!(trace.events[0].site.starts_with("mod.rs:"));
}

fn switches(schedule: &Schedule) -> usize {
    schedule.turns.windows(2).filter(|w| w[0].actor != w[1].actor).count()
}

#[test]
fn tidying() {
    // Back and forth without need.
    let program = program(&[
        vec![Store(0, 1), Store(0, 2), Load(1)],
        vec![Store(1, 1), Store(1, 2), Load(2)],
        vec![Load(3), Load(3), Bad(0)],
    ]);
    let messy = schedule(&[0, 1, 0, 1, 2, 0, 1, 2]);
    let linear = linearize(&program, &messy);
    assert_eq!((switches(&messy), switches(&linear)), (7, 2));
    assert_eq!(replay(&program, &linear).unwrap().finding, replay(&program, &messy).unwrap().finding);
    assert_eq!(linearize(&program, &linear), linear);
    for actors in 3..=5 {
        let program = problem(Variant::new(actors, Rule::Count, true));
        let (finding, schedule) = explore(&program).finding.expect("a lost read");
        let linear = linearize(&program, &schedule);
        assert!(switches(&linear) <= switches(&schedule));
        assert_eq!(replay(&program, &linear).unwrap().finding, Some(finding));
    }
}

fn drawn() -> Program {
    program(&[
        vec![
            Mark(Mark::Begin(0)),
            Load(0),
            Mark(Mark::Step("looked")),
            Load(0),
            StoreAcc(0, 1),
            Mark(Mark::End(0)),
            Barrier(0),
        ],
        vec![
            Mark(Mark::Begin(1)),
            Store(0, 5),
            Mark(Mark::End(1)),
            Barrier(0),
            Mark(Mark::Begin(2)),
            Load(0),
            Bad(1),
            Mark(Mark::End(2)),
        ],
    ])
}

fn row(actor: u8, until: Until) -> Directive {
    Directive { actor, until }
}

fn step(name: &str, nth: u32) -> Until {
    Until::Step { name: name.to_owned(), nth }
}

#[test]
fn guiding() {
    let program = drawn();
    let rows = [
        row(0, Until::Begin(0)),
        row(0, step("READ_ONCE", 2)),
        row(1, Until::End(1)),
        row(0, Until::End(0)),
        row(1, Until::Finish),
    ];
    let trace = follow(&program, &rows).expect("it can be followed");
    assert_eq!(trace.finding.as_ref().map(|f| f.class), Some(Class::Assertion));
    assert_eq!(replay(&program, &trace.schedule).expect("it replays"), trace);
    let rows =
        [row(0, step("looked", 1)), row(1, Until::End(1)), row(0, Until::Finish), row(1, Until::End(2))];
    assert_eq!(follow(&program, &rows).expect("it can be followed").finding, None);
}

#[test]
fn guiding_errors() {
    let program = drawn();
    let error = |rows: &[Directive]| {
        let error = follow(&program, rows).expect_err("it cannot be followed");
        (error.directive(), error.to_string())
    };
    assert_eq!(
        error(&[row(0, step("looked", 2))]),
        (Some(0), "a does not reach `looked` here: the call ends after 1 of them".to_owned())
    );
    assert_eq!(
        error(&[row(1, step("page_count", 1))]).1,
        "b does not reach `page_count` here: the call ends without it"
    );
    assert_eq!(
        error(&[row(0, Until::End(0)), row(1, Until::End(1)), row(0, Until::End(7))]),
        (Some(2), "a finishes without this call".to_owned())
    );
    let blocked = follow(&program, &[row(1, Until::End(2))]).expect_err("a is not at the barrier");
    let waits = Waits::Barrier { absent: vec!["a".to_owned()] };
    assert_eq!(blocked, FollowError::Blocked { directive: 0, actor: "b".to_owned(), waits });
    assert_eq!(
        error(&[row(0, Until::End(0))]),
        (None, "at the end of the diagram a and b have not finished".to_owned())
    );
    assert_eq!(error(&[row(9, Until::Finish)]).0, Some(0));
    let locks =
        cowrace_testkit::scripts::program(&[vec![Lock(1), Load(0), Unlock(1)], vec![Lock(1), Unlock(1)]]);
    let error =
        follow(&locks, &[row(0, step("READ_ONCE", 1)), row(1, Until::Finish)]).expect_err("the lock is held");
    let FollowError::Blocked { directive: 1, actor, waits } = error else { panic!("{error}") };
    assert_eq!((&actor[..], waits_for_lock(&waits)), ("b", &["a".to_owned()][..]));
}

#[test]
fn guiding_tries_choices() {
    let program = program(&[vec![Choose(4), Fence, Choose(3), Bad(2)], vec![Load(0)]]);
    let rows = [row(0, Until::Finish), row(1, Until::Finish)];
    let trace = follow(&program, &rows).expect("it can be followed");
    assert!(trace.finding.is_some());
    let choices: Vec<_> = trace.schedule.turns.iter().filter_map(|t| t.choice).collect();
    assert_eq!(choices, [0, 2]);
}

fn point(call: u16, step: Option<&str>) -> Point {
    Point { call, step: step.map(str::to_owned) }
}

fn opened(mut program: Program, windows: &[&[Point]]) -> Vec<bool> {
    let window = |points: &&[Point]| Window { text: String::new(), points: points.to_vec() };
    program.windows = windows.iter().map(window).collect();
    Explorer::new(&program).exhaustive(true).run(&mut ()).opened
}

#[test]
fn windows_are_judged_by_happens_before() {
    let (a, b) = (|| point(0, None), || point(1, None));
    let call = |n, inner: &[Step]| [&[Mark(Mark::Begin(n))], inner, &[Mark(Mark::End(n))]].concat();
    // Unordered: explored in one order, possible in both.
    let free = program(&[call(0, &[Store(0, 1)]), call(1, &[Store(1, 1)])]);
    assert_eq!(opened(free, &[&[a(), b()], &[b(), a()]]), [true, true]);
    // Always ordered.
    let joined = program(&[call(0, &[Store(0, 1)]), [vec![Join(0)], call(1, &[Store(1, 1)])].concat()]);
    assert_eq!(opened(joined, &[&[a(), b()], &[b(), a()]]), [true, false]);
    // A call within another: between its steps, and never before it.
    let steps = program(&[
        call(0, &[Load(0), Mark(Mark::Step("early")), Load(1), Load(0), StoreAcc(2, 0)]),
        call(1, &[Store(0, 1)]),
    ]);
    let early = || point(0, Some("early"));
    let store = || point(0, Some("WRITE_ONCE"));
    assert_eq!(
        opened(
            steps,
            &[&[early(), b(), store()], &[store(), b(), early()], &[point(0, Some("nothing")), b()]]
        ),
        [true, false, false]
    );
    // Calls without events lie between their neighbours.
    let empty = || {
        program(&[
            vec![Store(0, 1), Mark(Mark::Begin(0)), Mark(Mark::End(0)), Mark(Mark::Step("x")), Store(1, 1)],
            vec![AwaitDiffers(1, 0), Mark(Mark::Begin(1)), Load(0), Mark(Mark::End(1))],
        ])
    };
    assert_eq!(opened(empty(), &[&[a(), b()], &[b(), a()]]), [true, false]);
}

#[test]
fn the_same_search_twice() {
    let program = problem(Variant::new(4, Rule::Count, true));
    assert_eq!(explore(&program), explore(&program));
}
