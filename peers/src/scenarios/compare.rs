//! Compares our checker and stateright on one program.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use cowrace_explore::{Execution, Explorer, Limits, Observer, Outcome};
use cowrace_machine::Program;

use super::Sample;
use super::answers::Told;
use super::row::{Cost, row};
use super::search::{End, Searched, search};
use crate::options::Options;

/// A search that takes longer is timed once.
const LONG: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Ends(BTreeSet<End>);

impl Observer for Ends {
    fn execution(&mut self, execution: &Execution<'_>) {
        self.0.insert(execution.memory().nonzero().collect());
    }
}

fn explore(program: &Program, limit: Duration, observer: &mut (impl Observer + Send)) -> Outcome {
    let limits = Limits { time: Some(limit), ..Limits::default() };
    Explorer::new(program).limits(limits).run(observer)
}

/// One of the searches that are compared.
struct Asked<'s> {
    /// Runs the search; tells whether it was completed.
    run: Box<dyn Fn() -> bool + 's>,
    complete: bool,
    time: Duration,
}

/// Times the searches that are completed, in turns, so that other load of the machine affects all of them. The fastest
/// run of each counts.
fn measure(asked: &mut [Asked<'_>], runs: usize) {
    for round in 0..runs.max(1) {
        for one in asked.iter_mut().filter(|one| one.complete && (round == 0 || one.time <= LONG)) {
            let started = Instant::now();
            one.complete = (one.run)();
            let time = started.elapsed();
            one.time = if round == 0 { time } else { one.time.min(time) };
        }
    }
}

/// The common answer of both, or the difference. If stateright was stopped, it must have seen nothing that our search
/// has not.
fn verdict(wrong: bool, ends: &BTreeSet<End>, theirs: &Searched) -> Result<String, String> {
    let says = |wrong| if wrong { "it is violated" } else { "it holds" };
    let common = ends.intersection(&theirs.ends).count();
    match (wrong, theirs.wrong) {
        // A search that has a finding has not seen everything.
        (true, true) => Ok("both violated".to_owned()),
        (true, false) if !theirs.complete => Ok("violated, but time was up".to_owned()),
        (false, false) if *ends == theirs.ends => Ok(format!("{common} the same")),
        (false, false) if !theirs.complete && common == theirs.ends.len() => {
            Ok(format!("{common} of {}, time was up", ends.len()))
        }
        (false, false) => {
            Err(format!("{} by ours, {} by stateright, {common} by both", ends.len(), theirs.ends.len()))
        }
        _ => Err(format!("ours: {}; stateright: {}", says(wrong), says(theirs.wrong))),
    }
}

/// Compares the answers of both, then their times; tells whether the answers agree.
pub(super) fn compare(sample: &Sample, options: &Options, say: &mut dyn FnMut(&str)) -> bool {
    let (program, limit) = (&sample.program, options.limit());
    let mut ends = Ends::default();
    let started = Instant::now();
    let outcome = explore(program, limit, &mut ends);
    let mut asked = vec![Asked {
        run: Box::new(|| explore(program, limit, &mut ()).stopped.is_none()),
        complete: outcome.stopped.is_none(),
        time: started.elapsed(),
    }];
    let mut searches = Vec::new();
    for told in Told::BOTH {
        let started = Instant::now();
        let searched = search(program, told, limit, true);
        let run = Box::new(move || search(program, told, limit, false).complete);
        asked.push(Asked { run, complete: searched.complete, time: started.elapsed() });
        searches.push((told, searched));
    }
    measure(&mut asked, options.runs);
    let (ours, theirs) = asked.split_at(1);
    let ours = Cost {
        executions: Some(outcome.executions),
        states: (outcome.states > 0).then_some(outcome.states),
        complete: ours[0].complete,
        time: ours[0].time,
    };
    let mut agrees = true;
    for ((told, searched), asked) in searches.iter().zip(theirs) {
        let verdict = match outcome.stopped {
            None => verdict(outcome.finding.is_some(), &ends.0, searched),
            Some(_) => Ok("not compared, time was up for ours".to_owned()),
        };
        agrees &= verdict.is_ok();
        let verdict = verdict.unwrap_or_else(|text| format!("MISMATCH: {text}"));
        let theirs = Cost {
            executions: None,
            states: Some(searched.states),
            complete: asked.complete,
            time: asked.time,
        };
        say(&row(sample, *told, &ours, &theirs, &verdict));
    }
    agrees
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_agrees_and_what_does_not() {
        let ends = |n| (0..n).map(|word| vec![(word, 1)]).collect::<BTreeSet<End>>();
        let says = |wrong, n, their_wrong, complete, their_n| {
            let theirs = Searched { states: 1, complete, wrong: their_wrong, ends: ends(their_n) };
            verdict(wrong, &ends(n), &theirs)
        };
        assert_eq!(says(false, 2, false, true, 2), Ok("2 the same".to_owned()));
        assert_eq!(says(false, 2, false, false, 1), Ok("1 of 2, time was up".to_owned()));
        assert_eq!(says(true, 2, true, true, 1), Ok("both violated".to_owned()));
        assert!(says(false, 2, false, true, 1).is_err());
        assert!(says(false, 2, false, false, 3).is_err());
        assert!(says(false, 2, true, false, 2).is_err());
        assert!(says(true, 2, false, true, 2).is_err());
    }
}
