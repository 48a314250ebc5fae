//! Every commit of the table does to its scenario what the table says, in at least one preset.

use cowrace_explore::Explorer;
use cowrace_machine::Arch;
use cowrace_mm::era::{COMMITS, Effect, PRESETS, Preset};
use cowrace_mm::{Era, World, program};
use cowrace_report::Class;
use cowrace_testkit::repository;

/// The variants of a scenario of the corpus.
fn worlds(name: &str) -> Vec<World> {
    let file = repository(&format!("scenarios/{name}.race"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("the table names {name}: {e}"));
    worlds_of(&text)
}

fn worlds_of(text: &str) -> Vec<World> {
    let scenario = cowrace_scenario::parse(text).expect("the corpus parses");
    scenario.variants().iter().map(|variant| variant.world().clone()).collect()
}

/// What an era makes of a scenario; `None` if it holds.
fn class(world: &World, era: &Era) -> Option<Class> {
    let outcome = Explorer::new(&program(world, era, Arch::Generic)).run(&mut ());
    assert!(outcome.complete || outcome.finding.is_some());
    outcome.finding.map(|(finding, _)| finding.class)
}

/// Of two commits that landed together and of which each is enough, the other one: it is taken out first.
const ENOUGH: &[(&str, &str)] = &[("70cbc3cc78a9", "2ba99c5e0881"), ("2ba99c5e0881", "70cbc3cc78a9")];

/// The first of the presets in which taking the commit out flips a variant of the scenario. A proposal that no preset
/// has is put in first.
fn flips(
    presets: &[Preset],
    worlds: &[World],
    id: &str,
    flip: impl Fn(Option<Class>, Option<Class>) -> bool,
) -> Option<&'static str> {
    presets.iter().map(|preset| preset.name).find(|preset| {
        let era = Era::preset(preset).expect("a preset");
        let proposed = !PRESETS.iter().any(|preset| preset.commits().contains(&id));
        let era = if proposed { era.with(id).expect("no preset has it") } else { era };
        let mut other = ENOUGH.iter().filter(|(of, _)| *of == id).map(|(_, other)| *other);
        let Ok(era) = other.try_fold(era, |era, other| era.without(other)) else { return false };
        let Ok(without) = era.clone().without(id) else { return false };
        worlds.iter().any(|world| flip(class(world, &era), class(world, &without)))
    })
}

#[test]
fn what_closes_a_race_reopens_it_when_taken_out() {
    for commit in COMMITS {
        if let Effect::Closes(name) = commit.effect {
            let preset =
                flips(PRESETS, &worlds(name), commit.id, |with, without| with.is_none() && without.is_some());
            assert!(preset.is_some(), "taking out {} breaks {name} nowhere", commit.id);
        }
    }
}

#[test]
fn what_opens_a_race_closes_it_when_taken_out() {
    for commit in COMMITS {
        if let Effect::Opens(name) = commit.effect {
            let preset =
                flips(PRESETS, &worlds(name), commit.id, |with, without| with.is_some() && without.is_none());
            assert!(preset.is_some(), "taking out {} mends {name} nowhere", commit.id);
        }
    }
}

#[test]
fn what_saves_a_copy_makes_it_when_taken_out() {
    for commit in COMMITS {
        if let Effect::Saves(name) = commit.effect {
            let copies =
                |with: Option<Class>, without| with.is_none() && without == Some(Class::SpuriousCopy);
            let preset = flips(PRESETS, &worlds(name), commit.id, copies);
            assert!(preset.is_some(), "taking out {} copies nowhere in {name}", commit.id);
        }
    }
}

/// What is said to matter under weak memory only changes no verdict of the corpus here, in the release that
/// has it first and in the last.
#[test]
fn what_is_for_weak_memory_changes_nothing_here() {
    for commit in COMMITS {
        if commit.effect != Effect::WeakMemory {
            continue;
        }
        let ends: Vec<_> = PRESETS.iter().filter(|p| ["v6.1", "v6.15"].contains(&p.name)).copied().collect();
        for source in cowrace_scenario::load(&[repository("scenarios")]).expect("the corpus is there") {
            let worlds = worlds_of(&source.text);
            let preset = flips(&ends, &worlds, commit.id, |with, without| with != without);
            assert_eq!(preset, None, "taking out {} shows in {}", commit.id, source.path.display());
        }
    }
}
