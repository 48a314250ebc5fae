//! What a hunt leaves out, by a random sample: scenarios of N calls that it does not try, for one reason each. Those
//! that are violated are reduced, and their signatures are looked for among those of the hunt of the same size:
//! `cargo run --release -p cowrace-hunt --example left_out -- v6.15 3 1000 1` for three calls, a thousand scenarios of each
//! rule, and a seed.

mod draft;
mod rule;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::error::Error;
use std::io::{Write, stdout};
use std::thread;

use cowrace_explore::Limits;
use cowrace_hunt::campaign::Shape;
use cowrace_hunt::hunt::{Hunt, Quest};
use cowrace_hunt::judge::Judge;
use cowrace_hunt::signature::{Damage, Signature};
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_report::Class;
use fastrand::Rng;

use draft::{Draft, Drawn};
use rule::Rule;

/// How many rules are asked at the same time.
const THREADS: usize = 2;

/// How long one scenario is judged.
const EXECUTIONS: u64 = 20_000;

/// What a rule leaves out.
#[derive(Default)]
struct Lost {
    drawn: u64,
    violated: u64,
    /// The smallest scenario of each signature that the hunt does not have, and how many were drawn.
    beyond: BTreeMap<Signature, (String, Damage, u64)>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [kernel, calls, scenarios, seed] = arguments.as_slice() else {
        return Err("left_out KERNEL CALLS SCENARIOS SEED".into());
    };
    let shape = Shape { calls: calls.parse()?, columns: 1 };
    let era = Era::preset(kernel).map_err(|_| format!("there is no kernel {kernel}"))?;
    let mut hunt = Hunt::new(Quest::new(era.clone(), Arch::Generic, shape));
    while hunt.next_level(THREADS, &|| false).is_some() {}
    let known: BTreeSet<Signature> =
        hunt.families(THREADS).0.iter().map(|family| family.damage.signature()).collect();
    let judge = Judge {
        era,
        arch: Arch::Generic,
        limits: Limits { executions: Some(EXECUTIONS), ..Limits::default() },
    };
    let (scenarios, seed): (u64, u64) = (scenarios.parse()?, seed.parse()?);
    writeln!(stdout(), "{kernel}: the hunt of {calls} calls has {} signatures", known.len())?;
    for rules in Rule::ALL.chunks(THREADS) {
        let run = |rule: Rule| sample(rule, &judge, &known, (shape.calls, scenarios, seed));
        let all: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = rules.iter().map(|&rule| scope.spawn(move || run(rule))).collect();
            threads.into_iter().map(thread::ScopedJoinHandle::join).collect()
        });
        for (rule, lost) in rules.iter().zip(all) {
            tell(kernel, *rule, &lost.map_err(|_| format!("{} was not sampled to its end", rule.name()))?)?;
        }
    }
    Ok(())
}

/// Prints what a rule leaves out.
fn tell(kernel: &str, rule: Rule, lost: &Lost) -> Result<(), Box<dyn Error>> {
    let Lost { drawn, violated, beyond } = lost;
    writeln!(stdout(), "{kernel} | {} | {drawn} | {violated} | {}", rule.name(), beyond.len())?;
    for (text, damage, times) in beyond.values() {
        let Damage { class, whose, held, cause } = damage;
        writeln!(stdout(), "\n{times} times {class:?} {whose:?} {held:?} {cause:?}\n{text}")?;
    }
    Ok(())
}

/// Draws scenarios that a rule leaves out, and judges them.
fn sample(
    rule: Rule,
    judge: &Judge,
    known: &BTreeSet<Signature>,
    (calls, scenarios, seed): (usize, u64, u64),
) -> Lost {
    let mut rng = Rng::with_seed(seed);
    let stages = Drawn::stages(rule, &judge.era, &mut rng);
    let mut lost = Lost::default();
    for _ in 0..scenarios {
        let Some(draft) = Draft::drawn(rule, &stages, rule.calls(calls), &mut rng) else { continue };
        let text = draft.text();
        if cowrace_scenario::parse(&text).is_err() {
            // Such as a handle that is given back as a pin where this kernel took a get.
            continue;
        }
        lost.drawn += 1;
        if violated(judge, &text).is_none() {
            continue;
        }
        lost.violated += 1;
        let Some((text, damage)) = reduced(judge, &draft) else { continue };
        if known.contains(&damage.signature()) {
            continue;
        }
        let of = lost.beyond.entry(damage.signature()).or_insert_with(|| (text.clone(), damage, 0));
        of.2 += 1;
        if text.len() < of.0.len() {
            of.0 = text;
        }
    }
    lost
}

/// What is violated of a draft with as few calls as possible, and without the environment if that will do.
fn reduced(judge: &Judge, draft: &Draft) -> Option<(String, Damage)> {
    let calls = draft.moves().count();
    let mut kept: Vec<usize> = (0..1 << calls).collect();
    kept.sort_by_key(|kept| kept.count_ones());
    let fewer = kept.into_iter().map(|kept| draft.only(kept));
    fewer.flat_map(|fewer| [fewer.without_environment(), fewer]).find_map(|fewer| {
        let text = fewer.text();
        violated(judge, &text).map(|damage| (text, damage))
    })
}

/// What went wrong, if a scenario is violated. One in which a call waits for ever is not: a hunt tells that apart from
/// damage.
fn violated(judge: &Judge, text: &str) -> Option<Damage> {
    let scenario = cowrace_scenario::parse(text).ok()?;
    let (_, damage) = judge.violated(&scenario, scenario.variants().first()?)?;
    (damage.class != Class::Deadlock).then_some(damage)
}
