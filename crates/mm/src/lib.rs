//! Linux mm, cut to what the copy-on-write and pinning races need.

pub mod era;
pub mod world;

use cowrace_machine::{Arch, Program};

pub use era::Era;
pub use world::World;

/// Makes a program of a scenario under an era.
#[must_use]
pub fn program(_world: &World, _era: &Era, _arch: Arch) -> Program {
    unimplemented!()
}
