//! What the checker finds of a race under each kernel, and the execution that the gallery shows.

use std::time::Duration;

use cowrace_check::{Bounds, Exploration, Selection, Specification, Task};
use cowrace_compare::timeline::{Row, in_order};
use cowrace_explain::{Counterexample, Drawing, walkthrough};
use cowrace_explore::Limits;
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_mm::era::PRESETS;
use cowrace_report::{Course, Found};
use cowrace_scenario::{Scenario, Variant};
use libtest_mimic::Failed;

use crate::cells::toggled;

/// No search of the corpus takes that long.
const PATIENCE: Duration = Duration::from_secs(240);

fn limits() -> Limits {
    Limits { time: Some(PATIENCE), ..Limits::default() }
}

/// What is found in one variant.
pub(super) struct Results<'s> {
    pub(super) variant: &'s Variant,
    /// The kernels, those of the mainline first, each in the order of releases.
    pub(super) found: Vec<(String, Found)>,
    /// Why results change on the mainline, if they do.
    pub(super) courses: Vec<Course>,
}

/// An execution.
pub(super) struct Shown {
    pub(super) kernel: String,
    /// Whether the kernel is one that was released or proposed, without toggles.
    pub(super) is_preset: bool,
    /// As a mail has it.
    pub(super) drawn: String,
}

/// The kernels of the mainline, and then the others.
fn presets() -> (Vec<Era>, Vec<Era>) {
    let of = |mainline: bool| {
        let presets = PRESETS.iter().filter(move |preset| preset.mainline == mainline);
        presets.filter_map(|preset| Era::preset(preset.name).ok()).collect()
    };
    (of(true), of(false))
}

/// Searches in each variant under each kernel.
pub(super) fn results(scenario: &Scenario) -> Vec<Results<'_>> {
    let (mainline, others) = presets();
    let courses = in_order(&Selection { eras: mainline.clone(), notes: Vec::new() });
    let eras: Vec<Era> = mainline.into_iter().chain(others).collect();
    let how = Exploration { limits: limits(), ..Exploration::default() };
    let of = |variant| {
        let specification = Specification::default();
        let task =
            |era| Task { scenario, variant, era, arch: Arch::default(), specification: Some(&specification) };
        let mut row = Row::default();
        let found = eras.iter().map(|era| (era.label(), Found::from(&row.explore(&task(era), how, &mut ()))));
        let found = found.collect();
        let courses = row.why(&task(&eras[0]), how, &mut (), &eras, &courses);
        Results { variant, found, courses }
    };
    scenario.variants().iter().map(of).collect()
}

/// The violation under the last kernel of the mainline that has one; else under the last other kernel that has one; else
/// under the last kernel with toggles of which the file expects one. `None` if there is no such kernel.
pub(super) fn shown(scenario: &Scenario, results: &[Results<'_>]) -> Result<Option<Shown>, Failed> {
    let (mainline, others) = presets();
    let is_found = |era: &Era, variant: &Variant| {
        let results = results.iter().filter(|results| results.variant.name() == variant.name());
        let mut found = results.flat_map(|results| &results.found);
        found.any(|(kernel, found)| *kernel == era.label() && found.is_violated())
    };
    let is_expected = |era: &Era, variant: &Variant| {
        scenario.expectation(era, variant).is_some_and(|expected| expected.class().is_some())
    };
    let mut changed = toggled(scenario);
    // The last is tried first.
    changed.sort_by_key(|era| mainline.iter().position(|mainline| mainline.name() == era.name()));
    let last = |eras: Vec<Era>, is_it: &dyn Fn(&Era, &Variant) -> bool| {
        eras.into_iter().rev().find_map(|era| {
            let variant = scenario.variants().iter().find(|variant| is_it(&era, variant))?;
            Some((era, variant))
        })
    };
    let Some((era, variant)) =
        last(mainline, &is_found).or_else(|| last(others, &is_found)).or_else(|| last(changed, &is_expected))
    else {
        return Ok(None);
    };
    let specification = Specification::default();
    let task =
        Task { scenario, variant, era: &era, arch: Arch::default(), specification: Some(&specification) };
    let report = task.check(limits(), &mut ());
    let (class, schedule) = report.class.zip(report.schedule).ok_or("no violation")?;
    let counterexample = Counterexample::of(task, class, &schedule).map_err(|error| error.to_string())?;
    let part = counterexample.task(task);
    let told = walkthrough(part, &counterexample.trace, Drawing::default(), &Bounds::default());
    let kernel = era.label();
    let drawn = cowrace_render::account(&told, &kernel);
    Ok(Some(Shown { kernel, is_preset: era.toggles().is_empty(), drawn }))
}
