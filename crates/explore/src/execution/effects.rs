//! What executions show about calls: whether a call has had its effect, and which limits of the model are reached.
//!
//! This follows from the answers that a single actor has got, so it is the same for all executions of a trace. It is
//! collected whenever an actor continues in a new way, and every thread stores it in one shared place at once. So a
//! search that ends has all of it, whichever threads ran the executions.

use std::collections::BTreeSet;

use cowrace_machine::{Mark, Placed};
use cowrace_report::Shown;

use crate::sync::{Monitor, Primitives};

/// What actors have shown.
#[derive(Clone, Debug, Default)]
pub(crate) struct Effects {
    known: BTreeSet<Shown>,
    /// What the search has not collected yet.
    news: Vec<Shown>,
}

impl Effects {
    /// Reads the marks of an actor; those from index `new` on are new.
    pub(crate) fn note(&mut self, marks: &[Placed], new: usize) {
        for (at, placed) in marks.iter().enumerate().skip(new) {
            match placed.mark {
                Mark::End(call) => self.ended(call, &marks[..at]),
                Mark::Limit(limit) => self.add(Shown::Limit(limit)),
                Mark::Begin(_) | Mark::Step(_) | Mark::NoEffect(_) => {}
            }
        }
    }

    fn ended(&mut self, call: u16, marks: &[Placed]) {
        let begin = marks.iter().rposition(|placed| placed.mark == Mark::Begin(call)).unwrap_or(0);
        let mut is_kept = false;
        for placed in &marks[begin..] {
            if let Mark::NoEffect(why) = placed.mark {
                is_kept = true;
                self.add(Shown::NoEffect(call, why));
            }
        }
        if !is_kept {
            self.add(Shown::Effect(call));
        }
    }

    fn add(&mut self, shown: Shown) {
        if self.known.insert(shown) {
            self.news.push(shown);
        }
    }

    /// What the search has not collected yet.
    pub(crate) fn news(&mut self) -> impl Iterator<Item = Shown> {
        self.news.drain(..)
    }

    /// What actors have shown.
    pub(crate) fn all(&self) -> impl Iterator<Item = Shown> + '_ {
        self.known.iter().copied()
    }

    pub(crate) fn has_news(&self) -> bool {
        !self.news.is_empty()
    }
}

/// What all threads of a search have seen.
pub(crate) struct Showings<P: Primitives>(P::Monitor<BTreeSet<Shown>>);

impl<P: Primitives> Default for Showings<P> {
    fn default() -> Self {
        Self(P::Monitor::new(BTreeSet::new()))
    }
}

impl<P: Primitives> Showings<P> {
    pub(crate) fn add(&self, shown: impl IntoIterator<Item = Shown>) {
        self.0.with(|all| all.extend(shown));
    }

    pub(crate) fn all(&self) -> BTreeSet<Shown> {
        self.0.with(|all| all.clone())
    }
}

#[cfg(test)]
mod tests {
    use cowrace_report::{Aim, NoEffect, Obstacle};

    use super::*;

    #[test]
    fn a_call_has_an_effect_unless_something_kept_it_from_one() {
        let why = NoEffect { aim: Aim::PageOut, why: Obstacle::NotOnLru };
        let marks = [Mark::Begin(3), Mark::NoEffect(why), Mark::End(3), Mark::Begin(4), Mark::End(4)];
        let marks = marks.map(|mark| Placed { at: 0, mark });
        let mut effects = Effects::default();
        effects.note(&marks[..2], 0);
        assert!(!effects.has_news(), "a call that is under way has shown nothing");
        effects.note(&marks, 2);
        assert_eq!(effects.news().collect::<Vec<_>>(), [Shown::NoEffect(3, why), Shown::Effect(4)]);
        effects.note(&marks, 2);
        assert!(!effects.has_news(), "what is already known is not news");
    }
}
