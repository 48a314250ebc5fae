//! Compares the search that merges states with the one that explores every trace.

use std::collections::BTreeSet;

use cowrace_explore::{Coverage, Execution, Explorer, Limits, Merging, Observer, Outcome, Threads, replay};
use cowrace_machine::Program;
use cowrace_report::Class;

/// What executions have shown.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    ends: BTreeSet<Vec<(usize, u64)>>,
    classes: BTreeSet<Class>,
}

impl Observer for Seen {
    fn execution(&mut self, execution: &Execution<'_>) {
        match execution.finding() {
            Some(finding) => drop(self.classes.insert(finding.class)),
            None => drop(self.ends.insert(execution.memory().nonzero().collect())),
        }
    }
}

/// The result of a comparison in which nothing differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compared {
    /// Both searches came to their end. The number of states.
    Whole(u64),
    /// Both have found something wrong.
    Wrong,
    /// There are too many traces to explore.
    TooLarge,
    /// States were not merged: there is one trace, or it is bad, or there are windows that cannot be watched.
    NotMerged,
}

/// Searches a program in both ways for the memories in which executions end, up to `most` traces, and compares these.
///
/// # Errors
///
/// What differs.
pub fn compare_ends(program: &Program, most: u64) -> Result<Compared, String> {
    let limits = Limits { executions: Some(most), ..Limits::default() };
    let search = |merging, limits| {
        let mut seen = Seen::default();
        let explorer = Explorer::new(program).long_after(1).merging(merging).limits(limits);
        (explorer.exhaustive(true).ends_only(true).run(&mut seen), seen)
    };
    let (traces, seen) = search(Merging::Never, limits);
    if traces.stopped.is_some() {
        return Ok(Compared::TooLarge);
    }
    let (states, merged) = search(Merging::Always, Limits::default());
    if !states.complete || seen != merged {
        return Err(format!("{} ends, not {}; {states:?}", merged.ends.len(), seen.ends.len()));
    }
    Ok(if states.states > 0 { Compared::Whole(states.states) } else { Compared::NotMerged })
}

/// Searches a program in both ways, up to `most` traces, and compares everything that the two tell: whether something
/// is wrong, the memories in which executions end, windows, and what calls have shown. If something is wrong, the way to
/// it is followed again, and the damage must be one that the search of all traces finds as well. States are searched
/// twice: with what was seen ahead, one visit after the other; and without, many visits at once by two threads.
///
/// # Errors
///
/// What differs.
pub fn compare(program: &Program, most: u64) -> Result<Compared, String> {
    let limits = Limits { executions: Some(most), ..Limits::default() };
    let search = |merging, exhaustive, limits, is_blind| {
        let mut seen = Seen::default();
        // States are merged from the second execution on.
        let threads = Threads::new(usize::from(is_blind));
        let explorer = Explorer::new(program).long_after(1).merging(merging).exhaustive(exhaustive);
        let explorer =
            if is_blind { explorer.blindly(true).visits_alone(0).threads(&threads) } else { explorer };
        (explorer.limits(limits).run(&mut seen), seen)
    };
    let (traces, seen) = search(Merging::Never, false, limits, false);
    if traces.stopped.is_some() {
        return Ok(Compared::TooLarge);
    }
    let mut compared = Compared::NotMerged;
    for is_blind in [true, false] {
        let (states, merged) = search(Merging::Always, false, Limits::default(), is_blind);
        if let Some((finding, schedule)) = &states.finding {
            let again = replay(program, schedule).map_err(|error| error.to_string())?;
            if again.finding.as_ref() != Some(finding) || traces.finding.is_none() {
                return Err(format!("{finding:?} is not found"));
            }
            let (all, classes) = search(Merging::Never, true, limits, false);
            if all.complete && !classes.classes.contains(&finding.class) {
                return Err(format!("{finding:?} is none of {:?}", classes.classes));
            }
        } else if of(&traces) != of(&states) {
            return Err(format!("{traces:?} is not {states:?}; blind: {is_blind}"));
        } else if seen != merged {
            return Err(format!("{} ends, not {}; blind: {is_blind}", merged.ends.len(), seen.ends.len()));
        }
        if states.states > 0 {
            let whole = Compared::Whole(states.states);
            compared = if states.finding.is_some() { Compared::Wrong } else { whole };
        }
    }
    Ok(compared)
}

/// Searches a program in both ways, up to `most` traces, goes on after findings, and compares in which orders calls met
/// and where requests were made, and all else that both tell. States are searched as in [`compare`]. What is wrong
/// is a count that is taken below zero; then the orders of calls are not compared.
///
/// # Errors
///
/// What differs.
pub fn compare_coverage(program: &Program, most: u64) -> Result<Compared, String> {
    let explorer = Explorer::new(program).long_after(1).exhaustive(true).coverage(true);
    let limits = Limits { executions: Some(most), ..Limits::default() };
    let mut classes = Seen::default();
    let traces = explorer.clone().merging(Merging::Never).limits(limits).run(&mut classes);
    if traces.stopped.is_some() {
        return Ok(Compared::TooLarge);
    }
    let explorer = explorer.merging(Merging::Always);
    let threads = Threads::new(1);
    let mut compared = Compared::NotMerged;
    for explorer in [explorer.clone().blindly(true).visits_alone(0).threads(&threads), explorer] {
        let states = explorer.run(&mut ());
        if of(&traces) != of(&states) {
            return Err(format!("{traces:?} is not {states:?}"));
        }
        // Traces do not show every order of what follows when a count is taken below zero.
        let is_wrong = classes.classes.contains(&Class::Refcount);
        if traces.coverage != states.coverage && !is_wrong {
            return Err(missing(&traces, &states));
        }
        if let Some((finding, schedule)) = &states.finding {
            let again = replay(program, schedule).map_err(|error| error.to_string())?;
            if again.finding.as_ref() != Some(finding) || !classes.classes.contains(&finding.class) {
                return Err(format!("{finding:?} is none of {:?}", classes.classes));
            }
        }
        if states.states > 0 {
            compared = if is_wrong { Compared::Wrong } else { Compared::Whole(states.states) };
        }
    }
    Ok(compared)
}

/// In which orders of calls the coverage of two searches differs, and in how many source locations.
fn missing(traces: &Outcome, states: &Outcome) -> String {
    let [traces, states] = [traces, states].map(|outcome| outcome.coverage.as_ref());
    let is_seen = |coverage: Option<&Coverage>, (first, second)| {
        coverage.is_some_and(|coverage| coverage.in_order(first, second))
    };
    let calls = 0..1000;
    let pairs = calls.clone().flat_map(|first| calls.clone().map(move |second| (first, second)));
    let differ: Vec<_> = pairs.filter(|&pair| is_seen(traces, pair) != is_seen(states, pair)).collect();
    let sites = [traces, states].map(|coverage| coverage.map(|coverage| coverage.sites().len()));
    format!("orders that only one search tells: {differ:?}; source locations: {sites:?}")
}

/// What both searches tell.
fn of(outcome: &Outcome) -> impl PartialEq + use<> {
    let Outcome { finding, complete, opened, reached, shown, .. } = outcome.clone();
    (finding.is_some(), complete, opened, reached, shown)
}
