//! What the whole kernel shares.

use cowrace_machine::{Addr, Obj};
use cowrace_report::Kind;

use super::structure::structure;
use super::{Field, Format, Structure, Type};
use crate::world::{Backing, Va, World};

/// The one object of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Global;

structure! {
    Global in Kernel, at Addr {
        /// `swap_info_struct.lock` with the lock of the swap cache's tree.
        swap_lock: "swap lock", Other, Format::Spinlock;
        /// `zone->lock`.
        zone_lock: "zone lock", Other, Format::Spinlock;
        /// Pages on the free list.
        nr_free: "length of the free list", Other, Format::Number;
        /// Times that those were woken who wait for pages that are unmapped for a moment: a count that no kernel has.
        migrations_ended: "migrations ended", Other, Format::Number;
        /// Pages that were copied: a count that no kernel has.
        copied: "costs", Other, Format::Number;
        /// Page faults that were taken, by user space and by GUP: another one.
        faulted: "costs", Other, Format::Number;
    }
}

impl Global {
    const fn word(self, word: u8) -> Addr {
        Addr::new(OBJ, word)
    }
}

/// The object.
pub const OBJ: Obj = Type::Kernel.object(0);
/// `swap_info_struct.lock` with the lock of the swap cache's tree.
pub const SWAP_LOCK: Addr = Global.swap_lock();
/// `zone->lock`.
pub const ZONE_LOCK: Addr = Global.zone_lock();
/// Times that those were woken who wait for pages that are unmapped for a moment: a count that no kernel has.
pub const MIGRATIONS_ENDED: Addr = Global.migrations_ended();
/// Pages that were copied: a count that no kernel has.
pub const COPIED: Addr = Global.copied();
/// Page faults that were taken, by user space and by GUP: another one.
pub const FAULTED: Addr = Global.faulted();
/// Pages on the free list.
pub const NR_FREE: Addr = Global.nr_free();

/// A place of the free list.
pub(crate) const FREE_PAGE: Structure =
    Structure::list(Field { name: "free list", kind: Kind::Other, format: Format::Page });

/// A mutex of `hugetlb_fault_mutex_table`.
pub(crate) const HUGETLB_FAULT_MUTEX: Structure =
    Structure::list(Field { name: "hugetlb fault mutex", kind: Kind::Other, format: Format::Spinlock });

/// The mutex of `hugetlb_fault_mutex_table` for the page of the file that is at an address: every area is a file of its own.
#[must_use]
pub const fn hugetlb_fault_mutex(va: Va) -> Addr {
    Type::HugetlbFaultMutex.word(va)
}

/// The objects of the mutexes, if a scenario has huge pages.
pub(crate) fn hugetlb_fault_mutexes(world: &World) -> impl Iterator<Item = Obj> + use<> {
    let is_there = world.areas.iter().any(|area| area.backing == Backing::Hugetlb);
    Type::HugetlbFaultMutex.list(if is_there { world.areas.len() } else { 0 })
}

/// A page of the free list.
#[must_use]
pub const fn free_page(nth: usize) -> Addr {
    Type::FreeList.word(nth)
}

/// The objects of a free list with room for so many pages.
pub(crate) fn free_list(pages: usize) -> impl Iterator<Item = Obj> {
    (0..pages).step_by(Obj::WORDS.into()).map(|nth| free_page(nth).obj())
}
