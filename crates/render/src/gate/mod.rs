//! Results for CI systems: what each needs to know of a run, beside its report.

mod baseline;
mod github;
mod junit;
mod sarif;

use cowrace_report::Report;

pub use baseline::{gone, other_kernel, unused};
pub use github::annotations;
pub use junit::junit;
pub use sarif::sarif;

use crate::report::{line, name};

/// What a CI system makes of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// The result is as expected.
    Passed,
    /// The result is reported, and not judged.
    NotJudged,
    /// The kernel does not have what the scenario asks for.
    NotApplicable,
    /// The result is not as expected, and a baseline says so.
    Known,
    /// A violation that no file expects.
    Violation,
    /// A violation that a file expects is gone, or is of another class.
    Gone,
    /// The window of the race never opened.
    Vacuous,
    /// A limit ended the search, or it was inconclusive.
    NoAnswer,
    /// Engines disagree.
    Disagreement,
}

impl Status {
    /// Those that fail.
    const FAILED: [Self; 5] =
        [Self::Violation, Self::Gone, Self::Vacuous, Self::NoAnswer, Self::Disagreement];

    /// Whether the check fails because of it.
    #[must_use]
    pub fn is_failed(self) -> bool {
        Self::FAILED.contains(&self)
    }

    /// A name for it, for machines. What does not fail was checked for violations.
    const fn rule(self) -> &'static str {
        match self {
            Self::Gone => "expected-violation-gone",
            Self::Vacuous => "vacuous",
            Self::NoAnswer => "no-answer",
            Self::Disagreement => "engines-disagree",
            _ => "unexpected-violation",
        }
    }

    /// What it means that the check fails because of it.
    const fn meaning(self) -> &'static str {
        match self {
            Self::Gone => "A violation that the file expects is gone, or is of another class.",
            Self::Vacuous => "No execution opened the window of the race.",
            Self::NoAnswer => "A limit ended the search, or the question could not be answered.",
            Self::Disagreement => "Two engines disagree: a defect of the tool.",
            _ => "Some interleaving is bad, and the file does not expect that.",
        }
    }
}

/// A run, for a CI system.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The report.
    pub report: &'a Report,
    /// What a CI system makes of it.
    pub status: Status,
    /// The same, whatever a baseline says.
    pub fails_as: Status,
    /// The scenario's file.
    pub path: &'a str,
    /// The line of the file that states what is expected, or names the scenario; from 1.
    pub line: usize,
    /// What `check` prints for people: the diagram, or the answer.
    pub text: &'a str,
}

impl Case<'_> {
    /// The variant if there is one, the kernel, and the engine if it is not ours.
    fn name(&self) -> String {
        let Report { variant, era, engine, .. } = self.report;
        let engine = (engine != crate::report::OURS).then(|| format!("engine {engine}"));
        variant.iter().cloned().chain([era.clone()]).chain(engine).collect::<Vec<_>>().join(", ")
    }

    /// The result in a line.
    fn headline(&self) -> String {
        line(self.report)
    }

    /// The result in a line, and what was seen or why there is no answer.
    fn message(&self) -> String {
        let Report { disagreement, detail, .. } = self.report;
        let said = disagreement.iter().chain(detail).cloned().chain(gone(self.report));
        std::iter::once(self.headline()).chain(said).collect::<Vec<_>>().join("\n")
    }

    /// The scenario with its variant, and the kernel.
    fn title(&self) -> String {
        format!("{} {}", name(self.report), self.report.era)
    }
}
