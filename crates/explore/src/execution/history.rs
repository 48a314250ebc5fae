//! The execution so far: its events, what happened before what, and which event accessed which word.

mod drains;
mod flushes;

use cowrace_machine::{
    Access, Addr, Answer, DRAIN_ORDER, FLUSH_ORDER, Kind, Memory, Obj, Op, Request, Undo, Used,
};
use cowrace_report::{Schedule, Turn};

use crate::execution::moves::{Move, PLAIN};

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

/// An event's number, its actor and its number among the actor's events, kept together to save look-ups.
#[derive(Clone, Copy, Debug)]
struct By {
    event: u32,
    actor: u8,
    nth: u32,
}

impl By {
    /// Whether the event is covered by a clock.
    fn is_in(self, clock: &[u32]) -> bool {
        clock[self.actor as usize] >= self.nth
    }
}

/// A read of a word.
#[derive(Clone, Copy, Debug)]
struct Seen {
    by: By,
    mask: u64,
}

/// A write of a word, or an addition to it.
#[derive(Clone, Copy, Debug)]
struct Changed {
    by: By,
    mask: u64,
    kind: Kind,
    before: u64,
    after: u64,
}

impl Changed {
    /// The result of applying the change to another value than the one that it found.
    const fn applied(&self, value: u64) -> u64 {
        let bits = match self.kind {
            Kind::Add => value.wrapping_add(self.after & self.mask).wrapping_sub(self.before & self.mask),
            _ => self.after,
        };
        (value & !self.mask) | (bits & self.mask)
    }
}

/// The word from which an operation subtracts without using the result.
const fn lowered(op: &Op) -> Option<Addr> {
    match *op {
        Op::Add { addr, value, used: Used::Nothing } if (value as i64) < 0 => Some(addr),
        _ => None,
    }
}

/// The count that an operation changes, if the count is assumed to be far from zero, and the least value that this
/// assumes.
const fn counted(op: &Op) -> Option<(Addr, i64)> {
    match *op {
        Op::SubAndTest { addr, .. } => Some((addr, 1)),
        Op::AddUnless { addr, value, unless: 0 } => Some((addr, value as i64 + 1)),
        _ => None,
    }
}

/// An event that subtracts from a word without using the result.
#[derive(Clone, Copy, Debug)]
struct Lowering {
    event: u32,
    addr: Addr,
}

/// An event that is assumed to leave a count far from zero.
#[derive(Clone, Copy, Debug)]
struct Counting {
    event: u32,
    addr: Addr,
    /// The least that the count may be after it.
    least: i64,
}

/// The sum of one actor's additions to a word.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    all: i64,
    /// The least partial sum.
    least: i64,
}

/// The events that touched one word, oldest first. Reads are kept apart, since a read need not be compared with them.
#[derive(Clone, Debug, Default)]
struct Word {
    reads: Vec<Seen>,
    changes: Vec<Changed>,
}

/// The words of the objects that were touched: few, and far apart.
#[derive(Clone, Debug, Default)]
struct Words {
    /// For each object that was touched, the number of its words among all; 0 for others.
    places: Vec<u32>,
    words: Vec<Word>,
}

impl Words {
    /// How many words of an object stand together, its life word included.
    const EACH: usize = Obj::WORDS as usize + 1;

    fn get(&self, addr: Addr) -> Option<&Word> {
        let place = *self.places.get(addr.index() / Self::EACH)?;
        (place != 0).then(|| &self.words[Self::at(place, addr)])
    }

    /// A word that is touched.
    fn touched(&mut self, addr: Addr) -> &mut Word {
        let object = addr.index() / Self::EACH;
        if object >= self.places.len() {
            self.places.resize(object + 1, 0);
        }
        let Self { places, words } = self;
        if places[object] == 0 {
            words.resize_with(words.len() + Self::EACH, Word::default);
            places[object] = (words.len() / Self::EACH) as u32;
        }
        &mut words[Self::at(places[object], addr)]
    }

    const fn at(place: u32, addr: Addr) -> usize {
        (place as usize - 1) * Self::EACH + addr.index() % Self::EACH
    }
}

/// A stack of events with their vector clocks. The clock of an event says for each actor how many of its events happen
/// before it, the event itself included.
#[derive(Clone, Debug)]
pub(crate) struct History {
    actors: usize,
    events: Vec<Event>,
    clocks: Vec<u32>,
    accesses: Vec<Access>,
    /// Where the accesses of the last event end.
    complete: u32,
    own: Vec<Vec<u32>>,
    words: Words,
    lowering: Vec<Lowering>,
    counting: Vec<Counting>,
    /// The events at which the first order of a flush or a drain was taken, because the order is assumed to make no
    /// difference.
    orders: Vec<u32>,
}

impl History {
    pub(crate) fn new(actors: usize) -> Self {
        Self {
            actors,
            events: Vec::new(),
            clocks: Vec::new(),
            accesses: Vec::new(),
            complete: 0,
            own: vec![Vec::new(); actors],
            words: Words::default(),
            lowering: Vec::new(),
            counting: Vec::new(),
            orders: Vec::new(),
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
        let end = self.events.get(event + 1).map_or(self.complete, |next| next.accesses) as usize;
        &self.accesses[self.events[event].accesses as usize..end]
    }

    /// The list in which the accesses of the next event are to be noted.
    pub(crate) const fn fresh_mut(&mut self) -> &mut Vec<Access> {
        &mut self.accesses
    }

    /// The accesses that are noted for the next event.
    pub(crate) fn fresh(&self) -> &[Access] {
        &self.accesses[self.complete as usize..]
    }

    /// Whether `first` happens before `second`, or is the same event.
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

    /// Adds an event that has just been executed on `memory`, and whose accesses are noted; `initial` is the memory at
    /// the beginning.
    pub(crate) fn push(
        &mut self,
        actor: u8,
        request: &Request,
        (answer, undo): (Answer, Undo),
        clock: &[u32],
        (memory, initial): (&Memory, &Memory),
    ) {
        let event = self.events.len() as u32;
        let nth = self.own[actor as usize].len() as u32 + 1;
        let start = std::mem::replace(&mut self.complete, self.accesses.len() as u32);
        self.events.push(Event { actor, nth, request: *request, answer, undo, accesses: start });
        self.clocks.extend_from_slice(clock);
        let at = event as usize * self.actors + actor as usize;
        self.clocks[at] = nth;
        self.own[actor as usize].push(event);
        let by = By { event, actor, nth };
        if let Some(addr) = lowered(&request.op) {
            self.lowering.push(Lowering { event, addr });
        }
        if let Some((addr, least)) = counted(&request.op)
            && memory.is_far_from_zero(addr)
        {
            self.counting.push(Counting { event, addr, least });
        }
        if memory.makes_no_difference(request.prim) {
            self.orders.push(event);
        }
        for access in &self.accesses[start as usize..] {
            let word = self.words.touched(access.addr);
            if access.kind == Kind::Read {
                word.reads.push(Seen { by, mask: access.mask });
                continue;
            }
            let before = match word.changes.last() {
                // A second access of the same event to the word: both changes span the whole event.
                Some(last) if last.by.event == event => last.before,
                Some(last) => last.after,
                None => initial.get(access.addr),
            };
            let after = memory.get(access.addr);
            word.changes.push(Changed { by, mask: access.mask, kind: access.kind, before, after });
        }
    }

    /// Takes the last event off.
    pub(crate) fn pop(&mut self) -> Option<Event> {
        let event = self.events.pop()?;
        if lowered(&event.request.op).is_some() {
            self.lowering.pop();
        }
        let last = self.events.len() as u32;
        self.counting.pop_if(|counting| counting.event == last);
        self.orders.pop_if(|order| *order == last);
        for access in &self.accesses[event.accesses as usize..] {
            let word = self.words.touched(access.addr);
            if access.kind == Kind::Read {
                word.reads.pop();
            } else {
                word.changes.pop();
            }
        }
        self.accesses.truncate(event.accesses as usize);
        self.complete = event.accesses;
        self.clocks.truncate(self.events.len() * self.actors);
        self.own[event.actor as usize].pop();
        Some(event)
    }

    /// The events of other actors that conflict with `accesses` and are not covered by `known`, the clock of the
    /// actor's last event; latest first. Events that certainly happen before a listed event may be left out, unless
    /// `all` is set.
    pub(crate) fn conflicts(&self, accesses: &[Access], known: &[u32], all: bool, out: &mut Vec<u32>) {
        out.clear();
        for access in accesses {
            let Some(word) = self.words.get(access.addr) else { continue };
            // Everything on these bits before a write of all of them happens before that write.
            let mut barrier = None;
            for changed in word.changes.iter().rev() {
                if changed.mask & access.mask == 0 {
                    continue;
                }
                let is_known = changed.by.is_in(known);
                if !is_known && (access.kind, changed.kind) != (Kind::Add, Kind::Add) {
                    out.push(changed.by.event);
                }
                let covers = changed.kind == Kind::Write && access.mask & !changed.mask == 0;
                if covers && (is_known || !all) {
                    barrier = Some(changed.by.event);
                    break;
                }
            }
            if access.kind == Kind::Read {
                continue;
            }
            for seen in word.reads.iter().rev() {
                if barrier.is_some_and(|b| seen.by.event < b) {
                    break;
                }
                if seen.mask & access.mask != 0 && !seen.by.is_in(known) {
                    out.push(seen.by.event);
                }
            }
        }
        out.sort_unstable_by(|a, b| b.cmp(a));
        out.dedup();
    }

    /// All earlier events that conflict with `accesses`, including those of the same actor; some are listed more than
    /// once.
    pub(crate) fn conflicting(&self, accesses: &[Access], mut see: impl FnMut(u32)) {
        for access in accesses {
            let Some(word) = self.words.get(access.addr) else { continue };
            for changed in &word.changes {
                if changed.mask & access.mask != 0 && (access.kind, changed.kind) != (Kind::Add, Kind::Add) {
                    see(changed.by.event);
                }
            }
            if access.kind == Kind::Read {
                continue;
            }
            for seen in word.reads.iter().filter(|seen| seen.mask & access.mask != 0) {
                see(seen.by.event);
            }
        }
    }

    /// How many events of an actor precede an event.
    pub(crate) fn moved_before(&self, actor: u8, event: u32) -> usize {
        self.own(actor).partition_point(|&own| own < event)
    }

    /// Whether something after `event` that does not happen after it conflicts with `accesses`.
    pub(crate) fn disturbed_without(&self, event: u32, accesses: &[Access]) -> bool {
        accesses.iter().any(|access| {
            let Some(word) = self.words.get(access.addr) else { return false };
            let apart = |other: By| !self.before(event as usize, other.event as usize);
            let changes = word.changes.iter().rev().take_while(|changed| changed.by.event > event);
            let mut changes = changes.filter(|changed| changed.mask & access.mask != 0);
            if changes.any(|c| (c.kind, access.kind) != (Kind::Add, Kind::Add) && apart(c.by)) {
                return true;
            }
            let reads = word.reads.iter().rev().take_while(|seen| seen.by.event > event);
            access.kind != Kind::Read && reads.filter(|r| r.mask & access.mask != 0).any(|r| apart(r.by))
        })
    }

    /// The value that a word has after everything that does not happen after `event`, which is itself left out.
    pub(crate) fn word_without(&self, addr: Addr, event: usize, initial: &Memory) -> u64 {
        let changes = self.words.get(addr).map_or(&[][..], |word| &word.changes);
        let (earlier, later) = changes.split_at(changes.partition_point(|c| (c.by.event as usize) < event));
        let mut value = earlier.last().map_or_else(|| initial.get(addr), |c| c.after);
        for changed in later {
            if self.before(event, changed.by.event as usize) {
                continue;
            }
            value = changed.applied(value);
        }
        value
    }

    /// The words from which some event subtracted without using the result, each once.
    pub(crate) fn lowered(&self) -> impl Iterator<Item = Addr> + '_ {
        let words = self.lowering.iter().map(|lowering| lowering.addr).enumerate();
        let is_first = |i: usize, addr| self.lowering[..i].iter().all(|earlier| earlier.addr != addr);
        words.filter(move |&(i, addr)| is_first(i, addr)).map(|(_, addr)| addr)
    }

    /// The events that subtracted from one of these words.
    pub(crate) fn lowering(&self, addr: Addr) -> impl Iterator<Item = u32> + '_ {
        self.lowering.iter().filter(move |lowering| lowering.addr == addr).map(|lowering| lowering.event)
    }

    /// The value that a word has after the events that a clock covers.
    pub(crate) fn word_at(&self, addr: Addr, clock: &[u32], initial: &Memory) -> u64 {
        let changes = self.words.get(addr).map_or(&[][..], |word| &word.changes);
        changes
            .iter()
            .filter(|changed| changed.by.is_in(clock))
            .fold(initial.get(addr), |value, changed| changed.applied(value))
    }

    /// A lower bound on the value of a word right after an event, over all orders of independent events: of the events
    /// that are independent of it, each other actor has done as many as make the word least.
    pub(crate) fn lowest(&self, addr: Addr, event: u32) -> i64 {
        // Nearly always there are few actors.
        if self.actors <= 8 { self.lowest_of::<8>(addr, event) } else { self.lowest_of::<32>(addr, event) }
    }

    fn lowest_of<const ACTORS: usize>(&self, addr: Addr, event: u32) -> i64 {
        let changes = self.words.get(addr).map_or(&[][..], |word| &word.changes);
        // The sums of each actor's independent additions.
        let mut sums = [Sum::default(); ACTORS];
        let mut lowest = 0;
        for changed in changes {
            let by = changed.by;
            if by.event == event {
                lowest += changed.after as i64;
                continue;
            }
            let (first, second) = (by.event.min(event), by.event.max(event));
            if changed.kind != Kind::Add || self.before(first as usize, second as usize) {
                continue;
            }
            let difference = changed.after.wrapping_sub(changed.before) as i64;
            if by.event < event {
                lowest -= difference;
            }
            let sum = &mut sums[by.actor as usize];
            sum.all += difference;
            sum.least = sum.least.min(sum.all);
        }
        lowest + sums.iter().map(|sum| sum.least).sum::<i64>()
    }

    /// A count that was assumed to be far from zero and may not be so in some order of independent events; or
    /// [`FLUSH_ORDER`] or [`DRAIN_ORDER`] if that order makes a difference.
    pub(crate) fn near_zero(&self) -> Option<Addr> {
        let is_near = |&&Counting { event, addr, least }: &&Counting| self.lowest(addr, event) < least;
        let near = self.counting.iter().find(is_near).map(|counting| counting.addr);
        let near = near.or_else(|| self.flush_order_matters().then_some(FLUSH_ORDER));
        near.or_else(|| self.drain_order_matters().then_some(DRAIN_ORDER))
    }

    /// The move that was made at an event.
    pub(crate) fn made(&self, event: u32) -> Move {
        let Event { actor, request, answer, .. } = &self.events[event as usize];
        let choice = if matches!(request.op, Op::Choose { .. }) { answer.value as u32 } else { PLAIN };
        Move { actor: *actor, choice }
    }

    /// The schedule that leads to the current state.
    pub(crate) fn schedule(&self, fingerprint: u32) -> Schedule {
        let turn = |event: &Event| Turn {
            actor: event.actor,
            choice: matches!(event.request.op, Op::Choose { .. }).then_some(event.answer.value as u32),
        };
        Schedule { fingerprint, turns: self.events.iter().map(turn).collect() }
    }
}
