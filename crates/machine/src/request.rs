//! Requests and answers.

use std::panic::Location;

use crate::{Addr, Dep, Obj, Prim};

/// How much of the result of an atomic operation is used; from this, engines know what commutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Used {
    /// Nothing: the operation is `void` in the kernel.
    Nothing,
    /// Only whether the result is zero.
    IsZero,
    /// The old value.
    All,
}

/// A condition that, once true, stays true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cond {
    /// Some bit of the mask is set. Such bits are set once and never cleared.
    AnySet(u64),
    /// The word has another value than this one. Such words never return to a value.
    Differs(u64),
}

impl Cond {
    /// Whether `word` meets the condition.
    #[must_use]
    pub const fn met(self, word: u64) -> bool {
        match self {
            Self::AnySet(mask) => word & mask != 0,
            Self::Differs(value) => word != value,
        }
    }
}

/// A load or store by user space: translation and data in one step.
///
/// Split in two, a store could land after a TLB flush that has finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UserAccess {
    /// This CPU's TLB entry for the page.
    pub tlb: Addr,
    /// The page-table entry that the walker reads on a miss.
    pub pte: Addr,
    /// The entry that refers to the page table, if that can be taken away: if it is 0, the walker finds nothing. The walker reads both at
    /// once, since a flush of the TLB waits for walks that are under way.
    pub directory: Option<Addr>,
    /// Which of the pages that the entry maps: their objects follow each other in an arena.
    pub page: u8,
    /// The index of the word in the page.
    pub word: u8,
    /// The value to store; `None` for a load.
    pub store: Option<u64>,
}

/// An operation on memory. The set is closed: an engine must know every operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// Reads the bits of `mask`.
    Load {
        /// The word.
        addr: Addr,
        /// The bits that matter.
        mask: u64,
    },
    /// Writes the whole word.
    Store {
        /// The word.
        addr: Addr,
        /// The new value.
        value: u64,
    },
    /// Writes the whole word and answers with the old value.
    Xchg {
        /// The word.
        addr: Addr,
        /// The new value.
        value: u64,
    },
    /// Adds, wrapping.
    Add {
        /// The word.
        addr: Addr,
        /// What to add, in two's complement.
        value: u64,
        /// How much of the old value is used.
        used: Used,
    },
    /// Clears bits.
    And {
        /// The word.
        addr: Addr,
        /// The bits to clear.
        clear: u64,
        /// How much of the old value is used.
        used: Used,
    },
    /// Sets bits.
    Or {
        /// The word.
        addr: Addr,
        /// The bits to set.
        set: u64,
        /// How much of the old value is used.
        used: Used,
    },
    /// Writes `new` if the word is `old`.
    CmpXchg {
        /// The word.
        addr: Addr,
        /// The value that must be there.
        old: u64,
        /// The value to write.
        new: u64,
    },
    /// Adds unless the word has a value.
    AddUnless {
        /// The word.
        addr: Addr,
        /// What to add.
        value: u64,
        /// The value for which nothing is added.
        unless: u64,
    },
    /// Subtracts and tells whether the result is zero.
    SubAndTest {
        /// The word.
        addr: Addr,
        /// What to subtract.
        value: u64,
    },
    /// Takes a lock that is one bit of a word; waits while it is set.
    Lock {
        /// The word.
        addr: Addr,
        /// The bit.
        bit: u64,
    },
    /// Takes a lock that is one bit of a word, if it is free.
    Trylock {
        /// The word.
        addr: Addr,
        /// The bit.
        bit: u64,
    },
    /// Releases a lock that is one bit of a word.
    Unlock {
        /// The word.
        addr: Addr,
        /// The bit.
        bit: u64,
    },
    /// Takes a reader/writer lock for reading; waits while there is a writer.
    ReadLock {
        /// The word.
        addr: Addr,
    },
    /// Takes a reader/writer lock for reading if there is no writer.
    TryReadLock {
        /// The word.
        addr: Addr,
    },
    /// Releases a reader/writer lock that is held for reading.
    ReadUnlock {
        /// The word.
        addr: Addr,
    },
    /// Takes a reader/writer lock for writing; waits while there is a reader or a writer.
    WriteLock {
        /// The word.
        addr: Addr,
    },
    /// Releases a reader/writer lock that is held for writing.
    WriteUnlock {
        /// The word.
        addr: Addr,
    },
    /// Turns a write lock into a read lock.
    Downgrade {
        /// The word.
        addr: Addr,
    },
    /// Waits for a condition that stays true once it is.
    Await {
        /// The word.
        addr: Addr,
        /// The condition.
        cond: Cond,
    },
    /// Waits until an actor has finished.
    Join {
        /// The actor.
        actor: u8,
    },
    /// Waits until every participant of a barrier of the program has reached it.
    Barrier {
        /// Index of the barrier.
        id: u8,
    },
    /// Brings an object to life, with all words zero except one.
    Alloc {
        /// The object, which was never alive or has been freed since.
        obj: Obj,
        /// The word that is not zero.
        word: u8,
        /// Its value.
        value: u64,
    },
    /// Ends an object's life. Its words stay readable for speculative accesses.
    Free {
        /// The object.
        obj: Obj,
    },
    /// Picks a number below `n`: all nondeterminism that is not scheduling.
    Choose {
        /// How many possibilities there are, at least 1.
        n: u32,
    },
    /// Enters a section (interrupts off, RCU) of this CPU: its word becomes odd.
    SectionBegin {
        /// The CPU's word for that kind of section.
        addr: Addr,
    },
    /// Leaves a section: the word becomes even. To wait for this, use `Await` with [`Cond::Differs`].
    SectionEnd {
        /// The CPU's word for that kind of section.
        addr: Addr,
    },
    /// A memory barrier; the primitive says which one.
    Fence,
    /// A load or store by user space.
    User(UserAccess),
    /// Drops one CPU's TLB entries: the words of `entries`, by bit, of `tlb`.
    FlushTlb {
        /// The TLB.
        tlb: Obj,
        /// Bit `i` stands for word `i`.
        entries: u16,
    },
}

/// One request of an actor.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// The operation.
    pub op: Op,
    /// The kernel primitive that it represents.
    pub prim: Prim,
    /// The innermost kernel function.
    pub function: &'static str,
    /// The source location in the model.
    pub site: &'static Location<'static>,
    /// The load from which the address came.
    pub address: Dep,
    /// The load from which the stored value came.
    pub data: Dep,
    /// Whether the access may hit a dead object: for a lockless lookup that validates what it has read.
    pub speculative: bool,
}

/// The answer to a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Answer {
    /// What was read: the masked value of a load, the old value of an atomic if it is used, a choice.
    pub value: u64,
    /// Whether a conditional operation took effect; whether a user access was served; whether
    /// `SubAndTest` reached zero. True for everything that cannot fail.
    pub ok: bool,
}

/// A lock that a request takes, if it succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Acquire {
    /// The word.
    pub addr: Addr,
    /// The bit, or all bits for a reader/writer lock.
    pub bit: u64,
    /// Whether others may hold it at the same time in the same way.
    pub shared: bool,
}

impl Op {
    /// The lock that the operation waits for. A trylock does not wait.
    #[must_use]
    pub const fn waits_for(&self) -> Option<Acquire> {
        match *self {
            Self::Lock { addr, bit } => Some(Acquire { addr, bit, shared: false }),
            Self::ReadLock { addr } => Some(Acquire { addr, bit: u64::MAX, shared: true }),
            Self::WriteLock { addr } => Some(Acquire { addr, bit: u64::MAX, shared: false }),
            _ => None,
        }
    }

    /// The lock that the operation took, given its answer; this includes trylocks that succeeded.
    #[must_use]
    pub const fn acquired(&self, answer: Answer) -> Option<Acquire> {
        match *self {
            Self::Trylock { addr, bit } if answer.ok => Some(Acquire { addr, bit, shared: false }),
            Self::TryReadLock { addr } if answer.ok => Some(Acquire { addr, bit: u64::MAX, shared: true }),
            _ => self.waits_for(),
        }
    }

    /// Whether the operation releases a lock, so that a waiting actor may continue.
    #[must_use]
    pub const fn releases(&self) -> bool {
        matches!(
            self,
            Self::Unlock { .. } | Self::ReadUnlock { .. } | Self::WriteUnlock { .. } | Self::Downgrade { .. }
        )
    }

    /// Whether the operation cannot conflict with anything in any state: engines may run it at once.
    #[must_use]
    pub const fn is_local(&self) -> bool {
        matches!(self, Self::Fence | Self::Choose { .. })
    }
}
