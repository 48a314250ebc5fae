//! Exit codes: their table, and the code for reports.

use cowrace_render::fold;
use cowrace_render::gate::Status;
use cowrace_report::{ByBaseline, Report, Standing, Verdict};

/// The exit codes of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Exit {
    /// Everything as expected.
    Ok = 0,
    /// The tool failed.
    Tool = 1,
    /// The command line cannot be read.
    Usage = 2,
    /// A scenario cannot be read, does not parse or does not check.
    Scenario = 3,
    /// A violation that no file expects.
    Unexpected = 10,
    /// A violation that a file expects is gone, or is of another class.
    Gone = 11,
    /// A limit ended the search, or it was inconclusive, where a complete answer was due.
    Bounded = 12,
    /// The window of a race never opened.
    Vacuous = 13,
    /// Engines disagree.
    Disagree = 14,
    /// A second Ctrl-C ended the process: the code that shells report for this signal.
    AtOnce = 130,
}

/// The meaning of an exit code for a command.
type Meaning = (Exit, &'static str);

const TOOL: Meaning = (Exit::Tool, "the tool failed");
const USAGE: Meaning = (Exit::Usage, "the command line cannot be read");
const SCENARIO: Meaning = (Exit::Scenario, "a scenario cannot be read, does not parse or does not check");
const UNANSWERED: Meaning = (Exit::Bounded, "a limit ended a search, or a question could not be answered");
const AT_ONCE: Meaning = (
    Exit::AtOnce,
    "ended at once by a second Ctrl-C; the first one ends the searches, and the exit code is 12",
);

/// The meanings for `merge`.
pub(crate) fn of_merge() -> String {
    let table = table(&[TOOL, USAGE, SCENARIO, (Exit::Bounded, "a part is missing")]);
    format!("{table}\n  otherwise as the whole command has it")
}

/// The meanings for commands that judge results.
pub(crate) fn of_check() -> String {
    let table = table(&[
        (Exit::Ok, "everything as expected; with no expectation, only `holds` is"),
        TOOL,
        USAGE,
        SCENARIO,
        (Exit::Unexpected, "an unexpected violation"),
        (Exit::Gone, "an expected violation is gone, or is of another class"),
        (
            Exit::Bounded,
            "a limit ended the search where a complete answer was due, or the question could not be answered",
        ),
        (Exit::Vacuous, "vacuous: no execution opened the window of the race"),
        (Exit::Disagree, "engines disagree"),
        AT_ONCE,
    ]);
    format!("{table}\nIf several apply: 14, then 10, 11, 13, 12.")
}

/// The meanings for `matrix`.
pub(crate) fn of_matrix() -> String {
    table(&[
        (Exit::Ok, "every cell is answered, violations included"),
        TOOL,
        USAGE,
        SCENARIO,
        UNANSWERED,
        AT_ONCE,
    ])
}

/// The meanings for `diff`.
pub(crate) fn of_diff() -> String {
    table(&[
        (Exit::Ok, "everything is answered, and nothing is newly broken"),
        TOOL,
        USAGE,
        SCENARIO,
        (Exit::Unexpected, "something is newly broken"),
        UNANSWERED,
        (
            AT_ONCE.0,
            "ended at once by a second Ctrl-C; the first one ends the searches, and the exit code is 12 \
             unless something is broken",
        ),
    ])
}

/// The meanings for `reproduce`.
pub(crate) fn of_reproduce() -> String {
    table(&[
        (Exit::Ok, "the program was written"),
        TOOL,
        USAGE,
        SCENARIO,
        (
            Exit::Bounded,
            "there is no program: user space cannot do what a row does, or there is nothing to judge by",
        ),
    ])
}

/// The meanings for `oracle`.
pub(crate) fn of_oracle() -> String {
    table(&[
        (Exit::Ok, "the kernel did what the model says, wherever both say something"),
        TOOL,
        USAGE,
        SCENARIO,
        (Exit::Bounded, "no program could be run, or all were skipped"),
        (Exit::Disagree, "the kernel did otherwise than the model says"),
    ])
}

/// The meanings for `hunt`.
pub(crate) fn of_hunt() -> String {
    table(&[
        (Exit::Ok, "every scenario (of a shard, if there is one) was decided, and nothing was found"),
        TOOL,
        USAGE,
        (Exit::Unexpected, "something was found"),
        (Exit::Bounded, "nothing was found, but not every scenario was decided"),
        (Exit::Disagree, "`check` does not confirm what was found"),
        AT_ONCE,
    ])
}

/// The meanings for `witness`.
pub(crate) fn of_witness() -> String {
    table(&[
        (Exit::Ok, "there is a witness, or every scenario was tried and none is one"),
        TOOL,
        USAGE,
        (Exit::Bounded, "no witness was found, but not every scenario was decided"),
        (Exit::Disagree, "`check` does not confirm what was found"),
        AT_ONCE,
    ])
}

/// The meanings for `ablate`.
pub(crate) fn of_ablate() -> String {
    table(&[(Exit::Ok, "every search is answered"), TOOL, USAGE, SCENARIO, UNANSWERED, AT_ONCE])
}

/// The meanings for commands that run one execution.
pub(crate) fn of_replay() -> String {
    table(&[
        (Exit::Ok, "the execution ran as asked, and holds or ends in the violation that the file expects"),
        TOOL,
        USAGE,
        SCENARIO,
        (Exit::Unexpected, "it ends in a violation that the file does not expect"),
        (Exit::Gone, "--schedule only: it holds, but the file expects a violation"),
        (Exit::Bounded, "inconclusive: a row is impossible, or the schedule does not fit"),
        (Exit::Disagree, "replay --shuttle only: the result of shuttle differs"),
    ])
}

/// The table at the end of a command's help.
fn table(meanings: &[Meaning]) -> String {
    let row =
        |(exit, meaning): &Meaning| format!("\n {:>3}  {}", *exit as u8, fold(meaning, "      ").join("\n"));
    format!("Exit codes:{}", meanings.iter().map(row).collect::<String>())
}

/// The exit code for one report; a report that is not judged, or that fails as a baseline names it, gives 0.
pub(crate) fn exit(report: &Report) -> Exit {
    match standing(report) {
        Some(Standing::Known) => Exit::Ok,
        Some(Standing::Gone) => Exit::Gone,
        _ => exit_without_baseline(report),
    }
}

fn standing(report: &Report) -> Option<Standing> {
    report.baseline.as_ref().map(|ByBaseline { standing, .. }| *standing)
}

/// The exit code for one report, whatever a baseline says.
pub(crate) fn exit_without_baseline(report: &Report) -> Exit {
    if report.disagreement.is_some() {
        return Exit::Disagree;
    }
    if report.as_expected != Some(false) {
        return Exit::Ok;
    }
    let harmless = [Verdict::Holds.name(), Verdict::Vacuous.name(), Verdict::NotApplicable.name()];
    let by_file = report.expected.as_deref().is_some_and(|e| !harmless.contains(&e));
    let by_base = report.base.as_ref().is_some_and(|base| base.verdict == Verdict::Violated);
    let violation_was_due = by_file || by_base;
    match report.verdict {
        Verdict::Violated if !violation_was_due => Exit::Unexpected,
        Verdict::NotApplicable if !violation_was_due => Exit::Bounded,
        Verdict::Violated | Verdict::Holds | Verdict::NotApplicable => Exit::Gone,
        Verdict::Vacuous => Exit::Vacuous,
        Verdict::Bounded | Verdict::Inconclusive => Exit::Bounded,
    }
}

/// What a CI system makes of a report.
pub(crate) fn status(report: &Report) -> Status {
    match standing(report) {
        Some(Standing::Known) => Status::Known,
        Some(Standing::Gone) => Status::Gone,
        _ => status_without_baseline(report),
    }
}

/// What a CI system makes of a report, whatever a baseline says.
pub(crate) fn status_without_baseline(report: &Report) -> Status {
    match exit_without_baseline(report) {
        Exit::Disagree => Status::Disagreement,
        Exit::Unexpected => Status::Violation,
        Exit::Gone => Status::Gone,
        Exit::Vacuous => Status::Vacuous,
        Exit::Ok if report.as_expected.is_none() => Status::NotJudged,
        Exit::Ok if report.verdict == Verdict::NotApplicable => Status::NotApplicable,
        Exit::Ok => Status::Passed,
        Exit::Bounded | Exit::Tool | Exit::Usage | Exit::Scenario | Exit::AtOnce => Status::NoAnswer,
    }
}

/// The exit code of several reports together: 14, then 10, 11, 13, 12.
pub(crate) fn worst(reports: &[Report]) -> Exit {
    let codes: Vec<Exit> = reports.iter().map(exit).collect();
    let order = [Exit::Disagree, Exit::Unexpected, Exit::Gone, Exit::Vacuous, Exit::Bounded];
    order.into_iter().find(|e| codes.contains(e)).unwrap_or(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The book has the table of `check`.
    #[test]
    fn the_book_has_every_code() {
        let book = include_str!("../../../docs/output.md");
        for line in of_check().lines().skip(1) {
            let Some(code) = line.split_whitespace().next().and_then(|word| word.parse::<u8>().ok()) else {
                continue;
            };
            assert!(book.contains(&format!("\n| {code} | ")), "{code} is not in the table of docs/output.md");
        }
    }
}
