//! Sequentially consistent memory: executes requests one at a time and can undo them.

use crate::request::{Answer, Cond, Op, Request, Used};
use crate::{Access, Addr, Footprint, Kind, Obj, Prim, UserAccess, mmu};

/// The writer's bit of a reader/writer lock; the bits below count readers.
const WRITER: u64 = 1 << 63;
const READERS: u64 = !WRITER;
const ALL: u64 = u64::MAX;

/// The life word of an object that is alive and may be freed; that of a dead one is 0.
pub const ALIVE: u64 = 1;

/// The life word of an object that is never freed.
pub const FOR_GOOD: u64 = 2;

/// If this is among the counts that are near zero, the order in which a flush reaches CPUs makes a difference.
pub const FLUSH_ORDER: Addr = Addr::life(Obj::NULL);

/// Like [`FLUSH_ORDER`], for the order in which the batches of CPUs are drained.
pub const DRAIN_ORDER: Addr = Addr::life(Obj::boot(1));

/// If this is among the counts that are near zero, all counts are. It does not include orders.
pub const ALL_COUNTS: Addr = Addr::life(Obj::boot(2));

/// Whether it denotes an order, and not a count.
#[must_use]
pub fn is_order(addr: Addr) -> bool {
    [FLUSH_ORDER, DRAIN_ORDER].contains(&addr)
}

/// The entry among the counts that are near zero which says that a choice makes a difference; `None` for choices whose
/// values are always all explored.
const fn order(prim: Prim) -> Option<Addr> {
    match prim {
        Prim::FlushOrder => Some(FLUSH_ORDER),
        Prim::DrainOrder => Some(DRAIN_ORDER),
        _ => None,
    }
}

/// Words that small programs have, so that making them takes one allocation.
const ROOM: usize = 4096;

/// What memory itself finds wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An object was accessed after it was freed (or before it was allocated).
    Dead(Obj),
    /// A count went below zero.
    Underflow(Addr),
    /// A lock was released that was not held: a defect of the model.
    NotHeld(Addr),
    /// An object was allocated twice or freed twice, or an object that is never freed was freed.
    Twice(Obj),
}

/// How to undo one request.
#[derive(Clone, Copy, Debug, Default)]
pub struct Undo {
    len: u32,
}

/// What the execution of a request did.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    /// The answer.
    pub answer: Answer,
    /// What the request touched.
    pub footprint: Footprint,
    /// What is wrong with the request, if anything.
    pub fault: Option<Fault>,
    /// How to undo the request; see [`Memory::undo`].
    pub undo: Undo,
}

/// What the execution of a request did, without its footprint.
#[derive(Clone, Copy, Debug)]
pub struct Effect {
    /// The answer.
    pub answer: Answer,
    /// What is wrong with the request, if anything.
    pub fault: Option<Fault>,
    /// How to undo the request; see [`Memory::undo`].
    pub undo: Undo,
}

/// All words of all objects.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    words: Vec<u64>,
    journal: Vec<(u32, u64)>,
    /// The counts that are not assumed to be far from zero; `None` if no count is.
    near: Option<Vec<Addr>>,
}

impl Memory {
    /// Memory with no objects except the null object, whose words are the variables.
    #[must_use]
    pub fn new() -> Self {
        let mut memory = Self { words: Vec::with_capacity(ROOM), ..Self::default() };
        memory.create_for_good(Obj::NULL);
        memory
    }

    /// Brings an object of the initial state to life.
    pub fn create(&mut self, obj: Obj) {
        self.set(Addr::life(obj), ALIVE);
    }

    /// Brings an object of the initial state to life that is never freed. So nothing depends on its life word, and
    /// footprints omit that word.
    pub fn create_for_good(&mut self, obj: Obj) {
        self.set(Addr::life(obj), FOR_GOOD);
    }

    /// Reads a word, outside any execution.
    #[must_use]
    pub fn get(&self, addr: Addr) -> u64 {
        self.words.get(addr.index()).copied().unwrap_or(0)
    }

    /// Writes a word of the initial state.
    pub fn set(&mut self, addr: Addr, value: u64) {
        if addr.index() >= self.words.len() {
            self.words.resize(addr.index() + 16, 0);
        }
        self.words[addr.index()] = value;
    }

    /// Assumes that counts other than `near` are far from zero. In footprints, a `SubAndTest` that does not reach zero
    /// and an `AddUnless` zero that adds are then plain additions, so that they commute. The assumption is valid only
    /// as long as no order of them reaches zero, which the caller must ensure.
    pub fn assume_far_from_zero(&mut self, near: Vec<Addr>) {
        self.near = Some(near);
    }

    /// Whether a count is assumed to be far from zero.
    #[must_use]
    pub fn is_far_from_zero(&self, addr: Addr) -> bool {
        let is_near =
            |near: &Vec<Addr>| near.contains(&addr) || !is_order(addr) && near.contains(&ALL_COUNTS);
        self.near.as_ref().is_some_and(|near| !is_near(near))
    }

    /// How many of the `n` values of a choice must be explored.
    #[must_use]
    pub fn choices(&self, prim: Prim, n: u32) -> u32 {
        if self.makes_no_difference(prim) { 1 } else { n.max(1) }
    }

    /// Whether a choice is assumed to make no difference. This is assumed of the order of a flush or a drain while
    /// counts are assumed to be far from zero and [`FLUSH_ORDER`] or [`DRAIN_ORDER`] is not among the exceptions. The
    /// assumption is valid only as long as nothing is passed from a CPU that has been reached to one that has not,
    /// which the caller must ensure.
    #[must_use]
    pub fn makes_no_difference(&self, prim: Prim) -> bool {
        order(prim).is_some_and(|order| self.is_far_from_zero(order))
    }

    /// Whether an object is alive.
    #[must_use]
    pub fn alive(&self, obj: Obj) -> bool {
        self.get(Addr::life(obj)) != 0
    }

    /// Whether an object is never freed.
    #[must_use]
    pub fn is_for_good(&self, obj: Obj) -> bool {
        self.get(Addr::life(obj)) == FOR_GOOD
    }

    /// Every word that is not zero, by index: the state, for comparisons. The life words are included.
    pub fn nonzero(&self) -> impl Iterator<Item = (usize, u64)> + '_ {
        self.words.iter().copied().enumerate().filter(|&(_, w)| w != 0)
    }

    /// Whether a request can be executed now, as far as memory is concerned. `Join` and `Barrier` depend
    /// on the other actors, which the engine knows.
    #[must_use]
    pub fn ready(&self, op: &Op) -> bool {
        match *op {
            Op::Lock { addr, bit } => self.get(addr) & bit == 0,
            Op::ReadLock { addr } => self.get(addr) & WRITER == 0,
            Op::WriteLock { addr } => self.get(addr) == 0,
            Op::Await { addr, cond } => cond.met(self.get(addr)),
            _ => true,
        }
    }

    /// Undoes the last request that was executed and has not been undone yet.
    pub fn undo(&mut self, undo: Undo) {
        for _ in 0..undo.len {
            if let Some((index, old)) = self.journal.pop() {
                self.words[index as usize] = old;
            }
        }
    }

    /// Undoes everything that was executed since it was last forgotten how to.
    pub fn restore(&mut self) {
        while let Some((index, old)) = self.journal.pop() {
            self.words[index as usize] = old;
        }
    }

    /// Forgets how to undo what was executed so far.
    pub fn keep(&mut self) {
        self.journal.clear();
    }

    fn write(&mut self, addr: Addr, value: u64) {
        let index = addr.index();
        if index >= self.words.len() {
            self.words.resize(index + 16, 0);
        }
        self.journal.push((index as u32, self.words[index]));
        self.words[index] = value;
    }

    /// Executes a request that is [`ready`](Self::ready).
    pub fn execute(&mut self, request: &Request) -> Done {
        let mut touched = Vec::with_capacity(4);
        let Effect { answer, fault, undo } = self.execute_noting(request, &mut touched);
        Done { answer, footprint: Footprint::of(&touched), fault, undo }
    }

    /// Like [`execute`](Self::execute), but appends the accesses to `touched`.
    pub fn execute_noting(&mut self, request: &Request, touched: &mut Vec<Access>) -> Effect {
        let start = self.journal.len();
        let first = touched.len();
        let speculative = request.speculative;
        let mut run = Run { memory: self, touched, first, fault: None, speculative };
        let answer = run.op(&request.op);
        let fault = run.fault;
        Effect { answer, fault, undo: Undo { len: (self.journal.len() - start) as u32 } }
    }
}

/// One execution of one request.
struct Run<'m> {
    memory: &'m mut Memory,
    touched: &'m mut Vec<Access>,
    /// Where this request's accesses start.
    first: usize,
    /// The first fault counts. The test for a dead object comes first, since the values of its words may depend on the
    /// order.
    fault: Option<Fault>,
    speculative: bool,
}

impl Run<'_> {
    fn op(&mut self, op: &Op) -> Answer {
        match *op {
            Op::Load { addr, mask } => yes(self.touch(addr, mask, Kind::Read) & mask),
            Op::Store { addr, value } | Op::Xchg { addr, value } => yes(self.replace(addr, value)),
            Op::Add { addr, value, used } => {
                let kind = if used == Used::Nothing { Kind::Add } else { Kind::Write };
                let old = self.touch(addr, ALL, kind);
                if (value as i64) < 0 && (old.wrapping_add(value) as i64) < 0 {
                    self.fault.get_or_insert(Fault::Underflow(addr));
                }
                self.memory.write(addr, old.wrapping_add(value));
                result(old, used, old.wrapping_add(value))
            }
            Op::And { addr, clear, used } => {
                let old = self.touch(addr, if used == Used::Nothing { clear } else { ALL }, Kind::Write);
                self.memory.write(addr, old & !clear);
                result(old, used, old & !clear)
            }
            Op::Or { addr, set, used } => {
                let old = self.touch(addr, if used == Used::Nothing { set } else { ALL }, Kind::Write);
                self.memory.write(addr, old | set);
                result(old, used, old | set)
            }
            Op::CmpXchg { addr, old, new } => {
                self.conditional(addr, Kind::Write, |word| (word == old).then_some(new))
            }
            Op::AddUnless { addr, value, unless } => {
                let kind = if unless == 0 { self.counting(addr) } else { Kind::Write };
                self.conditional(addr, kind, |word| (word != unless).then_some(word.wrapping_add(value)))
            }
            Op::SubAndTest { addr, value } => {
                let new = self.word(addr).wrapping_sub(value);
                let kind = if new == 0 { Kind::Write } else { self.counting(addr) };
                self.touch(addr, ALL, kind);
                if (new as i64) < 0 {
                    self.fault.get_or_insert(Fault::Underflow(addr));
                }
                self.memory.write(addr, new);
                Answer { value: 0, ok: new == 0 }
            }
            Op::Lock { addr, bit } | Op::Trylock { addr, bit } => {
                let old = self.word(addr);
                let free = old & bit == 0;
                self.touch(addr, bit, if free { Kind::Write } else { Kind::Read });
                if free {
                    self.memory.write(addr, old | bit);
                }
                Answer { value: old & bit, ok: free }
            }
            Op::Unlock { addr, bit } => {
                let old = self.touch(addr, bit, Kind::Write);
                self.held(addr, old & bit == bit);
                self.memory.write(addr, old & !bit);
                yes(0)
            }
            Op::ReadLock { addr } | Op::TryReadLock { addr } => {
                let old = self.touch(addr, WRITER, Kind::Read);
                let free = old & WRITER == 0;
                if free {
                    self.touch(addr, READERS, Kind::Add);
                    self.memory.write(addr, old + 1);
                }
                Answer { value: 0, ok: free }
            }
            Op::ReadUnlock { addr } => {
                let old = self.touch(addr, READERS, Kind::Add);
                self.held(addr, old & READERS != 0);
                self.memory.write(addr, old.wrapping_sub(1));
                yes(0)
            }
            Op::WriteLock { addr } => {
                self.touch(addr, READERS, Kind::Read);
                let old = self.touch(addr, WRITER, Kind::Write);
                self.memory.write(addr, old | WRITER);
                yes(0)
            }
            Op::WriteUnlock { addr } => {
                let old = self.touch(addr, WRITER, Kind::Write);
                self.held(addr, old & WRITER != 0);
                self.memory.write(addr, old & !WRITER);
                yes(0)
            }
            Op::Downgrade { addr } => {
                let old = self.touch(addr, WRITER, Kind::Write);
                self.touch(addr, READERS, Kind::Add);
                self.held(addr, old & WRITER != 0);
                self.memory.write(addr, (old & !WRITER) + 1);
                yes(0)
            }
            Op::Await { addr, cond } => {
                let mask = if let Cond::AnySet(mask) = cond { mask } else { ALL };
                yes(self.touch(addr, mask, Kind::Read) & mask)
            }
            Op::Join { .. } | Op::Barrier { .. } | Op::Fence => yes(0),
            // The engine answers a choice; the answer is 0 if it does not.
            Op::Choose { .. } => yes(0),
            Op::Alloc { obj, word, value } => {
                let life = Addr::life(obj);
                self.note(life, ALL, Kind::Write);
                if self.word(life) != 0 {
                    self.fault = Some(Fault::Twice(obj));
                }
                if self.memory.is_for_good(obj) {
                    return yes(0);
                }
                for w in 0..Obj::WORDS {
                    let addr = Addr::new(obj, w);
                    let value = if w == word { value } else { 0 };
                    if self.word(addr) != value {
                        self.note(addr, ALL, Kind::Write);
                        self.memory.write(addr, value);
                    }
                }
                self.memory.write(life, ALIVE);
                yes(0)
            }
            Op::Free { obj } => {
                let life = Addr::life(obj);
                self.note(life, ALL, Kind::Write);
                if self.word(life) != 1 {
                    self.fault = Some(Fault::Twice(obj));
                }
                if !self.memory.is_for_good(obj) {
                    self.memory.write(life, 0);
                }
                yes(0)
            }
            Op::SectionBegin { addr } | Op::SectionEnd { addr } => {
                let old = self.touch(addr, ALL, Kind::Write);
                self.held(addr, (old & 1 == 0) == matches!(op, Op::SectionBegin { .. }));
                self.memory.write(addr, old + 1);
                yes(0)
            }
            Op::User(access) => self.user(access),
            Op::FlushTlb { tlb, entries } => {
                for word in 0..Obj::WORDS {
                    if entries & (1 << word) != 0 {
                        self.replace(Addr::new(tlb, word), 0);
                    }
                }
                yes(0)
            }
        }
    }

    /// Translation and data in one step. A hit uses only the TLB entry and does not read the PTE, so an entry can be
    /// stale. A store needs an entry that is writable and dirty, or walks.
    fn user(&mut self, UserAccess { tlb, pte, directory, page, word, store }: UserAccess) -> Answer {
        let entry = self.word(tlb);
        let entry = if mmu::hits(entry, store.is_some()) {
            self.touch(tlb, ALL, Kind::Read);
            entry
        } else {
            self.touch(tlb, ALL, Kind::Write);
            if let Some(directory) = directory
                && self.touch(directory, ALL, Kind::Read) == 0
            {
                self.memory.write(tlb, 0);
                return Answer { value: mmu::NO_TABLE, ok: false };
            }
            let old = self.word(pte);
            let rights = if store.is_some() { mmu::PRESENT | mmu::WRITE } else { mmu::PRESENT };
            if old & rights != rights {
                self.touch(pte, ALL, Kind::Read);
                self.memory.write(tlb, 0);
                return Answer { value: old, ok: false };
            }
            let new = old | mmu::ACCESSED | if store.is_some() { mmu::DIRTY } else { 0 };
            self.touch(pte, ALL, if new == old { Kind::Read } else { Kind::Write });
            if new != old {
                self.memory.write(pte, new);
            }
            let cached =
                new & (mmu::PRESENT | mmu::WRITE | mmu::ACCESSED | mmu::DIRTY | (0xffff << mmu::PFN_SHIFT));
            self.memory.write(tlb, cached);
            cached
        };
        let data = mmu::data(mmu::page(entry).after(page), word);
        match store {
            None => yes(self.touch(data, ALL, Kind::Read)),
            Some(value) => yes(self.replace(data, value)),
        }
    }

    fn note(&mut self, addr: Addr, mask: u64, kind: Kind) {
        self.touched.push(Access { addr, mask, kind });
    }

    fn word(&self, addr: Addr) -> u64 {
        self.memory.get(addr)
    }

    /// Notes an access and returns the word. An access to a dead object is a fault unless it is speculative.
    /// A speculative write still depends on the object's life, since an allocation resets every word.
    fn touch(&mut self, addr: Addr, mask: u64, kind: Kind) -> u64 {
        self.note(addr, mask, kind);
        if !self.speculative || kind != Kind::Read {
            let life = Addr::life(addr.obj());
            let alive = self.word(life);
            if alive != FOR_GOOD && self.touched[self.first..].iter().all(|a| a.addr != life) {
                self.note(life, ALL, Kind::Read);
            }
            if !self.speculative && alive == 0 {
                self.fault = Some(Fault::Dead(addr.obj()));
            }
        }
        self.word(addr)
    }

    fn replace(&mut self, addr: Addr, value: u64) -> u64 {
        let old = self.touch(addr, ALL, Kind::Write);
        self.memory.write(addr, value);
        old
    }

    /// An atomic that may leave the word unchanged, and is a read if it does.
    fn conditional(&mut self, addr: Addr, kind: Kind, new: impl Fn(u64) -> Option<u64>) -> Answer {
        let new = new(self.word(addr));
        self.touch(addr, ALL, if new.is_some() { kind } else { Kind::Read });
        if let Some(new) = new {
            self.memory.write(addr, new);
        }
        Answer { value: 0, ok: new.is_some() }
    }

    /// The kind of access of an operation on a count that moves away from zero or towards it.
    fn counting(&self, addr: Addr) -> Kind {
        if self.memory.is_far_from_zero(addr) { Kind::Add } else { Kind::Write }
    }

    fn held(&mut self, addr: Addr, held: bool) {
        if !held {
            self.fault.get_or_insert(Fault::NotHeld(addr));
        }
    }
}

const fn yes(value: u64) -> Answer {
    Answer { value, ok: true }
}

/// What an actor learns from an atomic: only the part of the result that it has declared to use.
const fn result(old: u64, used: Used, new: u64) -> Answer {
    match used {
        Used::Nothing => yes(0),
        Used::IsZero => Answer { value: 0, ok: new == 0 },
        Used::All => yes(old),
    }
}
