//! Columns in which nothing happens: whether an execution needs their CPUs.
//!
//! The kernel asks which CPUs run an mm before it flushes their TLBs, whether these do anything or not. So a column may matter
//! although all its cells have been left out.

use cowrace_check::{Task, directives};
use cowrace_explore::follow_any;
use cowrace_report::{Change, Event, Kind, Trace};
use cowrace_scenario::Scenario;

use crate::rows::Detail;

/// Whether an execution can be followed in a drawing of it that lacks some CPUs, and is the same there: in every access if
/// they are drawn, and otherwise in what happens to page tables, contents and variables.
pub(crate) fn is_same_in(task: Task<'_>, trace: &Trace, drawing: &Scenario, detail: Detail) -> bool {
    let task = task.of(drawing);
    let Ok(followed) = follow_any(&task.program_unjudged(), &directives::of(task.variant)) else {
        return false;
    };
    match detail {
        Detail::Accesses => accesses(&followed).eq(accesses(trace)),
        Detail::Operations => changes(&followed).eq(changes(trace)),
    }
}

/// The accesses of calls, each with its actor.
fn accesses(trace: &Trace) -> impl Iterator<Item = (&str, &str, &str)> {
    let of_calls = trace.events.iter().filter(|event| event.call.is_some());
    of_calls.map(|event: &Event| {
        let actor = &trace.actors[usize::from(event.actor)];
        (actor.as_str(), event.function.as_str(), event.primitive.as_str())
    })
}

/// What is changed that user space may notice.
fn changes(trace: &Trace) -> impl Iterator<Item = &Change> {
    let all = trace.events.iter().flat_map(|event| &event.changes);
    all.filter(|change| matches!(change.word.kind, Kind::Pte | Kind::Content | Kind::Variable))
}

#[cfg(test)]
mod tests {
    use cowrace_check::Specification;
    use cowrace_explore::Limits;
    use cowrace_machine::Arch;
    use cowrace_mm::Era;
    use cowrace_scenario::parse;

    use super::*;
    use crate::{Counterexample, Drawing};

    /// What is not needed of `b` is its load, but since there is a second CPU, `MADV_PAGEOUT` puts a flush off.
    const IDLE: &str = "race idle\n\
        mm A { buf: anon; other: anon }\n\n\
        a @A                                b @A\n\
        ==================================  ============\n\
        h = extract_pages(buf, FOLL_WRITE)\n\
        madvise(buf, MADV_PAGEOUT)\n\
        \u{20}                                   y = other[1]\n";

    #[test]
    fn a_cpu_stays_without_its_calls_if_the_drawing_is_another_execution_without_it() {
        let scenario = parse(IDLE).expect("a scenario");
        let (era, specification) = (Era::preset("v5.18").expect("a preset"), Specification::default());
        let task = Task {
            scenario: &scenario,
            variant: &scenario.variants()[0],
            era: &era,
            arch: Arch::default(),
            specification: Some(&specification),
        };
        let report = task.check(Limits::default(), &mut ());
        let (class, schedule) = report.class.zip(report.schedule).expect("it is violated");
        let counterexample = Counterexample::of(task, class, &schedule).expect("it replays");
        assert_eq!(counterexample.not_needed, ["b: y = other[1]"]);
        // What happens to the page table is the same with one CPU.
        for (detail, columns) in [(Detail::Operations, 1), (Detail::Accesses, 2)] {
            let drawing = Drawing { detail, ..Drawing::default() };
            let diagram = counterexample.picture(task, drawing);
            assert_eq!(diagram.columns.len(), columns, "{diagram}");
            let drawn = parse(&diagram.to_string()).expect("a scenario");
            let specification = Specification::default();
            let again = Task { specification: Some(&specification), ..task }.of(&drawn);
            let followed = again.as_written().unwrap_or_else(|error| panic!("{error}\n{diagram}"));
            assert_eq!(followed.finding, counterexample.trace.finding, "{diagram}");
        }
    }
}
