//! What the model can come to under which rules, as far as its source says.

use std::collections::BTreeSet;

use super::{Function, is_current, table};
use crate::era::Era;

/// Whether a function may be the one that is called by a name.
fn is_called(function: &Function, by: &str) -> bool {
    let own = function.ident;
    own == by || own.strip_prefix('.').is_some_and(|name| name == by)
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
