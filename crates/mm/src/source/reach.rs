//! Reachability: the parts of the model that can be reached under given rules, as far as its source tells.

use std::collections::BTreeSet;

use super::{Function, is_current, table};
use crate::era::Era;

/// Whether a call by a name may call a function.
fn is_called(function: &Function, by: &str) -> bool {
    let own = function.ident;
    own == by || own.strip_prefix('.').is_some_and(|name| name == by)
}

/// The functions that an execution has entered, derived from the lines whose requests it made: the functions of these
/// lines, and the caller of a function that has only one. A function may only call others, so that it has no lines of
/// its own. `None` if the table does not describe this source.
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

/// The lines that the model can reach under some rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach(BTreeSet<(&'static str, u32)>);

impl Reach {
    /// The lines that can be reached under the rules of an era. Only rules are considered, so some of the lines may
    /// nevertheless be unreachable for other reasons. `None` if the table does not describe this source.
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
        // Functions that have no caller are the entries of the model.
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

    /// Whether a line of a file is among them. Paths of files start at the root of the repository.
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
