//! A short explanation of a violation: the diagram, the diagnosis and the command that replays it.

use std::path::Path;

use cowrace_check::{Bounds, Task};
use cowrace_explore::ReplayError;
use cowrace_render::{Walkthrough, line};
use cowrace_report::{Class, Report, Schedule};

use crate::command;
use crate::counterexample::Counterexample;
use crate::diagram::Drawing;
use crate::walkthrough::walkthrough;

/// The explanation of a violation.
#[derive(Clone, Debug)]
pub struct Explanation {
    walkthrough: Walkthrough,
    /// The command that replays it, without the path of the scenario.
    command: Option<command::Replay>,
}

impl Explanation {
    /// Explains a violation that a search has found.
    ///
    /// # Errors
    ///
    /// If the schedule does not replay.
    pub fn of(
        task: Task<'_>,
        class: Class,
        schedule: &Schedule,
        bounds: &Bounds,
    ) -> Result<Self, ReplayError> {
        let counterexample = Counterexample::within(task, class, schedule, bounds)?;
        let walkthrough =
            walkthrough(counterexample.task(task), &counterexample.trace, Drawing::default(), bounds);
        Ok(Self { walkthrough, command: command::Replay::of(task, &counterexample.schedule) })
    }

    /// The explanation as text, after the line of its report. `path` is the file of the scenario, if it has one.
    #[must_use]
    pub fn text(&self, report: &Report, path: Option<&Path>) -> String {
        let mut text = format!("{}\n\n{}", line(report), self.walkthrough.brief());
        if let Some(command) = &self.command {
            match path {
                Some(path) => text.push_str(&format!("\n{}\n", command.of_file(path))),
                None => {
                    let path = format!("{}.race", report.scenario);
                    let command = command.of_file(Path::new(&path));
                    text.push_str(&format!("\nWith the scenario in the file {path}:\n{command}\n"));
                }
            }
        }
        text
    }
}
