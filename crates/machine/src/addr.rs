//! Names of memory: objects, words in them, and values that remember where they came from.

use std::fmt;

/// Something with a lifetime, made of up to [`Obj::WORDS`] words: a page, an mm, a page table, a TLB.
///
/// An object is named by who allocated it and which of that actor's allocations it was, so that two
/// allocations never conflict by themselves and a name means the same in every interleaving.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Obj(u16);

impl Obj {
    /// Words that an object may have.
    pub const WORDS: u8 = 15;
    /// Objects that one owner may allocate.
    pub const PER_OWNER: u8 = 128;
    /// No object; its words hold the scenario's variables.
    pub const NULL: Self = Self(0);

    /// The `nth` object of the initial state.
    #[must_use]
    pub const fn boot(nth: u8) -> Self {
        assert!(nth < Self::PER_OWNER);
        Self(nth as u16)
    }

    /// The `nth` object that `actor` allocates.
    #[must_use]
    pub const fn allocated(actor: u8, nth: u8) -> Self {
        assert!(nth < Self::PER_OWNER);
        Self((actor as u16 + 1) * Self::PER_OWNER as u16 + nth as u16)
    }

    /// The actor that allocated the object; `None` for one of the initial state.
    #[must_use]
    pub const fn owner(self) -> Option<u8> {
        match self.0 / Self::PER_OWNER as u16 {
            0 => None,
            owner => Some(owner as u8 - 1),
        }
    }

    /// Which of its owner's objects it is.
    #[must_use]
    pub const fn nth(self) -> u8 {
        (self.0 % Self::PER_OWNER as u16) as u8
    }

    /// The number that stands for the object in a PTE or a variable.
    #[must_use]
    pub const fn pfn(self) -> u64 {
        self.0 as u64
    }

    /// The object that a number taken from memory stands for.
    #[must_use]
    pub const fn from_pfn(pfn: u64) -> Self {
        Self(pfn as u16)
    }
}

impl fmt::Debug for Obj {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.owner() {
            None => write!(f, "boot{}", self.nth()),
            Some(actor) => write!(f, "a{actor}.{}", self.nth()),
        }
    }
}

/// A word: an object and the index of the word in it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Addr(u32);

impl Addr {
    /// Word `word` of `obj`.
    #[must_use]
    pub const fn new(obj: Obj, word: u8) -> Self {
        assert!(word < Obj::WORDS);
        Self(((obj.0 as u32) << 4) | word as u32)
    }

    /// The word that says whether `obj` is alive. Engines meet it in footprints; models never name it.
    #[must_use]
    pub const fn life(obj: Obj) -> Self {
        Self(((obj.0 as u32) << 4) | Obj::WORDS as u32)
    }

    /// The object.
    #[must_use]
    pub const fn obj(self) -> Obj {
        Obj((self.0 >> 4) as u16)
    }

    /// The index of the word.
    #[must_use]
    pub const fn word(self) -> u8 {
        (self.0 & 15) as u8
    }

    /// A dense index over all words of all objects.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The word that has an index.
    #[must_use]
    pub const fn at(index: usize) -> Self {
        Self(index as u32)
    }
}

impl fmt::Debug for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}[{}]", self.obj(), self.word())
    }
}

/// The load of this actor that a value came from: its number among the actor's requests, from 1.
/// Zero means that no load was involved. Weak memory needs it for address and data dependencies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Dep(pub u32);

/// A value read from memory, and the load that it came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Value {
    /// The bits of the word.
    pub bits: u64,
    /// The load.
    pub dep: Dep,
}

impl From<u64> for Value {
    fn from(bits: u64) -> Self {
        Self { bits, dep: Dep::default() }
    }
}

/// A word to be accessed, and the load that its address came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The word.
    pub addr: Addr,
    /// The load that told which word.
    pub dep: Dep,
}

impl From<Addr> for Place {
    fn from(addr: Addr) -> Self {
        Self { addr, dep: Dep::default() }
    }
}
