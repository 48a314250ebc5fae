//! The results of several engines, side by side.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cowrace_report::{Report, Verdict};

use crate::Columns;
use crate::report::{OURS, counted, grouped};

/// A row for each engine, in the order in which they first appear: how its runs ended and what they cost. Below the
/// rows: why runs have no answer, and whether an engine has seen an outcome that explore has not.
#[must_use]
pub fn engines(reports: &[Report]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for report in reports {
        if !names.contains(&report.engine.as_str()) {
            names.push(&report.engine);
        }
    }
    let heads = [
        "engine",
        "runs",
        "complete",
        "bad",
        "bounded",
        "no answer",
        "outcomes",
        "not seen",
        "executions",
        "seconds",
    ];
    let mut columns = Columns::new(heads);
    for name in names {
        let own: Vec<&Report> = reports.iter().filter(|r| r.engine == name).collect();
        let count = |which: &dyn Fn(&Report) -> bool| own.iter().filter(|r| which(r)).count().to_string();
        let row = [
            name.to_owned(),
            own.len().to_string(),
            count(&|r| r.complete),
            count(&|r| r.verdict == Verdict::Violated),
            count(&|r| r.verdict == Verdict::Bounded),
            count(&|r| r.verdict == Verdict::Inconclusive),
            grouped(own.iter().filter_map(|r| r.outcomes).sum()),
            grouped(own.iter().filter_map(|r| r.beyond).sum()),
            grouped(own.iter().map(|r| r.executions).sum()),
            format!("{:.1}", own.iter().map(|r| r.seconds).sum::<f64>()),
        ];
        columns.row(row.into_iter().enumerate());
    }
    let mut out = columns.to_string();
    let mut reasons: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for report in reports.iter().filter(|r| r.verdict == Verdict::Inconclusive) {
        let reason = report.detail.as_deref().unwrap_or("it gives no reason");
        *reasons.entry((&report.engine, reason)).or_default() += 1;
    }
    out.push('\n');
    // Writing to a string cannot fail.
    for ((engine, reason), count) in reasons {
        let _ = writeln!(out, "{engine} has no answer for {}: {reason}", counted(count, "run"));
    }
    let count = |which: &dyn Fn(&Report) -> bool| reports.iter().filter(|r| which(r)).count() as u64;
    let disagree = count(&|r| r.disagreement.is_some());
    let compared = count(&|r| r.beyond.is_some());
    if disagree > 0 {
        let _ = writeln!(out, "ENGINES DISAGREE in {}", counted(disagree, "run"));
    } else if compared > 0 {
        let _ = writeln!(
            out,
            "{} compared: none has an outcome that explore does not have",
            counted(compared, "run")
        );
    }
    // The other engines are compared with explore.
    let others = count(&|r| r.engine != OURS) - compared;
    if others > 0 {
        let _ = writeln!(
            out,
            "{} not compared: explore did not finish, or the engine has no answer",
            counted(others, "run")
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use cowrace_report::Class;

    use super::*;
    use crate::report::tests::report;

    #[test]
    fn engines_stand_side_by_side() {
        let ours = report("a", "v5.8", Some(Class::LostRead), Some(true));
        let theirs = Report {
            engine: "loom".into(),
            outcomes: Some(7),
            beyond: Some(2),
            ..report("a", "v5.8", None, None)
        };
        let none = Report {
            verdict: Verdict::Inconclusive,
            detail: Some("there are 5 actors".into()),
            complete: false,
            beyond: None,
            ..theirs.clone()
        };
        let both = [ours, theirs.clone(), none.clone()];
        assert_eq!(
            engines(&both),
            "\
engine   runs  complete  bad  bounded  no answer  outcomes  not seen  executions  seconds
=======  ====  ========  ===  =======  =========  ========  ========  ==========  =======
explore  1     1         1    0        0          0         0         1,234       0.5
loom     2     1         0    0        1          14        2         2,468       1.0

loom has no answer for 1 run: there are 5 actors
1 run compared: none has an outcome that explore does not have
1 run not compared: explore did not finish, or the engine has no answer
"
        );
        let wrong = Report { disagreement: Some("r is 3".into()), ..theirs };
        assert!(engines(&[wrong]).ends_with("ENGINES DISAGREE in 1 run\n"));
    }
}
