//! The counterexample of every scenario that is violated somewhere, under the first such kernel: its diagram is
//! minimal, fits into a mail, and can be replayed.

use cowrace_check::{Specification, Task};
use cowrace_explain::{Counterexample, Detail, Drawing};
use cowrace_explore::{Limits, linearize, replay};
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_report::{Class, Schedule, Verdict};
use cowrace_scenario::{Scenario, Variant, parse};
use libtest_mimic::{Arguments, Failed, Trial};

use crate::sources::sources;

/// Columns of a mail.
const MAIL: usize = 72;

pub(crate) fn trials(arguments: &Arguments) -> Vec<Trial> {
    let mut trials = Vec::new();
    for source in sources(arguments) {
        let Ok(scenario) = parse(&source.text) else { continue };
        let scenario: &'static Scenario = Box::leak(Box::new(scenario));
        for variant in scenario.variants() {
            let violated = |era: &Era| {
                let expected = scenario.expectation(era, variant);
                expected.is_some_and(|expected| expected.verdict() == Some(Verdict::Violated))
            };
            if let Some(era) = Era::presets().into_iter().find(violated) {
                let name = format!(
                    "counterexamples::{}:{}::{}",
                    scenario.name(),
                    variant.name().unwrap_or_default(),
                    era.name()
                );
                trials.push(Trial::test(name, move || one(scenario, variant, &era)));
            }
        }
    }
    trials
}

fn switches(schedule: &Schedule) -> usize {
    schedule.turns.windows(2).filter(|pair| pair[0].actor != pair[1].actor).count()
}

fn one(scenario: &Scenario, variant: &Variant, era: &Era) -> Result<(), Failed> {
    let specification = Specification::default();
    let task = Task { scenario, variant, era, arch: Arch::default(), specification: Some(&specification) };
    let report = task.check(Limits::default(), &mut ());
    let (class, first) = report.class.zip(report.schedule).ok_or("no violation")?;
    let counterexample = Counterexample::of(task, class, &first).map_err(|error| error.to_string())?;
    let program = task.program();
    let whole = replay(&program, &counterexample.schedule).map_err(|error| error.to_string())?;
    if whole.finding.map(|finding| finding.class) != Some(class) {
        return Err("the schedule does not show the damage".into());
    }
    if switches(&counterexample.schedule) > switches(&linearize(&program, &first)) {
        return Err("the first execution that was found is simpler".into());
    }
    for detail in [Detail::Operations, Detail::Accesses] {
        for tabs in [false, true] {
            drawn(task, &counterexample, class, Drawing { detail, tabs })?;
        }
    }
    Ok(())
}

/// What is drawn is a scenario, and followed row by row it ends in the same damage.
fn drawn(
    task: Task<'_>,
    counterexample: &Counterexample,
    class: Class,
    drawing: Drawing,
) -> Result<(), Failed> {
    let diagram = counterexample.picture(task, drawing);
    let text = diagram.to_string();
    let redrawn = parse(&text).map_err(|errors| format!("{text}\ndoes not parse: {errors:#?}"))?;
    let variant = redrawn.variant(task.variant.name()).ok_or("the drawing has no such variant")?;
    let specification = Specification::default();
    let again = Task { scenario: &redrawn, variant, specification: Some(&specification), ..task };
    let replayed = again.as_written().map_err(|error| format!("{text}\ncannot be followed: {error}"))?;
    if replayed.finding != counterexample.trace.finding || replayed.finding.map(|f| f.class) != Some(class) {
        return Err(format!("{text}\ndoes not show {:?}", counterexample.trace.finding).into());
    }
    let rows = text.lines().skip_while(|line| !line.starts_with("===")).take(diagram.rows.len() + 1);
    let widest = rows.map(|row| row.replace('\t', "        ").chars().count()).max().unwrap_or(0);
    if !drawing.tabs && diagram.columns.len() <= 3 && widest > MAIL {
        return Err(format!("{text}\nis {widest} wide").into());
    }
    Ok(())
}
