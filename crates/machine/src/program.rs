//! Programs: an initial state, actors, and the check of the end.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use cowrace_report::Finding;

use crate::{Cpu, Memory, Narrate, Seat};

/// Makes an actor's future.
type Factory = Box<dyn Fn(Cpu) -> Pin<Box<dyn Future<Output = ()>>> + Send + Sync>;

/// One actor: a CPU with a program of its own.
pub struct Actor {
    /// The name of its column.
    pub name: String,
    factory: Factory,
}

impl Actor {
    /// An actor from a function that makes its future. The future may depend only on the answers that it gets.
    pub fn new(
        name: impl Into<String>,
        factory: impl Fn(Cpu) -> Pin<Box<dyn Future<Output = ()>>> + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.into(), factory: Box::new(factory) }
    }

    /// An actor that does nothing.
    pub fn idle(name: impl Into<String>) -> Self {
        Self::new(name, |_| Box::pin(async {}))
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Actor({})", self.name)
    }
}

/// A set of actors, by index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ActorSet(pub u32);

impl ActorSet {
    /// Whether an actor is in the set.
    #[must_use]
    pub const fn contains(self, actor: u8) -> bool {
        self.0 & (1 << actor) != 0
    }

    /// Puts an actor into the set.
    pub const fn insert(&mut self, actor: u8) {
        self.0 |= 1 << actor;
    }

    /// Removes an actor from the set.
    pub const fn remove(&mut self, actor: u8) {
        self.0 &= !(1 << actor);
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members, smallest first.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..32).filter(move |&a| self.contains(a))
    }
}

/// A stretch of an execution that a window names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Point {
    /// The call.
    pub call: u16,
    /// A step within it: a mark, a primitive or a kernel function. Without one, the whole call.
    pub step: Option<String>,
}

/// An order of points that some execution must be able to show: the last event of each point comes before the first
/// event of the next. Judged by happens-before, so that it means the same for equivalent schedules.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// The window as it was written.
    pub text: String,
    /// The points in order.
    pub points: Vec<Point>,
}

/// Judges the end of an execution.
pub type Check = Box<dyn Fn(&Memory) -> Option<Finding> + Send + Sync>;

/// An initial state, actors, and the check of the end: everything that an engine gets.
pub struct Program {
    /// The initial state.
    pub memory: Memory,
    /// The actors.
    pub actors: Vec<Actor>,
    /// The participants of each barrier.
    pub barriers: Vec<ActorSet>,
    /// Whether an actor keeps nothing across a barrier except its position and the number of objects that it has
    /// allocated. Two executions that reach a barrier with the same memory then continue alike.
    pub forgetful: bool,
    /// The windows: for each, some execution must show its order.
    pub windows: Vec<Window>,
    /// Judges the end of every execution.
    pub check: Check,
    /// Names words, values, pages and actors.
    pub narrate: Box<dyn Narrate>,
    /// Hash of everything that a schedule's meaning depends on.
    pub fingerprint: u32,
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("actors", &self.actors)
            .field("barriers", &self.barriers)
            .field("windows", &self.windows)
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

impl Program {
    /// Seats one actor at its beginning.
    #[must_use]
    pub fn seat(&self, actor: u8) -> Seat {
        Seat::new(actor, &self.actors[actor as usize].factory)
    }
}
