//! What the model can come to under which rules, as far as its source says.

use std::collections::BTreeSet;

use crate::era::Era;

/// What the rules must be.
enum When {
    /// The rule in this place has the value in that place among its values.
    Is(usize, u8),
    IsNot(usize, u8),
    All(&'static [Self]),
    Any(&'static [Self]),
}

impl When {
    /// Whether it is so, by the places of all values.
    fn holds(&self, rules: &[u8]) -> bool {
        match *self {
            Self::Is(rule, value) => rules[rule] == value,
            Self::IsNot(rule, value) => rules[rule] != value,
            Self::All(parts) => parts.iter().all(|part| part.holds(rules)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(rules)),
        }
    }
}

/// A function of the model that makes requests, or calls one that does.
struct Node {
    file: &'static str,
    /// Lines that make requests.
    lines: &'static [(u32, When)],
    /// Functions that it may call, by their places.
    calls: &'static [(usize, When)],
}

/// Every function, with what it asks rules for: arms of a `match`, branches, and what is behind a way out. Where that
/// cannot be told, any rules will do.
const NODES: &[Node] = {
    use crate::era::*;

    include!(concat!(env!("OUT_DIR"), "/flow.rs"))
};

/// The lines that some rules let the model come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach(BTreeSet<(&'static str, u32)>);

impl Reach {
    /// Under the rules of an era. Everything that another era cannot come to is missing; what depends on more than
    /// rules is there, so some of it may be out of reach nevertheless.
    #[must_use]
    pub fn of(era: &Era) -> Self {
        let rules = &era.rules().indices();
        let called: BTreeSet<usize> = NODES.iter().flat_map(|n| n.calls).map(|(callee, _)| *callee).collect();
        // What nobody calls is where the model is entered.
        let mut open: Vec<usize> = (0..NODES.len()).filter(|node| !called.contains(node)).collect();
        let mut entered: BTreeSet<usize> = open.iter().copied().collect();
        let mut lines = BTreeSet::new();
        while let Some(node) = open.pop() {
            let Node { file, lines: own, calls, .. } = &NODES[node];
            lines.extend(own.iter().filter(|(_, when)| when.holds(rules)).map(|(line, _)| (*file, *line)));
            let callees = calls.iter().filter(|(_, when)| when.holds(rules)).map(|(callee, _)| *callee);
            open.extend(callees.filter(|&callee| entered.insert(callee)));
        }
        Self(lines)
    }

    /// Whether a line of a file is among them. Files are told from the root of the repository.
    #[must_use]
    pub fn has(&self, file: &str, line: u32) -> bool {
        self.0.contains(&(file, line))
    }
}
