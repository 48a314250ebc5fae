//! Where things live: the objects of a scenario and the words in them.
//!
//! Follows `struct page`, `struct mm_struct` and `struct vm_area_struct` of `include/linux/mm_types.h`
//! (v5.7 to v6.15), reduced to the fields that decide races. One page table with one lock (split PTE
//! lock) for each mm; one VMA for each area. Left out: everything above the PTE level, memcg, NUMA.

use cowrace_machine::{Addr, Dep, Obj, Place};

use crate::world::{ActorId, MmId, Va, VarId};

/// `GUP_PIN_COUNTING_BIAS` of `include/linux/mm.h` (v5.7 and later).
pub const GUP_PIN_COUNTING_BIAS: u64 = 1024;

/// A page, and the load that its number came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Page {
    /// The object.
    pub obj: Obj,
    /// The load.
    pub dep: Dep,
}

impl From<Obj> for Page {
    fn from(obj: Obj) -> Self {
        Self { obj, dep: Dep::default() }
    }
}

/// Index of `page->flags`.
pub const PAGE_FLAGS: u8 = 0;
/// Index of `page->_refcount`.
pub const PAGE_REFCOUNT: u8 = 1;
/// Index of `page->_mapcount`. Kept as the number of mappings; the kernel stores one less. The upper
/// half counts inactive references, under the proposal that has them.
pub const PAGE_MAPCOUNT: u8 = 2;
/// Index of `page->private`: the swap entry while the page is in the swap cache.
pub const PAGE_PRIVATE: u8 = 3;
/// Index of `page->index`: the address at which rmap finds the page.
pub const PAGE_INDEX: u8 = 4;

/// Mappings within [`PAGE_MAPCOUNT`].
pub const ACTIVE: u64 = 0xffff_ffff;
/// One inactive reference within [`PAGE_MAPCOUNT`].
pub const ONE_INACTIVE: u64 = 1 << 32;

/// `enum pageflags`.
pub mod pg {
    /// `PG_locked`.
    pub const LOCKED: u64 = 1 << 0;
    /// `PG_dirty`.
    pub const DIRTY: u64 = 1 << 1;
    /// `PG_lru`.
    pub const LRU: u64 = 1 << 2;
    /// `PG_swapcache`.
    pub const SWAPCACHE: u64 = 1 << 3;
    /// `PG_swapbacked`.
    pub const SWAPBACKED: u64 = 1 << 4;
    /// `PG_writeback`.
    pub const WRITEBACK: u64 = 1 << 5;
    /// `PG_uptodate`.
    pub const UPTODATE: u64 = 1 << 6;
    /// `PG_anon_exclusive`.
    pub const ANON_EXCLUSIVE: u64 = 1 << 7;

    /// Bits and names, for diagrams.
    pub const NAMES: &[(u64, &str)] = &[
        (LOCKED, "locked"),
        (DIRTY, "dirty"),
        (LRU, "lru"),
        (SWAPCACHE, "swapcache"),
        (SWAPBACKED, "swapbacked"),
        (WRITEBACK, "writeback"),
        (UPTODATE, "uptodate"),
        (ANON_EXCLUSIVE, "anon_exclusive"),
    ];
}

impl Page {
    const fn at(self, word: u8) -> Place {
        Place { addr: Addr::new(self.obj, word), dep: self.dep }
    }

    /// `page->flags`.
    #[must_use]
    pub const fn flags(self) -> Place {
        self.at(PAGE_FLAGS)
    }

    /// `page->_refcount`.
    #[must_use]
    pub const fn refcount(self) -> Place {
        self.at(PAGE_REFCOUNT)
    }

    /// `page->_mapcount`.
    #[must_use]
    pub const fn mapcount(self) -> Place {
        self.at(PAGE_MAPCOUNT)
    }

    /// `page->private`.
    #[must_use]
    pub const fn private(self) -> Place {
        self.at(PAGE_PRIVATE)
    }

    /// `page->index`.
    #[must_use]
    pub const fn index(self) -> Place {
        self.at(PAGE_INDEX)
    }

    /// A word of the page's data.
    #[must_use]
    pub const fn data(self, word: u8) -> Place {
        Place { addr: cowrace_machine::mmu::data(self.obj, word), dep: self.dep }
    }

    /// Whether it is the shared zero page.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.obj == ZERO_PAGE
    }

    /// `PageAnon`. What a page is never changes in this model, so no memory is read.
    #[must_use]
    pub fn is_anon(self) -> bool {
        !self.is_zero() && !is_file_page(self.obj)
    }
}

// Numbers of the objects of the initial state.
const MM: u8 = 2;
const PGTABLE: u8 = 8;
const VMA: u8 = 14;
const TLB: u8 = 62;
const PAGEVEC: u8 = 78;
const SWAP: u8 = 94;
/// The shared zero page.
pub const ZERO_PAGE: Obj = Obj::boot(98);
const FILE_PAGE: u8 = 99;
const BOOT_PAGE: u8 = 107;
/// The first of the objects that keep failures of calls: no kernel has them, user space has.
pub(crate) const RESULTS: u16 = 115;

/// What the whole kernel shares.
pub mod kernel {
    use cowrace_machine::{Addr, Obj};

    /// The object.
    pub const OBJ: Obj = Obj::boot(1);
    /// `swap_info_struct.lock` with the lock of the swap cache's tree.
    pub const SWAP_LOCK: Addr = Addr::new(OBJ, 0);
    /// `zone->lock`.
    pub const ZONE_LOCK: Addr = Addr::new(OBJ, 1);
    /// Slots of the free list.
    pub const FREE_SLOTS: u8 = 8;

    /// Pages that were copied: a count that no kernel has.
    pub const COPIED: Addr = Addr::new(OBJ, 2 + FREE_SLOTS);
    /// Page faults that were taken, by user space and by GUP: another one.
    pub const FAULTED: Addr = Addr::new(OBJ, 3 + FREE_SLOTS);

    /// A slot of the free list: a page's number, or 0.
    #[must_use]
    pub const fn free_slot(slot: u8) -> Addr {
        Addr::new(OBJ, 2 + slot)
    }
}

/// The bit that a spinlock of its own word uses.
pub const SPIN: u64 = 1;

/// A variable of the scenario.
#[must_use]
pub const fn variable(var: VarId) -> Addr {
    Addr::new(Obj::NULL, var as u8)
}

/// `struct mm_struct`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MmStruct(pub MmId);

impl MmStruct {
    /// The object of the mm itself.
    #[must_use]
    pub const fn obj(self) -> Obj {
        Obj::boot(MM + self.0 as u8)
    }

    /// The object of its page table.
    #[must_use]
    pub const fn pgtable(self) -> Obj {
        Obj::boot(PGTABLE + self.0 as u8)
    }

    /// `mm->mmap_lock`.
    #[must_use]
    pub const fn mmap_lock(self) -> Addr {
        Addr::new(self.obj(), 0)
    }

    /// `mm->write_protect_seq`.
    #[must_use]
    pub const fn write_protect_seq(self) -> Addr {
        Addr::new(self.obj(), 1)
    }

    /// `mm->has_pinned`.
    #[must_use]
    pub const fn has_pinned(self) -> Addr {
        Addr::new(self.obj(), 2)
    }

    /// `mm->tlb_flush_pending`.
    #[must_use]
    pub const fn tlb_flush_pending(self) -> Addr {
        Addr::new(self.obj(), 3)
    }

    /// `mm->tlb_flush_batched`.
    #[must_use]
    pub const fn tlb_flush_batched(self) -> Addr {
        Addr::new(self.obj(), 4)
    }

    /// Copies of pages that nobody else mapped: a count that no kernel has.
    #[must_use]
    pub const fn copies(self) -> Addr {
        Addr::new(self.obj(), 5)
    }

    /// Times that waiters in `handle_userfault` were woken.
    #[must_use]
    pub const fn userfault_wakes(self) -> Addr {
        Addr::new(self.obj(), 6)
    }

    /// Whether the mm has been made: its threads may run.
    #[must_use]
    pub const fn started(self) -> Addr {
        Addr::new(self.obj(), 7)
    }

    /// A page-table entry.
    #[must_use]
    pub const fn pte(self, va: Va) -> Addr {
        Addr::new(self.pgtable(), va as u8)
    }

    /// The lock of the page table.
    #[must_use]
    pub const fn ptl(self) -> Addr {
        Addr::new(self.pgtable(), 8)
    }

    /// The object of a VMA.
    #[must_use]
    pub const fn vma(self, va: Va) -> Obj {
        Obj::boot(VMA + (self.0 * 8 + va) as u8)
    }

    /// `vma->vm_flags`, 0 if nothing is mapped there.
    #[must_use]
    pub const fn vm_flags(self, va: Va) -> Addr {
        Addr::new(self.vma(va), 0)
    }

    /// `vma->vm_lock` (v6.4 and later).
    #[must_use]
    pub const fn vm_lock(self, va: Va) -> Addr {
        Addr::new(self.vma(va), 1)
    }
}

/// `vma->vm_flags`.
pub mod vm {
    /// There is a VMA.
    pub const EXISTS: u64 = 1 << 0;
    /// `VM_WRITE`.
    pub const WRITE: u64 = 1 << 1;
    /// `VM_DONTCOPY`.
    pub const DONTCOPY: u64 = 1 << 2;
    /// `VM_UFFD_WP`.
    pub const UFFD_WP: u64 = 1 << 3;
}

/// The TLB of an actor's CPU; word `va` is the entry for that page.
#[must_use]
pub const fn tlb(actor: ActorId) -> Obj {
    Obj::boot(TLB + actor as u8)
}

/// The entry of an actor's CPU for a page.
#[must_use]
pub const fn tlb_entry(actor: ActorId, va: Va) -> Addr {
    Addr::new(tlb(actor), va as u8)
}

/// Odd while an actor's CPU has interrupts off.
#[must_use]
pub const fn irq_off(actor: ActorId) -> Addr {
    Addr::new(tlb(actor), 8)
}

/// The batches of an actor's CPU (`lru_pvecs`, `cpu_fbatches` since v6.0, of `mm/swap.c`).
#[must_use]
pub const fn pagevec(actor: ActorId) -> Obj {
    Obj::boot(PAGEVEC + actor as u8)
}

/// The lock of an actor's batches (`lru_pvecs.lock`).
#[must_use]
pub const fn batch_lock(actor: ActorId) -> Addr {
    Addr::new(pagevec(actor), 0)
}

/// A batch: pages for which a CPU will do something to the LRU lists, each with a reference, until it is drained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// `lru_add`: pages that go to a list.
    Add,
    /// `lru_lazyfree`: pages that `MADV_FREE` was called for.
    Lazyfree,
}

impl Batch {
    /// Every batch, in the order in which `lru_add_drain_cpu` drains them.
    pub const ALL: [Self; 2] = [Self::Add, Self::Lazyfree];

    const fn base(self) -> u8 {
        match self {
            Self::Add => 1,
            Self::Lazyfree => 10,
        }
    }

    /// Pages that it holds before it is drained because it is full. The kernel's holds 15, or 31 since v6.9.
    #[must_use]
    pub const fn size(self) -> u8 {
        match self {
            Self::Add => 8,
            Self::Lazyfree => 4,
        }
    }

    /// How many pages are in it.
    #[must_use]
    pub const fn nr(self, actor: ActorId) -> Addr {
        Addr::new(pagevec(actor), self.base())
    }

    /// One of its pages.
    #[must_use]
    pub const fn page(self, actor: ActorId, nth: u64) -> Addr {
        Addr::new(pagevec(actor), self.base() + 1 + nth as u8)
    }

    /// Its name, for diagrams.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Add => "LRU batch",
            Self::Lazyfree => "lazyfree batch",
        }
    }
}

/// A swap slot, as a swap entry names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SwpEntry(pub u8);

/// Swap slots that there are.
pub const SWAP_SLOTS: u8 = 4;

impl SwpEntry {
    /// The object.
    #[must_use]
    pub const fn obj(self) -> Obj {
        Obj::boot(SWAP + self.0)
    }

    /// `swap_map`: references by swap PTEs.
    #[must_use]
    pub const fn count(self) -> Addr {
        Addr::new(self.obj(), 0)
    }

    /// The slot's place in the swap cache: a page's number, or 0. Stands for `SWAP_HAS_CACHE` as well.
    #[must_use]
    pub const fn cache(self) -> Addr {
        Addr::new(self.obj(), 1)
    }

    /// A word of what is on the device.
    #[must_use]
    pub const fn data(self, word: u8) -> Addr {
        Addr::new(self.obj(), 2 + word)
    }
}

/// The page-cache page behind a private file mapping.
#[must_use]
pub const fn file_page(va: Va) -> Obj {
    Obj::boot(FILE_PAGE + va as u8)
}

/// The page that an area has at the start.
#[must_use]
pub const fn boot_page(va: Va) -> Obj {
    Obj::boot(BOOT_PAGE + va as u8)
}

fn is_file_page(obj: Obj) -> bool {
    obj.owner().is_none() && (FILE_PAGE..BOOT_PAGE).contains(&obj.nth())
}

/// What a word is, for diagrams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A variable.
    Variable(VarId),
    /// A word of [`kernel`].
    Kernel(u8),
    /// A word of an mm.
    Mm(MmId, u8),
    /// A word of a page table.
    PgTable(MmId, u8),
    /// A word of a VMA.
    Vma(MmId, Va, u8),
    /// A word of a CPU's TLB.
    Tlb(ActorId, u8),
    /// The lock of a CPU's batches.
    BatchLock(ActorId),
    /// How many pages are in a batch of a CPU.
    BatchLength(ActorId, Batch),
    /// A page of a batch, by its place.
    BatchPage(ActorId, Batch, u8),
    /// A word of a swap slot.
    Swap(u8, u8),
    /// The failure of a call, by its number.
    Failure(u16),
    /// A word of a page.
    Page(Obj, u8),
}

/// What a word is.
#[must_use]
pub fn thing(addr: Addr) -> Thing {
    let (obj, word) = (addr.obj(), addr.word());
    if obj.owner().is_some() {
        return Thing::Page(obj, word);
    }
    match obj.nth() {
        0 => Thing::Variable(word.into()),
        1 => Thing::Kernel(word),
        n @ MM..PGTABLE => Thing::Mm((n - MM).into(), word),
        n @ PGTABLE..VMA => Thing::PgTable((n - PGTABLE).into(), word),
        n @ VMA..TLB => Thing::Vma(((n - VMA) / 8).into(), ((n - VMA) % 8).into(), word),
        n @ TLB..PAGEVEC => Thing::Tlb((n - TLB).into(), word),
        n @ PAGEVEC..SWAP => batch_word((n - PAGEVEC).into(), word),
        n if (SWAP..SWAP + SWAP_SLOTS).contains(&n) => Thing::Swap(n - SWAP, word),
        n if u16::from(n) >= RESULTS => {
            Thing::Failure((u16::from(n) - RESULTS) * u16::from(Obj::WORDS) + u16::from(word))
        }
        _ => Thing::Page(obj, word),
    }
}

/// What a word of a CPU's batches is.
fn batch_word(actor: ActorId, word: u8) -> Thing {
    match Batch::ALL.into_iter().rfind(|batch| batch.base() <= word) {
        None => Thing::BatchLock(actor),
        Some(batch) if batch.base() == word => Thing::BatchLength(actor, batch),
        Some(batch) => Thing::BatchPage(actor, batch, word - batch.base() - 1),
    }
}
