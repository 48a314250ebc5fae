//! The table of safeguards is what the model does.

use std::collections::BTreeSet;

use cowrace_mm::era::{Removal, Safeguard, SafeguardKind};
use cowrace_mm::source;
use cowrace_testkit::repository;

use crate::searches::{ARCH, Searches, Seen, UNDER_PRESETS};

/// Safeguards that no scenario of the corpus comes to, and why.
const UNREAD: &[(Safeguard, &str)] = &[
    (Safeguard::FreeSwapCached, "two who take the same page out of the swap cache"),
    (Safeguard::FreeSwapUnmapped, "the last swap entry goes while a fault maps the page"),
    (Safeguard::RemoveMappingDirty, "a page that is clean in its PTE and dirty by a device alone"),
    (Safeguard::LazyfreeDirty, "the same, of MADV_FREE"),
];

/// The lines that flush a TLB, wait for a CPU that must be flushed, or are a barrier. A CPU that drops an entry of its
/// own accord does none of these.
fn flushes_and_barriers() -> BTreeSet<(String, u32)> {
    let root = repository("");
    let mut found = BTreeSet::new();
    for function in source::functions().expect("the table is of this model: `cargo xtask model`") {
        let text = std::fs::read_to_string(root.join(function.file)).expect("a file of the model");
        let lines: Vec<&str> = text.lines().collect();
        for line in function.lines() {
            let text = lines[line as usize - 1];
            let is_one = [".flush_tlb(", ".section_in_flight(", ".fence("].iter().any(|m| text.contains(m));
            if is_one && !text.contains("TlbEvict") {
                found.insert((function.file.to_owned(), line));
            }
        }
    }
    found
}

#[test]
fn every_flush_and_barrier_can_be_taken_out() {
    let (mut whole, mut without) = (Seen::default(), Seen::default());
    let mut searches = Searches::new();
    for (era, seen) in UNDER_PRESETS.iter() {
        let safeguards = Safeguard::ALL.iter().filter(|safeguard| safeguard.kind() != SafeguardKind::Recheck);
        let bare = safeguards.fold(era.clone(), |era, safeguard| {
            let (key, value) = safeguard.toggle();
            if safeguard.is_in(era.rules(), ARCH) { era.set(key, value).expect("a value") } else { era }
        });
        whole.extend(seen);
        without.extend(&searches.under(&bare));
    }
    let all = flushes_and_barriers();
    assert!(all.len() > 10, "{all:?}");
    let missed: Vec<_> = all.difference(&whole.lines).collect();
    assert!(missed.is_empty(), "no scenario comes to {missed:?}");
    let left: Vec<_> = all.intersection(&without.lines).collect();
    assert!(left.is_empty(), "no safeguard takes out {left:?}");
}

#[test]
fn no_ordering_is_dead() {
    let mut all = Seen::default();
    for (era, seen) in UNDER_PRESETS.iter() {
        for safeguard in &seen.safeguards {
            assert!(safeguard.is_in(era.rules(), ARCH), "{safeguard:?} is not in {}", era.name());
        }
        all.extend(seen);
    }
    for &safeguard in Safeguard::ALL {
        let is_read = match safeguard.removal() {
            Removal::Switch(_) => all.safeguards.contains(&safeguard),
            Removal::Rule(key, _) => all.keys.contains(key),
        };
        let unread = UNREAD.iter().any(|(other, _)| *other == safeguard);
        assert!(is_read || unread, "no scenario comes to {safeguard:?}");
        assert!(!is_read || !unread, "a scenario comes to {safeguard:?} now: take it off the list");
    }
}
