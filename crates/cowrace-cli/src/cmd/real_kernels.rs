//! `cowrace real-kernels`: compares the model with real kernels.

use std::fmt::Write as _;
use std::fs;
use std::num::NonZero;
use std::path::Path;

use crate::Exit;
use cowrace_real_kernels::{ChildView, Generated, KERNELS, Table, Treatment, generate, scenarios, table};
use cowrace_render::Columns;
use cowrace_report::Report;
use cowrace_scenario::SUFFIX;
use serde::Serialize;

use super::selftest;
use crate::args::{Format, RealKernelsArgs};
use crate::input::damaged;
use crate::progress::{Progress, Watch};
use crate::{Failure, Interrupt, Out, exit_code, jobs};
use cowrace_check::suggest;
use cowrace_compare::observed::{Cell, Modelled, Work, not_modelled};

/// Carries out the command.
///
/// # Errors
///
/// If there is no such row, or if a file or the output cannot be written.
pub(crate) fn run(args: &RealKernelsArgs, out: &mut Out<'_>) -> Result<Exit, Failure> {
    if let Some(directory) = &args.write {
        let scenarios = match args.selftest {
            true => selftest::scenarios()?,
            false => scenarios().map_err(|error| damaged(&error))?,
        };
        let count = write(directory, &scenarios)?;
        out.line(&format!("{count} scenarios written to {}", directory.display()))?;
        return Ok(Exit::Ok);
    }
    if args.selftest {
        return selftest::run(args, out);
    }
    let table = table().map_err(|error| damaged(&error))?;
    match &args.row {
        Some(name) => out.text(&scenario(&table, name)?.text).map(|()| Exit::Ok),
        None => compare(&table, args.format, out),
    }
}

fn scenario(table: &Table, name: &str) -> Result<Generated, Failure> {
    let Some(row) = table.row(name) else {
        let names = table.rows().iter().map(|row| row.name.as_str());
        let hint = suggest::hint(name, names);
        return Err(Failure::usage(format!(
            "there is no row `{name}` in the table of real kernels{hint}\n  a row is DEVICE|STATE|EVENT, in \
             quotes for the shell, for example 'vmsplice(R,GET)|excl|none'"
        )));
    };
    generate(row).ok_or_else(|| {
        Failure::usage(match row.treatment() {
            Treatment::NotModelled(why) => format!("row `{name}` is not modelled: {}", why.reason),
            _ => format!("row `{name}` cannot be parsed"),
        })
    })
}

fn write(directory: &Path, scenarios: &[Generated]) -> Result<usize, Failure> {
    let fail = |path: &Path, error| Failure::tool(format!("cannot write {}: {error}", path.display()));
    fs::create_dir_all(directory).map_err(|error| fail(directory, error))?;
    let path = |scenario: &Generated| directory.join(format!("{}.{SUFFIX}", scenario.name));
    // Writes all files or none, and overwrites no other file.
    for scenario in scenarios {
        let path = path(scenario);
        let is_other = |text: Vec<u8>| text != scenario.text.as_bytes();
        if path.exists() && fs::read(&path).map_or(true, is_other) {
            return Err(Failure::usage(format!(
                "{} already exists with other content: remove it, or name another directory",
                path.display()
            )));
        }
    }
    for scenario in scenarios {
        let path = path(scenario);
        fs::write(&path, &scenario.text).map_err(|error| fail(&path, error))?;
    }
    Ok(scenarios.len())
}

fn compare<'t>(table: &'t Table, format: Format, out: &mut Out<'_>) -> Result<Exit, Failure> {
    let rows = table.rows().iter().filter_map(|row| Modelled::new(row).transpose());
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    let work: Vec<_> = rows.iter().flat_map(|row| row.work(table)).collect();
    let progress = Progress::new(work.len(), Interrupt::default());
    let mut cells = Vec::new();
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let explore = |(): &mut (), work: &Work<'_, 't>| {
        let cell = work.explore(&mut Watch::new(&progress));
        progress.done();
        Ok(cell?)
    };
    let done = jobs::ordered(
        &work.chunks(1).collect::<Vec<_>>(),
        threads,
        || false,
        explore,
        || (),
        |cell| {
            if format == Format::Json {
                let object = serde_json::to_string(&Object::of(&cell));
                let object = object.map_err(|error| Failure::tool(error.to_string()))?;
                progress.aside(|| out.line(&object))?;
            }
            cells.push(cell);
            Ok(())
        },
    );
    progress.finish();
    done?;
    if format == Format::Text {
        out.text(&text(table, &cells))?;
    }
    let reports: Vec<Report> = cells.into_iter().map(|cell| cell.report).collect();
    Ok(exit_code::worst(&reports))
}

/// A cell as JSON: what was observed, then all of the report.
#[derive(Serialize)]
struct Object<'c> {
    row: &'c str,
    kernel: &'c str,
    observed: &'c str,
    observed_detail: Option<&'c str>,
    model: &'c str,
    child_observed: Option<&'static str>,
    child: Option<&'c str>,
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
            child_observed: cell.child.map(|(seen, _)| seen.name()),
            child: cell.child.map(|(_, model)| said(model)),
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
        let because = kernel.because.map(|because| format!(": {because}")).unwrap_or_default();
        columns.row([(0, kernel.name.to_owned()), (1, agree), (2, format!("{}{because}", kernel.era))]);
    }
    columns.row([(0, "all".to_owned()), (1, agree(&|_| true))]);
    let mut text = columns.to_string();
    text.push_str(
        "\n* a reconstruction: strong evidence, but not that kernel; its huge pages are those of v5.10.46\n",
    );
    let children = cells.iter().filter(|cell| cell.child.is_some()).count();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "in {children} of the cells a child lives, and the value that it reads has to agree, too"
    );
    let missing = not_modelled(table);
    let _ = writeln!(
        text,
        "\nrows: {} in the table, {} modelled, {} not",
        table.rows().len(),
        cells.len() / KERNELS.len(),
        missing.iter().map(|(_, count)| count).sum::<usize>()
    );
    for (why, count) in missing {
        let (state, reason) = why.map_or(("?", "names that cannot be parsed"), |why| (why.state, why.reason));
        let _ = writeln!(text, "  {count:>2} {state:<7}  {reason}");
    }
    let wrong: Vec<_> = cells.iter().filter(|cell| !cell.agrees()).collect();
    let _ = writeln!(text, "\ncells that disagree: {}", wrong.len());
    for cell in wrong {
        let (observed, model) = (cell.observed.verdict.name(), cell.model_word());
        let (row, kernel) = (&cell.row.name, cell.kernel.name);
        let child = |word: &str| if word.is_empty() { String::new() } else { format!(", child {word}") };
        let (seen, reads) = cell.child.map_or(("", ""), |(seen, reads)| (seen.name(), said(reads)));
        let (seen, reads) = (child(seen), child(reads));
        let _ = writeln!(text, "  {row}  {kernel}: observed {observed}{seen}, the model says {model}{reads}");
    }
    text
}

/// The value that a child reads in the model, in one word.
fn said(reads: Option<ChildView>) -> &'static str {
    reads.map_or("another value", ChildView::name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table in which a kernel differs from the model, both in the verdict and in the value that a child
    /// saw.
    #[test]
    fn disagreements_are_told() {
        let cells =
            |first: &str, rest: &str| format!("\t{first}{}", format!("\t{rest}").repeat(KERNELS.len() - 1));
        let head = KERNELS.iter().fold("scenario".to_owned(), |head, kernel| head + "\t" + kernel.name);
        let leak = "leak-parent-pins-after-fork|excl".to_owned() + &cells("SAFE", "SAFE");
        let fork = "uring_fixed(W,LT)dmaW|excl|fork-alive".to_owned()
            + &cells("LOST [child=clean]", "COHERENT [child=clean]");
        let merged = "vmsplice(R,GET)|ksm|none".to_owned() + &cells("STALE", "STALE");
        let table = Table::parse(&format!("{head}\n{leak}\n{fork}\n{merged}\n")).expect("a table");
        let mut printed = Vec::new();
        let exit = compare(&table, Format::Text, &mut Out::new(&mut printed)).expect("an answer");
        assert_eq!(exit, Exit::Unexpected);
        let printed = String::from_utf8(printed).expect("text");
        for line in [
            "5.7-like*       0 of 2       v5.7\n",
            "5.9-like*       2 of 2       v5.9\n",
            "rows: 3 in the table, 2 modelled, 1 not\n   1 ksm ",
            "cells that disagree: ",
            "\n  leak-parent-pins-after-fork|excl  5.7-like*: observed SAFE, the model says LEAK\n",
            "\n  uring_fixed(W,LT)dmaW|excl|fork-alive  5.7-like*: observed LOST, child clean, the model says LOST, child SEES-DMA\n",
        ] {
            assert!(printed.contains(line), "no `{line}` in\n{printed}");
        }
    }
}
