//! A violation in brief: the diagram, the closing words and the command that replays it.

use std::path::Path;

use cowrace_check::{Bounds, Task};
use cowrace_explore::ReplayError;
use cowrace_render::{Walkthrough, line};
use cowrace_report::{Class, Report, Schedule};

use crate::command;
use crate::diagram::Drawing;
use crate::story::Story;
use crate::walkthrough::walkthrough;

/// A violation that was found, explained.
#[derive(Clone, Debug)]
pub struct Explanation {
    walkthrough: Walkthrough,
    /// The command that replays it, but for the path of the scenario.
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
        let story = Story::within(task, class, schedule, bounds)?;
        let walkthrough = walkthrough(story.task(task), &story.trace, Drawing::default(), bounds);
        Ok(Self { walkthrough, command: command::Replay::of(task, &story.schedule) })
    }

    /// The explanation as text, below the line of its report. `path` is where the scenario is, if it is in a file.
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
