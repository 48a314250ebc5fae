//! Names of memory: objects, the words in them, and values that remember the load they came from.

use std::fmt;

/// A number space for the objects of one kind, like a cache of the kernel's slab allocator.
///
/// The numbers of arenas are interleaved. So arenas never overlap, a number determines its arena, and arenas with few
/// objects take little memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Arena(u16);

impl Arena {
    /// Arenas of the initial state.
    pub const TYPED: u8 = 32;
    /// Arenas of actors, each for the objects that this actor allocates.
    pub const OWNED: u8 = 32;
    /// The number of objects in an arena: as many as fit into 16 bits together with the arena.
    pub const OBJECTS: u16 = u16::MAX / Self::ALL + 1;
    const ALL: u16 = Self::TYPED as u16 + Self::OWNED as u16;

    /// The `nth` arena of the initial state.
    #[must_use]
    pub const fn typed(nth: u8) -> Self {
        assert!(nth < Self::TYPED);
        Self(nth as u16)
    }

    /// The arena of the objects that `actor` allocates.
    #[must_use]
    pub const fn of_actor(actor: u8) -> Self {
        assert!(actor < Self::OWNED);
        Self(Self::TYPED as u16 + actor as u16)
    }

    /// The `nth` object.
    #[must_use]
    pub const fn object(self, nth: u16) -> Obj {
        assert!(nth < Self::OBJECTS);
        Obj(nth * Self::ALL + self.0)
    }

    /// The index among the arenas of the initial state; `None` if it is not one of them.
    #[must_use]
    pub const fn nth_typed(self) -> Option<u8> {
        if self.0 < Self::TYPED as u16 { Some(self.0 as u8) } else { None }
    }
}

/// Something with a lifetime, made of up to [`Obj::WORDS`] words: a page, an mm, a page table, a TLB.
///
/// An object is named by its arena and its number there. An allocated object is in the arena of the actor that
/// allocates it, so that two allocations do not conflict with each other and a name means the same in every
/// interleaving.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Obj(u16);

impl Obj {
    /// The number of words that an object may have.
    pub const WORDS: u8 = 15;
    /// The first object, which always exists.
    pub const NULL: Self = Self::boot(0);

    /// The `nth` object of the first arena.
    #[must_use]
    pub const fn boot(nth: u16) -> Self {
        Arena::typed(0).object(nth)
    }

    /// The `nth` object that `actor` allocates.
    #[must_use]
    pub const fn allocated(actor: u8, nth: u16) -> Self {
        Arena::of_actor(actor).object(nth)
    }

    /// Its arena.
    #[must_use]
    pub const fn arena(self) -> Arena {
        Arena(self.0 % Arena::ALL)
    }

    /// The actor that allocated the object; `None` for one of the initial state.
    #[must_use]
    pub const fn owner(self) -> Option<u8> {
        match self.arena().0.checked_sub(Arena::TYPED as u16) {
            Some(owner) => Some(owner as u8),
            None => None,
        }
    }

    /// Its number in its arena.
    #[must_use]
    pub const fn nth(self) -> u16 {
        self.0 / Arena::ALL
    }

    /// The object that comes `by` places after it in its arena.
    #[must_use]
    pub const fn after(self, by: u8) -> Self {
        Self(self.0 + by as u16 * Arena::ALL)
    }

    /// The number that denotes the object in a PTE or a variable.
    #[must_use]
    pub const fn pfn(self) -> u64 {
        self.0 as u64
    }

    /// The object that a number from memory denotes.
    #[must_use]
    pub const fn from_pfn(pfn: u64) -> Self {
        Self(pfn as u16)
    }
}

impl fmt::Debug for Obj {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.owner() {
            None if self.arena() == Arena(0) => write!(f, "boot{}", self.nth()),
            None => write!(f, "boot{}.{}", self.arena().0, self.nth()),
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

    /// The word that says whether `obj` is alive. It appears in footprints; models never name it.
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

/// The load from which a value came: its number among the actor's requests, from 1. Zero means that no load was
/// involved. Weak memory needs it for address and data dependencies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Dep(pub u32);

/// A value read from memory, and the load from which it came.
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

/// A word to be accessed, and the load from which its address came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The word.
    pub addr: Addr,
    /// The load from which the address came.
    pub dep: Dep,
}

impl From<Addr> for Place {
    fn from(addr: Addr) -> Self {
        Self { addr, dep: Dep::default() }
    }
}
