//! `cowrace real-kernels`: the model beside what real kernels did.

use std::fmt::Write as _;
use std::fs;
use std::num::NonZero;
use std::path::Path;

use cowrace_real_kernels::{Generated, KERNELS, Table, Treatment, generate, scenarios, table};
use cowrace_render::Columns;
use cowrace_scenario::SUFFIX;
use cowrace_trace::{Exit, Report};
use serde::Serialize;

use crate::agreement::{Cell, Modelled, Work, not_modelled};
use crate::cli::{Format, RealKernelsArgs};
use crate::progress::{Progress, Watch};
use crate::{Failure, Out, jobs, judge, suggest};

/// Carries out the command.
///
/// # Errors
///
/// If there is no such row, a file cannot be written, or the output cannot.
pub(crate) fn run(args: &RealKernelsArgs, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let table = table().map_err(damaged)?;
    if let Some(directory) = &args.write {
        let count = write(directory, &scenarios().map_err(damaged)?)?;
        out.line(&format!("{count} scenarios written to {}", directory.display()))?;
        return Ok(Exit::Ok);
    }
    match &args.row {
        Some(name) => out.text(&scenario(&table, name)?.text).map(|()| Exit::Ok),
        None => compare(&table, args.format, out),
    }
}

fn damaged(error: cowrace_real_kernels::TableError) -> Failure {
    Failure::tool(format!("the table of real kernels cannot be read: {error}"))
}

fn scenario(table: &Table, name: &str) -> Result<Generated, Failure> {
    let Some(row) = table.row(name) else {
        let names = table.rows().iter().map(|row| row.name.as_str());
        let hint = suggest::hint(name, names);
        return Err(Failure::usage(format!(
            "there is no row `{name}` in the table of real kernels{hint}\n  a row is DEVICE|STATE|EVENT, in quotes for the shell, as 'vmsplice(R,GET)|excl|none'"
        )));
    };
    generate(row).ok_or_else(|| {
        Failure::usage(match row.treatment() {
            Treatment::NotModelled(why) => format!("row `{name}` is not modelled: {}", why.reason),
            _ => format!("row `{name}` is not understood"),
        })
    })
}

fn write(directory: &Path, scenarios: &[Generated]) -> Result<usize, Failure> {
    let fail = |path: &Path, error| Failure::tool(format!("cannot write {}: {error}", path.display()));
    fs::create_dir_all(directory).map_err(|error| fail(directory, error))?;
    for scenario in scenarios {
        let path = directory.join(format!("{}.{SUFFIX}", scenario.name));
        fs::write(&path, &scenario.text).map_err(|error| fail(&path, error))?;
    }
    Ok(scenarios.len())
}

fn compare<'t>(table: &'t Table, format: Format, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let rows = table.rows().iter().filter_map(|row| Modelled::new(row).transpose());
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let work: Vec<_> = rows.iter().flat_map(|row| row.work(table)).collect();
    let progress = Progress::new(work.len());
    let mut cells = Vec::new();
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let explore = |work: &Work<'_, 't>| {
        let cell = work.explore(&mut Watch::new(&progress));
        progress.done();
        cell
    };
    let done = jobs::ordered(&work, threads, explore, |cell| {
        if format == Format::Json {
            let object = serde_json::to_string(&Object::of(&cell));
            let object = object.map_err(|error| Failure::tool(error.to_string()))?;
            progress.aside(|| out.line(&object))?;
        }
        cells.push(cell);
        Ok(())
    });
    progress.finish();
    done?;
    if format == Format::Text {
        out.text(&text(table, &cells))?;
    }
    let reports: Vec<Report> = cells.into_iter().map(|cell| cell.report).collect();
    Ok(judge::worst(&reports))
}

/// A cell as JSON: what was observed, then all of the report.
#[derive(Serialize)]
struct Object<'c> {
    row: &'c str,
    kernel: &'c str,
    observed: &'c str,
    observed_detail: Option<&'c str>,
    model: &'c str,
    agrees: bool,
    #[serde(flatten)]
    report: &'c Report,
}

impl<'c> Object<'c> {
    fn of(cell: &'c Cell<'_>) -> Self {
        Self {
            row: &cell.row.name,
            kernel: cell.kernel.name,
            observed: cell.observed.verdict.name(),
            observed_detail: cell.observed.detail.as_deref(),
            model: cell.model_word(),
            agrees: cell.agrees(),
            report: &cell.report,
        }
    }
}

/// The agreement for each kernel, what is not modelled, and every disagreement.
fn text(table: &Table, cells: &[Cell<'_>]) -> String {
    let agree = |of: &dyn Fn(&Cell<'_>) -> bool| {
        let of: Vec<_> = cells.iter().filter(|cell| of(cell)).collect();
        format!("{} of {}", of.iter().filter(|cell| cell.agrees()).count(), of.len())
    };
    let mut columns = Columns::new(["kernel", "cells agree", "era"]);
    for kernel in table.kernels() {
        let agree = agree(&|cell| cell.kernel == kernel);
        columns.row([(0, kernel.name.to_owned()), (1, agree), (2, kernel.base.to_owned())]);
        for ids in kernel.with.chunks(3) {
            columns.row([(2, format!("  with {}", ids.join(" with ")))]);
        }
    }
    columns.row([(0, "all".to_owned()), (1, agree(&|_| true))]);
    let mut text = columns.to_string();
    text.push_str("\n* a reconstruction: strong evidence, but not that kernel\n");
    let missing = not_modelled(table);
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "\nrows: {} in the table, {} modelled, {} not",
        table.rows().len(),
        cells.len() / KERNELS.len(),
        missing.iter().map(|(_, count)| count).sum::<usize>()
    );
    for (why, count) in missing {
        let (state, reason) =
            why.map_or(("?", "names that are not understood"), |why| (why.state, why.reason));
        let _ = writeln!(text, "  {count:>2} {state:<7}  {reason}");
    }
    let wrong: Vec<_> = cells.iter().filter(|cell| !cell.agrees()).collect();
    let _ = writeln!(text, "\ncells that disagree: {}", wrong.len());
    for cell in wrong {
        let (observed, model) = (cell.observed.verdict.name(), cell.model_word());
        let _ = writeln!(
            text,
            "  {}  {}: observed {observed}, the model says {model}",
            cell.row.name, cell.kernel.name
        );
    }
    text
}
