//! Whether a checker's answer agrees with ours.

use std::collections::HashSet;

use crate::peer::{End, Goal, Run, Task, Words};

/// The result of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// There is nothing to compare.
    Nothing,
    /// The answer is as it should be.
    Agrees(String),
    /// The answer differs, as is known of this checker.
    Known(String),
    /// The answer differs.
    Mismatch(String),
}

/// Compares an answer with ours. Whether a write is lost must agree with the rule. A complete answer must have all
/// outcomes, and no answer may have others; the outcomes of a search for the first lost write are not compared.
pub(crate) fn judge(run: &Run, ours: Option<&HashSet<Words>>, task: Task, known: bool) -> Verdict {
    let wrong = if known { Verdict::Known } else { Verdict::Mismatch };
    let complete = run.end == End::Complete;
    match run.lost {
        Some(true) if !task.expects_loss() => return wrong("a write is lost".to_owned()),
        Some(false) if task.expects_loss() && complete => return wrong("no write is lost".to_owned()),
        _ => {}
    }
    let (Goal::Whole, Some(theirs), Some(ours)) = (task.goal, &run.outcomes, ours) else {
        return Verdict::Nothing;
    };
    let unknown = theirs.difference(ours).count();
    if unknown > 0 {
        return wrong(format!("{unknown} of {} unknown to ours", theirs.len()));
    }
    let text = format!("{} of {}", theirs.len(), ours.len());
    if complete && theirs.len() != ours.len() { wrong(text) } else { Verdict::Agrees(text) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use cowrace_testkit::common_problem::{Rule, Variant};

    fn verdict(rule: Rule, end: End, lost: bool, outcomes: &[u64], known: bool) -> Verdict {
        let set = |words: &[u64]| words.iter().map(|&word| vec![word]).collect::<HashSet<Words>>();
        let task = Task { variant: Variant::new(3, rule, true), goal: Goal::Whole, limit: Duration::MAX };
        let run = Run { count: 1, end, lost: Some(lost), outcomes: Some(set(outcomes)) };
        judge(&run, Some(&set(&[1, 2, 3])), task, known)
    }

    #[test]
    fn what_agrees() {
        let all = verdict(Rule::Mapcount, End::Complete, false, &[1, 2, 3], false);
        assert_eq!(all, Verdict::Agrees("3 of 3".to_owned()));
        let some = verdict(Rule::Count, End::Limit, false, &[2], false);
        assert_eq!(some, Verdict::Agrees("1 of 3".to_owned()));
    }

    #[test]
    fn what_does_not() {
        let mismatch = |rule, end, lost, outcomes: &[u64]| {
            assert!(matches!(verdict(rule, end, lost, outcomes, false), Verdict::Mismatch(_)));
            assert!(matches!(verdict(rule, end, lost, outcomes, true), Verdict::Known(_)));
        };
        mismatch(Rule::Mapcount, End::Complete, false, &[1, 2]);
        mismatch(Rule::Mapcount, End::Limit, false, &[4]);
        mismatch(Rule::Mapcount, End::Limit, true, &[1]);
        mismatch(Rule::Count, End::Complete, false, &[1, 2, 3]);
    }
}
