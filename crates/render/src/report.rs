//! Reports as lines of text and as JSON.

use cowrace_report::{Base, Class, Known, Report, Stop, Verdict};
use serde::Serialize;

use crate::paint::{Paint, Tone};

/// The engine that need not be named.
pub(crate) const OURS: &str = "explore";

/// One report in one line, such as `VIOLATED lost-read  odirect-clear-refs  era v5.9  12 executions
/// complete  0.02 s`.
#[must_use]
pub fn line(report: &Report) -> String {
    painted(report, Paint::Plain)
}

/// The same, with the outcome in its colour.
#[must_use]
pub fn painted(report: &Report, paint: Paint) -> String {
    let outcome = paint.text(tone(report), &headline(report));
    let mut parts = vec![outcome, name(report), format!("era {}", report.era)];
    if report.engine != OURS {
        parts.push(format!("engine {}", report.engine));
    }
    // There was no search if the kernel lacks a call of the scenario.
    if report.verdict != Verdict::NotApplicable {
        parts.push(explored(report));
        parts.push(extent(report).to_owned());
        parts.push(match &report.same_as {
            Some(era) => format!("same as {era}"),
            None => format!("{:.2} s", report.seconds),
        });
    }
    if report.verdict == Verdict::Holds {
        parts.push(format!("[{}]", conditions(report)));
    }
    parts.extend(judgement(report).map(|words| match report.as_expected {
        Some(false) if report.known.is_none() => paint.text(Tone::Heading, &words),
        _ => words,
    }));
    parts.join("  ")
}

/// The colour of an outcome.
pub(crate) const fn tone(report: &Report) -> Tone {
    match report.verdict {
        Verdict::Holds => Tone::Good,
        Verdict::Violated => Tone::Bad,
        Verdict::NotApplicable => Tone::Faint,
        Verdict::Bounded | Verdict::Vacuous | Verdict::Inconclusive => Tone::Open,
    }
}

/// The outcome that was expected instead; nothing if the outcome is as expected.
fn judgement(report: &Report) -> Option<String> {
    if let Some(Known { reason, owner }) = &report.known {
        return Some(format!("KNOWN: {reason} ({owner})"));
    }
    let found = |base: &Base| base.class.map_or(base.verdict.name(), Class::name);
    match (report.as_expected, report.expected.as_deref(), &report.base) {
        (Some(true), ..) => None,
        // If a limit ended the search, there is no answer to judge.
        (Some(false), None, _) if is_open(report.verdict) => Some("NO ANSWER".to_owned()),
        (Some(false), Some(expected), _) => Some(format!("EXPECTED {expected}")),
        (Some(false), None, Some(base)) => Some(format!("EXPECTED {}, as under {}", found(base), base.era)),
        (Some(false), None, None) => {
            Some("EXPECTED holds, as no `expect` of the file says otherwise".to_owned())
        }
        (None, ..) => Some("not judged".to_owned()),
    }
}

/// Whether a verdict is not an answer.
const fn is_open(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Bounded | Verdict::Inconclusive)
}

/// The conditions of a verdict: memory model, architecture, the allowed actions of the environment, and the kinds
/// of files that direct I/O goes to.
#[must_use]
pub fn conditions(report: &Report) -> String {
    let environment =
        if report.environment.is_empty() { "none".to_owned() } else { report.environment.join(", ") };
    let engine = if report.engine == OURS { String::new() } else { format!("engine {}, ", report.engine) };
    let files = report.direct_io.join("/");
    let files = if files.is_empty() { files } else { format!(", O_DIRECT {files}") };
    format!("{engine}memory {}, arch {}, env {environment}{files}", report.memory, report.arch)
}

/// The size of the search of one report, such as `1,234 executions, 56,789 requests, the longest of 97 requests`, or
/// `256 executions, 1,234 states in 1.2 MiB` if states gave the answer; `None` if its engine counts neither.
#[must_use]
pub fn figures(report: &Report) -> Option<String> {
    let requests = report.requests.zip(report.depth).map(|(requests, depth)| {
        format!(", {}, the longest of {}", counted(requests, "request"), counted(depth.into(), "request"))
    });
    if requests.is_none() && report.states.is_none() {
        return None;
    }
    let bytes = report.state_bytes.map(|bytes| format!(" in {}", mebibytes(bytes)));
    let searched = with_states(report.executions, counted(report.executions, "execution"), states(report))
        + &bytes.unwrap_or_default();
    Some(searched + &requests.unwrap_or_default())
}

/// A size in memory, such as `2,048.1 MiB`.
pub(crate) fn mebibytes(bytes: u64) -> String {
    let tenths = (bytes as f64 / f64::from(1 << 20) * 10.0).round() as u64;
    format!("{}.{} MiB", grouped(tenths / 10), tenths % 10)
}

/// An estimated number with two significant digits, such as `56,000` or `3.2e18`.
#[must_use]
pub fn about(number: f64) -> String {
    if !(0.0..1e15).contains(&number) {
        return format!("{number:.1e}");
    }
    let mut unit = 1.0;
    while number / unit >= 99.5 {
        unit *= 10.0;
    }
    grouped(((number / unit).round() * unit) as u64)
}

/// The accuracy of an estimate that is right within a factor in most cases, such as `within a factor of 2`.
#[must_use]
pub fn within(factor: f64) -> String {
    if !factor.is_finite() {
        return "a guess".to_owned();
    }
    // Rounded up, so that the accuracy is not overstated.
    let factor = if factor < 10.0 { (factor * 10.0).ceil() / 10.0 } else { factor.ceil() };
    format!("within a factor of {factor}")
}

/// A report, or any other value, as one line of JSON.
///
/// # Errors
///
/// If a number in it is not finite.
pub fn json(told: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_string(told)
}

/// A summary of all reports in one line: verdicts, how many are as the files expect, and executions.
#[must_use]
pub fn summary(reports: &[Report]) -> String {
    let judged = |wanted| reports.iter().filter(|r| r.as_expected == wanted).count();
    let mut judgement = vec![format!("{} as expected", judged(Some(true)))];
    let known = reports.iter().filter(|r| r.known.is_some()).count();
    if known > 0 {
        judgement.push(format!("{known} known not to be"));
    }
    let unexpected = reports.iter().filter(|r| r.as_expected == Some(false) && r.known.is_none());
    let (open, other): (Vec<&Report>, Vec<&Report>) = unexpected.partition(|r| is_open(r.verdict));
    if !other.is_empty() {
        judgement.push(format!("{} NOT AS EXPECTED", other.len()));
    }
    if !open.is_empty() {
        judgement.push(format!("{} WITHOUT AN ANSWER", open.len()));
    }
    if judged(None) > 0 {
        judgement.push(format!("{} not judged", judged(None)));
    }
    tally(reports, Some(judgement.join(", ")))
}

/// A summary of all reports in one line, ignoring expectations: verdicts and executions.
#[must_use]
pub fn counts(reports: &[Report]) -> String {
    tally(reports, None)
}

fn tally(reports: &[Report], judgement: Option<String>) -> String {
    let runs = counted(reports.len() as u64, "run");
    if reports.is_empty() {
        return runs;
    }
    let verdicts: Vec<String> = Verdict::ALL
        .iter()
        .map(|&verdict| (verdict, reports.iter().filter(|r| r.verdict == verdict).count()))
        .filter(|&(_, count)| count > 0)
        .map(|(verdict, count)| format!("{count} {verdict}"))
        .collect();
    // A search that several eras share was done once.
    let done = reports.iter().filter(|r| r.same_as.is_none());
    let (executions, states) = done.fold((0_u64, None::<u64>), |(executions, states), r| {
        (
            executions.saturating_add(r.executions),
            r.states.map_or(states, |more| Some(more.saturating_add(states.unwrap_or(0)))),
        )
    });
    let states = states.map(|states| counted(states, "state"));
    let mut executions = with_states(executions, counted(executions, "execution"), states);
    let shared = reports.iter().filter(|r| r.same_as.is_some()).count() as u64;
    if shared > 0 {
        executions.push_str(&format!(", {} shared with another era", counted(shared, "run")));
    }
    let stored = reports.iter().filter(|r| r.stored).count() as u64;
    if stored > 0 {
        executions.push_str(&format!(", {} from the cache", counted(stored, "run")));
    }
    let parts: Vec<String> =
        std::iter::once(verdicts.join(", ")).chain(judgement).chain(std::iter::once(executions)).collect();
    format!("{runs}: {}", parts.join("; "))
}

/// The name of the scenario, with its variant.
pub(crate) fn name(report: &Report) -> String {
    with_variant(&report.scenario, report.variant.as_deref())
}

/// The name of a scenario with its variant, as `scenario:variant`.
#[must_use]
pub fn with_variant(scenario: &str, variant: Option<&str>) -> String {
    match variant {
        Some(variant) => format!("{scenario}:{variant}"),
        None => scenario.to_owned(),
    }
}

/// The executions and the states as they are told.
fn with_states(executions: u64, told: String, states: Option<String>) -> String {
    // A search with a bound on preemptions has states alone.
    let skipped = usize::from(executions == 0 && states.is_some());
    [Some(told), states].into_iter().flatten().skip(skipped).collect::<Vec<_>>().join(", ")
}

/// The number of states, if executions that reach the same state were merged, and whether they were given up.
fn states(report: &Report) -> Option<String> {
    let given_up = if report.states_given_up.is_some() { " given up" } else { "" };
    report.states.map(|states| counted(states, "state") + given_up)
}

/// The number of executions; if the search did not finish and there is an estimate, also the estimated number of
/// all, which a search that merges states need not explore. Then the number of states.
pub(crate) fn explored(report: &Report) -> String {
    let mut executions = counted(report.executions, "execution");
    if let Some(estimate) = report.estimate.filter(|_| report.verdict == Verdict::Bounded) {
        let factor = within(report.estimate_within.unwrap_or(f64::INFINITY));
        let merges = report.states.is_some() && report.states_given_up.is_none();
        let without = if merges { " without merging states" } else { "" };
        executions.push_str(&format!(" of about {}{without} ({factor})", about(estimate)));
    }
    with_states(report.executions, executions, states(report))
}

fn headline(report: &Report) -> String {
    let verdict = report.verdict.name().to_uppercase();
    match report.class {
        Some(class) => format!("{verdict} {class}"),
        None => verdict,
    }
}

fn extent(report: &Report) -> &'static str {
    match report.stopped {
        Some(Stop::Executions) if report.engine != OURS => "stopped at this limit",
        Some(Stop::Executions) => "stopped by --max-executions",
        Some(Stop::Time) => "stopped by --max-time",
        Some(Stop::Memory) => "stopped by --max-memory",
        Some(Stop::Steps) => "stopped: an execution was too long",
        Some(Stop::Interrupted) => "interrupted",
        None if report.complete => "complete",
        // A search need not go on after the first bad interleaving.
        None if report.verdict == Verdict::Violated => "ended at the violation",
        None => "incomplete",
    }
}

pub(crate) fn counted(count: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// A number with a comma between thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn report(
        scenario: &str,
        era: &str,
        class: Option<Class>,
        as_expected: Option<bool>,
    ) -> Report {
        Report {
            scenario: scenario.into(),
            variant: None,
            era: era.into(),
            made_of: None,
            engine: "explore".into(),
            memory: "sc".into(),
            arch: "generic".into(),
            environment: Vec::new(),
            direct_io: Vec::new(),
            verdict: if class.is_some() { Verdict::Violated } else { Verdict::Holds },
            class,
            detail: None,
            finding: None,
            complete: true,
            stopped: None,
            executions: 1234,
            states: None,
            state_bytes: None,
            states_given_up: None,
            preemptions: None,
            estimate: None,
            estimate_within: None,
            requests: None,
            depth: None,
            outcomes: None,
            seconds: 0.5,
            same_as: None,
            stored: false,
            expected: Some("lost-read".into()),
            as_expected,
            base: None,
            known: None,
            baseline: None,
            as_drawn: None,
            ineffective: Vec::new(),
            limits: Vec::new(),
            beyond: None,
            disagreement: None,
            settings: None,
            schedule: None,
            costs: None,
            coverage: None,
        }
    }

    #[test]
    fn a_line_says_what_was_found_where() {
        let violated = report("clear-refs", "v5.9", Some(Class::LostRead), Some(true));
        assert_eq!(
            line(&violated),
            "VIOLATED lost-read  clear-refs  era v5.9  1,234 executions  complete  0.50 s"
        );
        let other = Report { as_expected: Some(false), expected: None, executions: 1, ..violated };
        assert_eq!(
            line(&other),
            "VIOLATED lost-read  clear-refs  era v5.9  1 execution  complete  0.50 s  EXPECTED holds, as \
             no `expect` of the file says otherwise"
        );
    }

    #[test]
    fn holds_never_stands_without_its_conditions() {
        let mut holds = report("x", "v5.9", None, Some(false));
        holds.variant = Some("warm".into());
        assert_eq!(
            line(&holds),
            "HOLDS  x:warm  era v5.9  1,234 executions  complete  0.50 s  \
             [memory sc, arch generic, env none]  EXPECTED lost-read"
        );
        holds.environment = vec!["lru_drain".into(), "reclaim<=1".into()];
        assert!(line(&holds).contains("env lru_drain, reclaim<=1]"));
        holds.direct_io = vec!["block".into(), "nfs".into()];
        assert!(line(&holds).contains("reclaim<=1, O_DIRECT block/nfs]"));
    }

    #[test]
    fn what_a_kernel_does_not_have_was_not_searched() {
        let mut lacks = report("x", "v5.4", None, Some(true));
        (lacks.verdict, lacks.complete, lacks.executions) = (Verdict::NotApplicable, false, 0);
        assert_eq!(line(&lacks), "NOT-APPLICABLE  x  era v5.4");
    }

    #[test]
    fn a_search_that_did_not_finish_says_what_ended_it() {
        for (stop, words) in [
            (Stop::Executions, "stopped by --max-executions"),
            (Stop::Time, "stopped by --max-time"),
            (Stop::Memory, "stopped by --max-memory"),
            (Stop::Steps, "too long"),
            (Stop::Interrupted, "interrupted"),
        ] {
            let mut bounded = report("x", "v5.9", None, None);
            (bounded.verdict, bounded.complete, bounded.stopped) = (Verdict::Bounded, false, Some(stop));
            let line = line(&bounded);
            assert!(line.starts_with("BOUNDED  x") && line.contains(words), "{line}");
            assert!(!line.contains("complete") && line.ends_with("not judged"), "{line}");
        }
    }

    #[test]
    fn a_search_that_did_not_finish_says_how_far_it_came() {
        let mut bounded = report("x", "v5.9", None, None);
        (bounded.verdict, bounded.complete, bounded.stopped) = (Verdict::Bounded, false, Some(Stop::Time));
        bounded.estimate = Some(56_489.0);
        assert!(
            line(&bounded).contains("  1,234 executions of about 56,000 (a guess)  stopped by"),
            "{}",
            line(&bounded)
        );
        bounded.estimate_within = Some(1.21);
        let worth = "  1,234 executions of about 56,000 (within a factor of 1.3)  stopped by";
        assert!(line(&bounded).contains(worth), "{}", line(&bounded));
        bounded.states = Some(2_345);
        let merged = "  1,234 executions of about 56,000 without merging states (within a factor of 1.3), 2,345 states  \
                      stopped by";
        assert!(line(&bounded).contains(merged), "{}", line(&bounded));
        bounded.states_given_up = Some(1 << 20);
        let given_up = "of about 56,000 (within a factor of 1.3), 2,345 states given up  stopped by";
        assert!(line(&bounded).contains(given_up), "{}", line(&bounded));
        (bounded.states, bounded.states_given_up) = (None, None);
        // A violation ends the search at once.
        bounded.verdict = Verdict::Violated;
        assert!(line(&bounded).contains("  1,234 executions  "), "{}", line(&bounded));
    }

    #[test]
    fn figures_are_those_that_were_counted() {
        let mut holds = report("x", "v5.9", None, Some(true));
        assert_eq!(figures(&holds), None);
        (holds.requests, holds.depth) = (Some(56_789), Some(97));
        assert_eq!(
            figures(&holds).as_deref(),
            Some("1,234 executions, 56,789 requests, the longest of 97 requests")
        );
        // Where states gave the answer, nothing is told of requests.
        (holds.requests, holds.depth) = (None, None);
        (holds.states, holds.state_bytes) = (Some(2_345), Some(3 << 19));
        assert_eq!(figures(&holds).as_deref(), Some("1,234 executions, 2,345 states in 1.5 MiB"));
    }

    #[test]
    fn the_summary_counts_verdicts_and_judgements() {
        assert_eq!(summary(&[]), "0 runs");
        let reports = [
            report("x", "v5.9", None, Some(true)),
            report("y", "v5.9", Some(Class::Leak), Some(false)),
            report("z", "v5.9", Some(Class::Leak), None),
        ];
        assert_eq!(
            summary(&reports),
            "3 runs: 1 holds, 2 violated; 1 as expected, 1 NOT AS EXPECTED, 1 not judged; 3,702 executions"
        );
        assert_eq!(counts(&reports), "3 runs: 1 holds, 2 violated; 3,702 executions");
        assert_eq!(summary(&reports[..1]), "1 run: 1 holds; 1 as expected; 1,234 executions");
    }

    #[test]
    fn what_is_not_known_exactly_has_two_digits() {
        for (number, words) in [
            (0.0, "0"),
            (0.7, "1"),
            (7.3, "7"),
            (99.4, "99"),
            (99.6, "100"),
            (56_489.0, "56,000"),
            (999_999.0, "1,000,000"),
            (9.99e14, "1,000,000,000,000,000"),
            (3.21e18, "3.2e18"),
        ] {
            assert_eq!(about(number), words);
        }
    }

    #[test]
    fn json_is_one_line_that_reads_back() {
        let report = report("x", "v5.9", Some(Class::LostRead), Some(true));
        let text = json(&report).expect("serialises");
        assert!(!text.contains('\n'));
        assert_eq!(serde_json::from_str::<Report>(&text).expect("reads back"), report);
        assert!(text.contains(r#""verdict":"violated","class":"lost-read""#), "{text}");
    }
}
