//! What a search of states has learned, and how a configuration learns more.
//!
//! Several threads may read it at once. As long as they do, nothing is learned: what is not known ends a visit, which is
//! made again when they have let go of it.

use std::sync::Arc;

use cowrace_machine::{Answer, Kind};
use cowrace_report::Shown;

use super::Configuration;
use crate::states::contents::{Contents, words};
use crate::states::futures::{Footprints, Futures, Reliance, Surprises};
use crate::states::places::learner::Learner;
use crate::states::places::{Places, Way};
use crate::states::{End, Unknown};

/// What has been learned, which several threads may read.
#[derive(Debug, Default)]
pub(in crate::states) struct Knowledge {
    pub(in crate::states) places: Places,
    pub(super) futures: Futures,
    pub(super) contents: Contents,
}

impl Knowledge {
    /// No more than these places.
    pub(super) fn of(places: Places) -> Self {
        Self { places, ..Self::default() }
    }

    /// What actors may still do.
    pub(in crate::states) const fn futures(&self) -> &Futures {
        &self.futures
    }

    /// The memory in bytes that it takes.
    fn bytes(&self) -> usize {
        self.places.bytes() + self.futures.bytes() + self.contents.bytes()
    }
}

impl<'p> Configuration<'p> {
    /// Reads what has been learned by another one meanwhile.
    pub(in crate::states) fn read(&mut self, knowledge: Arc<Knowledge>) {
        self.knowledge = knowledge;
    }

    /// What has been learned. As long as there is another reference to it, nothing can be learned.
    pub(in crate::states) const fn knowledge(&self) -> &Arc<Knowledge> {
        &self.knowledge
    }

    /// To learn something.
    ///
    /// # Errors
    ///
    /// If nothing can be learned now.
    pub(super) fn learn(&mut self) -> Result<(&mut Knowledge, &mut Learner<'p>), Unknown> {
        let learner = self.learner.as_mut().filter(|_| self.may_learn);
        learner.and_then(|learner| Some((Arc::get_mut(&mut self.knowledge)?, learner))).ok_or(Unknown)
    }

    /// Whether the windows can be watched.
    pub(in crate::states) fn can_watch(&self) -> bool {
        self.learner.as_ref().is_none_or(|learner| learner.can_watch)
    }

    /// What calls have shown.
    pub(in crate::states) fn shown(&self) -> impl Iterator<Item = Shown> + '_ {
        self.learner.iter().flat_map(Learner::shown)
    }

    /// Gives contents of memory a number.
    ///
    /// # Errors
    ///
    /// If there are too many, or others read what is known.
    pub(in crate::states) fn number_memory(&mut self, contents: &[u32]) -> Result<u32, End> {
        Ok(Arc::get_mut(&mut self.knowledge).ok_or(Unknown)?.contents.number(contents)?)
    }

    /// Notes that an actor is not taken to get in the way of the request of another. In the state from which that is
    /// relied on they have these positions.
    pub(in crate::states) fn rely(&mut self, other: u8, actor: u8, from: [u32; 2]) {
        let position = self.position(other);
        for &access in self.footprints.of(self.at[actor as usize]) {
            let reliance = Reliance { access, position, from };
            if !self.knowledge.futures.is_relied_on(reliance) {
                self.relied.push(reliance);
            }
        }
        if !self.relied.is_empty()
            && self.learner.is_some()
            && let Some(knowledge) = Arc::get_mut(&mut self.knowledge)
        {
            self.relied.drain(..).for_each(|reliance| knowledge.futures.rely(reliance));
        }
    }

    /// Takes what was relied on since there was this much of it. It has not been noted, since others read what is known.
    pub(in crate::states) fn take_relied(&mut self, since: usize) -> std::vec::Drain<'_, Reliance> {
        self.relied.drain(since..)
    }

    /// How much was relied on that has not been noted.
    pub(in crate::states) const fn relied(&self) -> usize {
        self.relied.len()
    }

    /// Notes what another configuration has relied on.
    ///
    /// # Errors
    ///
    /// If others read what is known.
    pub(in crate::states) fn note_relied(&mut self, relied: &[Reliance]) -> Result<(), Unknown> {
        if relied.is_empty() {
            return Ok(());
        }
        let knowledge = Arc::get_mut(&mut self.knowledge).ok_or(Unknown)?;
        relied.iter().for_each(|&reliance| knowledge.futures.rely(reliance));
        Ok(())
    }

    /// Whether everything that was relied on is true, as far as is known.
    pub(in crate::states) fn is_sound(&self) -> bool {
        self.knowledge.futures.are_true()
    }

    /// What has turned out to be wrong since this was last asked.
    ///
    /// # Errors
    ///
    /// If nothing can be learned now.
    pub(in crate::states) fn surprises(&mut self) -> Result<Surprises, Unknown> {
        Ok(self.learn()?.0.futures.surprises())
    }

    /// Where an answer leads.
    pub(super) fn way(&mut self, actor: u8, from: u32, answer: Answer) -> Result<Way, Unknown> {
        if let Some(way) = self.knowledge.places.way(from, answer) {
            return Ok(*way);
        }
        let (Knowledge { places, futures, .. }, learner) = self.learn()?;
        learner.learn(places, actor, from, answer);
        let way = places.way(from, answer).copied().ok_or(Unknown)?;
        futures.connect(places.get(from).position, places.get(way.to).position);
        Ok(way)
    }

    /// Notes what the objects contain that the request has written that was executed last.
    pub(super) fn note_writes(&mut self) -> Result<(), Unknown> {
        let mut last = None;
        for at in 0..self.noted.len() {
            let access = self.noted[at];
            let obj = access.addr.obj();
            if access.kind == Kind::Read || last == Some(obj) {
                continue;
            }
            last = Some(obj);
            if !self.now.written(&self.knowledge.contents, &self.memory, obj) {
                let contents = words(&self.memory, obj);
                let initial = words(&self.program.memory, obj);
                self.learn()?.0.contents.learn(obj, initial, contents);
                self.now.written(&self.knowledge.contents, &self.memory, obj);
            }
        }
        Ok(())
    }

    /// Where an answer leads, and whether the actor is where no actor has been seen before.
    pub(super) fn arrive(&mut self, actor: u8, from: u32, answer: Answer) -> Result<(Way, bool), Unknown> {
        let way = self.way(actor, from, answer)?;
        let position = self.knowledge.places.get(way.to).position;
        let is_new = !self.knowledge.futures.has_been_at(position);
        if is_new {
            self.learn()?.0.futures.arrive(position);
        }
        Ok((way, is_new))
    }

    /// The memory in bytes that all takes that has been learned.
    pub(in crate::states) fn bytes(&self) -> usize {
        let learner = self.learner.as_ref().map_or(0, Learner::bytes);
        let footprints = self.knowledge.places.len() * Footprints::EACH;
        self.knowledge.bytes() + footprints + learner
    }
}
