//! The objects of a scenario, one file for each kernel structure, reduced to the fields that decide races.
//!
//! A structure is declared once (`structure`); its accessors follow from that, and so does how events name its fields
//! and their values. Objects are numbered in an arena for each type, so there are as many of each as a scenario needs.

mod cpu;
pub mod kernel;
mod mm;
mod mm_ids;
mod page;
mod pgtable;
mod pmd;
mod scenario;
mod structure;
mod swap;
mod vma;

use cowrace_machine::{Addr, Arena, Obj};

pub use cpu::{Batch, BatchPages, PerCpu, Tlb, batch_lock, irq_off, tlb, tlb_entry};
pub use mm::{BATCH_FLUSHED_SHIFT, BATCH_PENDING, MmStruct};
pub use mm_ids::MmIds;
pub use page::{
    ACTIVE, GUP_PIN_COUNTING_BIAS, ONE_INACTIVE, Page, ZERO_PAGE, boot_page, file_page, mappings, pg,
    references,
};
pub use pgtable::PageTable;
pub use pmd::Directory;
pub use scenario::{variable, variables};
pub use structure::{Field, Format, Structure, pair};
pub use swap::SwpEntry;
pub use vma::{AnonVma, Vma, vm};

use crate::world::{ActorId, MmId, Va, VarId};

/// The bit that a spinlock of its own word uses.
pub const SPIN: u64 = 1;

/// Declares the types of objects once, so that none is missing from the list of all.
macro_rules! types {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// The types of objects that exist at the start, by the arena that each has. Pages that actors allocate are in
        /// arenas of theirs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Type { $($(#[$doc])* $name,)* }

        impl Type {
            const ALL: &[Self] = &[$(Self::$name,)*];
        }
    };
}

types! {
    /// The scenario's variables.
    Variables,
    /// What the whole kernel shares.
    Kernel,
    /// The free list.
    FreeList,
    /// `struct mm_struct`.
    Mm,
    /// Page tables.
    PageTable,
    /// `struct vm_area_struct`.
    Vma,
    /// TLBs.
    Tlb,
    /// The variables of each CPU.
    PerCpu,
    /// The pages in the `lru_add` batches of CPUs.
    AddBatch,
    /// The pages in their `lru_lazyfree` batches.
    LazyfreeBatch,
    /// Swap slots.
    Swap,
    /// The zero page.
    ZeroPage,
    /// Pages of the page cache.
    FilePage,
    /// The pages that areas have at the start.
    Page,
    /// The failures of calls: no kernel has them, user space has.
    Failures,
    /// `hugetlb_fault_mutex_table`.
    HugetlbFaultMutex,
    /// Page middle directories.
    Directory,
}

impl Type {
    /// The first arena that the model leaves to others.
    pub const END: u8 = Self::ALL.len() as u8;

    /// Its `nth` object.
    #[must_use]
    pub const fn object(self, nth: u16) -> Obj {
        Arena::typed(self as u8).object(nth)
    }

    /// The objects of a list of so many words.
    pub(crate) fn list(self, words: usize) -> impl Iterator<Item = Obj> {
        (0..words.div_ceil(Obj::WORDS.into())).map(move |nth| self.object(nth as u16))
    }

    /// Word `nth` of a list that goes on from object to object.
    pub(crate) const fn word(self, nth: usize) -> Addr {
        let words = Obj::WORDS as usize;
        Addr::new(self.object((nth / words) as u16), (nth % words) as u8)
    }

    /// The type of an object; none for one that an actor allocated, or that is none of the model's.
    #[must_use]
    pub fn of(obj: Obj) -> Option<Self> {
        Self::ALL.get(usize::from(obj.arena().nth_typed()?)).copied()
    }

    /// How its objects are declared.
    const fn structure(self) -> Structure {
        match self {
            Self::Variables => scenario::VARIABLE,
            Self::Kernel => kernel::Global::STRUCTURE,
            Self::FreeList => kernel::FREE_PAGE,
            Self::Mm => MmStruct::STRUCTURE,
            Self::PageTable => PageTable::STRUCTURE,
            Self::Vma => Vma::STRUCTURE,
            Self::Tlb => Tlb::STRUCTURE,
            Self::PerCpu => PerCpu::STRUCTURE,
            Self::AddBatch | Self::LazyfreeBatch => BatchPages::STRUCTURE,
            Self::Swap => SwpEntry::STRUCTURE,
            Self::ZeroPage | Self::FilePage | Self::Page => Page::STRUCTURE,
            Self::Failures => scenario::FAILURE,
            Self::HugetlbFaultMutex => kernel::HUGETLB_FAULT_MUTEX,
            Self::Directory => Directory::STRUCTURE,
        }
    }
}

/// Whose an object is, or which of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// The kernel's.
    Kernel,
    /// An mm's.
    Mm(MmId),
    /// What an mm's page table has for an area.
    PageTable(MmId, Va),
    /// What an mm's page middle directory has for a range.
    Directory(MmId, Va),
    /// The VMA that an mm has for an area.
    Vma(MmId, Va),
    /// The TLB of a CPU.
    Tlb(ActorId),
    /// The variables of a CPU.
    Cpu(ActorId),
    /// What a CPU has in a batch.
    Batch(ActorId, Batch),
    /// A swap slot.
    Slot(u16),
    /// A page.
    Page(Obj),
    /// A variable.
    Variable(VarId),
    /// A call's.
    Call(u16),
}

/// What a word is.
#[derive(Clone, Copy, Debug)]
pub struct Thing {
    /// The field.
    pub field: Field,
    /// Whose it is.
    pub whose: Whose,
    /// Which of an array it is, if the field is one.
    pub nth: Option<u8>,
}

/// What a word is; none if the model does not have it.
#[must_use]
pub fn thing(addr: Addr) -> Option<Thing> {
    let obj = addr.obj();
    let (of, nth) = (if obj.owner().is_some() { Type::Page } else { Type::of(obj)? }, obj.nth());
    let listed = nth * u16::from(Obj::WORDS) + u16::from(addr.word());
    let whose = match of {
        Type::Variables => Whose::Variable(listed.into()),
        Type::Failures => Whose::Call(listed),
        Type::Kernel | Type::FreeList | Type::HugetlbFaultMutex => Whose::Kernel,
        Type::Mm => Whose::Mm(nth.into()),
        Type::PageTable | Type::Vma | Type::Directory => {
            let (mm, va) = structure::unpair(nth);
            match of {
                Type::Vma => Whose::Vma(mm, va),
                Type::Directory => Whose::Directory(mm, va),
                _ => Whose::PageTable(mm, va),
            }
        }
        Type::Tlb => Whose::Tlb(nth.into()),
        Type::PerCpu => {
            let of_batch = Batch::ALL.into_iter().find(|batch| batch.nr(nth.into()) == addr);
            of_batch.map_or(Whose::Cpu(nth.into()), |batch| Whose::Batch(nth.into(), batch))
        }
        Type::AddBatch => Whose::Batch(nth.into(), Batch::Add),
        Type::LazyfreeBatch => Whose::Batch(nth.into(), Batch::Lazyfree),
        Type::Swap => Whose::Slot(nth),
        Type::ZeroPage | Type::FilePage | Type::Page => Whose::Page(obj),
    };
    if addr.word() == Obj::WORDS {
        return matches!(whose, Whose::Page(_)).then_some(Thing { field: structure::LIFE, whose, nth: None });
    }
    let (field, nth) = of.structure().field(addr.word())?;
    Some(Thing { field, whose, nth })
}
