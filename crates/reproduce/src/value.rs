//! What a program remembers: the variables of the diagram, and what else it looks at.

use cowrace_mm::World;
use cowrace_mm::world::{MmId, Target};

/// The index of a value.
pub(crate) type Slot = usize;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// A variable of the diagram.
    Variable(usize),
    /// The result of a call that has no variable.
    Result(u16),
    /// A word of memory at the end.
    AtTheEnd(Target, u8),
    /// The copies that write faults of an mm made.
    Copies(MmId),
    /// The failure of the owner's store at the end.
    OwnersStore,
    /// What is seen on the other side of a handle at the end.
    OtherSide,
}

/// All values of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Values(pub Vec<Kept>);

impl Values {
    pub(crate) fn of(world: &World) -> Self {
        Self((0..world.variables.len()).map(Kept::Variable).collect())
    }

    /// The slot of a value, which is made if it is not there.
    pub(crate) fn slot(&mut self, kept: Kept) -> Slot {
        self.find(kept).unwrap_or_else(|| {
            self.0.push(kept);
            self.0.len() - 1
        })
    }

    pub(crate) fn find(&self, kept: Kept) -> Option<Slot> {
        self.0.iter().position(|other| *other == kept)
    }
}
