//! An actor remembers only what its frames remember: in two places with the same words it makes the same request.
//!
//! Scenarios of the corpus are run at random under several kernels. In every place of an actor, its words, the number
//! of objects that it has named and the number of marks that it has set there must determine its next request, whatever
//! the earlier answers were. And the words must forget something: otherwise the check would prove nothing.

use std::collections::HashMap;
use std::path::Path;

use cowrace_machine::{Answer, Arch, Memory, Op, Program, Request, Seat};
use cowrace_mm::{Era, program};
use cowrace_scenario::{Scenario, load, parse};

/// The number of executions of each scenario under each kernel.
const EXECUTIONS: u64 = 12;
/// The kernels whose code paths differ most.
const KERNELS: [&str; 4] = ["v5.7", "v5.12", "v6.12", "aa-cor"];

/// Pseudo-random numbers, the same for the same seed (Marsaglia's xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }
}

/// For the key of a place, the request that an actor makes there.
#[derive(Default)]
struct Places {
    asked: HashMap<(u8, Vec<u64>, u16), String>,
    /// The answers that led to a place the first time.
    led: HashMap<(u8, Vec<u64>, u16), Vec<Answer>>,
    /// The number of places to which other answers have led as well.
    merged: usize,
}

impl Places {
    fn note(&mut self, actor: u8, seat: &Seat, request: Option<&Request>, answers: &[Answer]) {
        let words = seat.with_remembered(<[u64]>::to_vec);
        let place = (actor, words, seat.allocated());
        let asks = request.map_or_else(
            || "nothing".to_owned(),
            |r| format!("{:?} {} {} {}:{}", r.op, r.prim.name(), r.function, r.site.file(), r.site.line()),
        );
        match self.asked.get(&place) {
            Some(other) => {
                assert_eq!(*other, asks, "actor {actor} remembers the same, and goes on otherwise");
                self.merged += usize::from(self.led[&place] != answers);
            }
            None => {
                self.asked.insert(place.clone(), asks);
                self.led.insert(place, answers.to_vec());
            }
        }
    }
}

/// Runs one execution at random.
fn run(program: &Program, random: &mut Random, places: &mut Places) {
    let mut memory: Memory = program.memory.clone();
    let actors = program.actors.len() as u8;
    let mut seats: Vec<Seat> = (0..actors).map(|actor| program.seat(actor).remembering()).collect();
    let mut asked: Vec<Option<Request>> = seats.iter_mut().map(Seat::poll).collect();
    let mut answers: Vec<Vec<Answer>> = vec![Vec::new(); seats.len()];
    let mut passed: Vec<u32> = vec![0; seats.len()];
    loop {
        let may = |actor: u8| match asked[usize::from(actor)].map(|request| request.op) {
            None => false,
            Some(Op::Join { actor }) => asked[usize::from(actor)].is_none(),
            Some(Op::Barrier { id }) => program.barriers[usize::from(id)].iter().all(|other| {
                let is_there = asked[usize::from(other)].is_some_and(|r| r.op == Op::Barrier { id });
                is_there || passed[usize::from(other)] > passed[usize::from(actor)]
            }),
            Some(op) => memory.ready(&op),
        };
        let ready: Vec<u8> = (0..actors).filter(|&actor| may(actor)).collect();
        let Some(&actor) = (!ready.is_empty()).then(|| &ready[random.below(ready.len())]) else { return };
        let at = usize::from(actor);
        let Some(request) = asked[at] else { return };
        let done = memory.execute(&request);
        let answer = match request.op {
            Op::Choose { n } => Answer { value: random.below(n as usize) as u64, ok: true },
            Op::Barrier { .. } => {
                passed[at] += 1;
                done.answer
            }
            _ => done.answer,
        };
        if done.fault.is_some() {
            return;
        }
        seats[at].answer(answer);
        answers[at].push(answer);
        asked[at] = seats[at].poll();
        if seats[at].take_finding().is_some() {
            return;
        }
        places.note(actor, &seats[at], asked[at].as_ref(), &answers[at]);
    }
}

fn corpus() -> Vec<Scenario> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let sources = load(&[root]).expect("the corpus is there");
    sources
        .iter()
        .map(|source| parse(&source.text).unwrap_or_else(|e| panic!("{}: {e:?}", source.path.display())))
        .collect()
}

#[test]
fn what_frames_remember_determines_what_is_asked() {
    let mut merged = 0;
    for scenario in corpus() {
        for variant in scenario.variants() {
            for name in KERNELS {
                let era = Era::preset(name).expect("a preset");
                if era.lacks(variant.world()).is_some() {
                    continue;
                }
                let program = program(variant.world(), &era, Arch::default());
                let (mut random, mut places) = (Random(0x9e37_79b9_7f4a_7c15), Places::default());
                (0..EXECUTIONS).for_each(|_| run(&program, &mut random, &mut places));
                merged += places.merged;
            }
        }
    }
    assert!(merged > 10_000, "what was answered is hardly ever forgotten: {merged} places");
}
