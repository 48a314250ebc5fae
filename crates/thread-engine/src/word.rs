//! What an engine provides: atomics, fences, and power over its threads.

use cowrace_machine::Prim;

/// What is done to one word, atomically.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Reads; under weak memory, maybe something old.
    Load,
    /// Reads the newest value.
    Read,
    /// Writes.
    Store(u64),
    /// Writes and reads the newest value.
    Swap(u64),
    /// Adds, wrapping.
    Add(u64),
    /// Adds, and nobody looks at the result.
    Count(u64),
    /// Adds a reader to those who hold a lock.
    Enter,
    /// Takes one away.
    Leave,
    /// Keeps these bits.
    And(u64),
    /// Sets these bits.
    Or(u64),
    /// Writes the second value if the word is the first.
    CmpXchg(u64, u64),
}

impl Change {
    /// The value that is written over `old`, if one is.
    #[must_use]
    pub const fn apply(self, old: u64) -> Option<u64> {
        match self {
            Self::Load | Self::Read => None,
            Self::Store(new) | Self::Swap(new) => Some(new),
            Self::Add(value) | Self::Count(value) => Some(old.wrapping_add(value)),
            Self::Enter => Some(old.wrapping_add(1)),
            Self::Leave => Some(old.wrapping_sub(1)),
            Self::And(keep) => Some(old & keep),
            Self::Or(set) => Some(old | set),
            Self::CmpXchg(expected, new) => {
                if old == expected {
                    Some(new)
                } else {
                    None
                }
            }
        }
    }
}

/// An engine's atomic word of 64 bits.
pub trait Word: Send + Sync {
    /// Carries out a change with the ordering that the kernel primitive has, and gives the old value;
    /// anything for [`Change::Store`]. Other threads may run before, not after.
    fn change(&self, change: Change, prim: Prim) -> u64;
}

/// An engine's lock, for words that are nothing else.
pub trait Lock: Send + Sync {
    /// Holds the lock until it is dropped.
    type Guard<'l>
    where
        Self: 'l;

    /// Waits for the lock. Other threads may run before, not after.
    fn lock(&self) -> Self::Guard<'_>;
}

/// One execution's threads, as the engine has them. Threads are known by their actors.
pub trait Threads: Send + Sync + 'static {
    /// The engine's atomic.
    type Word: Word;
    /// The engine's lock.
    type Lock: Lock;

    /// A new atomic. Called before the first thread runs.
    fn word(&self, value: u64) -> Self::Word;

    /// A new lock that is free. Called before the first thread runs.
    fn lock(&self) -> Self::Lock;

    /// A memory barrier.
    fn fence(&self, prim: Prim);

    /// The address of the next access was loaded: it comes after that load.
    fn depends(&self);

    /// From here to [`release`](Self::release) nobody but the current thread runs.
    fn hold(&self);

    /// Ends what [`hold`](Self::hold) began.
    fn release(&self);

    /// The current thread sleeps until it is woken.
    fn block(&self);

    /// Wakes the thread of an actor, which sleeps.
    fn wake(&self, actor: u8);

    /// A number below `n`, if the engine picks numbers.
    fn pick(&self, n: u32) -> Option<u32>;
}
