//! Properties of any scenario.

use cowrace_check::Task;
use cowrace_explain::{Drawing, picture};
use cowrace_explore::{Limits, linearize, replay};
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_report::{Trace, Verdict};
use cowrace_scenario::{Scenario, parse};

/// The number of executions of a search.
const EXECUTIONS: u64 = 100;

/// Runs a scenario under an era, both as written and with a search of a few executions. A finding can be replayed, and
/// its diagram is a scenario with the same finding.
pub fn runs(scenario: &Scenario, era: &Era) {
    for variant in scenario.variants() {
        let task = Task { scenario, variant, era, arch: Arch::default(), specification: None };
        if let Ok(trace) = task.as_written() {
            draws(task, &trace);
        }
        let limits = Limits { executions: Some(EXECUTIONS), ..Limits::default() };
        let report = task.check(limits, &mut ());
        assert_eq!(report.verdict == Verdict::Violated, report.schedule.is_some());
        if let Some(schedule) = &report.schedule {
            let program = task.program();
            let found = replay(&program, schedule).unwrap_or_else(|error| panic!("no replay: {error}"));
            assert_eq!(found.finding.as_ref().map(|f| f.class), report.class);
            let trace = replay(&program, &linearize(&program, schedule)).expect("what was linearized fits");
            assert_eq!(trace.finding.as_ref().map(|f| f.class), report.class);
            draws(task, &trace);
        }
    }
}

/// Checks that the diagram of a trace can be read, and followed to the same end.
fn draws(task: Task<'_>, trace: &Trace) {
    let diagram = picture(task, trace, Drawing::default()).to_string();
    let drawn = parse(&diagram).unwrap_or_else(|errors| panic!("{errors:?} in\n{diagram}"));
    let variant = drawn.variant(task.variant.name()).expect("the variant is still there");
    let again = Task { scenario: &drawn, variant, ..task };
    let followed = again.as_written().unwrap_or_else(|error| panic!("{error} in\n{diagram}"));
    assert_eq!(followed.finding, trace.finding, "\n{diagram}");
}
