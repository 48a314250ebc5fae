//! The diagram of "mm: COW: restore full accuracy in page reuse", built by hand, under every era.

use cowrace_explore::{Explorer, Limits, replay};
use cowrace_machine::{Arch, Point, Window};
use cowrace_mm::world::{
    ActorSpec, Area, Arg, Backing, Call, CallSpec, Environment, Expr, Mm, Modality, Origin, Populate,
    Predicate, Relation, Step, Term, World,
};
use cowrace_mm::{Era, program};
use cowrace_trace::Class;

fn call(id: u16, dest: Option<usize>, call: Call) -> Step {
    Step::Call(CallSpec { id, dest, call })
}

fn seed() -> World {
    let area = Area {
        name: "buf".into(),
        mm: 0,
        backing: Backing::Anon,
        populate: Populate::Mapped,
        wrprotected: false,
        previously_shared: false,
        clean: false,
        soft_clean: false,
        lazyfree: false,
        read_only: false,
        uffd_wp: false,
        lru_batch: None,
        warm: vec![],
        words: [0, 0],
    };
    let actor = |name: &str, mm, steps| ActorSpec { name: name.into(), mm, steps };
    World {
        name: "seed".into(),
        mms: vec![Mm { name: "A".into(), origin: Origin::Boot }],
        areas: vec![area],
        variables: vec!["r".into()],
        actors: vec![
            actor(
                "thread0",
                Some(0),
                vec![
                    call(0, None, Call::DirectRead { va: 0, word: 0, value: Arg::Number(1) }),
                    call(1, Some(0), Call::Load { va: 0, word: 0 }),
                ],
            ),
            actor(
                "thread1",
                Some(0),
                vec![call(2, None, Call::Store { va: 0, word: 1, value: Arg::Number(2) })],
            ),
            actor("other process", None, vec![call(3, None, Call::ClearRefs { mm: 0 })]),
        ],
        barriers: vec![],
        predicates: vec![Predicate {
            text: "r == 1".into(),
            modality: Modality::Always,
            expr: Expr::Compare(Term::Variable(0), Relation::Equal, Term::Number(1)),
            class: Class::LostRead,
        }],
        windows: vec![Window {
            text: "gup < clear_refs < store < dma".into(),
            points: vec![
                Point { call: 0, step: Some("gup".into()) },
                Point { call: 3, step: None },
                Point { call: 2, step: None },
                Point { call: 0, step: Some("dma".into()) },
            ],
        }],
        environment: Environment::default(),
    }
}

/// A violation is found in the eras where the mail says so, and every run is complete.
#[test]
fn the_seed_under_every_era() {
    let world = seed();
    let broken = ["v5.9-rc5", "v5.9", "v5.10", "v5.10.y", "v5.11", "v5.12", "v5.18", "unshare-v1"];
    for era in Era::presets() {
        let program = program(&world, &era, Arch::Generic);
        let limits = Limits { executions: Some(200_000), ..Limits::default() };
        let outcome = Explorer::new(&program).limits(limits).run(&mut ());
        println!(
            "{:16} executions {:7} blocked {:6} depth {} {:?}",
            era.name(),
            outcome.executions,
            outcome.blocked,
            outcome.depth,
            outcome.finding.as_ref().map(|f| &f.0)
        );
        if broken.contains(&era.name()) {
            let (finding, schedule) = outcome.finding.expect(era.name());
            assert_eq!(finding.class, Class::LostRead, "{}", era.name());
            let trace = replay(&program, &schedule).expect("the schedule replays");
            assert_eq!(trace.finding, Some(finding));
        } else {
            assert_eq!(outcome.finding, None, "{}", era.name());
            assert!(outcome.complete, "{}", era.name());
        }
    }
}
