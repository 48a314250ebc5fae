//! Actors, and what they do.

use super::call::Call;
use super::ids::{MmId, VarId};

/// An actor: a thread on a CPU of its own, a kernel thread, or a device.
#[derive(Clone, Debug, PartialEq)]
pub struct ActorSpec {
    /// The name of its column.
    pub name: String,
    /// The mm that it runs in; `None` for kernel threads and devices.
    pub mm: Option<MmId>,
    /// Its program.
    pub steps: Vec<Step>,
}

/// One thing that an actor does.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A call.
    Call(CallSpec),
    /// A barrier, by index.
    Barrier(usize),
}

/// One call of an actor.
#[derive(Clone, Debug, PartialEq)]
pub struct CallSpec {
    /// Number of the call, unique in the scenario.
    pub id: u16,
    /// The variable that gets the result.
    pub dest: Option<VarId>,
    /// What is called.
    pub call: Call,
}
