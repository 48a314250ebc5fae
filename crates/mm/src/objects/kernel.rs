//! What the whole kernel shares.

use cowrace_machine::{Addr, Obj};
use cowrace_trace::Kind;

use super::structure::structure;
use super::{Field, Format, Structure, Type};

/// The one object of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Global;

structure! {
    Global in Kernel, at Addr {
        /// `swap_info_struct.lock` with the lock of the swap cache's tree.
        swap_lock: "swap lock", Other, Format::Spinlock;
        /// `zone->lock`.
        zone_lock: "zone lock", Other, Format::Spinlock;
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
/// Pages that were copied: a count that no kernel has.
pub const COPIED: Addr = Global.copied();
/// Page faults that were taken, by user space and by GUP: another one.
pub const FAULTED: Addr = Global.faulted();
/// Slots of the free list.
pub const FREE_SLOTS: u8 = 8;

/// A slot of the free list.
pub(crate) const FREE_SLOT: Structure =
    Structure::list(Field { name: "free list", kind: Kind::Other, format: Format::Number });

/// A slot of the free list: a page's number, or 0.
#[must_use]
pub const fn free_slot(slot: u8) -> Addr {
    Type::FreeList.word(slot as usize)
}
