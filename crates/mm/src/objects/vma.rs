//! `struct vm_area_struct` of `include/linux/mm_types.h` and `struct anon_vma` of `include/linux/rmap.h`, v5.7 to v6.15. One
//! for each area in each mm that can have it. Left out: splits and merges.

use cowrace_machine::{Addr, Obj};

use super::structure::{pair, structure};
use super::{Format, Type};
use crate::world::{MmId, Va, World};

/// `struct vm_area_struct`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Vma {
    /// Whose it is.
    pub mm: MmId,
    /// The area.
    pub va: Va,
}

structure! {
    Vma in Vma, at Addr {
        /// `vma->vm_flags`, 0 if nothing is mapped there.
        vm_flags: "vm_flags", Flags, Format::Flags(vm::NAMES);
        /// `vma->vm_lock` (v6.4 and later).
        vm_lock: "vm_lock", Other, Format::Rwsem;
    }
}

impl Vma {
    /// The object.
    #[must_use]
    pub const fn obj(self) -> Obj {
        Type::Vma.object(pair(self.mm, self.va))
    }

    const fn word(self, word: u8) -> Addr {
        Addr::new(self.obj(), word)
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

    /// Bits and names, for diagrams.
    pub const NAMES: &[(u64, &str)] =
        &[(EXISTS, "mapped"), (WRITE, "write"), (DONTCOPY, "dontcopy"), (UFFD_WP, "uffd-wp")];
}

/// `struct anon_vma`: the VMAs that may map one page, parents before children and what `mremap` makes after what it is made of, as the
/// interval tree has them. Which those are is known from the start; whether they map it, their page tables say. Left out: its lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnonVma(Vec<Vma>);

impl AnonVma {
    /// That of the pages of an area: the mm that declares it has a VMA for it, and so have all that come of it by forks; and the areas to
    /// which its pages may be moved, or from which they may have come.
    #[must_use]
    pub fn of(world: &World, va: Va) -> Self {
        let of_area = |va: Va| {
            let home = world.areas[va].mm;
            (0..world.mms.len()).filter(move |&mm| world.descends(mm, home)).map(move |mm| Vma { mm, va })
        };
        Self(world.places(va).into_iter().flat_map(of_area).collect())
    }

    /// The VMAs.
    pub fn vmas(&self) -> impl Iterator<Item = Vma> + '_ {
        self.0.iter().copied()
    }
}
