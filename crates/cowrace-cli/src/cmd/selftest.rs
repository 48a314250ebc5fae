//! `cowrace real-kernels --selftest`: compares the model with the kernel's own test of copy-on-write, `cow.c`.

use std::fmt::Write as _;

use cowrace_check::suggest;
use cowrace_compare::selftest::{Cell, cells, covered, era};
use cowrace_real_kernels::Generated;
use cowrace_real_kernels::cow::{self, CowError, Page, RELEASES, Results, results};
use cowrace_render::Columns;
use cowrace_report::Report;
use serde::Serialize;

use crate::args::{Format, RealKernelsArgs};
use crate::{Exit, Failure, Out, exit_code};

/// Carries out the command.
///
/// # Errors
///
/// If there is no such scenario, or if the output cannot be written.
pub(super) fn run(args: &RealKernelsArgs, out: &mut Out<'_>) -> Result<Exit, Failure> {
    match &args.row {
        Some(name) => out.text(&scenario(name)?).map(|()| Exit::Ok),
        None => compare(&results().map_err(|error| damaged(&error))?, args.format, out),
    }
}

/// The scenarios of all cases.
///
/// # Errors
///
/// If the table has been damaged.
pub(super) fn scenarios() -> Result<Vec<Generated>, Failure> {
    Ok(cow::scenarios(&results().map_err(|error| damaged(&error))?))
}

fn damaged(error: &CowError) -> Failure {
    Failure::tool(format!("the table of what cow.c printed cannot be read: {error}"))
}

fn scenario(name: &str) -> Result<String, Failure> {
    let scenarios = scenarios()?;
    if let Some(scenario) = scenarios.iter().find(|scenario| scenario.name == name) {
        return Ok(scenario.text.clone());
    }
    let hint = suggest::hint(name, scenarios.iter().map(|scenario| scenario.name.as_str()));
    Err(Failure::usage(format!(
        "there is no scenario `{name}` of cow.c{hint}\n  a name is that of a case, then that of a page, for example \
         cow-vmsplice-in-child-thp; `cowrace real-kernels --selftest --write DIR` writes all of them"
    )))
}

fn compare(results: &Results, format: Format, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let mut all = Vec::new();
    for release in RELEASES {
        all.extend(cells(results, release, &era(release)?)?);
    }
    match format {
        Format::Text => out.text(&text(results, &all))?,
        Format::Json => {
            for cell in &all {
                let object = serde_json::to_string(&Object::of(cell));
                out.line(&object.map_err(|error| Failure::tool(error.to_string()))?)?;
            }
        }
    }
    let reports: Vec<Report> = all.into_iter().map(|cell| cell.report).collect();
    Ok(exit_code::worst(&reports))
}

/// A cell as JSON: what was printed, then all of the report.
#[derive(Serialize)]
struct Object<'c> {
    case: &'c str,
    page: &'c str,
    kernel: &'c str,
    observed: &'c str,
    model: &'c str,
    agrees: bool,
    #[serde(flatten)]
    report: &'c Report,
}

impl<'c> Object<'c> {
    fn of(cell: &'c Cell) -> Self {
        Self {
            case: cell.case.title(),
            page: cell.page.title(),
            kernel: cell.release.name,
            observed: cell.observed.name(),
            model: cell.model(),
            agrees: cell.agrees(),
            report: &cell.report,
        }
    }
}

/// The agreement for each kernel, what is not modelled, and every disagreement.
fn text(results: &Results, cells: &[Cell]) -> String {
    let agree =
        |of: &[&Cell], run: usize| format!("{} of {run}", of.iter().filter(|cell| cell.agrees()).count());
    let mut columns = Columns::new(["kernel", "agree", "not modelled", "not tried", "era"]);
    for release in RELEASES {
        let covered = covered(results, release);
        let of: Vec<_> = cells.iter().filter(|cell| cell.release == release).collect();
        columns.row([
            (0, release.name.to_owned()),
            (1, agree(&of, covered.run)),
            (2, covered.not_modelled.to_string()),
            (3, covered.skipped.to_string()),
            (4, release.era.to_owned()),
        ]);
    }
    let mut text = columns.to_string();
    let missing: Vec<String> = Page::NOT_ANONYMOUS
        .into_iter()
        .filter_map(|page| Some(format!("{} ({})", page.title(), page.not_modelled()?)))
        .collect();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "\nnot modelled: {}", missing.join(", "));
    text.push_str(
        "not tried: the program skipped it, since the kernel has no gup_test or refuses MADV_COLLAPSE\n",
    );
    let wrong: Vec<_> = cells.iter().filter(|cell| !cell.agrees()).collect();
    let _ = writeln!(text, "\ncases that disagree: {}", wrong.len());
    for cell in wrong {
        let (observed, model) = (cell.observed.name(), cell.model());
        let _ = writeln!(
            text,
            "  {}  {}: the program printed {observed}, the model says {model}",
            cell.scenario, cell.release.name
        );
    }
    text
}
