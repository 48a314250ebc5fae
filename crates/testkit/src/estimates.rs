//! Compares the estimated size of a search with its true size.

use std::ops::ControlFlow;

use cowrace_explore::{Estimate, Explorer, Limits, Observer, Progress, Purpose};
use cowrace_machine::{Arch, Program};
use cowrace_mm::Era;
use cowrace_mm::era::PRESETS;
use proptest::strategy::{Strategy, ValueTree};

use crate::common_problem::{Rule, Variant, problem};
use crate::corpus::corpus;
use crate::fixed;
use crate::scripts::program;
use crate::scripts::random::{Flavour, scripts};

/// Searches no larger than this are over before anything is estimated.
const FIRST: u64 = 1000;

/// The moments at which estimates are compared, as shares of the search: the first report, and later ones.
pub const MOMENTS: [f64; 5] = [0.0, 0.01, 0.1, 0.5, 0.9];

/// A whole search.
pub struct Case {
    /// The name of the program.
    pub name: String,
    /// The true number of executions.
    pub executions: u64,
    /// For each moment, the first estimate that the search reported from there on.
    pub moments: Vec<Option<Estimate>>,
}

#[derive(Default)]
struct Notes(Vec<(u64, Estimate)>);

impl Observer for Notes {
    fn anew(&mut self, _: Purpose) {
        self.0.clear();
    }

    fn progress(&mut self, now: &Progress) -> ControlFlow<()> {
        self.0.extend(now.estimate.map(|estimate| (now.executions, estimate)));
        ControlFlow::Continue(())
    }
}

/// Runs a search; `None` if the search is small or too large, or has a finding.
fn case(name: String, program: &Program, exhaustive: bool) -> Option<Case> {
    let mut notes = Notes::default();
    let limits = Limits { executions: Some(200_000), ..Limits::default() };
    let outcome = Explorer::new(program).exhaustive(exhaustive).limits(limits).run(&mut notes);
    if !outcome.complete || outcome.executions <= FIRST {
        return None;
    }
    let at = |share: f64| {
        let mut late = notes.0.iter().filter(|note| note.0 as f64 >= share * outcome.executions as f64);
        late.next().map(|note| note.1)
    };
    Some(Case { name, executions: outcome.executions, moments: MOMENTS.map(at).to_vec() })
}

/// Variants of the common problem, including their bad executions.
pub fn common_problems() -> Vec<Case> {
    let mut cases = Vec::new();
    for actors in [4, 5] {
        for rule in [Rule::Count, Rule::Mapcount] {
            for (commute, twice) in [(false, false), (false, true), (true, false), (true, true)] {
                let variant = Variant { twice, ..Variant::new(actors, rule, commute) };
                let name = format!("{actors} actors, {rule:?}, commute {commute}, twice {twice}");
                cases.extend(case(name, &problem(variant), true));
            }
        }
    }
    cases
}

/// Random programs of four to six actors, `each` of every flavour.
pub fn random_programs(each: usize) -> Vec<Case> {
    let flavours = [(Flavour::Atomics, 31), (Flavour::Locks, 32), (Flavour::Waits, 33), (Flavour::All, 34)];
    let mut cases = Vec::new();
    for (flavour, seed) in flavours {
        let mut runner = fixed(seed, 0);
        for number in 0..each {
            let tree = (scripts(flavour), scripts(flavour)).new_tree(&mut runner);
            let (some, more) = tree.expect("scripts are never rejected").current();
            let scripts: Vec<_> = some.into_iter().chain(more).take(4 + number % 3).collect();
            cases.extend(case(format!("{flavour:?} {number}"), &program(&scripts), true));
        }
    }
    cases
}

/// Scenarios that hold, under every preset whose name `pick` accepts; of searches of one size only one is kept. Those
/// without assertions are left out: nothing is judged here, so whether they hold is not known.
pub fn scenarios(pick: impl Fn(&str) -> bool) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for sample in corpus("").into_iter().filter(|sample| !sample.world.predicates.is_empty()) {
        for preset in PRESETS.iter().filter(|preset| pick(preset.name)) {
            let era = Era::preset(preset.name).expect("a preset");
            let program = cowrace_mm::program(&sample.world, &era, Arch::Generic);
            let name = sample.name.clone();
            let case = case(name, &program, false);
            let is_new =
                |case: &Case| !cases.iter().any(|c| c.name == case.name && c.executions == case.executions);
            cases.extend(case.filter(is_new));
        }
    }
    cases
}

/// The comparison of estimates at one moment.
pub struct Comparison {
    /// Estimated over true executions, smallest first.
    pub ratios: Vec<f64>,
    /// How many are right within their factors.
    pub right: usize,
    /// The factors, smallest first.
    pub factors: Vec<f64>,
}

/// Compares the estimates of all cases at the moment with this index.
pub fn compare(cases: &[Case], moment: usize) -> Comparison {
    let mut comparison = Comparison { ratios: Vec::new(), right: 0, factors: Vec::new() };
    for case in cases {
        let Some(estimate) = case.moments[moment] else { continue };
        let ratio = estimate.executions / case.executions as f64;
        comparison.right += usize::from(ratio.max(1.0 / ratio) <= estimate.within);
        comparison.ratios.push(ratio);
        comparison.factors.push(estimate.within);
    }
    comparison.ratios.sort_by(f64::total_cmp);
    comparison.factors.sort_by(f64::total_cmp);
    comparison
}
