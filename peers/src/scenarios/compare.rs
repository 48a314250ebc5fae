//! One program by ours and by stateright.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use cowrace_explore::{Execution, Explorer, Limits, Observer, Outcome};
use cowrace_machine::Program;

use super::Sample;
use super::answers::Told;
use super::states::{End, Searched, search};
use crate::options::Options;
use crate::table::{shown, times};

/// What takes longer is timed once.
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

/// The fastest of some runs, or the only one if it takes long.
fn fastest(runs: usize, mut run: impl FnMut()) -> Duration {
    let mut fastest = Duration::MAX;
    for _ in 0..runs.max(1) {
        let started = Instant::now();
        run();
        fastest = fastest.min(started.elapsed());
        if fastest > LONG {
            break;
        }
    }
    fastest
}

/// What is different between two complete answers.
fn difference(ours: (bool, &BTreeSet<End>), theirs: &Searched) -> Option<String> {
    let (wrong, ends) = ours;
    if wrong != theirs.wrong {
        let says = |wrong| if wrong { "it is violated" } else { "it holds" };
        return Some(format!("ours: {}, stateright: {}", says(wrong), says(theirs.wrong)));
    }
    // A search that has found something wrong has not seen everything.
    (!wrong && *ends != theirs.ends).then(|| {
        let common = ends.intersection(&theirs.ends).count();
        format!("{} ends by ours, {} by stateright, {common} in common", ends.len(), theirs.ends.len())
    })
}

const HEAD: [&str; 9] =
    ["scenario", "era", "an actor's state", "executions", "ours", "states", "stateright", "to ours", "ends"];

fn line(cells: [&str; 9]) -> String {
    let [scenario, era, told, executions, ours, states, theirs, ratio, ends] = cells;
    let line = format!(
        "{scenario:<36}  {era:<5}  {told:<16}  {executions:>10}  {ours:>8}  {states:>12}  {theirs:>10}  \
         {ratio:>8}  {ends}"
    );
    line.trim_end().to_owned()
}

pub(super) fn head() -> String {
    line(HEAD)
}

/// Compares what both say, then how long they take; tells whether nothing differs.
pub(super) fn compare(sample: &Sample, options: &Options, say: &mut dyn FnMut(&str)) -> bool {
    let (program, limit) = (&sample.program, options.limit());
    let mut ends = Ends::default();
    let started = Instant::now();
    let outcome = explore(program, limit, &mut ends);
    let complete = outcome.stopped.is_none();
    let ours = if complete {
        fastest(options.runs, || drop(explore(program, limit, &mut ())))
    } else {
        started.elapsed()
    };
    let more = |complete| if complete { "" } else { "> " };
    let mut agrees = true;
    for (told, name) in [(Told::Answers, "all answers"), (Told::Calls, "of this call")] {
        let started = Instant::now();
        let searched = search(program, told, limit, true);
        let theirs = if searched.complete {
            fastest(options.runs, || drop(search(program, told, limit, false)))
        } else {
            started.elapsed()
        };
        let verdict = if complete && searched.complete {
            let difference = difference((outcome.finding.is_some(), &ends.0), &searched);
            agrees &= difference.is_none();
            difference.map_or_else(|| format!("{} the same", ends.0.len()), |d| format!("MISMATCH: {d}"))
        } else {
            "not compared, time was up".to_owned()
        };
        let ratio = match (complete, searched.complete) {
            (true, theirs_complete) => format!("{}{}", more(theirs_complete), times(theirs, ours)),
            (false, true) => format!("< {}", times(theirs, ours)),
            (false, false) => "-".to_owned(),
        };
        say(&line([
            &sample.scenario,
            sample.era,
            name,
            &format!("{}{}", more(complete), outcome.executions),
            &format!("{}{}", more(complete), shown(ours)),
            &format!("{}{}", more(searched.complete), searched.states),
            &format!("{}{}", more(searched.complete), shown(theirs)),
            &ratio,
            &verdict,
        ]));
    }
    agrees
}
