//! The model does what real kernels did: a test for each cell of the table that can be expressed, named
//! `row/kernel`, and one for each kernel that ran the kernel's own test of copy-on-write.

use std::collections::BTreeSet;
use std::io::{self, Write as _};

use cowrace_check::Task;
use cowrace_compare::observed::Cell;
use cowrace_compare::selftest::{self, covered};
use cowrace_explore::{Explorer, Limits};
use cowrace_machine::Arch;
use cowrace_mm::{Era, program};
use cowrace_real_kernels::cow::{self, Outcome, Release};
use cowrace_real_kernels::{Treatment, scenarios, table};
use cowrace_scenario::parse;
use cowrace_testkit::repository;
use libtest_mimic::{Arguments, Failed, Trial};

pub(crate) fn trials(_: &Arguments) -> Vec<Trial> {
    let mut trials = vec![
        Trial::test("real_kernels::every row is modelled or has a reason", every_row),
        Trial::test("real_kernels::nothing races", nothing_races),
        Trial::test("real_kernels::the table notices commits that are taken out", the_table_notices),
        Trial::test("real_kernels::cow.c notices commits that are taken out", cow_notices),
    ];
    for release in cow::RELEASES {
        let name = format!("real_kernels::cow.c/{}", release.name);
        trials.push(Trial::test(name, move || cow_agrees(release)));
    }
    // The first trial says so if the table cannot be read.
    let Ok(table) = table() else { return trials };
    for kernel in table.kernels() {
        trials.push(Trial::test(format!("real_kernels::agreement/{}", kernel.name), move || {
            agreement(kernel.name)
        }));
    }
    for row in table.rows().iter().filter(|row| matches!(row.treatment(), Treatment::Modelled(_))) {
        for kernel in table.kernels() {
            let (row, kernel) = (row.name.clone(), kernel.name);
            trials.push(Trial::test(format!("real_kernels::{row}/{kernel}"), move || agrees(&row, kernel)));
        }
    }
    trials
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

/// The program on the real kernels leaves nothing to chance, and so must its scenarios.
fn nothing_races() -> Result<(), Failed> {
    for generated in scenarios()?.into_iter().chain(cow::scenarios(&cow::results()?)) {
        let scenario = parse(&generated.text).map_err(|errors| format!("{}: {errors:#?}", generated.name))?;
        for era in Era::presets() {
            let program = program(scenario.variants()[0].world(), &era, Arch::default());
            let outcome = Explorer::new(&program).exhaustive(true).run(&mut ());
            if (outcome.complete, outcome.executions) != (true, 1) {
                let (name, era) = (generated.name, era.name());
                return Err(format!("{name} has {} executions under {era}", outcome.executions).into());
            }
        }
    }
    Ok(())
}

/// All cells of a kernel together, said as N of M.
fn agreement(kernel: &str) -> Result<(), Failed> {
    let table = table()?;
    let modelled = table.rows().iter().filter(|row| matches!(row.treatment(), Treatment::Modelled(_)));
    let cells: Vec<Result<(), Failed>> = modelled.map(|row| agrees(&row.name, kernel)).collect();
    let (agreeing, all) = (cells.iter().filter(|cell| cell.is_ok()).count(), cells.len());
    let figure = format!("{kernel}: {agreeing} of {all} cells agree");
    writeln!(io::stdout(), "{figure}")?;
    if agreeing == all && all > 0 { Ok(()) } else { Err(figure.into()) }
}

/// The cases of `cow.c` that ran to an end on a kernel, said as N of M. What the model has no page for counts as not agreeing, and is told.
fn cow_agrees(release: &'static Release) -> Result<(), Failed> {
    let results = cow::results()?;
    let cells = selftest::cells(&results, release, &selftest::era(release)?)?;
    let wrong: Vec<_> = cells.iter().filter(|cell| !cell.agrees()).collect();
    let covered = covered(&results, release);
    let (name, agreeing) = (release.name, cells.len() - wrong.len());
    let figure = format!(
        "cow.c on {name}: {agreeing} of {}, {} of which not modelled",
        covered.run, covered.not_modelled
    );
    writeln!(io::stdout(), "{figure}")?;
    let told: Vec<String> = wrong
        .iter()
        .map(|cell| {
            format!("{}: {} observed, {} in the model", cell.scenario, cell.observed.name(), cell.model())
        })
        .collect();
    let damaged = cells.iter().filter(|cell| cell.observed != Outcome::Pass).count();
    let is_whole = cells.len() + covered.not_modelled == covered.run && damaged > 0;
    if wrong.is_empty() && is_whole { Ok(()) } else { Err(format!("{figure}\n{}", told.join("\n")).into()) }
}

/// Commits without which some kernel's era would not do what the program printed.
const COW_NOTICED: [&str; 9] = [
    "3faa52c03f44",
    "a308c71bf1e6",
    "09854ba94c6a",
    "70e806e4e645",
    "3bff7e3f1f16",
    "4eae4efa2c29",
    "d042035eaf5f",
    "6c287605fd56",
    "khugepaged-read-only",
];

/// Agreement with `cow.c` means something, too.
fn cow_notices() -> Result<(), Failed> {
    let results = cow::results()?;
    for commit in COW_NOTICED {
        let mut is_noticed = false;
        for release in cow::RELEASES {
            let era = selftest::era(release)?;
            if !is_noticed && era.commits().any(|other| other.id == commit) {
                let cells = selftest::cells(&results, release, &era.without(commit)?)?;
                is_noticed = cells.iter().any(|cell| !cell.agrees());
            }
        }
        if !is_noticed {
            return Err(format!("no cell changes without {commit}").into());
        }
    }
    documented(
        "These commits the comparison notices when they are taken out of an era: ",
        ", whose id",
        &COW_NOTICED,
    )
}

fn agrees(row: &str, kernel: &str) -> Result<(), Failed> {
    let table = table()?;
    let row = table.row(row).ok_or("the row is gone")?;
    let cell = Cell::check(&table, row, kernel).map_err(|error| error.to_string())?;
    let cell = cell.ok_or("the cell is gone")?;
    let observed = cell.observed.verdict.name();
    if cell.agrees() {
        return Ok(());
    }
    let (model, child, report) = (cell.model_word(), &cell.child, &cell.report);
    Err(format!("observed {observed}, the model says {model}; child {child:?}; {report:?}").into())
}

/// The commits without which some kernel's era would not do what the kernel did. The others of its eras
/// matter where things race, and here nothing does.
const NOTICED: [&str; 14] = [
    "3faa52c03f44",
    "17839856fd58",
    "a308c71bf1e6",
    "09854ba94c6a",
    "70e806e4e645",
    "9348b73c2e1b",
    "feb889fb40fa",
    "3bff7e3f1f16",
    "4eae4efa2c29",
    "d042035eaf5f",
    "6c287605fd56",
    "a7f226604170",
    "1493a1913e34",
    "a7e689dd1c06",
];

/// Agreement means something: with a commit less, cells disagree.
fn the_table_notices() -> Result<(), Failed> {
    let table = table()?;
    let mut scenarios = scenarios()?.into_iter();
    let mut noticed = BTreeSet::new();
    for row in table.rows() {
        let Treatment::Modelled(subject) = row.treatment() else { continue };
        let text = scenarios.next().ok_or("a row without a scenario")?.text;
        let scenario = parse(&text).map_err(|errors| format!("{text}\n{errors:#?}"))?;
        for (kernel, observed) in table.kernels().zip(&row.cells) {
            let era = Era::version(subject.era(kernel))?.era;
            let era = subject.without(kernel).iter().try_fold(era, |era, id| era.without(id))?;
            let commits: Vec<&str> =
                era.commits().map(|commit| commit.id).filter(|id| !noticed.contains(id)).collect();
            for commit in commits {
                let era = era.clone().without(commit)?;
                let task = Task {
                    scenario: &scenario,
                    variant: &scenario.variants()[0],
                    era: &era,
                    arch: Arch::default(),
                    specification: None,
                };
                let report = task.check(Limits::default(), &mut ());
                let outcome = report.class.map_or(report.verdict.name(), |class| class.name());
                if subject.verdict(outcome) != Some(observed.verdict) {
                    noticed.insert(commit);
                }
            }
        }
    }
    let due: BTreeSet<&str> = NOTICED.into_iter().collect();
    if noticed != due {
        return Err(format!("noticed are {noticed:?}, not {due:?}").into());
    }
    documented("taken out of an era: ", ". Of those", &NOTICED)
}

/// The page on the model names them, between these words. The package alone, without the repository around it, has no pages.
fn documented(before: &str, after: &str, commits: &[&str]) -> Result<(), Failed> {
    let page = repository("docs/model.md");
    let Ok(page) = std::fs::read_to_string(page) else { return Ok(()) };
    let section = page.split_once(before).map_or("", |(_, section)| section);
    let (listed, _) = section.split_once(after).ok_or("the page has no list of commits")?;
    let listed: Vec<&str> = listed.split('`').skip(1).step_by(2).collect();
    if listed == commits { Ok(()) } else { Err(format!("the page lists {listed:?}").into()) }
}
