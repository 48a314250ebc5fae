//! A question, built step by step.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cowrace_explore::Limits;
use cowrace_machine::Arch;
use cowrace_scenario::load;

use crate::error::Kind;
use crate::report::Question;
use crate::scenario::NO_FILE;
use crate::{Class, Engine, Error, Kernel, Report, Scenario, Verdict};

/// Begins a question about a scenario, given as text or as a [`Scenario`].
///
/// ```
/// # let text = include_str!("../../../scenarios/fork-vs-gup-fast-seqcount.race");
/// cowrace::check(text).kernel("v6.12").assert_holds();
/// ```
pub fn check(scenario: impl Into<Source>) -> Check {
    Check {
        source: scenario.into(),
        variant: None,
        kernel: None,
        with: Vec::new(),
        without: Vec::new(),
        arch: Arch::default(),
        engine: Engine::default(),
        limits: Limits::default(),
    }
}

/// Begins a question about a scenario file. A relative path starts at the working directory, which is the directory
/// of the crate when Cargo runs tests.
pub fn check_file(path: impl Into<PathBuf>) -> Check {
    check(Source(From::File(path.into())))
}

/// The source of a scenario: a text or a [`Scenario`].
#[derive(Clone, Debug)]
pub struct Source(From);

#[derive(Clone, Debug)]
enum From {
    Text(String),
    Built(Box<Scenario>),
    File(PathBuf),
}

impl std::convert::From<&str> for Source {
    fn from(text: &str) -> Self {
        Self(From::Text(text.to_owned()))
    }
}

impl std::convert::From<String> for Source {
    fn from(text: String) -> Self {
        Self(From::Text(text))
    }
}

impl std::convert::From<Scenario> for Source {
    fn from(scenario: Scenario) -> Self {
        Self(From::Built(Box::new(scenario)))
    }
}

/// A question: a scenario, a kernel, and how to answer. It is answered by [`run`](Self::run) or by one of the assertions.
#[derive(Clone, Debug)]
#[must_use = "a question does nothing until it is run or asserted"]
pub struct Check {
    source: Source,
    variant: Option<String>,
    kernel: Option<Kernel>,
    with: Vec<String>,
    without: Vec<String>,
    arch: Arch,
    engine: Engine,
    limits: Limits,
}

impl Check {
    /// Sets the kernel: a name such as `"v6.12"`, or a [`Kernel`] with toggles. A question needs one.
    pub fn kernel(mut self, kernel: impl Into<Kernel>) -> Self {
        self.kernel = Some(kernel.into());
        self
    }

    /// Takes this commit out of the kernel, by its id; see [`Kernel::without`].
    pub fn without(mut self, commit: impl Into<String>) -> Self {
        self.without.push(commit.into());
        self
    }

    /// Adds this commit to the kernel, by its id; see [`Kernel::with`].
    pub fn with(mut self, commit: impl Into<String>) -> Self {
        self.with.push(commit.into());
        self
    }

    /// Selects a variant, for a scenario that has variants.
    pub fn variant(mut self, name: impl Into<String>) -> Self {
        self.variant = Some(name.into());
        self
    }

    /// Uses the barriers and flushes of arm64 or x86; the default is what all architectures have in common.
    pub const fn arch(mut self, arch: Arch) -> Self {
        self.arch = arch;
        self
    }

    /// Selects the engine.
    pub const fn engine(mut self, engine: Engine) -> Self {
        self.engine = engine;
        self
    }

    /// Limits the number of executions. If the limit ends a search, the verdict is [`Verdict::Bounded`].
    pub const fn max_executions(mut self, executions: u64) -> Self {
        self.limits.executions = Some(executions);
        self
    }

    /// Limits the time. If the limit ends a search, the verdict is [`Verdict::Bounded`].
    pub const fn max_time(mut self, time: Duration) -> Self {
        self.limits.time = Some(time);
        self
    }

    /// Answers the question.
    ///
    /// # Errors
    ///
    /// If the scenario or the kernel is not valid. No verdict is an error.
    pub fn run(self) -> Result<Report, Error> {
        let (path, scenario) = match self.source.0 {
            From::Text(text) => (None, Scenario::at(Path::new(NO_FILE), &text)?),
            From::Built(scenario) => (None, *scenario),
            From::File(path) => {
                let mut sources = load(std::slice::from_ref(&path)).map_err(Kind::File)?;
                let (Some(source), true) = (sources.pop(), sources.is_empty()) else {
                    return Err(Kind::ManyFiles(path).into());
                };
                let scenario = Scenario::at(&source.path, &source.text)?;
                (Some(source.path), scenario)
            }
        };
        let kernel = self.kernel.ok_or(Kind::NoKernel)?;
        let kernel = self.without.into_iter().fold(kernel, Kernel::without);
        let era = self.with.into_iter().fold(kernel, Kernel::with).era()?;
        let question = Question { path, scenario: scenario.0, variant: self.variant, era, arch: self.arch };
        question.answer(self.engine.within(self.limits).as_ref())
    }

    /// Answers the question, and panics unless every interleaving was explored and none is bad.
    ///
    /// # Panics
    ///
    /// If the verdict is another one, with the diagram of what is wrong; or with the [`Error`] if there is no answer.
    #[track_caller]
    pub fn assert_holds(self) -> Report {
        self.assert("hold", |report| report.verdict() == Verdict::Holds)
    }

    /// Answers the question, and panics unless some execution has this class of damage.
    ///
    /// # Panics
    ///
    /// If there is no such execution, or if the damage is of another class; or with the [`Error`] if there is no
    /// answer.
    #[track_caller]
    pub fn assert_violated(self, class: Class) -> Report {
        self.assert(&format!("be violated with {class}"), |report| report.class() == Some(class))
    }

    /// Answers the question, and panics unless the result is what the file expects for the kernel. If the file
    /// states no outcome for the kernel, the scenario must hold.
    ///
    /// # Panics
    ///
    /// If it is not; or with the [`Error`] if there is no answer.
    #[track_caller]
    pub fn assert_expected(self) -> Report {
        self.assert("be as its file expects", Report::is_expected)
    }

    #[track_caller]
    fn assert(self, due: &str, is_met: impl FnOnce(&Report) -> bool) -> Report {
        match self.run() {
            Ok(report) if is_met(&report) => report,
            Ok(report) => {
                let data = report.data();
                let variant = data.variant.as_ref().map(|variant| format!(":{variant}")).unwrap_or_default();
                panic!("`{}{variant}` was to {due} under {}\n\n{report}", data.scenario, data.era)
            }
            Err(error) => panic!("{error}"),
        }
    }
}
