//! Swap slots: `swap_map` and the swap cache (`mm/swapfile.c`, `mm/swap_state.c`, v5.7 to v6.15).

use cowrace_machine::{Addr, Obj, encode};

use super::structure::structure;
use super::{Format, Type};

/// A swap slot, as a swap entry names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwpEntry(pub u8);
encode!(struct SwpEntry(slot));

structure! {
    SwpEntry in Swap, at Addr {
        /// `swap_map`: references by swap PTEs.
        count: "swap_map", Swap, Format::Number;
        /// The slot's place in the swap cache: a page's number, or 0. Stands for `SWAP_HAS_CACHE` as well.
        cache: "swap cache", Swap, Format::Page;
    }
    [
        /// A word of what is on the device.
        data: "data", Swap, Format::Number
    ]
}

impl SwpEntry {
    /// The object.
    #[must_use]
    pub const fn obj(self) -> Obj {
        Type::Swap.object(self.0 as u16)
    }

    const fn word(self, word: u8) -> Addr {
        Addr::new(self.obj(), word)
    }
}
