//! The differences between two kernels: results, costs, and lines of the model.

use cowrace_explore::Observer;
use cowrace_mm::era::Toggle;
use cowrace_mm::{Era, Reach, source};
use cowrace_report::cell::Change;
use cowrace_report::difference::{Difference, NewLines, Side};
use cowrace_report::{Found, Report, Unreached};

use crate::bisect::Bisection;
use cowrace_check::stored::Lines;
use cowrace_check::{Exploration, ResultCache, Task};

/// One scenario in one variant, under the earlier kernel and then under the later one.
#[derive(Debug, Default)]
pub struct Pair {
    /// Complete searches.
    whole: ResultCache,
    /// Searches that end with the first violation.
    until_violation: ResultCache,
    before: Option<Report>,
}

/// The comparison of two kernels by one scenario.
#[derive(Debug)]
pub struct Compared {
    /// The difference.
    pub difference: Difference,
    /// The lines that the search under the later kernel reached; `None` if it did not finish.
    pub reached: Option<Lines>,
}

impl Pair {
    /// How its complete searches are made, where the others are made so.
    #[must_use]
    pub const fn whole(how: Exploration<'_>) -> Exploration<'_> {
        Exploration { exhaustive: true, coverage: true, costs: true, ..how }
    }

    /// The results of its complete searches, and of those that end with the first violation.
    pub const fn results(&mut self) -> [&mut ResultCache; 2] {
        [&mut self.whole, &mut self.until_violation]
    }

    /// Searches under one of the two kernels, the earlier one first. Once both are searched, they are
    /// compared.
    pub fn explore(
        &mut self,
        task: &Task<'_>,
        how: Exploration<'_>,
        watch: &mut (dyn Observer + Send),
        [from, to]: [&Era; 2],
    ) -> (Report, Option<Compared>) {
        let report = self.whole.explore(task, Self::whole(how), watch);
        let Some(before) = self.before.replace(report.clone()) else { return (report, None) };
        let side = |report: &Report| Side { found: Found::from(report), costs: report.costs };
        let (before, after) = (side(&before), side(&report));
        let change = Change::of(before.found, after.found);
        let mut bisection = Bisection { task: *task, how, results: &mut self.until_violation, watch };
        let sets = match change {
            Change::None | Change::NotKnown => None,
            Change::Broken | Change::Mended | Change::Other => bisection.smallest(from, to, after.found),
        };
        let typed = |set: Vec<Toggle>| set.into_iter().map(Into::into).collect();
        let difference = Difference {
            scenario: report.scenario.clone(),
            variant: report.variant.clone(),
            arch: report.arch.clone(),
            from: from.label(),
            to: to.label(),
            change,
            before,
            after,
            sets: sets.map(|sets| sets.into_iter().map(typed).collect()),
        };
        let reached = self.whole.lines(to).cloned();
        (report, Some(Compared { difference, reached }))
    }
}

/// The lines that can be reached only under the rules of the later kernel. `reached` are the lines that searches
/// reached, if all of them finished.
pub fn new_lines(from: &Era, to: &Era, reached: Option<&Lines>) -> NewLines {
    let new = new_in_functions(from, to);
    NewLines {
        from: from.label(),
        to: to.label(),
        toggles: from.difference(to).into_iter().map(Into::into).collect(),
        lines: new.as_ref().map(|new| new.iter().map(|(_, lines)| lines.len() as u32).sum()),
        unreached: new.zip(reached).map(|(new, reached)| unreached(&new, reached)),
    }
}

fn unreached(all: &[(&source::Function, Vec<u32>)], reached: &Lines) -> Vec<Unreached> {
    let missing = |(function, lines): &(&source::Function, Vec<u32>)| {
        let (name, file) = (function.name.to_owned(), function.file.to_owned());
        let is_missing = |line: &u32| !reached.contains(&(file.clone(), *line));
        let lines: Vec<u32> = lines.iter().copied().filter(is_missing).collect();
        (!lines.is_empty()).then_some(Unreached { function: name, file, lines })
    };
    all.iter().filter_map(missing).collect()
}

/// The lines that can be reached only under the rules of the later kernel, by function; `None` if they are not
/// known.
fn new_in_functions(from: &Era, to: &Era) -> Option<Vec<(&'static source::Function, Vec<u32>)>> {
    let (before, after) = (Reach::of(from)?, Reach::of(to)?);
    let new = |function: &'static source::Function| {
        let is_new = |line: &u32| after.has(function.file, *line) && !before.has(function.file, *line);
        (function, function.lines().filter(is_new).collect())
    };
    Some(source::functions()?.into_iter().map(new).collect())
}
