//! Changes of a draft, and the relation of executions that each must preserve.

use crate::draft::{Area, Column, Draft, Mm, Names, Row};

/// A draft that was changed.
#[derive(Clone, Debug)]
pub struct Change {
    /// A description of the change, for messages about failures.
    pub what: String,
    /// Its relation to the original draft.
    pub relation: Relation,
    /// The changed draft.
    pub draft: Draft,
}

/// The relation that the executions of two drafts must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The same verdict and class, the same memories at the end, the same number of traces.
    Same,
    /// Like [`Same`](Self::Same), except for the number of traces: a call walks areas in another order or walks a new
    /// area, or another CPU has the address space, so that a flush has to reach it or is deferred.
    SameEnds,
    /// Every memory in which an execution of the changed draft ends is one in which the original ends.
    Fewer,
}

/// All changes that apply to a draft.
#[must_use]
pub fn changes(draft: &Draft) -> Vec<Change> {
    let mut changes = vec![
        Change { what: "other names".to_owned(), relation: Relation::Same, draft: renamed(draft) },
        Change { what: "an idle column".to_owned(), relation: Relation::SameEnds, draft: idle(draft, false) },
        Change {
            what: "an idle column at first".to_owned(),
            relation: Relation::SameEnds,
            draft: idle(draft, true),
        },
        Change { what: "an unused area".to_owned(), relation: walked(draft), draft: unused(draft, false) },
        Change {
            what: "an unused area at first".to_owned(),
            relation: walked(draft),
            draft: unused(draft, true),
        },
    ];
    for turn in 1..draft.columns.len() {
        let mut turned = draft.clone();
        turned.columns.rotate_left(turn);
        changes.push(Change {
            what: format!("columns rotated by {turn}"),
            relation: Relation::Same,
            draft: turned,
        });
    }
    let mut reversed = draft.clone();
    reversed.columns.reverse();
    changes.push(Change { what: "columns reversed".to_owned(), relation: Relation::Same, draft: reversed });
    if draft.areas.len() > 1 {
        let mut reversed = draft.clone();
        reversed.areas.reverse();
        changes.push(Change { what: "areas reversed".to_owned(), relation: walked(draft), draft: reversed });
    }
    for at in 1..draft.rows.len() {
        if draft.rows[at - 1..=at].contains(&Row::Barrier) {
            continue;
        }
        let mut parted = draft.clone();
        parted.rows.insert(at, Row::Barrier);
        changes.push(Change {
            what: format!("a barrier above row {at}"),
            relation: Relation::Fewer,
            draft: parted,
        });
    }
    for at in 0..draft.environment.len() {
        let mut without = draft.clone();
        let word = without.environment.remove(at);
        changes.push(Change { what: format!("no {word}"), relation: Relation::Fewer, draft: without });
    }
    changes
}

/// The draft with names that sort in another order.
fn renamed(draft: &Draft) -> Draft {
    let backwards = |word: &str, n: usize| (0..n).map(|i| format!("{word}{}", n - i)).collect();
    let Names { areas, columns, variables, .. } = &draft.names;
    let names = Names {
        mms: ["Z", "Y", "X"].map(str::to_owned),
        areas: backwards("area", areas.len()),
        columns: backwards("thread", columns.len()),
        variables: backwards("r", variables.len()),
    };
    Draft { names, ..draft.clone() }
}

/// The draft with an additional column of A that does nothing.
fn idle(draft: &Draft, first: bool) -> Draft {
    let mut idle = draft.clone();
    let id = draft.columns.len();
    idle.names.columns.push("idle".to_owned());
    let at = if first { 0 } else { id };
    idle.columns.insert(at, Column { id, mm: Some(Mm::A) });
    idle
}

/// The draft with an additional area that no call names.
fn unused(draft: &Draft, first: bool) -> Draft {
    let mut unused = draft.clone();
    let id = draft.areas.len();
    unused.names.areas.push("unused".to_owned());
    let at = if first { 0 } else { id };
    unused.areas.insert(at, Area { id, state: "anon" });
    unused
}

/// The relation if an area is moved or added: some calls, and some actions of the environment, walk all areas, by
/// address.
fn walked(draft: &Draft) -> Relation {
    let walks = |text: &str| text.starts_with("clear_refs") || text.ends_with("fork()");
    let is_walked = draft.calls().any(|(_, call)| walks(call.text))
        || draft.environment.iter().any(|word| matches!(*word, "spec_ref" | "reclaim<=1"));
    if is_walked { Relation::SameEnds } else { Relation::Same }
}
