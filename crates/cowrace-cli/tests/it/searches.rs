//! The shorter searches of the corpus under every kernel, made once for all tests that ask what searches come to.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use cowrace_explore::{Explorer, Limits};
use cowrace_machine::Arch;
use cowrace_mm::era::Safeguard;
use cowrace_mm::{Era, RuleReads, World, place, program_and_rule_reads};
use cowrace_scenario::{load, parse};
use cowrace_testkit::repository;

/// The architecture that has all safeguards.
pub(crate) const ARCH: Arch = Arch::X86;

/// What searches come to: the safeguards and the keys of rules that they depend on, and the lines that make requests.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    pub(crate) safeguards: BTreeSet<Safeguard>,
    pub(crate) keys: BTreeSet<&'static str>,
    pub(crate) lines: BTreeSet<(String, u32)>,
}

impl Seen {
    pub(crate) fn extend(&mut self, other: &Self) {
        self.safeguards.extend(&other.safeguards);
        self.keys.extend(&other.keys);
        self.lines.extend(other.lines.iter().cloned());
    }
}

/// The worlds of the corpus, each with the searches of it that were made so far. The package alone has none.
pub(crate) struct Searches(Vec<(World, Vec<(RuleReads, Seen)>)>);

impl Searches {
    pub(crate) fn new() -> Self {
        let sources = load(&[repository("scenarios")]).expect("the corpus is there");
        let scenarios = sources.iter().map(|source| parse(&source.text).expect("the corpus parses"));
        let worlds =
            scenarios.flat_map(|s| s.variants().iter().map(|v| v.world().clone()).collect::<Vec<_>>());
        Self(worlds.map(|world| (world, Vec::new())).collect())
    }

    /// What all of them come to under an era. A search is the same as one that was made before if the era agrees on everything
    /// that this has read.
    pub(crate) fn under(&mut self, era: &Era) -> Seen {
        let mut all = Seen::default();
        for (world, before) in &mut self.0 {
            let known = before.iter().position(|(reads, _)| reads.agrees(era));
            let place = known.unwrap_or_else(|| {
                before.push(search(world, era));
                before.len() - 1
            });
            all.extend(&before[place].1);
        }
        all
    }
}

fn search(world: &World, era: &Era) -> (RuleReads, Seen) {
    let (program, reads) = program_and_rule_reads(world, era, ARCH, None);
    let limits = Limits { executions: Some(1000), ..Limits::default() };
    let outcome = Explorer::new(&program).limits(limits).exhaustive(true).coverage(true).run(&mut ());
    // Only what came to its end tells of lines.
    let sites = outcome.coverage.iter().flat_map(|coverage| coverage.sites());
    let lines = sites.map(|site| place(site).expect("only the model makes requests")).collect();
    let seen = Seen {
        safeguards: reads.safeguards().into_iter().collect(),
        keys: reads.keys().into_iter().collect(),
        lines,
    };
    (reads, seen)
}

/// Under each preset.
pub(crate) static UNDER_PRESETS: LazyLock<Vec<(Era, Seen)>> = LazyLock::new(|| {
    let mut searches = Searches::new();
    Era::presets().into_iter().map(|era| (era.clone(), searches.under(&era))).collect()
});
