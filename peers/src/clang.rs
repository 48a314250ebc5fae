//! Nidhugg and GenMC: checkers of the C text. They print the number of executions, but not their outcomes.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use crate::peer::{End, Ready, Reason, Run, Task};
use crate::process::{available, build, definitions, number, run, said};

const TEXT: &str = include_str!("../common_problem.c");
const FILE: &str = "common_problem.c";

/// Options of Nidhugg: sequential consistency and optimal reduction; adds whose result is unused commute.
const NIDHUGG: [&str; 2] = ["--sc", "--optimal"];

pub(crate) fn nidhugg_installed() -> Result<(), Reason> {
    available(&["nidhugg", "clang"])
}

pub(crate) fn genmc_installed() -> Result<(), Reason> {
    available(&["genmc"])
}

/// Does what `nidhuggc` does, so that the compiler's time can be measured separately.
pub(crate) fn nidhugg(task: Task) -> Result<Ready, Reason> {
    let home = home()?;
    let mut clang = Command::new("clang");
    clang.args(["-S", "-emit-llvm", "-g", "-o", "compiled.ll"]).args(options(task)).arg(FILE);
    let mut transform = Command::new("nidhugg");
    transform.args(NIDHUGG).args(["-transform", "transformed.ll", "compiled.ll"]);
    let build = build(clang.current_dir(&home))? + build(transform.current_dir(&home))?;
    let run = move |_| {
        let mut nidhugg = Command::new("nidhugg");
        nidhugg.arg("transformed.ll").args(NIDHUGG).current_dir(&home);
        judge(run(nidhugg, task.limit)?, task, "Trace count:", "Error detected")
    };
    Ok(Ready { build: Some(build), run: Box::new(run) })
}

/// GenMC compiles by itself, so its time includes the compiler's.
pub(crate) fn genmc(task: Task) -> Result<Ready, Reason> {
    let home = home()?;
    let run = move |_| {
        let mut genmc = Command::new("genmc");
        genmc.args(["--sc", "--disable-estimation", "--"]).args(options(task)).arg(FILE).current_dir(&home);
        judge(run(genmc, task.limit)?, task, "complete executions explored:", "Error: ")
    };
    Ok(Ready { build: None, run: Box::new(run) })
}

fn home() -> Result<TempDir, Reason> {
    let home = tempfile::tempdir().map_err(|error| error.to_string())?;
    fs::write(home.path().join(FILE), TEXT).map_err(|error| error.to_string())?;
    Ok(home)
}

/// Both stop at the first failed assertion, so there is none when the whole set is asked for.
fn options(task: Task) -> Vec<String> {
    let mut options = definitions(&task.variant);
    options.extend(task.goes_on().then(|| "-DNOCHECK".to_owned()));
    options
}

fn judge(text: Option<String>, task: Task, executions: &str, error: &str) -> Result<Run, Reason> {
    let Some(text) = text else {
        return Ok(Run { count: 0, end: End::Limit, lost: None, outcomes: None });
    };
    let count = number(&text, executions).ok_or_else(|| said(&text))?;
    let lost = text.contains(error);
    let end = if lost { End::Found } else { End::Complete };
    Ok(Run { count, end, lost: (!task.goes_on()).then_some(lost), outcomes: None })
}
