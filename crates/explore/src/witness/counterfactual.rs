//! The nearest sound execution: a bad execution with one row moved.

use std::collections::VecDeque;

use cowrace_machine::Program;
use cowrace_report::{Schedule, Trace};

use crate::witness::follow::{Choice, Directive, FollowError, Guided, Until};

/// A sound execution close to a bad one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterfactual {
    /// The row that is moved, as the index of its directive.
    pub row: usize,
    /// The row that it is moved past: the farthest one, if there are several.
    pub past: usize,
    /// The execution.
    pub trace: Trace,
}

impl Counterfactual {
    /// Whether the row comes earlier than it did.
    #[must_use]
    pub const fn is_earlier(&self) -> bool {
        self.past < self.row
    }
}

/// Finds the first sound execution that follows the rows of a bad one except for one row, which is moved past as few
/// rows of other actors as possible. `None` if there is none.
///
/// The moved row and all before it must be possible as they stand. After them actors may reach other steps than were
/// drawn: a row whose step is not reached ends with its call, and a row that must wait is executed later. Choices are
/// answered as in the bad execution, in order. Returns `None` as well if `stop` ends the search.
#[must_use]
pub fn counterfactual(
    program: &Program,
    directives: &[Directive],
    bad: &Schedule,
    stop: &dyn Fn() -> bool,
) -> Option<Counterfactual> {
    let units = units(directives);
    let actor = |unit: usize| directives[units[unit][0]].actor;
    let choices: Vec<u32> = bad.turns.iter().filter_map(|turn| turn.choice).collect();
    for distance in 1..units.len() {
        for first in 0..units.len() - distance {
            let last = first + distance;
            // The last row of the stretch goes up, or the first goes down; for neighbours these are the same.
            let ways = if distance == 1 { &[(last, first)][..] } else { &[(last, first), (first, last)][..] };
            for &(moved, past) in ways {
                if (first..=last).any(|unit| unit != moved && actor(unit) == actor(moved)) {
                    continue;
                }
                if stop() {
                    return None;
                }
                let mut order: Vec<usize> = (0..units.len()).collect();
                let unit = order.remove(moved);
                order.insert(past, unit);
                let strict: Vec<usize> = order[..=last].iter().flat_map(|&u| units[u].clone()).collect();
                let rest: Vec<usize> = order[last + 1..].iter().flat_map(|&u| units[u].clone()).collect();
                let trace = run(program, directives, (&strict, &rest), &choices);
                if let Some(trace) = trace.filter(|trace| trace.finding.is_none()) {
                    let row = |unit: usize| units[unit][units[unit].len() - 1];
                    return Some(Counterfactual { row: row(moved), past: row(past), trace });
                }
            }
        }
    }
    None
}

/// Directives that are moved together: the beginning of a call does nothing, so it is moved with the next thing that
/// the call does.
fn units(directives: &[Directive]) -> Vec<Vec<usize>> {
    let mut units: Vec<Vec<usize>> = Vec::new();
    let mut begun: Vec<(u8, usize)> = Vec::new();
    for (at, directive) in directives.iter().enumerate() {
        if let Until::Begin(_) = directive.until {
            begun.push((directive.actor, at));
            continue;
        }
        let (own, others) = begun.into_iter().partition::<Vec<_>, _>(|&(actor, _)| actor == directive.actor);
        begun = others;
        units.push(own.into_iter().map(|(_, at)| at).chain([at]).collect());
    }
    units
}

fn run(
    program: &Program,
    directives: &[Directive],
    (strict, rest): (&[usize], &[usize]),
    choices: &[u32],
) -> Option<Trace> {
    let mut run =
        Guided::new(program, choices.iter().map(|&value| Choice { value, of: value + 1 }).collect());
    run.pass_barriers();
    for &at in strict {
        let Directive { actor, until } = &directives[at];
        if !run.obey(at, *actor, until).ok()? {
            return run.finish();
        }
    }
    let mut left: VecDeque<usize> = rest.iter().copied().collect();
    let mut blocked: Vec<u8> = Vec::new();
    while let Some(place) = left.iter().position(|&at| !blocked.contains(&directives[at].actor)) {
        let at = left[place];
        let Directive { actor, until } = &directives[at];
        match run.obey(at, *actor, until) {
            Ok(true) | Err(FollowError::NoStep { .. }) => {
                left.remove(place);
                blocked.clear();
            }
            Ok(false) => break,
            Err(FollowError::Blocked { .. }) => blocked.push(*actor),
            Err(_) => return None,
        }
    }
    run.finish()
}
