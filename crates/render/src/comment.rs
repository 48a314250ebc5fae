//! The comments below a diagram. They are comments of the scenario language, so that the whole is still a scenario.

use cowrace_report::explanation::Counterfactual;
use cowrace_report::{Cow, Finding, Schedule};

use crate::diagnosis::{counterfactual, mistake};
use crate::finding::finding;
use crate::paragraph::fold;

/// A comment below a diagram.
#[derive(Clone, Copy, Debug)]
pub enum Comment<'c> {
    /// A call gets a signal, which its cell does not show.
    Signal {
        /// The actor.
        actor: &'c str,
        /// The call.
        call: &'c str,
    },
    /// What is wrong with the execution.
    Violated {
        /// The finding.
        finding: &'c Finding,
        /// The kind of copy-on-write mistake, if it is one.
        cow: Option<Cow>,
    },
    /// The schedule for the file that was checked.
    Schedule(&'c Schedule),
    /// A cell that the violation does not need.
    NotNeeded(&'c str),
    /// The nearest execution that holds.
    HoldsWith(&'c Counterfactual),
    /// The line of a report, or a remark about it.
    Check(&'c str),
    /// The command that replays the execution.
    Replay(&'c str),
}

const SIGNAL: &str = "# SIGSEGV: ";
const VIOLATED: &str = "# VIOLATED ";
const SCHEDULE: &str = "# schedule: ";
const NOT_NEEDED: &str = "# not needed: ";
const HOLDS_WITH: &str = "# holds with ";
const CHECK: &str = "# check: ";
const REPLAY: &str = "# replay: ";
/// The beginning of a comment.
const BEGINNINGS: [&str; 7] = [SIGNAL, VIOLATED, SCHEDULE, NOT_NEEDED, HOLDS_WITH, CHECK, REPLAY];
/// The beginning of further lines of a comment that is too wide for one line.
const CONTINUED: &str = "#   ";

impl Comment<'_> {
    /// The comment as lines. Text to read is narrow enough for a mail; text to copy is one line.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        match self {
            Self::Signal { actor, call } => folded(SIGNAL, &format!("{actor}: {call}")),
            Self::Violated { finding: found, cow } => {
                // A predicate is printed as in the file, where it may have several lines.
                let seen = finding(found).replace(char::is_control, " ");
                folded(VIOLATED, &format!("{}{}: {seen}", found.class, mistake(*cow)))
            }
            Self::Schedule(schedule) => vec![format!("{SCHEDULE}{schedule}")],
            Self::NotNeeded(cell) => folded(NOT_NEEDED, cell),
            Self::HoldsWith(moved) => folded(HOLDS_WITH, &counterfactual(moved)),
            Self::Check(line) => vec![format!("{CHECK}{line}")],
            Self::Replay(command) => vec![format!("{REPLAY}{command}")],
        }
    }
}

fn folded(begin: &str, text: &str) -> Vec<String> {
    fold(&format!("{begin}{text}"), CONTINUED)
}

/// The lines of a footer without such comments: those of an earlier diagram are not repeated.
#[must_use]
pub fn without_comments(footer: &str) -> Vec<String> {
    let mut within = false;
    let mut kept = Vec::new();
    for line in footer.lines() {
        let begins = BEGINNINGS.iter().any(|begin| line.starts_with(begin));
        within = begins || within && line.starts_with(CONTINUED);
        if !within {
            kept.push(line.to_owned());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The diagram of a diagram has one conclusion.
    #[test]
    fn wide_comments_are_folded_and_left_out_again() {
        let lines = Comment::NotNeeded(&"word ".repeat(40)).lines();
        assert!(lines.len() > 2 && lines.iter().all(|line| line.len() <= 72), "{lines:?}");
        assert!(lines[1..].iter().all(|line| line.starts_with(CONTINUED)), "{lines:?}");
        let own = ["always r == 1", "#   a remark of the file"];
        let footer =
            [&own[..], &lines.iter().map(String::as_str).collect::<Vec<_>>(), &["# the end"]].concat();
        assert_eq!(without_comments(&footer.join("\n")), [own[0], own[1], "# the end"]);
    }
}
