//! `cowrace reproduce`: a C program that does what a diagram does.

use std::fs;
use std::path::Path;

use cowrace_check::Bounds;
use cowrace_mm::era::PRESETS;
use cowrace_reproduce::{Forecast, Plan, Refusal, is_program, plan, program};

use crate::args::{OneArgs, ReproduceArgs};
use crate::single_run::One;
use crate::{Exit, Failure, Interrupt, Out, whole_file};

/// Carries out the command.
///
/// # Errors
///
/// If the scenario or the era cannot be had, if there is no program, or if it cannot be written.
pub(crate) fn run(args: &ReproduceArgs, out: &mut Out<'_>) -> Result<Exit, Failure> {
    args.out.as_deref().map_or(Ok(()), may_be_written)?;
    let one = One::select(&OneArgs {
        file: args.file.clone(),
        era: args.era.clone().unwrap_or_else(newest),
        variant: args.variant.clone(),
        toggles: args.toggles.clone(),
        limits: args.limits,
    })?;
    let bounds = Bounds::new(args.limits.limits(), &Interrupt::default());
    let task = one.task(&bounds)?;
    let plan = plan(task, &bounds).map_err(|refusal| refused(&refusal, task.scenario.name()))?;
    let text = program(task, &plan);
    match &args.out {
        None => out.text(&text)?,
        Some(path) => {
            whole_file::write(path, &text)
                .map_err(|error| Failure::tool(format!("cannot write {}: {error}", path.display())))?;
            let era = task.era.label();
            out.line(&format!("{}: {}", path.display(), forecast(&plan, &era)))?;
        }
    }
    Ok(Exit::Ok)
}

/// Refuses a file that would be lost: only a program may be written anew.
fn may_be_written(path: &Path) -> Result<(), Failure> {
    let name = path.display();
    if path.as_os_str() == "-" {
        return Err(Failure::usage("leave `--out` out, and the program goes to standard output"));
    }
    match fs::symlink_metadata(path).is_err() || whole_file::read(path).is_ok_and(|text| is_program(&text)) {
        true => Ok(()),
        false => Err(Failure::usage(format!(
            "{name} is there, and is no program of `cowrace reproduce`: remove it, or name another file"
        ))),
    }
}

/// The newest release.
pub(super) fn newest() -> String {
    PRESETS.iter().rfind(|preset| preset.mainline).map(|preset| preset.name.to_owned()).unwrap_or_default()
}

/// What the model says that the program finds.
fn forecast(plan: &Plan, era: &str) -> String {
    match plan.forecast() {
        Forecast::Hit => format!("HIT is expected under {era}"),
        Forecast::Clean => format!("CLEAN is expected under {era}"),
        Forecast::Chance => "calls are left to chance, and tried often".to_owned(),
    }
}

fn refused(refusal: &Refusal, scenario: &str) -> Failure {
    Failure {
        exit: Exit::Bounded,
        message: format!("error: there is no program for `{scenario}`\n  {refusal}"),
    }
}
