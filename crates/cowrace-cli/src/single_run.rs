//! One execution: the common part of `replay` and `explain`.

use crate::Exit;
use cowrace_explore::{FollowError, ReplayError, follow, replay};
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_report::{Schedule, Trace, Verdict};
use cowrace_scenario::{Diagnostic, Variant};
use cowrace_spec::Unknown;

use crate::args::OneArgs;
use crate::input::{self, Loaded};
use cowrace_check::Bounds;
use cowrace_check::{Judged, Task};
use cowrace_check::{directives, kernel};
use cowrace_render::diagnostic::draw;
use cowrace_render::{finding, waits, with_variant};

use crate::{Failure, batch};

/// How an execution is chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way<'s> {
    /// By the rows of the diagram.
    AsWritten,
    /// By a schedule.
    Schedule(&'s Schedule),
}

impl Way<'_> {
    /// The name of the way, as text.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::AsWritten => "as written",
            Self::Schedule(_) => "by schedule",
        }
    }
}

/// Everything that one execution needs.
#[derive(Debug)]
pub(crate) struct One {
    loaded: Loaded,
    variant: Option<String>,
    era: Era,
    arch: Arch,
}

/// Why an execution is impossible.
#[derive(Debug)]
pub(crate) struct Impossible {
    /// The reason in a line.
    pub(crate) reason: String,
    /// What to print on standard error.
    pub(crate) shown: String,
}

impl One {
    pub(crate) fn select(args: &OneArgs) -> Result<Self, Failure> {
        let mut selection = kernel::select(std::slice::from_ref(&args.era), &args.toggles.toggles())?;
        let loaded = input::one(&args.file)?;
        batch::print_notes(&selection.notes);
        let variant = input::variant(&loaded.scenario, args.variant.as_deref())?.name().map(str::to_owned);
        let era = selection.eras.pop().ok_or_else(|| Failure::usage("no era"))?;
        Ok(Self { variant, era, arch: args.toggles.arch, loaded })
    }

    /// The scenario under the era. Its specification is explored within bounds.
    pub(crate) fn task(&self, bounds: &Bounds) -> Result<Task<'_>, Failure> {
        let scenario = &self.loaded.scenario;
        let variant = input::variant(scenario, self.variant.as_deref())?;
        let specification = self.loaded.variants().find(|(other, _)| other.name() == variant.name());
        let specification = specification.map(|(_, specification)| specification);
        specification.into_iter().for_each(|specification| specification.heed(bounds));
        Ok(Task { scenario, variant, era: &self.era, arch: self.arch, specification })
    }

    /// Runs one execution.
    pub(crate) fn run(&self, task: Task<'_>, way: Way<'_>) -> Result<Judged, Impossible> {
        if let Some(report) = task.not_applicable("explore", "sc") {
            let reason = format!("not applicable: {}", report.detail.unwrap_or_default());
            return Err(Impossible { shown: format!("error: {reason}"), reason });
        }
        match way {
            Way::AsWritten => {
                let rows = directives::of(task.variant);
                let one = task.one(|program| follow(program, &rows));
                one.map_err(|error| self.impossible_row(task.variant, &error))
            }
            Way::Schedule(schedule) => task.one(|program| replay(program, schedule)).map_err(|error| {
                let reason = unfit(&error);
                Impossible { shown: format!("error: the schedule does not fit: {reason}"), reason }
            }),
        }
    }

    fn impossible_row(&self, variant: &Variant, error: &FollowError) -> Impossible {
        let cell = error.directive().and_then(|directive| directives::cell(variant, directive));
        let Some(cell) = cell else {
            return Impossible { reason: error.to_string(), shown: format!("error: {error}") };
        };
        let reason = format!("row {}: this step is impossible here: {}", cell.row + 1, blocked(error));
        let diagnostic = Diagnostic {
            message: reason.clone(),
            span: cell.span.clone(),
            label: format!("under {}", self.era.label()),
            help: None,
        };
        let source = &self.loaded.source;
        let shown = draw(&source.path, &source.text, &[diagnostic], input::colour());
        Impossible { reason, shown }
    }
}

/// Why a schedule cannot be followed.
fn unfit(error: &ReplayError) -> String {
    match error {
        ReplayError::NotReady { step, actor, waits: what } => {
            format!("step {step} moves {actor}, which {}", waits(what))
        }
        ReplayError::TooLong { finding: Some(found), .. } => format!("{error}: {}", finding(found)),
        ReplayError::TooLong { finding: None, .. } => format!("{error}: all actors have finished"),
        _ => error.to_string(),
    }
}

/// Why a diagram cannot be followed.
fn blocked(error: &FollowError) -> String {
    match error {
        FollowError::Blocked { waits: what, .. } => format!("{error}: it {}", waits(what)),
        _ => error.to_string(),
    }
}

/// The exit code for one execution that was run.
pub(crate) fn exit(task: &Task<'_>, one: &Judged, way: Way<'_>) -> Exit {
    let Judged { trace, unknown } = one;
    let violation_is_due = task.expectation().is_some_and(|e| e.verdict() == Some(Verdict::Violated));
    match (&trace.finding, way) {
        (Some(finding), _) => match task.as_expected(Verdict::Violated, Some(finding.class)) {
            Some(false) => Exit::Unexpected,
            // A result without an expectation is reported and not judged.
            Some(true) | None => Exit::Ok,
        },
        (None, _) if unknown.is_some() => Exit::Bounded,
        (None, Way::Schedule(_)) if violation_is_due => Exit::Gone,
        (None, _) => Exit::Ok,
    }
}

/// The result of an execution, in one line. `way` says how it was chosen.
pub(crate) fn headline(task: &Task<'_>, trace: &Trace, unknown: Option<&Unknown>, way: &str) -> String {
    let name = with_variant(task.scenario.name(), task.variant.name());
    let verdict = match (&trace.finding, unknown) {
        (Some(finding), _) => format!("VIOLATED {}", finding.class),
        (None, Some(_)) => "INCONCLUSIVE".to_owned(),
        (None, None) => "HOLDS in this execution".to_owned(),
    };
    let expected = match task.expectation() {
        Some(expected) if expected.verdict().is_some() => format!("the file expects {expected}"),
        _ => "the file states no outcome for this era".to_owned(),
    };
    let why = unknown.filter(|_| trace.finding.is_none()).map(|unknown| {
        format!("\n#   no assertion of the scenario fails, but the specification is not known: {unknown}")
    });
    format!("{verdict}  {name}  era {}  {way}  ({expected}){}", task.era.label(), why.unwrap_or_default())
}
