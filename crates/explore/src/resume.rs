//! Stopping a search so that it can go on later, and going on.

use std::ops::ControlFlow;

use cowrace_machine::{Access, Addr, Kind, Op};
use cowrace_report::frontier::{Branch, Frontier, Made, Station, Touched};

use crate::barriers::Met;
use crate::estimate::Estimates;
use crate::moves::{Move, PLAIN};
use crate::preemptions::can_go_on;
use crate::reversal::Race;
use crate::search::{Flow, Search};
use crate::sync::{Number, Primitives};
use crate::wakeup::{First, NONE};

/// A move, for a file.
pub(crate) fn made(made: Move) -> Made {
    (made.actor, (made.choice != PLAIN).then_some(made.choice))
}

/// A move from a file.
pub(crate) fn moved((actor, choice): Made) -> Move {
    Move { actor, choice: choice.unwrap_or(PLAIN) }
}

/// What a move touches, for a file.
pub(crate) fn touched(accesses: &[Access]) -> Vec<Touched> {
    let plain = |access: &Access| {
        let kind = match access.kind {
            Kind::Read => 0,
            Kind::Write => 1,
            Kind::Add => 2,
        };
        (access.addr.index() as u32, access.mask, kind)
    };
    accesses.iter().map(plain).collect()
}

/// What a move touches, from a file.
pub(crate) fn accesses(touched: &[Touched]) -> Vec<Access> {
    let access = |&(index, mask, kind): &Touched| {
        let kind = match kind {
            0 => Kind::Read,
            1 => Kind::Write,
            _ => Kind::Add,
        };
        Access { addr: Addr::at(index as usize), mask, kind }
    };
    touched.iter().map(access).collect()
}

impl<P: Primitives> Search<'_, P> {
    /// Where the search has been stopped or pauses; none if it cannot go on from there. What others have done of
    /// subtrees that were not taken back is not in it, and will be done again; what they have found out behind barriers is.
    pub(crate) fn frontier(&self) -> Option<Frontier> {
        let next = self.resting()?;
        let station = |state: usize| Station {
            tried: self.sleepers.put_to_sleep(state).map(|s| (made(s.0), touched(s.1))).collect(),
            todo: self.branches(self.todo[state]),
        };
        let (known, places) = self.shared.arrivals.beside(&[]);
        let mut met: Vec<_> = self.met.states().iter().map(|number| places[number]).collect();
        met.sort_unstable();
        Some(Frontier {
            fingerprint: self.program.fingerprint,
            near: self.shared.near.as_ref().map(|near| near.iter().map(|addr| addr.index() as u32).collect()),
            way: (0..self.history.len() as u32).map(|event| made(self.history.made(event))).collect(),
            stations: (0..self.todo.len()).map(station).collect(),
            next: Some(Branch {
                made: made(next.made),
                touches: Vec::new(),
                then: self.branches(next.child),
            }),
            races: self.races.iter().map(|race| (race.event, race.by)).collect(),
            barriers: self.visits(&places),
            known,
            met,
            made: [(self.outcome.executions, self.outcome.events), self.met.figures()],
            depth: self.outcome.depth,
            samples: self.outcome.samples,
            finding: self.outcome.finding.clone(),
            windows: self.windows.clone().take(),
            shown: self.shared.showings.all(),
            sizes: self.estimates.sizes(),
        })
    }

    fn branches(&self, list: u32) -> Vec<Branch> {
        let branch = |step| Branch {
            made: made(self.wakeup.made(step)),
            touches: touched(self.wakeup.accesses(step)),
            then: self.branches(self.wakeup.child(step)),
        };
        self.wakeup.list(list).map(branch).collect()
    }

    fn plant(&mut self, branches: &[Branch]) -> u32 {
        let mut list = NONE;
        for branch in branches {
            let then = self.plant(&branch.then);
            let step = self.wakeup.append(&mut list, moved(branch.made), &accesses(&branch.touches));
            self.wakeup.follow(step, then);
        }
        list
    }

    /// Goes to where a search of the same program has been stopped.
    pub(crate) fn go_on(&mut self, frontier: &Frontier) -> Flow {
        let Some(next) = frontier.next.as_ref().filter(|_| frontier.stations.len() == frontier.way.len() + 1)
        else {
            return ControlFlow::Break(None);
        };
        self.earlier = self.shared.arrivals.set(&[], &frontier.known);
        self.outcome.finding.clone_from(&frontier.finding);
        for (state, station) in frontier.stations.iter().enumerate() {
            let event = state.checked_sub(1);
            let event = event.map(|e| (self.history.events()[e].actor, self.history.accesses(e)));
            self.sleepers.enter(event);
            for (made, touches) in &station.tried {
                self.sleepers.add(moved(*made), &accesses(touches));
            }
            let todo = self.plant(&station.todo);
            if let Some(behind) = frontier.barriers.iter().find(|behind| behind.state as usize == state) {
                self.revisit(behind);
            }
            self.todo.push(todo);
            if let Some(&made) = frontier.way.get(state) {
                if !self.can_make(made) {
                    return ControlFlow::Break(None);
                }
                self.step(moved(made))?;
            }
        }
        let last = self.history.len() as u32;
        let races = frontier.races.iter().filter(|race| race.0 < race.1 && race.1 < last);
        self.races = races.map(|&(event, by)| Race { event, by }).collect();
        let [way, behind] = frontier.made;
        let met = frontier.met.iter().filter_map(|&place| self.earlier.get(place as usize).copied());
        self.met = Met::again(met, behind);
        self.windows.take();
        self.windows.merge(&frontier.windows);
        self.shared.showings.add(frontier.shown.iter().copied());
        self.estimates = Estimates::after(&frontier.sizes);
        (self.outcome.executions, self.outcome.events) = way;
        self.outcome.depth = frontier.depth;
        self.outcome.samples = frontier.samples;
        self.made = self.figures();
        self.shared.earlier.set(self.made.0);
        if !self.can_make(next.made) {
            return ControlFlow::Break(None);
        }
        let child = self.plant(&next.then);
        self.rest_at(First { made: moved(next.made), child, given: NONE });
        ControlFlow::Continue(())
    }

    /// Whether a move is possible: whoever wrote the frontier may have been mistaken.
    pub(crate) fn can_make(&self, (actor, choice): Made) -> bool {
        let request = (actor < self.history.actors() as u8).then(|| self.actors.request(actor)).flatten();
        let fits = request.is_some_and(|request| match request.op {
            Op::Choose { n } => choice.is_some_and(|choice| choice < n),
            _ => choice.is_none(),
        });
        fits && can_go_on(actor, &self.actors, &self.memory)
    }
}
