//! Whether engines agree.

use cowrace_report::{Report, Verdict};

use crate::engine::{Answer, Engine, Explore, Watch};
use crate::task::Task;

/// Runs a task with the exhaustive search and then with other engines, and compares what they have seen. The first
/// report counts; the others are second opinions, and are missing if `watch` stopped the search before.
pub fn compared(
    task: &Task<'_>,
    explore: &Explore<'_>,
    others: &[Box<dyn Engine>],
    watch: &mut dyn Watch,
) -> Vec<Report> {
    let Answer { report: mut explored, outcomes } = explore.answer(task, true, watch);
    let outcomes = outcomes.unwrap_or_default();
    let program = task.program_without_probes();
    let mut reports = Vec::new();
    for other in others {
        if watch.stops() {
            break;
        }
        let mut answer = other.answer(task, true, watch);
        // A search that did not finish may have missed anything.
        if explored.complete
            && let Some(seen) = &answer.outcomes
        {
            answer.report.beyond = Some(outcomes.beyond(seen) as u64);
            let against = || outcomes.against(&program, seen);
            answer.report.disagreement = answer.report.disagreement.take().or_else(against);
        }
        // The file states the expected result of the complete search: the report of explore is judged by the file,
        // and the other reports by explore.
        answer.report.as_expected = None;
        reports.push(answer.report);
    }
    // A bad execution counts, whichever engine has found it.
    if let (Verdict::Bounded, Some(bad)) = (explored.verdict, reports.iter().find(|a| a.schedule.is_some())) {
        let found = format!("{}, as {} has found", bad.detail.as_deref().unwrap_or_default(), bad.engine);
        explored.as_expected = task.as_expected(Verdict::Violated, bad.class);
        explored.verdict = Verdict::Violated;
        (explored.class, explored.schedule) = (bad.class, bad.schedule.clone());
        explored.detail = Some(found);
    }
    std::iter::once(explored).chain(reports).collect()
}
