//! Compares the model with what the kernel's own test of copy-on-write, `cow.c`, printed on real kernels.

use cowrace_check::{Specification, Task};
use cowrace_explore::Limits;
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_real_kernels::cow::{Case, Outcome, Page, Release, Results, generate};
use cowrace_report::Report;
use cowrace_scenario::Scenario;

use crate::observed::{ObservedError, parsed};

/// A case of the program with a kind of page, as it came out on a kernel and comes out in the model.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The name of its scenario.
    pub scenario: String,
    /// The case.
    pub case: Case,
    /// The kind of page.
    pub page: Page,
    /// The kernel.
    pub release: &'static Release,
    /// What the program printed.
    pub observed: Outcome,
    /// The report of the search, in which what was printed is the expectation.
    pub report: Report,
}

impl Cell {
    /// The result of the model, in one word: `holds`, or the class of a violation. `ineffective` if it holds, and some call of the case
    /// did nothing: the program makes sure that what it prepares is there, and skips the case otherwise.
    #[must_use]
    pub fn model(&self) -> &'static str {
        match self.report.class {
            Some(class) => class.name(),
            None if !self.report.ineffective.is_empty() => "ineffective",
            None => self.report.verdict.name(),
        }
    }

    /// Whether the model does what the kernel did.
    #[must_use]
    pub fn agrees(&self) -> bool {
        match self.observed {
            Outcome::Pass => self.model() == "holds",
            Outcome::Fail | Outcome::ExpectedFailure => self.model() == self.case.damage(),
            Outcome::Skip | Outcome::Varies => false,
        }
    }
}

/// How much of what was run on a kernel there is to compare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Covered {
    /// Cases with a kind of page, whatever its size, that ran to an end on the kernel.
    pub run: usize,
    /// Those of them that the model has no such page for.
    pub not_modelled: usize,
    /// Those that the program did not try on the kernel.
    pub skipped: usize,
}

/// What there is to compare for a kernel.
#[must_use]
pub fn covered(results: &Results, release: &Release) -> Covered {
    let mut covered = Covered::default();
    for (case, page) in Case::with_pages() {
        match results.outcome(release, case, page) {
            None => {}
            Some(outcome) if !outcome.is_decided() => covered.skipped += 1,
            Some(_) => {
                covered.run += 1;
                covered.not_modelled += usize::from(page.not_modelled().is_some());
            }
        }
    }
    covered
}

/// What is modelled and ran to an end on a kernel, explored, in the order of the program. `era` stands for the kernel; see [`era()`].
///
/// # Errors
///
/// If a scenario cannot be read, or if there is no such era.
pub fn cells(results: &Results, release: &'static Release, era: &Era) -> Result<Vec<Cell>, ObservedError> {
    let mut cells = Vec::new();
    for (case, page) in Case::with_pages() {
        let observed = results.outcome(release, case, page).filter(|outcome| outcome.is_decided());
        let (Some(observed), Some(generated)) = (observed, generate(results, case, page)) else { continue };
        let scenario = parsed(&generated.name, &generated)?;
        let report =
            explore(&scenario, era).ok_or_else(|| ObservedError::Variants(generated.name.clone()))?;
        let mut cell = Cell { scenario: generated.name, case, page, release, observed, report };
        let due = if observed == Outcome::Pass { "holds" } else { case.damage() };
        cell.report.expected = Some(due.to_owned());
        cell.report.as_expected = Some(cell.agrees());
        cells.push(cell);
    }
    Ok(cells)
}

fn explore(scenario: &Scenario, era: &Era) -> Option<Report> {
    let [variant] = scenario.variants() else { return None };
    let specification = Specification::default();
    let arch = Arch::default();
    let task = Task { scenario, variant, era, arch, specification: Some(&specification) };
    Some(task.check(Limits::default(), &mut ()))
}

/// The era that represents a kernel.
///
/// # Errors
///
/// If there is none.
pub fn era(release: &Release) -> Result<Era, ObservedError> {
    let version = Era::version(release.era);
    version.map(|version| version.era).map_err(|error| ObservedError::Kernel { kernel: release.name, error })
}
