//! Coverage of a search that is over: in which orders calls met, and where requests were made.
//!
//! Which accesses come before a state depends on the way to it. So for each state the accesses are collected that come
//! before it on some way, until no way adds any (the least fixed point of a data-flow analysis). Every way is an
//! execution, and conflicting accesses have the same order in all executions of a trace, of which one is a way; so an
//! access meets those that are collected where it is made, and no others. What no other actor will conflict with any
//! more is left out, so that more states have the same accesses before them.

use std::collections::HashMap;

use cowrace_machine::{Access, ActorSet, Kind};
use foldhash::fast::FixedState;

use super::StateSearch;
use crate::execution::coverage::Seen;
use crate::search::shared::Shared;
use crate::states::End;
use crate::states::bits::Bits;
use crate::states::configuration::Configuration;
use crate::states::limits::ROUND;
use crate::states::numbers::{Full, Numbers};
use crate::states::paths::NONE;
use crate::states::settle::{go, settle};
use crate::sync::Primitives;

/// An access in a call.
#[derive(Clone, Copy, Debug)]
struct Item {
    call: u16,
    actor: u8,
    access: Access,
}

/// What is known of an item.
#[derive(Debug)]
struct Known {
    item: Item,
    /// The items of other actors that conflict with it.
    conflicts: Bits,
    /// Those of them that have come before it.
    met: Bits,
    /// The accesses that conflict with it, as futures have them by number.
    disturbs: Bits,
}

/// The items that an actor at a position may conflict with, as far as these were known when there were so many.
#[derive(Clone, Debug, Default)]
struct Wanted {
    items: Bits,
    of: usize,
}

/// What calls have accessed, and in which orders they met.
#[derive(Debug, Default)]
struct Meetings {
    items: Vec<Known>,
    numbers: HashMap<(u16, usize, u64, Kind), u32, FixedState>,
    /// By position.
    wanted: Vec<Wanted>,
    seen: Seen,
}

impl Meetings {
    /// The number of an item.
    fn number(&mut self, here: &Configuration<'_>, item: Item) -> u32 {
        let Item { call, actor, access } = item;
        let key = (call, access.addr.index(), access.mask, access.kind);
        if let Some(&known) = self.numbers.get(&key) {
            return known;
        }
        let new = self.items.len() as u32;
        self.numbers.insert(key, new);
        let mut conflicts = Bits::default();
        for (number, other) in (0..).zip(&mut self.items) {
            if other.item.actor != actor && other.item.access.conflicts(&access) {
                conflicts.insert(number);
                other.conflicts.insert(new);
            }
        }
        let disturbs = here.knowledge().futures().conflicting(access);
        self.items.push(Known { item, conflicts, met: Bits::default(), disturbs });
        new
    }

    /// Notes the items that come before one.
    fn meet(&mut self, before: &Bits, number: u32) {
        let Known { item, conflicts, met, .. } = &mut self.items[number as usize];
        let mut new = before.common(conflicts);
        drop(new.take_common(met));
        met.add_all(&new);
        let second = (item.call, item.actor);
        for first in new.iter() {
            let Item { call, actor, .. } = self.items[first as usize].item;
            self.seen.note_order((call, actor), second);
        }
    }

    /// Leaves out what no other actor may conflict with any more.
    fn keep_wanted(&mut self, here: &Configuration<'_>, items: &Bits) -> Bits {
        let futures = here.knowledge().futures();
        let mut kept = Bits::default();
        for actor in here.actors() {
            let position = here.position(actor);
            if position as usize >= self.wanted.len() {
                self.wanted.resize(position as usize + 1, Wanted::default());
            }
            let wanted = &mut self.wanted[position as usize];
            for (number, known) in (0..).zip(&self.items).skip(wanted.of) {
                if known.item.actor != actor && futures.may_make(position, &known.disturbs) {
                    wanted.items.insert(number);
                }
            }
            wanted.of = self.items.len();
            kept.add_all(&items.common(&wanted.items));
        }
        kept
    }

    /// Notes what was executed since the configuration was put into a state before which these items come. Returns those
    /// that come before the state at hand.
    fn note(&mut self, here: &Configuration<'_>, mut before: Bits) -> Bits {
        for (actor, place, accesses) in here.recorded() {
            if let Some(request) = &place.request {
                self.seen.note_site(request.site);
            }
            let Some(call) = place.call else { continue };
            let numbers: Vec<u32> =
                accesses.iter().map(|&access| self.number(here, Item { call, actor, access })).collect();
            numbers.iter().for_each(|&number| self.meet(&before, number));
            for number in numbers {
                before.insert(number);
            }
        }
        here.places().filter_map(|place| place.request).for_each(|request| self.seen.note_site(request.site));
        self.keep_wanted(here, &before)
    }
}

/// The items that come before each state.
#[derive(Debug, Default)]
struct Before {
    sets: Numbers,
    /// The number of the set of each state; [`NONE`] before it has been reached.
    of: Vec<u32>,
    /// The states before which more comes than when they were last left.
    more: Vec<bool>,
    words: Vec<u32>,
}

impl Before {
    fn get(&self, state: u32) -> Bits {
        Bits::of(self.sets.get(self.of[state as usize]))
    }

    /// Adds items that come before a state.
    fn add(&mut self, state: u32, mut items: Bits) -> Result<(), Full> {
        let old = self.of[state as usize];
        if old != NONE {
            items.add_all(&self.get(state));
        }
        items.words(&mut self.words);
        let (new, _) = self.sets.number(&self.words)?;
        if new != old {
            self.of[state as usize] = new;
            self.more[state as usize] = true;
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.sets.bytes() + self.of.capacity() * size_of::<u32>() + self.more.capacity()
    }
}

impl StateSearch<'_> {
    /// Finds out in which orders calls met, when everything has been searched.
    ///
    /// # Errors
    ///
    /// If that takes too much memory, or something ends the search.
    pub(super) fn collect_coverage<P: Primitives>(&mut self, shared: &Shared<'_, P>) -> Result<(), End> {
        let known = self.table.known();
        let ranks = |state: &u32| self.course.here.rank_of(known.name(*state));
        let mut states: Vec<u32> = (0..known.len() as u32).collect();
        states.sort_by_cached_key(ranks);
        let mut before = Before::default();
        before.of.resize(states.len(), NONE);
        before.more.resize(states.len(), false);
        let mut meetings = Meetings::default();
        self.course.here.record();
        self.collect_from(NONE, &mut before, &mut meetings)?;
        let mut left = 0;
        while before.more.contains(&true) {
            for &state in &states {
                if !std::mem::take(&mut before.more[state as usize]) {
                    continue;
                }
                if left % ROUND == 0 {
                    let Self { course, table, .. } = self;
                    course.pace.look_at_limits(shared, table.known().len() as u64)?;
                    if self.bytes() + before.bytes() as u64 > self.room() {
                        return Err(End::Full);
                    }
                }
                left += 1;
                self.collect_from(state, &mut before, &mut meetings)?;
            }
        }
        self.seen = meetings.seen;
        Ok(())
    }

    /// Makes the moves again that were made in a state, and notes what comes before those that they lead to.
    fn collect_from(&mut self, state: u32, before: &mut Before, meetings: &mut Meetings) -> Result<(), End> {
        let Self { course, table, .. } = self;
        let (here, name) = (&mut course.here, &mut course.name);
        let steps = course.limits.steps as usize;
        let first = if state == NONE { Bits::default() } else { before.get(state) };
        let mut arrive = |here: &mut Configuration<'_>, _| {
            let items = meetings.note(here, first.clone());
            here.name(name)?;
            // What sleeps is not looked at here, so there may be states that need not be known.
            table.known().find(name).map_or(Ok(()), |to| Ok(before.add(to, items)?))
        };
        let nobody = ActorSet::default();
        if state == NONE {
            here.begin();
            return settle(here, nobody, true, steps, &mut arrive);
        }
        here.restore(table.known().name(state));
        table.moved(state).iter().try_for_each(|actor| go(here, actor, nobody, steps, &mut arrive))
    }
}
