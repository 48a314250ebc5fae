//! What the model can come to under which rules, as far as its source says.

use std::collections::BTreeSet;

use super::{Function, is_current, table};
use crate::era::Era;

/// Whether a function may be the one that is called by a name.
fn is_called(function: &Function, by: &str) -> bool {
    let own = function.ident;
    own == by || own.strip_prefix('.').is_some_and(|name| name == by)
}

/// The functions that an execution was in, by the lines whose requests it made: those of the lines, and the only caller
/// of any of them. A function may do nothing but call others, so that its own lines do not tell. `None` if the table is
/// of another source than this one.
#[must_use]
pub fn entered(reached: impl Fn(&str, u32) -> bool) -> Option<Vec<&'static Function>> {
    if !is_current() {
        return None;
    }
    let all = table::FUNCTIONS;
    let has_reached = |function: &Function| function.lines().any(|line| reached(function.file, line));
    let mut open: Vec<usize> = (0..all.len()).filter(|&at| has_reached(&all[at])).collect();
    let mut entered: BTreeSet<usize> = open.iter().copied().collect();
    while let Some(at) = open.pop() {
        let calls = |caller: &Function| caller.calls.iter().any(|(callee, _)| is_called(&all[at], callee));
        let mut callers = (0..all.len()).filter(|&caller| caller != at && calls(&all[caller]));
        if let (Some(caller), None) = (callers.next(), callers.next()) {
            open.extend(entered.insert(caller).then_some(caller));
        }
    }
    Some(entered.into_iter().map(|at| &all[at]).collect())
}

/// The lines that some rules let the model come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach(BTreeSet<(&'static str, u32)>);

impl Reach {
    /// Under the rules of an era. Everything that another era cannot come to is missing; what depends on more than
    /// rules is there, so some of it may be out of reach nevertheless. `None` if the table is of another source than
    /// this one.
    #[must_use]
    pub fn of(era: &Era) -> Option<Self> {
        if !is_current() {
            return None;
        }
        let rules = &era.rules().indices();
        let all = table::FUNCTIONS;
        let is_entry = |function: &Function| {
            !all.iter().flat_map(|f| f.calls).any(|(callee, _)| is_called(function, callee))
        };
        // What nothing calls is where the model is entered.
        let mut open: Vec<usize> = (0..all.len()).filter(|&at| is_entry(&all[at])).collect();
        let mut entered: BTreeSet<usize> = open.iter().copied().collect();
        let mut lines = BTreeSet::new();
        while let Some(at) = open.pop() {
            let Function { file, lines: own, calls, .. } = &all[at];
            lines.extend(own.iter().filter(|(_, when)| when.holds(rules)).map(|(line, _)| (*file, *line)));
            for (callee, _) in calls.iter().filter(|(_, when)| when.holds(rules)) {
                let callees = (0..all.len()).filter(|&at| is_called(&all[at], callee));
                open.extend(callees.filter(|&at| entered.insert(at)));
            }
        }
        Some(Self(lines))
    }

    /// Whether a line of a file is among them. Files are told from the root of the repository.
    #[must_use]
    pub fn has(&self, file: &str, line: u32) -> bool {
        self.0.contains(&(file, line))
    }
}

#[cfg(test)]
mod tests {
    use super::super::when::When;
    use super::*;
    use crate::era::value;

    fn names(when: &When) -> Vec<(&'static str, &'static str)> {
        match when {
            When::Is(rule, value) | When::IsNot(rule, value) => vec![(rule, value)],
            When::All(parts) | When::Any(parts) => parts.iter().flat_map(names).collect(),
        }
    }

    #[test]
    fn a_function_is_entered_if_the_only_one_that_it_calls_is() {
        let exclusive =
            table::FUNCTIONS.iter().find(|f| f.name == "wp_reuse_exclusive").expect("it is there");
        let first = exclusive.lines().next().expect("it makes requests");
        let names = |reached: &[(&str, u32)]| -> Vec<&str> {
            let all =
                entered(|file, line| reached.contains(&(file, line))).expect("the table is of this model");
            all.iter().map(|function| function.name).collect()
        };
        let names_of_one = names(&[(exclusive.file, first)]);
        assert!(names_of_one.contains(&"do_wp_page"), "{names_of_one:?}");
        assert!(!names_of_one.contains(&"wp_page_copy"), "{names_of_one:?}");
        assert_eq!(names(&[]), Vec::<&str>::new());
    }

    #[test]
    fn the_table_names_rules_and_values_of_the_model() {
        let lines = table::FUNCTIONS.iter().flat_map(|f| f.lines).map(|(_, when)| when);
        let calls = table::FUNCTIONS.iter().flat_map(|f| f.calls).map(|(_, when)| when);
        let named: BTreeSet<_> = lines.chain(calls).flat_map(names).collect();
        assert!(named.len() > 50, "{named:?}");
        for (rule, name) in named {
            assert!(value(rule, name).is_some(), "{rule}::{name}");
        }
    }
}
