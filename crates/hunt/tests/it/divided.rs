//! Hunts that are resumed and divided: the figures and the finds are those of the whole.

use std::sync::{Arc, Mutex};

use cowrace_hunt::alphabet::Alphabet;
use cowrace_hunt::campaign::{Campaign, Level, Shape, Shard};
use cowrace_hunt::decided::{Decided, Known, Name};
use cowrace_hunt::stage::{Stage, plain};
use cowrace_hunt::step::Runner;
use cowrace_hunt::watch::Watch;
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_mm::world::Backing;

use crate::runner;

/// Keeps what is decided, and ends the hunt after so many units.
#[derive(Default)]
struct Keeps {
    known: Mutex<Known>,
    most: Option<usize>,
}

impl Watch for Keeps {
    fn stops(&self) -> bool {
        self.most.is_some_and(|most| self.known.lock().expect("not poisoned").len() >= most)
    }

    fn keeps(&self) -> bool {
        true
    }

    fn decided(&self, name: Name, decided: &Decided) {
        let before = self.known.lock().expect("not poisoned").insert(name, decided.clone());
        assert_eq!(before, None, "a unit is decided once");
    }
}

/// A search of a size under a kernel, on memory of some kind, of a few calls.
#[derive(Clone)]
struct Asked {
    era: &'static str,
    arch: Arch,
    backing: Backing,
    shape: Shape,
    only: &'static [&'static str],
}

impl Asked {
    fn campaign(&self, shard: Shard, known: Known) -> Campaign {
        let stage = Stage::new(plain(self.backing, false), false, self.shape.columns);
        let era = Era::preset(self.era).expect("a preset");
        let mut alphabet = Alphabet::of(&stage, [&era]);
        alphabet.retain(|names| names.is_empty() || names.iter().any(|name| self.only.contains(name)));
        let runner = Runner { arch: self.arch, ..runner(&stage, &era) };
        Campaign::new(runner, alphabet, self.shape).divided(shard, Arc::new(known))
    }
}

/// The levels of a search, but for what was known before, and its finds; and how much was known.
fn searched(mut campaign: Campaign, watch: &dyn Watch) -> ((Vec<Level>, Vec<String>), u64) {
    let (mut levels, mut known) = (Vec::new(), 0);
    while let Some(level) = campaign.next_level(2, watch) {
        known += level.known;
        levels.push(Level { known: 0, ..level });
    }
    let stage = campaign.stage();
    let finds = campaign.finds().map(|find| find.scenario.text(stage, "find")).collect();
    ((levels, finds), known)
}

/// Searches of different shapes: one call after the other, and columns side by side.
fn all_asked() -> [Asked; 2] {
    let of = |backing, shape, only| Asked { era: "v5.10", arch: Arch::Generic, backing, shape, only };
    [
        of(Backing::Anon, Shape { calls: 2, columns: 1 }, &["pin_fast", "clear_refs", "reclaim"]),
        of(Backing::PrivateFile, Shape { calls: 2, columns: 2 }, &["fork"]),
    ]
}

#[test]
fn a_search_that_was_ended_goes_on() {
    for asked in all_asked() {
        let (whole, _) = searched(asked.campaign(Shard::default(), Known::default()), &|| false);
        assert_eq!(whole.1.is_empty(), asked.backing == Backing::PrivateFile, "{whole:?}");
        let mut known = Known::default();
        for most in [1, 2, usize::MAX] {
            let keeps = Keeps { known: Mutex::default(), most: Some(most) };
            let (result, taken) = searched(asked.campaign(Shard::default(), known.clone()), &keeps);
            let new = keeps.known.into_inner().expect("not poisoned");
            assert!(new.keys().all(|name| !known.contains_key(name)), "what is known is not run again");
            let before: u64 = known.values().map(|decided| decided.runs as u64).sum();
            known.extend(new);
            if most == usize::MAX {
                assert_eq!((result, taken), (whole.clone(), before));
                assert!(taken > 0);
            } else {
                assert_ne!(result.0, whole.0, "it was ended");
            }
        }
    }
}

#[test]
fn shards_make_the_whole() {
    for asked in all_asked() {
        let (whole, _) = searched(asked.campaign(Shard::default(), Known::default()), &|| false);
        let keeps = Keeps::default();
        for nth in 0..3 {
            let shard = asked.campaign(Shard { nth, of: 3 }, Known::default());
            let ((levels, _), _) = searched(shard, &keeps);
            for (own, all) in levels.iter().zip(&whole.0).take(asked.shape.calls - 1) {
                assert_eq!((own.tally, own.nodes), (all.tally, all.nodes));
            }
        }
        let known = keeps.known.into_inner().expect("not poisoned");
        let runs = known.values().map(|decided| decided.runs as u64).sum();
        // All of it is known, and nothing is decided again.
        let none = Keeps::default();
        assert_eq!(searched(asked.campaign(Shard::default(), known), &none), (whole, runs));
        assert!(none.known.into_inner().expect("not poisoned").is_empty());
    }
}

#[test]
fn what_was_decided_of_another_kernel_or_call_is_not_taken_over() {
    let [asked, _] = all_asked();
    let keeps = Keeps::default();
    drop(searched(asked.campaign(Shard::default(), Known::default()), &keeps));
    let known = keeps.known.into_inner().expect("not poisoned");
    let taken = |asked: &Asked| searched(asked.campaign(Shard::default(), known.clone()), &|| false).1;
    assert!(taken(&asked) > 0);
    assert_eq!(taken(&Asked { era: "v5.12", ..asked.clone() }), 0);
    assert_eq!(taken(&Asked { arch: Arch::Arm64, ..asked.clone() }), 0);
    // As many other calls.
    assert_eq!(taken(&Asked { only: &["pin", "clear_refs", "reclaim"], ..asked }), 0);
}
