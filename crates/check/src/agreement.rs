//! Whether engines agree.

use cowrace_report::{Report, Verdict};

use crate::engine::{Answer, Engine, Explore, Watch};
use crate::task::Task;

/// Puts a task to the exhaustive search and then to others, and compares what they have seen. The first report is the one
/// that counts; the others are second opinions, and are missing where `watch` has stopped the search before.
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
        // Of a search that did not end, anything may be missing.
        if explored.complete
            && let Some(seen) = &answer.outcomes
        {
            answer.report.beyond = Some(outcomes.beyond(seen) as u64);
            let against = || outcomes.against(&program, seen);
            answer.report.disagreement = answer.report.disagreement.take().or_else(against);
        }
        // The file speaks of the whole: what explore says is judged, and the others by explore.
        answer.report.as_expected = None;
        reports.push(answer.report);
    }
    // A bad execution is one, whichever engine has found it.
    if let (Verdict::Bounded, Some(bad)) = (explored.verdict, reports.iter().find(|a| a.schedule.is_some())) {
        let found = format!("{}, as {} has found", bad.detail.as_deref().unwrap_or_default(), bad.engine);
        explored.as_expected = task.as_expected(Verdict::Violated, bad.class);
        explored.verdict = Verdict::Violated;
        (explored.class, explored.schedule) = (bad.class, bad.schedule.clone());
        explored.detail = Some(found);
    }
    std::iter::once(explored).chain(reports).collect()
}
