//! The answer.

use std::fmt;
use std::path::PathBuf;

use cowrace_check::{Bounds, Engine, Specification, Task};
use cowrace_explain::Explanation;
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_report as data;
use cowrace_scenario::{Scenario, Variant};

use crate::error::Kind;
use crate::{Class, Error, Verdict};

/// The question.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) path: Option<PathBuf>,
    pub(crate) scenario: Scenario,
    pub(crate) variant: Option<String>,
    pub(crate) era: Era,
    pub(crate) arch: Arch,
}

impl Question {
    fn variant(&self) -> Result<&Variant, Error> {
        let variants = self.scenario.variants();
        let found = match (&self.variant, variants) {
            (None, [one]) => Some(one),
            (None, _) => None,
            (Some(name), _) => self.scenario.variant(Some(name)),
        };
        found.ok_or_else(|| {
            let there = variants.iter().filter_map(Variant::name).map(str::to_owned).collect();
            Kind::Variant { scenario: self.scenario.name().to_owned(), asked: self.variant.clone(), there }
                .into()
        })
    }

    fn task<'q>(&'q self, specification: &'q Specification) -> Result<Task<'q>, Error> {
        Ok(Task {
            scenario: &self.scenario,
            variant: self.variant()?,
            era: &self.era,
            arch: self.arch,
            specification: Some(specification),
        })
    }

    /// Answers the question with an engine.
    pub(crate) fn answer(self, engine: &dyn Engine) -> Result<Report, Error> {
        let specification = Specification::default();
        let task = self.task(&specification)?;
        let data = match task.not_applicable(engine.name(), engine.memory()) {
            Some(report) => report,
            None => engine.answer(&task, false, &mut ()).report,
        };
        Ok(Report { data, asked: self })
    }
}

/// The answer to a question.
///
/// Its text is a line with the verdict and its conditions; for a violation, also the diagram of the execution that
/// shows it best, an explanation, and the command that replays it.
#[derive(Clone, Debug)]
pub struct Report {
    data: data::Report,
    asked: Question,
}

impl Report {
    /// The conclusion.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.data.verdict
    }

    /// The damage, if the verdict is [`Verdict::Violated`].
    #[must_use]
    pub const fn class(&self) -> Option<Class> {
        self.data.class
    }

    /// Whether the result is what the file expects for the kernel. If the file says `unknown`, any result is
    /// expected; if it states no outcome for the kernel, only `holds` is.
    #[must_use]
    pub fn is_expected(&self) -> bool {
        self.data.as_expected.unwrap_or(self.data.expected.is_some() || self.data.verdict == Verdict::Holds)
    }

    /// Executions explored to their end.
    #[must_use]
    pub const fn executions(&self) -> u64 {
        self.data.executions
    }

    /// The whole report as plain data, which serializes to the JSON of `cowrace check --format json`.
    #[must_use]
    pub const fn data(&self) -> &data::Report {
        &self.data
    }

    /// Explains the violation; `None` if there is none that can be replayed. This runs a separate search for the
    /// execution that is easiest to read.
    ///
    /// # Errors
    ///
    /// If the schedule does not replay, which is a defect.
    pub fn explain(&self) -> Result<Option<String>, Error> {
        let (Some(schedule), Some(class)) = (&self.data.schedule, self.data.class) else { return Ok(None) };
        let specification = Specification::default();
        let task = self.asked.task(&specification)?;
        let (path, bounds) = (self.asked.path.as_deref(), Bounds::default());
        let explanation = Explanation::of(task, class, schedule, &bounds)?;
        Ok(Some(explanation.text(&self.data, path)))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.explain() {
            Ok(Some(explained)) => f.write_str(&explained),
            Ok(None) => f.write_str(&cowrace_render::answer(&self.data, true, cowrace_render::Paint::Plain)),
            Err(error) => write!(f, "{}\n{error}", cowrace_render::line(&self.data)),
        }
    }
}
