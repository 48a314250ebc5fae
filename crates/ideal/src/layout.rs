//! Words of ideal memory. Variables, page tables and TLBs lie where the model of the kernel has them; pages are
//! others, one for each mm and address, and never shared.

use cowrace_machine::{Addr, Obj};
use cowrace_mm::world::{MAX_AREAS, MmId, Va, VarId};

/// Whose objects these are: nobody's, so that they are not what an actor allocates.
const PAGES: u8 = 20;
const WORDS: u8 = 21;
const NEEDED: u8 = 22;
/// The object with a word for each variable that keeps a handle.
const HEIRS: Obj = Obj::allocated(WORDS, 0);

/// PTE: what is there may be discarded as long as nobody has written to it.
pub(crate) const LAZY: u64 = 1 << 8;
/// PTE: what is there is not the owner's own until it is written to: the zero page, or a page of a file.
pub(crate) const SHARED: u64 = 1 << 10;
/// PTE: userfaultfd protects it from being written.
pub(crate) const UFFD_WP: u64 = 1 << 9;

/// The page of an mm at an address, until it is discarded.
pub(crate) const fn page(mm: MmId, va: Va) -> Obj {
    Obj::allocated(PAGES, (mm * MAX_AREAS + va) as u8)
}

/// The child whose memory a handle becomes when it is forked, plus one; 0 for none.
pub(crate) const fn heir(variable: VarId) -> Addr {
    Addr::new(HEIRS, variable as u8)
}

/// What a reader of a handle's history gets next.
pub(crate) const fn sample(nth: usize) -> Addr {
    let words = Obj::WORDS as usize;
    Addr::new(Obj::allocated(WORDS, (1 + nth / words) as u8), (nth % words) as u8)
}

/// The lock of what is known of an address in all mms.
pub(crate) const fn content_lock(va: Va) -> Addr {
    Addr::new(Obj::allocated(NEEDED, 0), va as u8)
}

/// Page copies that were needed.
pub(crate) const COPIES: Addr = Addr::new(Obj::allocated(NEEDED, 0), MAX_AREAS as u8);
/// Page faults that were needed.
pub(crate) const FAULTS: Addr = Addr::new(Obj::allocated(NEEDED, 0), MAX_AREAS as u8 + 1);

/// What an mm has at an address, for what is needed.
pub(crate) const fn content(mm: MmId, va: Va) -> Addr {
    Addr::new(Obj::allocated(NEEDED, 2 + mm as u8), va as u8)
}

/// What the handle that a variable keeps refers to, for what is needed.
pub(crate) const fn content_held(variable: VarId) -> Addr {
    Addr::new(Obj::allocated(NEEDED, 1), variable as u8)
}

/// The objects that these use.
pub(crate) fn needed_objects(mms: usize) -> impl Iterator<Item = Obj> {
    (0..2 + mms).map(|nth| Obj::allocated(NEEDED, nth as u8))
}

/// The objects that [`heir`] and [`sample`] use.
pub(crate) fn objects(samples: usize) -> impl Iterator<Item = Obj> {
    let last = 1 + samples.div_ceil(Obj::WORDS as usize);
    (0..last).map(|nth| Obj::allocated(WORDS, nth as u8))
}
