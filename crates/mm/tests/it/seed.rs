//! The diagram of "mm: COW: restore full accuracy in page reuse", built by hand, under every era.

use cowrace_explore::{Explorer, replay};
use cowrace_machine::{Arch, Point, Window};
use cowrace_mm::world::{
    ActorSpec, Area, Arg, Backing, Call, CallSpec, Environment, Expr, FileKind, Mm, Modality, Origin,
    Populate, Predicate, Relation, Step, Term, World,
};
use cowrace_mm::{Era, program};
use cowrace_report::Class;

fn call(id: u16, dest: Option<usize>, call: Call) -> Step {
    Step::Call(CallSpec { id, dest, call })
}

fn seed() -> World {
    let area = Area {
        name: "buf".into(),
        mm: 0,
        backing: Backing::Anon,
        thp: None,
        populate: Populate::Mapped,
        wrprotected: false,
        previously_shared: false,
        clean: false,
        soft_clean: false,
        lazyfree: false,
        read_only: false,
        uffd_wp: false,
        adjacent: false,
        wp_unpopulated: false,
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
                    call(
                        0,
                        None,
                        Call::DirectRead { file: FileKind::Block, va: 0, word: 0, value: Arg::Number(1) },
                    ),
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
        coherent: vec![],
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

/// Executions of a complete search. The numbers are the exact numbers of traces: the set is compared with that of a
/// search without reduction in `crates/explore/tests/it/scenarios.rs`. A change here is a change in the steps of the
/// model, and the commit that makes it says which. The numbers depend on the steps: clear_refs that only reads
/// `mmap_lock` (v5.7, aa-*) can be overtaken by the fault, an explicit flush (aa-*) is one more step to race, the fault
/// may take the VMA's lock or find it taken (v6.4), a pin in two steps that reads `write_protect_seq` has more to be
/// overtaken in than a get (v6.12). Where clear_refs flushes (not in v5.7 and v5.8, which elide it), the flush reaches
/// both CPUs in either order, and a user's access can tell: about twice as many.
const HOLDS: &[(&str, u64)] = &[
    ("v5.4", 1909),
    ("v5.7", 200),
    ("v5.8", 200),
    ("v5.19", 252),
    ("v6.1", 252),
    ("v6.2", 252),
    ("v6.4", 530),
    ("v6.6", 1564),
    ("v6.12", 1564),
    ("v6.15", 1564),
    ("v6.17", 1564),
    ("v6.18", 1564),
    ("v6.18.y", 1564),
    ("aa-revert", 1909),
    ("aa-cor", 1909),
    ("active-inactive", 300),
];

/// A violation is found in the eras where the mail says so, and it replays; every other run is complete.
#[test]
fn the_seed_under_every_era() {
    let world = seed();
    let mut counts = Vec::new();
    for era in Era::presets() {
        let name = era.name();
        let program = program(&world, &era, Arch::Generic);
        // Traces of the plain relation: how far counts are from zero is another question.
        let outcome = Explorer::new(&program).counts_commute(false).run(&mut ());
        match HOLDS.iter().find(|(holds, _)| *holds == name) {
            Some(&(name, _)) => {
                assert_eq!(outcome.finding, None, "{name}");
                assert!(outcome.complete && outcome.opened == [true], "{name}");
                counts.push((name, outcome.executions));
            }
            None => {
                let (finding, schedule) = outcome.finding.unwrap_or_else(|| {
                    panic!("{name} holds, with {} executions: say so in HOLDS", outcome.executions)
                });
                assert_eq!(finding.class, Class::LostRead, "{name}");
                let trace = replay(&program, &schedule).expect("the schedule replays");
                assert_eq!(trace.finding, Some(finding));
            }
        }
    }
    assert_eq!(counts, HOLDS);
}

/// A schedule means the same whatever the scenario promises.
#[test]
fn promises_do_not_count() {
    let fingerprint =
        |world: &World| program(world, &Era::preset("v6.12").unwrap(), Arch::Generic).fingerprint;
    let promised = World { coherent: vec![0], ..seed() };
    assert_eq!(fingerprint(&promised), fingerprint(&seed()));
}
