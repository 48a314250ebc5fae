//! Compares the model with real kernels on scenarios that these ran.

use cowrace_explore::{Limits, Observer};
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_mm::era::EraError;
use cowrace_real_kernels::{
    ChildView, Generated, Kernel, NOT_MODELLED, Observed, Row, Subject, Table, Treatment, Verdict, generate,
};
use cowrace_report::{Report, Value};
use cowrace_scenario::{Scenario, parse};

use cowrace_check::{Specification, Task, kernel};

/// Why a row of the table cannot be compared with the model: a defect of the table, or of the conversion to a
/// scenario.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ObservedError {
    /// The scenario of a row does not parse.
    #[error("the scenario of row `{row}` does not parse: {error}")]
    Scenario {
        /// The row.
        row: String,
        /// What is wrong with it.
        error: String,
    },
    /// The scenario of a row has variants.
    #[error("the scenario of row `{0}` has variants")]
    Variants(String),
    /// It cannot be determined what the child of a row reads.
    #[error("row `{row}`: {why}")]
    Child {
        /// The row.
        row: String,
        /// Why.
        why: String,
    },
    /// The model does not have a kernel of the table.
    #[error("for kernel {kernel}: {}", kernel::explain(error, None))]
    Kernel {
        /// The kernel.
        kernel: &'static str,
        /// What is wrong.
        error: EraError,
    },
}

/// A row that the model can express, as a scenario.
#[derive(Debug)]
pub struct Modelled<'r> {
    row: &'r Row,
    subject: Subject,
    scenario: Scenario,
}

/// A cell of the table of real kernels: the observation, and the result of the model.
#[derive(Clone, Debug)]
pub struct Cell<'r> {
    /// The row.
    pub row: &'r Row,
    /// The kernel.
    pub kernel: &'static Kernel,
    /// What was observed.
    pub observed: &'r Observed,
    /// What would have been observed if the model were the kernel; `None` if the result is not one that the row
    /// distinguishes.
    pub model: Option<Verdict>,
    /// What a living child read at the end, if there was one, and what it reads in the model, if that is one of the
    /// two possible values.
    pub child: Option<(ChildView, Option<ChildView>)>,
    /// The report of the search, in which the observation is the expectation.
    pub report: Report,
}

impl<'r> Modelled<'r> {
    /// The scenario of a row; `None` if there is none.
    pub fn new(row: &'r Row) -> Result<Option<Self>, ObservedError> {
        let (Treatment::Modelled(subject), Some(generated)) = (row.treatment(), generate(row)) else {
            return Ok(None);
        };
        let scenario = parsed(&row.name, &generated)?;
        Ok(Some(Self { row, subject, scenario }))
    }

    /// Explores the scenario under the era of each kernel.
    fn cell(
        &self,
        (kernel, observed): (&'static Kernel, &'r Observed),
        observer: &mut (dyn Observer + Send),
    ) -> Result<Cell<'r>, ObservedError> {
        let era = era(kernel, self.subject)?;
        let [variant] = self.scenario.variants() else {
            return Err(ObservedError::Variants(self.row.name.clone()));
        };
        let (specification, arch) = (Specification::default(), Arch::default());
        let task =
            Task { scenario: &self.scenario, variant, era: &era, arch, specification: Some(&specification) };
        let mut report = task.check(Limits::default(), observer);
        let outcome = report.class.map_or(report.verdict.name(), |class| class.name());
        let model = self.subject.verdict(outcome);
        report.expected = self.subject.outcome(observed.verdict).map(str::to_owned);
        let child = observed.child().map(|seen| Ok((seen, self.child(task)?))).transpose()?;
        let mut cell = Cell { row: self.row, kernel, observed, model, child, report };
        cell.report.as_expected = Some(cell.agrees());
        Ok(cell)
    }

    /// What a living child reads at the end of the only execution, which follows the rows as they are drawn.
    fn child(&self, task: Task<'_>) -> Result<Option<ChildView>, ObservedError> {
        let fail = |why: &str| ObservedError::Child { row: self.row.name.clone(), why: why.to_owned() };
        let variable = self.subject.child().ok_or_else(|| fail("no child lives in its scenario"))?;
        let trace = task.as_written().map_err(|error| fail(&error.to_string()))?;
        let read = trace.variables.into_iter().find(|(name, _)| name == variable);
        let (_, read) = read.ok_or_else(|| fail("its child reads nothing"))?;
        Ok(match read {
            Value::Number(0) => Some(ChildView::Clean),
            Value::Number(1) => Some(ChildView::SeesDma),
            _ => None,
        })
    }

    /// The cells of the row, each as a unit of work.
    pub fn work(&self, table: &Table) -> impl Iterator<Item = Work<'_, 'r>> {
        table.kernels().zip(&self.row.cells).map(|cell| Work { modelled: self, cell })
    }
}

/// A cell that has not been explored yet.
#[derive(Clone, Copy, Debug)]
pub struct Work<'m, 'r> {
    modelled: &'m Modelled<'r>,
    cell: (&'static Kernel, &'r Observed),
}

impl<'r> Work<'_, 'r> {
    /// Explores it.
    ///
    /// # Errors
    ///
    /// If the scenario cannot be read, or there is no such era.
    pub fn explore(&self, observer: &mut (dyn Observer + Send)) -> Result<Cell<'r>, ObservedError> {
        self.modelled.cell(self.cell, observer)
    }
}

impl<'r> Cell<'r> {
    /// Explores the scenario of a row under the era of a kernel; `None` if the row is not modelled, or the
    /// table has no such kernel.
    ///
    /// # Errors
    ///
    /// If the scenario cannot be read, or there is no such era.
    pub fn check(table: &Table, row: &'r Row, kernel: &str) -> Result<Option<Self>, ObservedError> {
        let Some(modelled) = Modelled::new(row)? else { return Ok(None) };
        let cell = table.kernels().zip(&row.cells).find(|(k, _)| k.name == kernel);
        cell.map(|cell| modelled.cell(cell, &mut ())).transpose()
    }

    /// Whether the model does what the kernel did, and its child reads the same value.
    #[must_use]
    pub fn agrees(&self) -> bool {
        self.model == Some(self.observed.verdict)
            && self.child.is_none_or(|(seen, model)| Some(seen) == model)
    }

    /// The result of the model, in one word.
    #[must_use]
    pub fn model_word(&self) -> &'static str {
        self.model.map_or(self.report.verdict.name(), Verdict::name)
    }
}

/// The scenario that was generated from a row.
pub(crate) fn parsed(row: &str, generated: &Generated) -> Result<Scenario, ObservedError> {
    parse(&generated.text).map_err(|errors| {
        let error = errors.first().map(|error| error.message.as_str()).unwrap_or_default();
        ObservedError::Scenario { row: row.to_owned(), error: error.to_owned() }
    })
}

/// The era that corresponds to a kernel in rows of a kind.
fn era(kernel: &Kernel, subject: Subject) -> Result<Era, ObservedError> {
    let version = Era::version(subject.era(kernel))
        .and_then(|version| subject.without(kernel).iter().try_fold(version.era, |era, id| era.without(id)));
    version.map_err(|error| ObservedError::Kernel { kernel: kernel.name, error })
}

/// The rows of the table that are not modelled, counted by reason; `None` counts those whose names cannot be
/// parsed.
#[must_use]
pub fn not_modelled(table: &Table) -> Vec<(Option<&'static cowrace_real_kernels::NotModelled>, usize)> {
    let count = |treatment| table.rows().iter().filter(|row| row.treatment() == treatment).count();
    NOT_MODELLED
        .iter()
        .map(|reason| (Some(reason), count(Treatment::NotModelled(reason))))
        .chain([(None, count(Treatment::Unknown))])
        .filter(|(_, count)| *count > 0)
        .collect()
}
