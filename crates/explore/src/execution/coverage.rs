//! Coverage: what a search has gone through, so that one that finds nothing can be judged.

use std::panic::Location;

use crate::execution::answer_tree::Actors;
use crate::execution::history::History;
use crate::execution::sites::Sites;

/// What the executions of a search have shown, all together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Pairs of calls of different actors: in some execution, something that the first did came before something
    /// that the second did, and the two conflict. Sorted.
    orders: Vec<(u16, u16)>,
    sites: Vec<&'static Location<'static>>,
}

impl Coverage {
    /// Whether in some execution something that `first` did came before something that `second` did, and the order
    /// of the two could matter. Calls for which that is so neither way are independent.
    #[must_use]
    pub fn in_order(&self, first: u16, second: u16) -> bool {
        self.orders.binary_search(&(first, second)).is_ok()
    }

    /// The places in the source that requests came from, sorted, each once.
    #[must_use]
    pub fn sites(&self) -> &[&'static Location<'static>] {
        &self.sites
    }
}

/// Collects it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// For each event of the execution at hand, the number of its call; 0 is for what belongs to none.
    calls: Vec<u16>,
    /// For each call, which actor makes it and the calls of which something came before.
    rows: Vec<Row>,
    sites: Sites,
}

#[derive(Clone, Debug, Default)]
struct Row {
    actor: Option<u8>,
    before: Vec<bool>,
}

impl Seen {
    /// Looks at the event that an actor is about to add to the history.
    pub(crate) fn note(&mut self, history: &History, actors: &Actors<'_>, actor: u8) {
        let call = actors.call(actor).map_or(0, |call| call + 1);
        self.calls.truncate(history.len());
        self.calls.push(call);
        self.make_room(usize::from(call) + 1);
        let Self { calls, rows, .. } = self;
        let Row { actor: by, before } = &mut rows[usize::from(call)];
        *by = Some(actor);
        history.conflicting(history.fresh(), |event| before[usize::from(calls[event as usize])] = true);
    }

    fn make_room(&mut self, calls: usize) {
        if calls > self.rows.len() {
            self.rows.resize(calls, Row::default());
            self.rows.iter_mut().for_each(|row| row.before.resize(calls, false));
        }
    }

    /// Takes over where actors have made requests.
    pub(crate) fn note_sites(&mut self, sites: &Sites) {
        self.sites.merge(sites);
    }

    /// Takes over what other executions have shown.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.make_room(other.rows.len());
        for (mine, theirs) in self.rows.iter_mut().zip(&other.rows) {
            mine.actor = mine.actor.or(theirs.actor);
            mine.before.iter_mut().zip(&theirs.before).for_each(|(mine, &theirs)| *mine |= theirs);
        }
        self.sites.merge(&other.sites);
    }

    /// All of it.
    pub(crate) fn coverage(&self) -> Coverage {
        let mut orders = Vec::new();
        for (second, row) in self.rows.iter().enumerate().skip(1) {
            let first = row.before.iter().enumerate().skip(1).filter(|&(_, &seen)| seen);
            let first = first.filter(|&(first, _)| self.rows[first].actor != row.actor);
            orders.extend(first.map(|(first, _)| (first as u16 - 1, second as u16 - 1)));
        }
        orders.sort_unstable();
        Coverage { orders, sites: self.sites.sorted() }
    }
}
