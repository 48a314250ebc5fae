//! Persistent sets: which actors may still interfere with each other from a state on.

use cowrace_machine::{Access, ActorSet, Kind, Memory, Op, Program};

use crate::estimate::access_summary::AccessSummary;
use crate::execution::answer_tree::Actors;
use crate::reduction::races::waited_word;

/// An actor that has not finished.
#[derive(Debug)]
struct Pending {
    actor: u8,
    /// The actors that may do something that changes what this one does next, or whether it can move.
    others: ActorSet,
    start: u32,
    len: u32,
}

/// What may follow a state, as far as the summary of accesses tells. Reused for its buffers.
#[derive(Debug, Default)]
pub(crate) struct PersistentSets {
    pending: Vec<Pending>,
    accesses: Vec<Access>,
    /// The actors that can move.
    pub(crate) able: ActorSet,
}

impl PersistentSets {
    /// Looks ahead from a state, given where `actors` are and how many requests each has made.
    pub(crate) fn look(
        &mut self,
        program: &Program,
        actors: &Actors<'_>,
        memory: &mut Memory,
        done: &[u32],
        touched: &AccessSummary,
    ) {
        self.pending.clear();
        self.accesses.clear();
        self.able = ActorSet::default();
        for (actor, request) in actors.pending() {
            let Some(request) = request else { continue };
            let start = self.accesses.len();
            let mut others = ActorSet::default();
            match request.op {
                Op::Join { actor: other } => others.insert(other),
                Op::Barrier { id } => others = program.barriers[id as usize],
                ref op if memory.ready(op) => {
                    self.able.insert(actor);
                    let effect = memory.execute_noting(request, &mut self.accesses);
                    memory.undo(effect.undo);
                }
                ref op => {
                    let word = waited_word(op).map(|addr| Access { addr, mask: u64::MAX, kind: Kind::Write });
                    self.accesses.extend(word);
                }
            }
            others.0 |= touched.by(&self.accesses[start..], done).0;
            others.remove(actor);
            let len = (self.accesses.len() - start) as u32;
            self.pending.push(Pending { actor, others, start: start as u32, len });
        }
    }

    /// What an actor that can move would touch.
    pub(crate) fn accesses(&self, actor: u8) -> &[Access] {
        let pending = self.pending.iter().find(|pending| pending.actor == actor);
        pending.map_or(&[], |p| &self.accesses[p.start as usize..(p.start + p.len) as usize])
    }

    /// Whether some of the sleeping actors will never be woken: those that are awake cannot move, or do only what is
    /// independent of them.
    pub(crate) fn sleeps_for_ever(&self, asleep: ActorSet) -> bool {
        let mut awake = self.able.0 & !asleep.0;
        loop {
            let woken = self.pending.iter().filter(|p| p.others.0 & awake != 0);
            let more = woken.fold(awake, |all, p| all | 1 << p.actor);
            if more == awake {
                return asleep.0 & !awake != 0;
            }
            awake = more;
        }
    }

    /// A smallest persistent set: the awake actors that can move in a set in which no actor depends on one outside the
    /// set. No other actor need be tried first.
    pub(crate) fn persistent(&self, asleep: ActorSet) -> ActorSet {
        let able = self.able.0 & !asleep.0;
        let mut least = able;
        for start in self.pending.iter().map(|p| 1u32 << p.actor).filter(|start| able & start != 0) {
            let mut set = start;
            loop {
                let members = self.pending.iter().filter(|p| set & 1 << p.actor != 0);
                let more = members.fold(set, |all, p| all | p.others.0);
                if more == set {
                    break;
                }
                set = more;
            }
            if (set & able).count_ones() < least.count_ones() {
                least = set & able;
            }
        }
        ActorSet(least)
    }
}
