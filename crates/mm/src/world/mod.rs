//! A scenario as plain data: address spaces, actors with their calls, and what must be true.
//!
//! This is what the language lowers to; [`crate::program`] makes a [`cowrace_machine::Program`] of it.

mod actor;
mod area;
mod call;
mod collapses;
mod environment;
mod errno;
mod ids;
mod mm;
mod moves;
mod operand;
mod predicate;

use std::ops::Range;

use cowrace_machine::{Window, mmu};

pub use actor::{ActorSpec, CallSpec, Step};
pub use area::{Area, Backing, PAGES, Populate, Thp};
pub use call::Call;
pub use environment::Environment;
pub use errno::Errno;
pub use ids::{ActorId, MAX_ACTORS, MAX_AREAS, MAX_CALLS, MAX_MMS, MAX_VARIABLES, MmId, Va, VarId};
pub use mm::{Mm, Origin};
pub use operand::{Advice, Arg, FileKind, GupFlags, Target};
pub use predicate::{Expr, Modality, Predicate, Relation, Term};

use ids::WORDS;

/// A whole scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// Its name.
    pub name: String,
    /// Address spaces, parents before children.
    pub mms: Vec<Mm>,
    /// Stretches of virtual memory of one page each.
    pub areas: Vec<Area>,
    /// Variables of the scenario.
    pub variables: Vec<String>,
    /// Columns, and what the environment runs.
    pub actors: Vec<ActorSpec>,
    /// Participants of each barrier.
    pub barriers: Vec<Vec<ActorId>>,
    /// Predicates on the end.
    pub predicates: Vec<Predicate>,
    /// Calls that take hold of memory, by [`CallSpec::id`], of which more is promised than of their kind: what they
    /// hold stays the owner's memory, both ways, whatever happens.
    pub coherent: Vec<u16>,
    /// Windows of the race. [`cowrace_machine::Point::call`] is [`CallSpec::id`].
    pub windows: Vec<Window>,
    /// What the environment may do.
    pub environment: Environment,
}

impl World {
    /// Pages that the free list has room for: those of the start, and four for each call. What does not fit is taken to
    /// be used elsewhere next.
    #[must_use]
    pub fn free_pages(&self) -> usize {
        (2 * self.areas.len() + 4 * self.calls().count()).min(WORDS)
    }

    /// How many actors are columns of the diagram. Those of the environment follow them.
    #[must_use]
    pub fn columns(&self) -> usize {
        let Environment { lru_drain, spec_ref, reclaim, .. } = self.environment;
        self.actors.len() - [lru_drain, spec_ref, reclaim > 0].into_iter().filter(|&is| is).count()
    }

    /// The pages of an area: those of a range, or itself.
    #[must_use]
    pub fn pages(&self, va: Va) -> Range<Va> {
        match self.areas[va].thp {
            Some(Thp::Range) => va + 1..va + 1 + PAGES,
            Some(Thp::Page(_)) | None => va..va + 1,
        }
    }

    /// The areas that have a page: all but ranges.
    pub fn addresses(&self) -> impl Iterator<Item = Va> + Clone {
        let is_page = |va: &Va| self.areas[*va].thp != Some(Thp::Range);
        (0..self.areas.len()).filter(is_page)
    }

    /// The range that an area is, or that it is a page of.
    #[must_use]
    pub fn range(&self, va: Va) -> Option<Va> {
        match self.areas[va].thp? {
            Thp::Range => Some(va),
            Thp::Page(nth) => Some(va - 1 - usize::from(nth)),
        }
    }

    /// The words of an area. The areas of a huge page have one name, and each has a word of its own.
    #[must_use]
    pub fn words(&self, va: Va) -> Range<u8> {
        match self.areas[va].thp {
            Some(Thp::Range) => 0..0,
            Some(Thp::Page(nth)) => nth..nth + 1,
            None => 0..mmu::DATA_WORDS,
        }
    }

    /// Whether some memory may be backed by a huge page.
    #[must_use]
    pub fn has_thp(&self) -> bool {
        self.areas.iter().any(|area| area.thp.is_some())
    }

    /// The name of an area, where no word follows: `buf`, and of a page of a range `buf[1]`.
    #[must_use]
    pub fn label(&self, va: Va) -> Option<String> {
        let Area { name, thp, .. } = self.areas.get(va)?;
        Some(match thp {
            Some(Thp::Page(nth)) => format!("{name}[{nth}]"),
            Some(Thp::Range) | None => name.clone(),
        })
    }

    /// The calls of all actors, each with its actor.
    pub fn calls(&self) -> impl Iterator<Item = (ActorId, &CallSpec)> + Clone {
        self.actors.iter().enumerate().flat_map(|(actor, spec)| {
            spec.steps.iter().filter_map(move |step| match step {
                Step::Call(call) => Some((actor, call)),
                Step::Barrier(_) => None,
            })
        })
    }

    /// Whether an mm is another one or was forked from it, at whatever distance.
    #[must_use]
    pub fn descends(&self, mm: MmId, ancestor: MmId) -> bool {
        mm == ancestor
            || match self.mms[mm].origin {
                Origin::Boot => false,
                Origin::ForkedAtBoot(parent) | Origin::Fork(parent) => self.descends(parent, ancestor),
            }
    }
}
