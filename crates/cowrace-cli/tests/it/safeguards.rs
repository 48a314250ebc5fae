//! The table of safeguards is what the model does.

use std::collections::BTreeSet;

use cowrace_explore::{Explorer, Limits};
use cowrace_machine::Arch;
use cowrace_mm::era::{Removal, Safeguard, SafeguardKind};
use cowrace_mm::{Era, RuleReads, World, place, program_and_rule_reads, source};
use cowrace_scenario::{load, parse};
use cowrace_testkit::repository;

/// The architecture that has all of them.
const ARCH: Arch = Arch::X86;

/// Safeguards that no scenario of the corpus comes to, and why.
const UNREAD: &[(Safeguard, &str)] = &[
    (Safeguard::FreeSwapCached, "two who take the same page out of the swap cache"),
    (Safeguard::FreeSwapUnmapped, "the last swap entry goes while a fault maps the page"),
    (Safeguard::RemoveMappingDirty, "a page that is clean in its PTE and dirty by a device alone"),
    (Safeguard::LazyfreeDirty, "the same, of MADV_FREE"),
];

/// The scenarios of the corpus; the package alone has none. Each with the searches of it that were made so far: of `N` kinds, none.
fn corpus<const N: usize>() -> Vec<(World, [Vec<RuleReads>; N])> {
    let corpus = repository("scenarios");
    let sources = load(&[corpus]).expect("the corpus is there");
    let scenarios = sources.iter().map(|source| parse(&source.text).expect("the corpus parses"));
    let worlds = scenarios.flat_map(|s| s.variants().iter().map(|v| v.world().clone()).collect::<Vec<_>>());
    worlds.map(|world| (world, std::array::from_fn(|_| Vec::new()))).collect()
}

/// What the shorter searches of the corpus under an era come to: the safeguards and the keys of rules that they depend
/// on, and the lines that make requests.
#[derive(Default)]
struct Seen {
    safeguards: BTreeSet<Safeguard>,
    keys: BTreeSet<&'static str>,
    lines: BTreeSet<(String, u32)>,
}

impl Seen {
    /// A search is the same as one that was made `before` if the era agrees on everything that this has read.
    fn search(&mut self, world: &World, era: &Era, before: &mut Vec<RuleReads>) {
        let known = before.iter().position(|reads| reads.agrees(era));
        let place = known.unwrap_or_else(|| {
            before.push(self.explore(world, era));
            before.len() - 1
        });
        self.safeguards.extend(before[place].safeguards());
        self.keys.extend(before[place].keys());
    }

    fn explore(&mut self, world: &World, era: &Era) -> RuleReads {
        let (program, rule_reads) = program_and_rule_reads(world, era, ARCH, None);
        let limits = Limits { executions: Some(1000), ..Limits::default() };
        let outcome = Explorer::new(&program).limits(limits).exhaustive(true).coverage(true).run(&mut ());
        // Only what came to its end tells of lines.
        let sites = outcome.coverage.iter().flat_map(|coverage| coverage.sites());
        self.lines.extend(sites.filter_map(|site| place(site)));
        rule_reads
    }
}

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
    let mut worlds = corpus();
    let (mut whole, mut without) = (Seen::default(), Seen::default());
    for era in Era::presets() {
        let safeguards = Safeguard::ALL.iter().filter(|safeguard| safeguard.kind() != SafeguardKind::Recheck);
        let bare = safeguards.fold(era.clone(), |era, safeguard| {
            let (key, value) = safeguard.toggle();
            if safeguard.is_in(era.rules(), ARCH) { era.set(key, value).expect("a value") } else { era }
        });
        for (world, [before, bare_before]) in &mut worlds {
            whole.search(world, &era, before);
            without.search(world, &bare, bare_before);
        }
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
    let mut worlds = corpus();
    for era in Era::presets() {
        let mut seen = Seen::default();
        worlds.iter_mut().for_each(|(world, [before])| seen.search(world, &era, before));
        for safeguard in &seen.safeguards {
            assert!(safeguard.is_in(era.rules(), ARCH), "{safeguard:?} is not in {}", era.name());
        }
        all.safeguards.append(&mut seen.safeguards);
        all.keys.append(&mut seen.keys);
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
