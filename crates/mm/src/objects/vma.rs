//! `struct vm_area_struct` of `include/linux/mm_types.h`, v5.7 to v6.15. One for each area. Left out: splits and merges.

use cowrace_machine::{Addr, Obj};

use super::structure::{pair, structure};
use super::{Format, Type};
use crate::world::{MmId, Va};

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
