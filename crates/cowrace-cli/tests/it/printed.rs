//! What is printed for a violation, a deadlock included, is a scenario: followed as drawn it ends in the same damage,
//! and a check of it finds the same.

use std::cell::Cell;

use cowrace_check::{Specification, Task};
use cowrace_explain::{Counterexample, Drawing, picture};
use cowrace_explore::{Limits, replay};
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_report::{Class, Verdict};
use cowrace_scenario::parse;
use cowrace_testkit::{Draft, at_length, round};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

/// Drafts that take more executions are left out.
const MOST: u64 = 2000;

/// What was printed so far.
#[derive(Debug, Default)]
struct Tally {
    violations: Cell<u32>,
    deadlocks: Cell<u32>,
}

fn one(draft: &Draft, era: &Era, tally: &Tally) -> TestCaseResult {
    let text = draft.to_string();
    let scenario = parse(&text).unwrap_or_else(|errors| panic!("{}\nin\n{text}", errors[0]));
    let (specification, variant) = (Specification::default(), &scenario.variants()[0]);
    let task = Task {
        scenario: &scenario,
        variant,
        era,
        arch: Arch::default(),
        specification: Some(&specification),
    };
    let limits = Limits { executions: Some(MOST), ..Limits::default() };
    let report = task.check(limits, &mut ());
    let Some((class, schedule)) = report.class.zip(report.schedule) else { return Ok(()) };
    tally.violations.set(tally.violations.get() + 1);
    if class == Class::Deadlock {
        tally.deadlocks.set(tally.deadlocks.get() + 1);
    }
    let program = task.program();
    let first = replay(&program, &schedule).expect("what was found replays");
    prop_assert_eq!(first.finding.as_ref().map(|finding| finding.class), Some(class), "{}", text);
    // What `check` prints, and what `explain` does: without what the damage does not need.
    let counterexample =
        Counterexample::of(task, class, &schedule).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let as_found = picture(task, &first, Drawing::default());
    let drawings =
        [(&first, as_found), (&counterexample.trace, counterexample.picture(task, Drawing::default()))];
    for (trace, drawn) in drawings {
        let drawn = drawn.to_string();
        let said = || format!("{}:\n{text}\nis drawn as\n{drawn}", era.name());
        let again =
            parse(&drawn).map_err(|errors| TestCaseError::fail(format!("{}\n{}", errors[0], said())))?;
        let (specification, variant) = (Specification::default(), &again.variants()[0]);
        let task = Task { scenario: &again, variant, specification: Some(&specification), ..task };
        let followed =
            task.as_written().map_err(|error| TestCaseError::fail(format!("{error}\n{}", said())))?;
        prop_assert_eq!(&followed.finding, &trace.finding, "{}", said());
        let report = task.check(Limits { executions: Some(10 * MOST), ..limits }, &mut ());
        prop_assert_eq!((report.verdict, report.class), (Verdict::Violated, Some(class)), "{}", said());
    }
    Ok(())
}

fn rounds(seed: u64, tally: &Tally) {
    round(seed, 40, Era::presets(), |draft, era| one(draft, era, tally));
}

#[test]
fn a_violation_is_printed_as_a_scenario_that_shows_it() {
    let tally = Tally::default();
    (0..1).for_each(|seed| rounds(seed, &tally));
    assert!(tally.violations.get() > 5, "{tally:?}");
}

#[test]
#[ignore = "takes as long as it is told to: `just nightly`"]
fn violations_are_printed_as_scenarios_that_show_them_at_length() {
    let tally = Tally::default();
    at_length(|seed| rounds(seed, &tally));
    eprintln!("{tally:?}");
}
