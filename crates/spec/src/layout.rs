//! The words of the specification. Variables, page tables and TLBs are where the model of the kernel has them; pages
//! differ: there is one for each mm and address, and they are never shared.

use cowrace_machine::{Addr, Arena, Obj, mmu};
use cowrace_mm::objects::{Type, pair};
use cowrace_mm::world::{MmId, Va, VarId, World};

/// The arenas of objects that only the specification has. The model does not use them.
#[derive(Clone, Copy)]
#[repr(u8)]
enum Area {
    /// Pages.
    Pages = Type::END,
    /// For each variable that keeps a handle, its heirs.
    Heirs,
    /// For each variable that keeps a handle, the contents of its page, once it may be the memory of no mm, and who may have
    /// parted from it.
    Apart,
    /// The samples that readers of histories get.
    Samples,
    /// For each variable that keeps a handle, what its reader has for the next read.
    Snapshots,
    /// The counts of needed copies and faults.
    Needed,
    /// The locks of the notes about addresses.
    Locks,
    /// The contents of mms.
    Contents,
    /// The contents to which handles refer.
    Held,
    /// Pages that have taken the place of others, from part to part.
    Fresh,
}

impl Area {
    const fn object(self, nth: u16) -> Obj {
        Arena::typed(self as u8).object(nth)
    }

    /// Word `nth` of a list that continues from object to object.
    const fn word(self, nth: usize) -> Addr {
        let words = Obj::WORDS as usize;
        Addr::new(self.object((nth / words) as u16), (nth % words) as u8)
    }

    /// The objects of a list of `words` words.
    fn list(self, words: usize) -> impl Iterator<Item = Obj> {
        (0..words.div_ceil(Obj::WORDS.into())).map(move |nth| self.object(nth as u16))
    }
}

/// PTE: the memory may be discarded as long as it has not been written to.
pub(crate) const LAZY: u64 = 1 << 8;
/// PTE: the memory is not the owner's own until it is written to: the zero page, or a page of a file.
pub(crate) const SHARED: u64 = 1 << 10;
/// PTE: userfaultfd write-protects the memory.
pub(crate) const UFFD_WP: u64 = 1 << 9;
/// PTE: the VMA allows stores.
pub(crate) const MAY_WRITE: u64 = 1 << 11;
/// PTE: it was dirty when `MADV_FREE` cleaned it, so it was written to since soft-dirty bits were cleared.
pub(crate) const WAS_DIRTY: u64 = 1 << 12;
/// PTE: the memory has been given up with `MADV_FREE`, and discarded.
pub(crate) const TAKEN_UP: u64 = 1 << 14;
/// PTE: the memory is not populated until it is touched. Noted only where userfaultfd requires it.
pub(crate) const EMPTY: u64 = 1 << 13;

/// PTE: where the memory was before `mremap` moved it: the address plus one, or 0 if it was always here. It names the memory wherever it goes.
const HOME_SHIFT: u32 = 48;
/// The bits for that.
pub(crate) const HOME: u64 = 0xff << HOME_SHIFT;

/// The first address of the memory of a PTE, which is at another address now.
pub(crate) const fn home(pte: u64, va: Va) -> Va {
    match (pte & HOME) >> HOME_SHIFT {
        0 => va,
        home => home as Va - 1,
    }
}

/// A PTE of memory with its first address.
pub(crate) const fn at_home(pte: u64, home: Va) -> u64 {
    pte & !HOME | (home as u64 + 1) << HOME_SHIFT
}

/// The page of an mm at an address, until it is discarded.
pub(crate) const fn page(mm: MmId, va: Va) -> Obj {
    Area::Pages.object(pair(mm, va))
}

/// The mms whose memory the page of a handle may be; see [`Heirs`](crate::heir::Heirs).
pub(crate) const fn heirs(variable: VarId) -> Addr {
    Area::Heirs.word(variable)
}

/// A word of the page of a handle, once it may be the memory of no mm.
pub(crate) const fn apart(variable: VarId, word: u8) -> Addr {
    Area::Apart.word(APART * variable + word as usize)
}

/// The mms that may have parted from the page of a handle, as [`Heirs`](crate::heir::Heirs) has them.
pub(crate) const fn parted(variable: VarId) -> Addr {
    Area::Apart.word(APART * variable + mmu::DATA_WORDS as usize)
}

/// The first address of the memory on which the handle in a variable was taken, plus one; noted only where `mremap` moves memory.
pub(crate) const fn kept_home(variable: VarId) -> Addr {
    Area::Apart.word(APART * variable + mmu::DATA_WORDS as usize + 1)
}

const APART: usize = mmu::DATA_WORDS as usize + 2;

/// The next sample for a reader of a handle's history.
pub(crate) const fn sample(nth: usize) -> Addr {
    Area::Samples.word(nth)
}

/// The `nth` page that has taken the place of another one in an earlier part of a scenario.
pub(crate) const fn fresh(nth: usize) -> Obj {
    Area::Fresh.object(nth as u16)
}

/// Whether a page has taken the place of another one.
pub(crate) fn is_fresh(page: Obj) -> bool {
    page.owner().is_some() || page.arena() == Arena::typed(Area::Fresh as u8)
}

/// A word of the page of a handle, as its reader has it for the next read.
pub(crate) const fn snapshot(variable: VarId, word: u8) -> Addr {
    Area::Snapshots.word(mmu::DATA_WORDS as usize * variable + word as usize)
}

/// The lock of the notes about an address in all mms.
pub(crate) const fn content_lock(va: Va) -> Addr {
    Area::Locks.word(va)
}

/// The number of page copies that were needed.
pub(crate) const COPIES: Addr = Area::Needed.word(0);
/// The number of page faults that were needed.
pub(crate) const FAULTS: Addr = Area::Needed.word(1);

/// The content of an mm at an address, for counting needed copies.
pub(crate) const fn content(mm: MmId, va: Va) -> Addr {
    Area::Contents.word(pair(mm, va) as usize)
}

/// The content to which the handle in a variable refers, for counting needed copies.
pub(crate) const fn content_held(variable: VarId) -> Addr {
    Area::Held.word(variable)
}

/// The objects that counting uses.
pub(crate) fn needed_objects(world: &World) -> impl Iterator<Item = Obj> {
    let contents = (0..world.mms.len()).flat_map(|mm| (0..world.areas.len()).map(move |va| pair(mm, va)));
    let contents = contents.max().map_or(0, |last| usize::from(last) + 1);
    let lists = [Area::Locks.list(world.areas.len()), Area::Contents.list(contents)];
    let lists = lists.into_iter().chain([Area::Needed.list(2), Area::Held.list(world.variables.len())]);
    lists.flatten()
}

/// The objects that [`heirs`], [`apart`], [`parted`], [`sample`] and [`snapshot`] use.
pub(crate) fn objects(world: &World, samples: usize) -> impl Iterator<Item = Obj> {
    let variables = world.variables.len();
    let words = usize::from(mmu::DATA_WORDS) * variables;
    let lists = [Area::Heirs.list(variables), Area::Samples.list(samples)];
    let pages = [Area::Apart.list(APART * variables), Area::Snapshots.list(words)];
    lists.into_iter().flatten().chain(pages.into_iter().flatten())
}
