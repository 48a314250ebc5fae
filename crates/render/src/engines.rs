//! What several engines did, side by side.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cowrace_trace::{Report, Verdict};

use crate::Columns;
use crate::report::{counted, grouped};

/// A row for each engine, in the order in which they first appear: how its runs ended and what they took.
/// Below it why runs have no answer, and whether an engine has seen what explore has not.
#[must_use]
pub fn engines(reports: &[Report]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for report in reports {
        if !names.contains(&report.engine.as_str()) {
            names.push(&report.engine);
        }
    }
    let heads =
        ["engine", "runs", "complete", "bad", "bounded", "no answer", "outcomes", "executions", "seconds"];
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
            grouped(own.iter().map(|r| r.executions).sum()),
            format!("{:.1}", own.iter().map(|r| r.seconds).sum::<f64>()),
        ];
        columns.row(row.into_iter().enumerate());
    }
    let mut out = columns.to_string();
    let mut reasons: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for report in reports.iter().filter(|r| r.verdict == Verdict::Inconclusive) {
        let reason = report.detail.as_deref().unwrap_or("it does not say why");
        *reasons.entry((&report.engine, reason)).or_default() += 1;
    }
    out.push('\n');
    // Writing to a string cannot fail.
    for ((engine, reason), count) in reasons {
        let _ = writeln!(out, "{engine} has no answer for {}: {reason}", counted(count, "run"));
    }
    match reports.iter().filter(|r| r.disagreement.is_some()).count() {
        0 => out.push_str("no engine has seen an outcome that explore has not\n"),
        some => {
            let _ = writeln!(out, "ENGINES DISAGREE in {}", counted(some as u64, "run"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use cowrace_trace::Class;

    use super::*;
    use crate::report::tests::report;

    #[test]
    fn engines_stand_side_by_side() {
        let ours = report("a", "v5.8", Some(Class::LostRead), Some(true));
        let theirs = Report { engine: "loom".into(), outcomes: Some(7), ..report("a", "v5.8", None, None) };
        let none = Report {
            verdict: Verdict::Inconclusive,
            detail: Some("there are 5 actors".into()),
            complete: false,
            ..theirs.clone()
        };
        let both = [ours, theirs.clone(), none.clone()];
        assert_eq!(
            engines(&both),
            "\
engine   runs  complete  bad  bounded  no answer  outcomes  executions  seconds
=======  ====  ========  ===  =======  =========  ========  ==========  =======
explore  1     1         1    0        0          0         1,234       0.5
loom     2     1         0    0        1          14        2,468       1.0

loom has no answer for 1 run: there are 5 actors
no engine has seen an outcome that explore has not
"
        );
        let wrong = Report { disagreement: Some("r is 3".into()), ..theirs };
        assert!(engines(&[wrong]).ends_with("ENGINES DISAGREE in 1 run\n"));
    }
}
