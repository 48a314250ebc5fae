//! The numbers that things of a scenario have, and how many of each there may be.

use cowrace_machine::{Arena, Obj};

/// Index of an mm in [`World::mms`](super::World::mms).
pub type MmId = usize;
/// Index of an area in [`World::areas`](super::World::areas); also its virtual address, the same in every mm.
pub type Va = usize;
/// Index of a variable in [`World::variables`](super::World::variables).
pub type VarId = usize;
/// Index of an actor in [`World::actors`](super::World::actors).
pub type ActorId = usize;

/// Areas that a scenario may have: a TLB has a word for each.
pub const MAX_AREAS: usize = Obj::WORDS as usize;
/// Variables that a scenario may have. An arena has room for more; names are compared one by one.
pub const MAX_VARIABLES: usize = 240;
/// Calls that a scenario may have, those of the environment included: each has a word for its failure.
pub const MAX_CALLS: usize = WORDS;
/// Actors that a scenario may have. One CPU is left for the checks at the end.
pub const MAX_ACTORS: usize = 15;
/// Address spaces that a scenario may have: an arena has numbers for what each has in each area.
pub const MAX_MMS: usize = Arena::OBJECTS.isqrt() as usize;

/// The words of an arena.
pub(crate) const WORDS: usize = Arena::OBJECTS as usize * Obj::WORDS as usize;
