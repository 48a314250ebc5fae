//! Footprints: which bits of which words an executed request touched, and how.

use crate::Addr;

/// How bits were touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Read.
    Read,
    /// Written, or read and written.
    Write,
    /// Added to, with the result unused: additions commute with each other.
    Add,
}

/// One word of a footprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Access {
    /// The word.
    pub addr: Addr,
    /// The bits.
    pub mask: u64,
    /// The kind of access.
    pub kind: Kind,
}

impl Access {
    /// Whether the order of two accesses can matter.
    #[must_use]
    pub const fn conflicts(&self, other: &Self) -> bool {
        self.addr.index() == other.addr.index()
            && self.mask & other.mask != 0
            && !matches!((self.kind, other.kind), (Kind::Read, Kind::Read) | (Kind::Add, Kind::Add))
    }
}

/// Everything that an executed request touched.
#[derive(Clone, Copy, Debug)]
pub struct Footprint {
    accesses: [Access; Self::MAX],
    len: u8,
}

impl Footprint {
    /// The number of words that one request can touch: an allocation touches all words of an object and its life word.
    pub const MAX: usize = 16;

    /// The empty footprint.
    pub const EMPTY: Self = Self {
        accesses: [Access { addr: Addr::life(crate::Obj::NULL), mask: 0, kind: Kind::Read }; Self::MAX],
        len: 0,
    };

    /// A footprint of these accesses.
    ///
    /// # Panics
    ///
    /// If there are more than [`Self::MAX`] accesses, which no operation can cause.
    #[must_use]
    pub fn of(accesses: &[Access]) -> Self {
        let mut footprint = Self::EMPTY;
        footprint.accesses[..accesses.len()].copy_from_slice(accesses);
        footprint.len = accesses.len() as u8;
        footprint
    }

    /// The accesses.
    #[must_use]
    pub fn accesses(&self) -> &[Access] {
        &self.accesses[..self.len as usize]
    }

    /// Whether the order of two requests with these footprints can matter.
    #[must_use]
    pub fn conflicts(&self, other: &Self) -> bool {
        self.accesses().iter().any(|a| other.accesses().iter().any(|b| a.conflicts(b)))
    }
}
