//! Reversing races.
//!
//! A race of an execution is an event *e* and a later event *a* of another actor that could also come before *e*. The
//! reversed race is the sequence *v*: all events that follow *e* without happening after it, and then *a*. From the
//! state before *e*, the sequence leads to executions that are not among those that begin with *e*.

use cowrace_machine::{Access, Addr, Footprint, Memory, Obj, Op, Program, Request};
use serde::{Deserialize, Serialize};

use crate::execution::history::History;
use crate::execution::moves::{Fit, Move, PLAIN, Sequence, conflict};
use crate::reduction::sleep_sets::SleepSets;
use crate::reduction::wakeup_trees::Waking;

/// A race: the earlier and the later event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Race {
    pub(crate) event: u32,
    pub(crate) by: u32,
}

/// The later side of a race.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Later<'h> {
    pub(crate) made: Move,
    pub(crate) request: &'h Request,
    /// What the event touched, or would have touched, in this execution.
    pub(crate) accesses: &'h [Access],
    /// The clock of the events that happen before it.
    pub(crate) clock: &'h [u32],
    /// The number of its event; that of the next event if it was not let through.
    pub(crate) event: u32,
}

/// Whether a reversed race is already covered by what has been or will be explored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reversed {
    /// A sleeping move covers it.
    Asleep {
        /// Whether this holds in every execution that has these two events.
        for_good: bool,
    },
    /// No sleeping move covers it. The sequence is to be executed.
    Awake {
        /// Whether the later event touches something else there. Then it may depend on events of which it is
        /// independent here, and these differ in other executions that have the two events.
        anew: bool,
    },
}

/// Buffers for reversing races.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reverser {
    pub(crate) sequence: Sequence,
    pub(crate) waking: Waking,
}

impl Reverser {
    /// Reverses a race. If no move that sleeps in the state before `event` covers the result, leaves the sequence to be
    /// executed there, and the moves that it must wake.
    pub(crate) fn reverse(
        &mut self,
        history: &History,
        sleepers: &SleepSets,
        event: u32,
        later: Later<'_>,
        (memory, program): (&mut Memory, &Program),
    ) -> Reversed {
        let anew;
        let accesses = if touches_the_same(&later.request.op) {
            later.accesses
        } else {
            anew = without(history, event, later.request, memory, &program.memory);
            anew.accesses()
        };
        if let Some(for_good) = asleep(history, sleepers, event, later, accesses) {
            return Reversed::Asleep { for_good };
        }
        self.build(history, event, later, accesses);
        if self.no_sleeper_can_begin(history, sleepers, event) {
            Reversed::Awake { anew: accesses != later.accesses }
        } else {
            Reversed::Asleep { for_good: false }
        }
    }

    /// Builds the sequence. The events that must come before the later event are put first, so that only as much of the
    /// rest is executed as is needed to wake all sleepers.
    fn build(&mut self, history: &History, event: u32, later: Later<'_>, accesses: &[Access]) {
        let sequence = &mut self.sequence;
        sequence.clear();
        let apart = |&other: &u32| !history.before(event as usize, other as usize);
        let needed = |&other: &u32| {
            let other = &history.events()[other as usize];
            later.clock[other.actor as usize] >= other.nth
        };
        let others = event + 1..history.len() as u32;
        let push = |sequence: &mut Sequence, other: u32| {
            sequence.push(history.made(other), other, history.accesses(other as usize));
        };
        if accesses == later.accesses {
            others.clone().filter(apart).filter(needed).for_each(|other| push(sequence, other));
            sequence.push(later.made, later.event, accesses);
            others.filter(apart).filter(|other| !needed(other)).for_each(|other| push(sequence, other));
        } else {
            // The later event may depend on any of them now.
            others.filter(apart).for_each(|other| push(sequence, other));
            sequence.push(later.made, later.event, accesses);
        }
    }

    /// Collects the moves that the sequence must wake. Returns whether no sleeping move could begin the sequence.
    fn no_sleeper_can_begin(&mut self, history: &History, sleepers: &SleepSets, event: u32) -> bool {
        self.waking.clear();
        for sleeper in sleepers.of(event as usize) {
            let accesses = sleepers.accesses(sleeper);
            if self.sequence.fit(sleeper.made, accesses) != Fit::Conflict {
                return false;
            }
            self.waking.push(sleeper.made.actor, accesses);
        }
        self.waking.push(history.events()[event as usize].actor, history.accesses(event as usize));
        true
    }

    /// Like [`reverse`](Self::reverse), for a given sequence.
    pub(crate) fn adopt(
        &mut self,
        history: &History,
        sleepers: &SleepSets,
        event: u32,
        sequence: &Sequence,
    ) -> bool {
        self.sequence.clone_from(sequence);
        self.no_sleeper_can_begin(history, sleepers, event)
    }
}

/// Whether a move that sleeps in the state before `event` can begin the sequence of a reversed race; and whether that
/// holds in every execution with the two events. Decides most cases without building the sequence.
fn asleep(
    history: &History,
    sleepers: &SleepSets,
    event: u32,
    later: Later<'_>,
    accesses: &[Access],
) -> Option<bool> {
    for sleeper in sleepers.of(event as usize) {
        if sleeper.made.choice != PLAIN {
            // This case is decided with the sequence.
            continue;
        }
        let actor = sleeper.made.actor;
        let theirs = sleepers.accesses(sleeper);
        let first = history.own(actor).get(history.moved_before(actor, event)).copied();
        if actor == later.made.actor && first.unwrap_or(history.len() as u32) == later.event {
            // The later event itself.
            if !history.disturbed_without(event, theirs) {
                return Some(theirs == later.accesses);
            }
            continue;
        }
        match first.filter(|&first| !history.before(event as usize, first as usize)) {
            // The move is in the sequence, and can begin it if nothing else there happens before the move.
            Some(first) => {
                let clock = history.clock(first as usize);
                let is_first = (0..history.actors() as u8).all(|other| {
                    other == actor || clock[other as usize] as usize <= history.moved_before(other, event)
                });
                if is_first {
                    return Some(first < later.event);
                }
            }
            None => {
                if !conflict(theirs, accesses) && !history.disturbed_without(event, theirs) {
                    return Some(false);
                }
            }
        }
    }
    None
}

/// Whether an operation touches the same bits in the same way whatever their values are.
const fn touches_the_same(op: &Op) -> bool {
    !matches!(
        op,
        Op::CmpXchg { .. }
            | Op::AddUnless { .. }
            | Op::Trylock { .. }
            | Op::TryReadLock { .. }
            | Op::User(_)
            | Op::Alloc { .. }
    )
}

/// What a request would touch after all that does not happen after `event`, which is itself left out.
/// `memory` is left as it was.
fn without(
    history: &History,
    event: u32,
    request: &Request,
    memory: &mut Memory,
    initial: &Memory,
) -> Footprint {
    let mut known = Vec::new();
    if let Op::Alloc { obj, .. } = request.op {
        // Words that already have the right value are left alone.
        for addr in (0..Obj::WORDS).map(|word| Addr::new(obj, word)) {
            known.push((addr, memory.get(addr)));
            memory.set(addr, history.word_without(addr, event as usize, initial));
        }
    }
    let footprint = loop {
        let done = memory.execute(request);
        memory.undo(done.undo);
        let before = known.len();
        for access in done.footprint.accesses() {
            if known.iter().all(|&(addr, _)| addr != access.addr) {
                known.push((access.addr, memory.get(access.addr)));
                memory.set(access.addr, history.word_without(access.addr, event as usize, initial));
            }
        }
        if known.len() == before {
            break done.footprint;
        }
    };
    for &(addr, now) in &known {
        memory.set(addr, now);
    }
    footprint
}
