//! The model does what real kernels did: a test for each cell of the table that can be expressed, named
//! `row/kernel`.

use std::process::ExitCode;

use cowrace::Cell;
use cowrace::real_kernels::{Treatment, table};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = vec![Trial::test("every row is modelled or has a reason", every_row)];
    // The first trial says so if the table cannot be read.
    let Ok(table) = table() else { return libtest_mimic::run(&arguments, trials).exit_code() };
    for row in table.rows().iter().filter(|row| matches!(row.treatment(), Treatment::Modelled(_))) {
        for kernel in table.kernels() {
            let (row, kernel) = (row.name.clone(), kernel.name);
            trials.push(Trial::test(format!("{row}/{kernel}"), move || agrees(&row, kernel)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn every_row() -> Result<(), Failed> {
    let table = table()?;
    match table.rows().iter().find(|row| row.treatment() == Treatment::Unknown) {
        Some(row) => {
            Err(format!("row `{}` is neither modelled nor on the list of what is not", row.name).into())
        }
        None => Ok(()),
    }
}

fn agrees(row: &str, kernel: &str) -> Result<(), Failed> {
    let table = table()?;
    let row = table.row(row).ok_or("the row is gone")?;
    let cell = Cell::check(&table, row, kernel).map_err(|failure| failure.message)?;
    let cell = cell.ok_or("the cell is gone")?;
    let observed = cell.observed.verdict.name();
    if cell.agrees() {
        return Ok(());
    }
    Err(format!("observed {observed}, the model says {}: {:?}", cell.model_word(), cell.report).into())
}
