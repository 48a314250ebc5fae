//! What each CPU has: its TLB, whether it has interrupts off, and its LRU-add batch.

use cowrace_machine::{Addr, Obj, encode};

use super::structure::structure;
use super::{Format, Type};
use crate::world::{ActorId, Va};

/// The TLB of an actor's CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tlb(pub ActorId);

structure! {
    Tlb in Tlb, at Addr {
    }
    [
        /// The entry for a page.
        entry: "entry", Tlb, Format::Pte
    ]
}

impl Tlb {
    /// The object.
    #[must_use]
    pub const fn obj(self) -> Obj {
        Type::Tlb.object(self.0 as u16)
    }

    const fn word(self, word: u8) -> Addr {
        Addr::new(self.obj(), word)
    }
}

/// The variables that each CPU has of its own. Its batches are `lru_pvecs`, `cpu_fbatches` since v6.0, of `mm/swap.c`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PerCpu(pub ActorId);

structure! {
    PerCpu in PerCpu, at Addr {
        /// Odd while the CPU has interrupts off.
        irq_off: "interrupts", Other, Format::Interrupts;
        /// The lock of the batches (`lru_pvecs.lock`).
        batch_lock: "batch lock", Other, Format::Spinlock;
        /// How many pages are in `lru_add`.
        add_nr: "length", Other, Format::Number;
        /// How many pages are in `lru_lazyfree`.
        lazyfree_nr: "length", Other, Format::Number;
    }
}

impl PerCpu {
    /// The object.
    #[must_use]
    pub const fn obj(self) -> Obj {
        Type::PerCpu.object(self.0 as u16)
    }

    const fn word(self, word: u8) -> Addr {
        Addr::new(self.obj(), word)
    }
}

/// A batch: pages for which a CPU will do something to the LRU lists, each with a reference, until it is drained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// `lru_add`: pages that go to a list.
    Add,
    /// `lru_lazyfree`: pages that `MADV_FREE` was called for.
    Lazyfree,
}
encode!(fieldless enum Batch);

impl Batch {
    /// Every batch, in the order in which `lru_add_drain_cpu` drains them.
    pub const ALL: [Self; 2] = [Self::Add, Self::Lazyfree];

    /// Pages that a batch holds before it is drained because it is full (`PAGEVEC_SIZE`); 31 since v6.9, which a
    /// scenario with 15 areas has little use for.
    pub const SIZE: u8 = 15;

    /// How many pages are in it.
    #[must_use]
    pub const fn nr(self, actor: ActorId) -> Addr {
        match self {
            Self::Add => PerCpu(actor).add_nr(),
            Self::Lazyfree => PerCpu(actor).lazyfree_nr(),
        }
    }

    /// What an actor's CPU has in it.
    #[must_use]
    pub const fn pages(self, actor: ActorId) -> BatchPages {
        BatchPages { actor, batch: self }
    }

    /// Its name, for diagrams.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "LRU batch",
            Self::Lazyfree => "lazyfree batch",
        }
    }

    /// One of its pages.
    #[must_use]
    pub const fn page(self, actor: ActorId, nth: u64) -> Addr {
        self.pages(actor).page(nth as u8)
    }
}

/// The pages in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchPages {
    /// Whose CPU it is.
    pub actor: ActorId,
    /// Which batch.
    pub batch: Batch,
}

structure! {
    BatchPages in AddBatch, at Addr {}
    [
        /// A page.
        page: "page", Other, Format::Page
    ]
}

impl BatchPages {
    /// The object.
    #[must_use]
    pub const fn obj(self) -> Obj {
        let of = match self.batch {
            Batch::Add => Type::AddBatch,
            Batch::Lazyfree => Type::LazyfreeBatch,
        };
        of.object(self.actor as u16)
    }

    const fn word(self, word: u8) -> Addr {
        Addr::new(self.obj(), word)
    }
}

/// The lock of an actor's batches.
#[must_use]
pub const fn batch_lock(actor: ActorId) -> Addr {
    PerCpu(actor).batch_lock()
}

/// The TLB of an actor's CPU; word `va` is the entry for that page.
#[must_use]
pub const fn tlb(actor: ActorId) -> Obj {
    Tlb(actor).obj()
}

/// The entry of an actor's CPU for a page.
#[must_use]
pub const fn tlb_entry(actor: ActorId, va: Va) -> Addr {
    Tlb(actor).entry(va as u8)
}

/// Odd while an actor's CPU has interrupts off.
#[must_use]
pub const fn irq_off(actor: ActorId) -> Addr {
    PerCpu(actor).irq_off()
}
