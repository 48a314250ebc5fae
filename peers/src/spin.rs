//! SPIN: a Promela model of the steps, made into a C program that explores it.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::peer::{Collect, End, Ready, Reason, Run, Task, Words};
use crate::process::{available, build, definitions, number, run, said};

const MODEL: &str = include_str!("../common_problem.pml");

/// The beginning of a line with a final state.
const OUTCOME: &str = "outcome ";

pub(crate) fn installed() -> Result<(), Reason> {
    available(&["spin", "gcc"])
}

/// Two programs: one that explores, and one that prints outcomes as well.
pub(crate) fn prepare(task: Task) -> Result<Ready, Reason> {
    let home = tempfile::tempdir().map_err(|error| error.to_string())?;
    let (measured, duration) = compile(&home, "measured", task, &[])?;
    let (printing, _) = compile(&home, "printing", task, &["-DOUTCOMES"])?;
    let run = move |collect| {
        // The programs exist as long as this directory.
        let _home = &home;
        explore(if collect == Collect::Yes { &printing } else { &measured }, task, collect)
    };
    Ok(Ready { build: Some(duration), run: Box::new(run) })
}

fn compile(home: &TempDir, name: &str, task: Task, more: &[&str]) -> Result<(PathBuf, Duration), Reason> {
    let dir = home.path().join(name);
    fs::create_dir(&dir).and_then(|()| fs::write(dir.join("model.pml"), MODEL)).map_err(|e| e.to_string())?;
    let mut spin = Command::new("spin");
    spin.args(definitions(&task.variant)).args(more).args(["-a", "model.pml"]).current_dir(&dir);
    let mut gcc = Command::new("gcc");
    gcc.args(["-O2", "-DSAFETY", "-o", "pan", "pan.c"]).current_dir(&dir);
    let duration = build(&mut spin)? + build(&mut gcc)?;
    Ok((dir, duration))
}

fn explore(dir: &Path, task: Task, collect: Collect) -> Result<Run, Reason> {
    // To continue after a lost write, assertions must be ignored.
    let ignore = task.goes_on();
    let mut pan = Command::new(dir.join("pan"));
    // A hash table for a million states: the default one is much larger and takes longer to clear than to fill. There
    // is no report of unreached states.
    pan.args(["-w20", "-n"]).args(ignore.then_some("-A")).current_dir(dir);
    let Some(text) = run(pan, task.limit)? else {
        return Ok(Run { count: 0, end: End::Limit, lost: None, outcomes: None });
    };
    // Anything else than a failed assertion, such as a deadlock, is a defect of the model.
    let other = |line: &str| line.starts_with("pan:1:") && !line.contains("assertion violated");
    let (Some(count), Some(errors), false) =
        (number(&text, "states, stored"), number(&text, "errors:"), text.lines().any(other))
    else {
        return Err(said(&text));
    };
    if text.contains("max search depth too small") {
        return Err(said(&text));
    }
    let end = if errors > 0 { End::Found } else { End::Complete };
    let outcomes = (collect == Collect::Yes).then(|| outcomes(&text));
    Ok(Run { count, end, lost: (!ignore).then_some(errors > 0), outcomes })
}

fn outcomes(text: &str) -> HashSet<Words> {
    let lines = text.lines().filter_map(|line| line.strip_prefix(OUTCOME));
    lines.map(|line| line.split(' ').filter_map(|word| word.parse().ok()).collect()).collect()
}
