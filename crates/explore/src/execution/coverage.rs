//! Coverage: what a search has exercised, so that a search without a finding can be judged.

use std::panic::Location;

use crate::execution::answer_tree::Actors;
use crate::execution::history::History;
use crate::execution::sites::Sites;

/// What all executions of a search together have shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Pairs of calls of different actors: in some execution, an access of the first came before a conflicting access
    /// of the second. Sorted.
    orders: Vec<(u16, u16)>,
    sites: Vec<&'static Location<'static>>,
}

impl Coverage {
    /// Whether in some execution an access of `first` came before a conflicting access of `second`. Two calls for which
    /// this holds in neither order are independent.
    #[must_use]
    pub fn in_order(&self, first: u16, second: u16) -> bool {
        self.orders.binary_search(&(first, second)).is_ok()
    }

    /// The source locations of all requests, sorted, each once.
    #[must_use]
    pub fn sites(&self) -> &[&'static Location<'static>] {
        &self.sites
    }
}

/// Collects the coverage.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// For each event of the current execution, the number of its call; 0 for events that belong to no call.
    calls: Vec<u16>,
    /// For each call, its actor and the calls that have an earlier, conflicting access.
    rows: Vec<Row>,
    sites: Sites,
}

#[derive(Clone, Debug, Default)]
struct Row {
    actor: Option<u8>,
    before: Vec<bool>,
}

impl Seen {
    /// Notes the event that an actor is about to add to the history.
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

    /// Notes that an access of one call came before a conflicting access of another. Each call is given with its actor.
    pub(crate) fn note_order(&mut self, first: (u16, u8), second: (u16, u8)) {
        let [(first, before), (second, after)] = [first, second].map(|(call, actor)| (call + 1, actor));
        self.make_room(usize::from(first.max(second)) + 1);
        self.rows[usize::from(first)].actor = Some(before);
        let row = &mut self.rows[usize::from(second)];
        row.actor = Some(after);
        row.before[usize::from(first)] = true;
    }

    fn make_room(&mut self, calls: usize) {
        if calls > self.rows.len() {
            self.rows.resize(calls, Row::default());
            self.rows.iter_mut().for_each(|row| row.before.resize(calls, false));
        }
    }

    /// Notes the source location of a request.
    pub(crate) fn note_site(&mut self, site: &'static Location<'static>) {
        self.sites.insert(site);
    }

    /// Adds the source locations of requests.
    pub(crate) fn note_sites(&mut self, sites: &Sites) {
        self.sites.merge(sites);
    }

    /// Adds what other executions have shown.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.make_room(other.rows.len());
        for (mine, theirs) in self.rows.iter_mut().zip(&other.rows) {
            mine.actor = mine.actor.or(theirs.actor);
            mine.before.iter_mut().zip(&theirs.before).for_each(|(mine, &theirs)| *mine |= theirs);
        }
        self.sites.merge(&other.sites);
    }

    /// The coverage so far.
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
