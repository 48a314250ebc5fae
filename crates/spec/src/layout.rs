//! Words of the specification. Variables, page tables and TLBs lie where the model of the kernel has them; pages are
//! others, one for each mm and address, and never shared.

use cowrace_machine::{Addr, Arena, Obj};
use cowrace_mm::objects::{Type, pair};
use cowrace_mm::world::{MmId, Va, VarId, World};

/// The arenas of what only the specification has: those that the model leaves free.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Area {
    /// Pages.
    Pages = Type::END,
    /// For each variable that keeps a handle, whose memory that has become.
    Heirs,
    /// What readers of histories get.
    Samples,
    /// What is needed.
    Needed,
    /// The locks of what is known of addresses.
    Locks,
    /// What mms have.
    Contents,
    /// What handles refer to.
    Held,
}

impl Area {
    const fn object(self, nth: u16) -> Obj {
        Arena::typed(self as u8).object(nth)
    }

    /// Word `nth` of a list that goes on from object to object.
    const fn word(self, nth: usize) -> Addr {
        let words = Obj::WORDS as usize;
        Addr::new(self.object((nth / words) as u16), (nth % words) as u8)
    }

    /// The objects of a list of so many words.
    fn list(self, words: usize) -> impl Iterator<Item = Obj> {
        (0..words.div_ceil(Obj::WORDS.into())).map(move |nth| self.object(nth as u16))
    }
}

/// PTE: what is there may be discarded as long as nobody has written to it.
pub(crate) const LAZY: u64 = 1 << 8;
/// PTE: what is there is not the owner's own until it is written to: the zero page, or a page of a file.
pub(crate) const SHARED: u64 = 1 << 10;
/// PTE: userfaultfd protects it from being written.
pub(crate) const UFFD_WP: u64 = 1 << 9;
/// PTE: the VMA allows stores.
pub(crate) const MAY_WRITE: u64 = 1 << 11;
/// PTE: it was dirty when `MADV_FREE` took that away, so it was written to since soft-dirty bits were cleared.
pub(crate) const WAS_DIRTY: u64 = 1 << 12;
/// PTE: what was there has been given up with `MADV_FREE`, and discarded.
pub(crate) const TAKEN_UP: u64 = 1 << 14;
/// PTE: nothing is there until somebody touches it. Noted only where userfaultfd asks for it.
pub(crate) const EMPTY: u64 = 1 << 13;

/// The page of an mm at an address, until it is discarded.
pub(crate) const fn page(mm: MmId, va: Va) -> Obj {
    Area::Pages.object(pair(mm, va))
}

/// Whose memory a handle becomes when its owner forks; see [`Heir`](crate::heir::Heir).
pub(crate) const fn heir(variable: VarId) -> Addr {
    Area::Heirs.word(variable)
}

/// What a reader of a handle's history gets next.
pub(crate) const fn sample(nth: usize) -> Addr {
    Area::Samples.word(nth)
}

/// The lock of what is known of an address in all mms.
pub(crate) const fn content_lock(va: Va) -> Addr {
    Area::Locks.word(va)
}

/// Page copies that were needed.
pub(crate) const COPIES: Addr = Area::Needed.word(0);
/// Page faults that were needed.
pub(crate) const FAULTS: Addr = Area::Needed.word(1);

/// What an mm has at an address, for what is needed.
pub(crate) const fn content(mm: MmId, va: Va) -> Addr {
    Area::Contents.word(pair(mm, va) as usize)
}

/// What the handle that a variable keeps refers to, for what is needed.
pub(crate) const fn content_held(variable: VarId) -> Addr {
    Area::Held.word(variable)
}

/// The objects that these use.
pub(crate) fn needed_objects(world: &World) -> impl Iterator<Item = Obj> {
    let contents = (0..world.mms.len()).flat_map(|mm| (0..world.areas.len()).map(move |va| pair(mm, va)));
    let contents = contents.max().map_or(0, |last| usize::from(last) + 1);
    let lists = [Area::Locks.list(world.areas.len()), Area::Contents.list(contents)];
    let lists = lists.into_iter().chain([Area::Needed.list(2), Area::Held.list(world.variables.len())]);
    lists.flatten()
}

/// The objects that [`heir`] and [`sample`] use.
pub(crate) fn objects(world: &World, samples: usize) -> impl Iterator<Item = Obj> {
    Area::Heirs.list(world.variables.len()).chain(Area::Samples.list(samples))
}
