//! The table of the scenarios, line by line.

use std::time::Duration;

use super::Sample;
use super::answers::Told;
use crate::table::{shown, times};

/// The cost of a search.
pub(super) struct Cost {
    /// The number of executions, if it counts them.
    pub(super) executions: Option<u64>,
    /// The number of states, if it knows any.
    pub(super) states: Option<u64>,
    /// Whether it was completed; otherwise it was stopped at the limit.
    pub(super) complete: bool,
    pub(super) time: Duration,
}

impl Cost {
    fn more(&self) -> &'static str {
        if self.complete { "" } else { "> " }
    }

    fn count(&self) -> String {
        let counts: Vec<_> = [self.executions, self.states].iter().flatten().map(u64::to_string).collect();
        format!("{}{}", self.more(), counts.join(" + "))
    }

    fn time(&self) -> String {
        format!("{}{}", self.more(), shown(self.time))
    }
}

fn line(cells: [&str; 9]) -> String {
    let [scenario, era, told, executions, ours, states, theirs, ratio, ends] = cells;
    let line = format!(
        "{scenario:<36}  {era:<5}  {told:<14}  {executions:>19}  {ours:>9}  {states:>12}  {theirs:>10}  \
         {ratio:>8}  {ends}"
    );
    line.trim_end().to_owned()
}

pub(super) fn head() -> String {
    line([
        "scenario",
        "era",
        "actors told by",
        "executions, states",
        "ours",
        "states",
        "stateright",
        "to ours",
        "ends",
    ])
}

pub(super) fn row(sample: &Sample, told: Told, ours: &Cost, theirs: &Cost, verdict: &str) -> String {
    let told = match told {
        Told::Answers => "all answers",
        Told::Calls => "present call",
    };
    let ratio = times(theirs.time, ours.time);
    let ratio = match (ours.complete, theirs.complete) {
        (true, _) => format!("{}{ratio}", theirs.more()),
        (false, true) => format!("< {ratio}"),
        (false, false) => "-".to_owned(),
    };
    let (executions, our_time) = (ours.count(), ours.time());
    let (states, their_time) = (theirs.count(), theirs.time());
    let (scenario, era) = (&sample.scenario, sample.era);
    line([scenario, era, told, &executions, &our_time, &states, &their_time, &ratio, verdict])
}
