//! A schedule determines an execution: every interpreter that follows it sees the same, on every scenario of the
//! corpus.

use cowrace_explore::{Explorer, Limits, replay};
use cowrace_machine::{Arch, Program};
use cowrace_mm::{Era, World, program};
use cowrace_report::{Schedule, Turn};
use cowrace_testkit::properties::replay;
use cowrace_testkit::repository;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// Every scenario in every variant.
fn worlds() -> Vec<(String, World)> {
    let directory = repository("scenarios");
    let mut worlds = Vec::new();
    for source in cowrace_scenario::load(&[directory]).expect("the corpus is there") {
        let scenario = cowrace_scenario::parse(&source.text).expect("the corpus parses");
        for variant in scenario.variants() {
            let name = format!("{}:{}", scenario.name(), variant.name().unwrap_or(""));
            worlds.push((name, variant.world().clone()));
        }
    }
    worlds
}

fn any_program() -> impl Strategy<Value = Program> {
    let (worlds, eras) = (worlds(), Era::presets());
    let arch = prop::sample::select(Arch::ALL);
    (0..worlds.len(), 0..eras.len(), arch)
        .prop_map(move |(world, era, arch)| program(&worlds[world].1, &eras[era], arch))
}

/// A walk that takes `picks` first and then always the first possibility.
fn walk(program: &Program, picks: &[Index]) -> Schedule {
    let mut at = 0;
    replay::walk(program, |n| {
        at += 1;
        picks.get((at - 1) % picks.len().max(1)).map_or(0, |pick| pick.index(n.max(1)))
    })
}

proptest! {
    #![proptest_config(cowrace_testkit::cases(600))]

    #[test]
    fn walks_replay(program in any_program(), picks in vec(any::<Index>(), 1..200)) {
        let schedule = walk(&program, &picks);
        prop_assert!(replay::replays(&program, &schedule).is_some(), "{} does not fit", schedule);
    }

    #[test]
    fn a_walk_with_mistakes_is_refused_or_replays(
        program in any_program(),
        picks in vec(any::<Index>(), 1..200),
        edits in vec((any::<Index>(), 0..3_u8, 0..8_u8, prop::option::of(0..3_u32)), 1..4),
    ) {
        let mut schedule = walk(&program, &picks);
        for (at, kind, actor, choice) in edits {
            let turns = &mut schedule.turns;
            let at = at.index(turns.len().max(1));
            match kind {
                0 if at < turns.len() => drop(turns.remove(at)),
                1 if at < turns.len() => turns[at] = Turn { actor, choice },
                _ => turns.insert(at.min(turns.len()), Turn { actor, choice }),
            }
        }
        replay::replays(&program, &schedule);
    }

    #[test]
    fn any_turns(
        program in any_program(),
        turns in vec((any::<u8>(), prop::option::of(any::<u32>())), 0..100),
        fits in any::<bool>(),
    ) {
        let turns = turns.into_iter().map(|(actor, choice)| Turn { actor: actor % 20, choice }).collect();
        let fingerprint = if fits { program.fingerprint } else { !program.fingerprint };
        replay::replays(&program, &Schedule { fingerprint, turns });
    }
}

/// The finding that a search reports is the one that its schedule shows.
#[test]
fn findings_replay() {
    let eras = ["v5.9", "v6.12"].map(|era| Era::preset(era).expect("a preset"));
    let found = replay_findings(&eras);
    assert!(found > 50, "{found} findings");
}

#[test]
#[ignore = "half a minute: `just nightly`"]
fn findings_replay_under_every_preset_at_length() {
    let found = replay_findings(&Era::presets());
    assert!(found > 200, "{found} findings");
}

/// Replays what is found in the corpus under these kernels. Returns how much that is.
fn replay_findings(eras: &[Era]) -> usize {
    let limits = Limits { executions: Some(2000), ..Limits::default() };
    let mut found = 0;
    for era in eras {
        for (name, world) in worlds() {
            let program = program(&world, era, Arch::Generic);
            let outcome = Explorer::new(&program).limits(limits).run(&mut ());
            let Some((finding, schedule)) = outcome.finding else { continue };
            found += 1;
            let trace = replay(&program, &schedule).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(trace.finding, Some(finding), "{name} under {}", era.name());
            replay::replays(&program, &schedule);
        }
    }
    found
}
