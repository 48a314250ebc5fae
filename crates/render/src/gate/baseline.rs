//! What there is to say of a baseline.

use cowrace_report::Report;

use crate::report::name;

/// How many runs are named at most.
const MOST: usize = 5;

/// What is wrong with a baseline that names a result which a run no longer has, if it does.
#[must_use]
pub fn gone(report: &Report) -> Option<String> {
    let result = report.baseline.as_ref()?.gone()?;
    let run = format!("{} under {}", name(report), report.era);
    Some(format!("the baseline names {run} as {result}, which is gone: remove it, or add `--bless`"))
}

/// How many entries of a baseline, of so many, are about no run of a command, and which; nothing if all are.
#[must_use]
pub fn unused(runs: &[String], of: usize) -> Option<String> {
    let all = runs.len();
    let entries = match (all, of) {
        (0, _) => return None,
        (1, 1) => "its entry is".to_owned(),
        (1, _) => format!("one of its {of} entries is"),
        _ if all == of => format!("all of its {of} entries are"),
        _ => format!("{all} of its {of} entries are"),
    };
    let more = match all.saturating_sub(MOST) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let named = runs[..all.min(MOST)].join("; ");
    Some(format!("{entries} about no run of this command: {named}{more}"))
}

/// An entry whose era has the name of a file, and consists of something else than the file says.
#[must_use]
pub fn other_kernel(run: &str, made_of: &str) -> String {
    format!(
        "the entry of {run} does not apply, since the era file says `{made_of}`: correct its `made_of`, or remove it"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_runs_are_named() {
        let runs: Vec<String> = (0..7).map(|nth| format!("r{nth} under v6.1")).collect();
        assert_eq!(unused(&[], 3), None);
        let said = unused(&runs[..1], 1).expect("one is told");
        assert_eq!(said, "its entry is about no run of this command: r0 under v6.1");
        let said = unused(&runs[..2], 3).expect("two are told");
        assert!(
            said.starts_with("2 of its 3 entries are about")
                && said.ends_with("r0 under v6.1; r1 under v6.1"),
            "{said}"
        );
        let said = unused(&runs, 7).expect("all are told");
        assert!(said.starts_with("all of its 7") && said.ends_with("r4 under v6.1, and 2 more"), "{said}");
    }
}
