//! The traits that an engine implements: atomics, locks, fences, and control of its threads.

use cowrace_machine::Prim;

/// An atomic operation on one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Reads; under weak memory, possibly an old value.
    Load,
    /// Reads the newest value.
    Read,
    /// Writes.
    Store(u64),
    /// Writes and reads the newest value.
    Swap(u64),
    /// Adds, wrapping.
    Add(u64),
    /// Adds; the result is not used.
    Count(u64),
    /// Adds a reader to the holders of a lock.
    Enter,
    /// Removes a reader.
    Leave,
    /// Keeps these bits.
    And(u64),
    /// Sets these bits.
    Or(u64),
    /// Writes the second value if the word is the first.
    CmpXchg(u64, u64),
}

impl Change {
    /// The value that replaces `old`, if the operation writes one.
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
    /// Executes a change with the ordering of the kernel primitive, and returns the old value; for [`Change::Store`]
    /// the returned value is arbitrary. Other threads may run before it, but not after it.
    fn change(&self, change: Change, prim: Prim) -> u64;
}

/// An engine's lock, for words that are only used as locks.
pub trait Lock: Send + Sync {
    /// Holds the lock until it is dropped.
    type Guard<'l>
    where
        Self: 'l;

    /// Takes the lock, and waits for it if necessary. Other threads may run before it, but not after it.
    fn lock(&self) -> Self::Guard<'_>;
}

/// The engine's threads of one execution. Threads are identified by their actors.
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

    /// Announces that the address of the next access was loaded: the access comes after that load.
    fn depends(&self);

    /// From here to [`release`](Self::release) only the current thread runs.
    fn hold(&self);

    /// Ends what [`hold`](Self::hold) began.
    fn release(&self);

    /// The current thread sleeps until it is woken.
    fn block(&self);

    /// Wakes the thread of an actor, which sleeps.
    fn wake(&self, actor: u8);

    /// Picks a number below `n`, if the engine picks numbers.
    fn pick(&self, n: u32) -> Option<u32>;
}
