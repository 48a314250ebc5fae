//! The execution so far: its events, what happened before what, and who touched which word.

use cowrace_machine::{Access, Addr, Answer, Footprint, Kind, Memory, Op, Request, Undo};
use cowrace_trace::{Schedule, Turn};

/// One executed request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub(crate) actor: u8,
    /// Its number among its actor's events, from 1: what vector clocks count.
    pub(crate) nth: u32,
    pub(crate) request: Request,
    pub(crate) answer: Answer,
    pub(crate) undo: Undo,
    /// Where its accesses start in [`History::accesses`]; they end where the next event's start.
    accesses: u32,
}

/// A read of a word.
#[derive(Clone, Copy, Debug)]
struct Seen {
    event: u32,
    mask: u64,
}

/// A write of a word, or an addition to it.
#[derive(Clone, Copy, Debug)]
struct Changed {
    event: u32,
    mask: u64,
    kind: Kind,
    before: u64,
    after: u64,
}

/// Who touched one word, oldest first. Reads stand apart, since a read need not look at them.
#[derive(Clone, Debug, Default)]
struct Word {
    reads: Vec<Seen>,
    changes: Vec<Changed>,
}

/// A stack of events with their vector clocks. The clock of an event says for each actor how many of
/// its events happen before, the event itself included.
#[derive(Clone, Debug)]
pub(crate) struct History {
    actors: usize,
    events: Vec<Event>,
    clocks: Vec<u32>,
    accesses: Vec<Access>,
    own: Vec<Vec<u32>>,
    words: Vec<Word>,
}

impl History {
    pub(crate) fn new(actors: usize) -> Self {
        Self {
            actors,
            events: Vec::new(),
            clocks: Vec::new(),
            accesses: Vec::new(),
            own: vec![Vec::new(); actors],
            words: Vec::new(),
        }
    }

    pub(crate) const fn len(&self) -> usize {
        self.events.len()
    }

    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    pub(crate) const fn actors(&self) -> usize {
        self.actors
    }

    /// The events of one actor, in order.
    pub(crate) fn own(&self, actor: u8) -> &[u32] {
        &self.own[actor as usize]
    }

    pub(crate) fn clock(&self, event: usize) -> &[u32] {
        &self.clocks[event * self.actors..(event + 1) * self.actors]
    }

    pub(crate) fn accesses(&self, event: usize) -> &[Access] {
        let end = self.events.get(event + 1).map_or(self.accesses.len(), |next| next.accesses as usize);
        &self.accesses[self.events[event].accesses as usize..end]
    }

    /// Whether `first` happens before `second`, or is it.
    pub(crate) fn before(&self, first: usize, second: usize) -> bool {
        let first = &self.events[first];
        self.clock(second)[first.actor as usize] >= first.nth
    }

    /// The clock of an actor's last event; zeros if there is none.
    pub(crate) fn copy_last_clock(&self, actor: u8, into: &mut Vec<u32>) {
        into.clear();
        match self.own(actor).last() {
            Some(&event) => into.extend_from_slice(self.clock(event as usize)),
            None => into.resize(self.actors, 0),
        }
    }

    /// Adds an event that has just been executed on `memory`; `initial` is the memory that all began with.
    pub(crate) fn push(
        &mut self,
        actor: u8,
        request: Request,
        answer: Answer,
        (footprint, undo): (&Footprint, Undo),
        clock: &[u32],
        (memory, initial): (&Memory, &Memory),
    ) {
        let event = self.events.len() as u32;
        let nth = self.own[actor as usize].len() as u32 + 1;
        let start = self.accesses.len() as u32;
        self.events.push(Event { actor, nth, request, answer, undo, accesses: start });
        self.clocks.extend_from_slice(clock);
        let at = event as usize * self.actors + actor as usize;
        self.clocks[at] = nth;
        self.own[actor as usize].push(event);
        self.accesses.extend_from_slice(footprint.accesses());
        for access in footprint.accesses() {
            let index = access.addr.index();
            if index >= self.words.len() {
                self.words.resize(index + 16, Word::default());
            }
            let word = &mut self.words[index];
            if access.kind == Kind::Read {
                word.reads.push(Seen { event, mask: access.mask });
                continue;
            }
            let before = match word.changes.last() {
                // A second access of the same event to the word: both span the whole event.
                Some(last) if last.event == event => last.before,
                Some(last) => last.after,
                None => initial.get(access.addr),
            };
            let after = memory.get(access.addr);
            word.changes.push(Changed { event, mask: access.mask, kind: access.kind, before, after });
        }
    }

    /// Takes the last event off.
    pub(crate) fn pop(&mut self) -> Option<Event> {
        let event = self.events.pop()?;
        for access in &self.accesses[event.accesses as usize..] {
            let word = &mut self.words[access.addr.index()];
            if access.kind == Kind::Read {
                word.reads.pop();
            } else {
                word.changes.pop();
            }
        }
        self.accesses.truncate(event.accesses as usize);
        self.clocks.truncate(self.events.len() * self.actors);
        self.own[event.actor as usize].pop();
        Some(event)
    }

    /// The events of other actors that conflict with `accesses` and are not in `known`, the clock of what
    /// the actor has done so far; latest first. Events that some listed event has certainly absorbed may be
    /// left out, unless `all` are asked for.
    pub(crate) fn conflicts(&self, accesses: &[Access], known: &[u32], all: bool, out: &mut Vec<u32>) {
        out.clear();
        for access in accesses {
            let Some(word) = self.words.get(access.addr.index()) else { continue };
            // Everything on these bits before a write of all of them happens before that write.
            let mut barrier = None;
            for changed in word.changes.iter().rev() {
                if changed.mask & access.mask == 0 {
                    continue;
                }
                let event = &self.events[changed.event as usize];
                let is_known = known[event.actor as usize] >= event.nth;
                if !is_known && (access.kind, changed.kind) != (Kind::Add, Kind::Add) {
                    out.push(changed.event);
                }
                let covers = changed.kind == Kind::Write && access.mask & !changed.mask == 0;
                if covers && (is_known || !all) {
                    barrier = Some(changed.event);
                    break;
                }
            }
            if access.kind == Kind::Read {
                continue;
            }
            for seen in word.reads.iter().rev() {
                if barrier.is_some_and(|b| seen.event < b) {
                    break;
                }
                let event = &self.events[seen.event as usize];
                if seen.mask & access.mask != 0 && known[event.actor as usize] < event.nth {
                    out.push(seen.event);
                }
            }
        }
        out.sort_unstable_by(|a, b| b.cmp(a));
        out.dedup();
    }

    /// The value that a word has after everything that does not happen after `event`, which is itself left out.
    pub(crate) fn word_without(&self, addr: Addr, event: usize, initial: &Memory) -> u64 {
        let changes = self.words.get(addr.index()).map_or(&[][..], |word| &word.changes);
        let (earlier, later) = changes.split_at(changes.partition_point(|c| (c.event as usize) < event));
        let mut value = earlier.last().map_or_else(|| initial.get(addr), |c| c.after);
        for changed in later {
            if self.before(event, changed.event as usize) {
                continue;
            }
            let bits = match changed.kind {
                Kind::Add => value.wrapping_add(changed.after & changed.mask).wrapping_sub(changed.before & changed.mask),
                _ => changed.after,
            };
            value = (value & !changed.mask) | (bits & changed.mask);
        }
        value
    }

    /// The turns that lead here.
    pub(crate) fn schedule(&self, fingerprint: u32) -> Schedule {
        let turn = |event: &Event| Turn {
            actor: event.actor,
            choice: matches!(event.request.op, Op::Choose { .. }).then_some(event.answer.value as u32),
        };
        Schedule { fingerprint, turns: self.events.iter().map(turn).collect() }
    }
}
