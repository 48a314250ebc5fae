//! Our own engine.

use std::collections::HashSet;

use cowrace_explore::{Execution, Explorer, Limits, Observer};

use crate::peer::{Collect, End, Goal, Ready, Run, Task, Words};
use cowrace_testkit::common_problem::{Variant, problem, words};

struct Ends(HashSet<Words>);

impl Observer for Ends {
    fn execution(&mut self, execution: &Execution<'_>) {
        self.0.insert(words(execution.memory()));
    }
}

/// With `commute`, additions whose result is unused are not ordered.
pub(crate) fn prepare(task: Task, commute: bool) -> Ready {
    let variant = Variant { commute, ..task.variant };
    Ready::library(move |collect| run(Task { variant, ..task }, collect))
}

fn run(task: Task, collect: Collect) -> Run {
    let program = problem(task.variant);
    let explorer = Explorer::new(&program)
        .limits(Limits { time: Some(task.limit), ..Limits::default() })
        .exhaustive(task.goal == Goal::Whole);
    let (outcome, outcomes) = match collect {
        Collect::No => (explorer.run(&mut ()), None),
        Collect::Yes => {
            let mut ends = Ends(HashSet::new());
            (explorer.run(&mut ends), Some(ends.0))
        }
    };
    let lost = outcome.finding.is_some();
    let end = match task.goal {
        _ if outcome.complete => End::Complete,
        Goal::First if lost => End::Found,
        _ => End::Limit,
    };
    Run { count: outcome.executions, end, lost: Some(lost), outcomes }
}
