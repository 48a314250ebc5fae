//! Executes requests, word by word.
//!
//! This is written from the meaning of the operations and not from their implementation in
//! [`Memory`](cowrace_machine::Memory), so that each can reveal mistakes of the other.

use cowrace_machine::{Addr, Answer, Cond, Fault, Obj, Op, Request, Used, UserAccess, mmu};

use crate::Change;

const WRITER: u64 = 1 << 63;

/// Access to words on behalf of one request.
pub(crate) trait Words {
    /// Changes a word and returns its old value. All changes of one request are one step.
    fn change(&mut self, addr: Addr, change: Change) -> u64;

    /// The newest value of a word, without an access.
    fn newest(&self, addr: Addr) -> u64;

    /// Notes that the request brings an object to life.
    fn born(&mut self, obj: Obj);
}

/// The result of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Performed {
    /// It was executed.
    Done(Answer, Option<Fault>),
    /// It has to wait until this word is written.
    Wait(Addr),
}

use Performed::{Done, Wait};

const fn yes(value: u64) -> Performed {
    Done(Answer { value, ok: true }, None)
}

const fn whether(ok: bool) -> Performed {
    Done(Answer { value: 0, ok }, None)
}

/// Executes a request. Joins, barriers, choices and fences do not concern memory and are not handled here.
pub(crate) fn perform(words: &mut impl Words, request: &Request) -> Performed {
    let mut run = Run { words, speculative: request.speculative, fault: None };
    match run.op(&request.op) {
        Done(answer, fault) => Done(answer, fault.or(run.fault)),
        wait @ Wait(_) => wait,
    }
}

/// The result for a lock that was taken or released as a whole: the object to which it belongs should be alive.
pub(crate) fn locked(words: &mut impl Words, addr: Addr) -> Option<Fault> {
    let alive = words.change(Addr::life(addr.obj()), Change::Read) != 0;
    (!alive).then_some(Fault::Dead(addr.obj()))
}

struct Run<'w, W> {
    words: &'w mut W,
    speculative: bool,
    fault: Option<Fault>,
}

impl<W: Words> Run<'_, W> {
    fn op(&mut self, op: &Op) -> Performed {
        match *op {
            Op::Load { addr, mask } => yes(self.touch(addr, Change::Load) & mask),
            Op::Store { addr, value } => yes(self.touch(addr, Change::Store(value))),
            Op::Xchg { addr, value } => yes(self.touch(addr, Change::Swap(value))),
            Op::Add { addr, value, used } => self.add(addr, value, used),
            Op::And { addr, clear, used } => {
                let old = self.touch(addr, Change::And(!clear));
                told(used, old, old & !clear)
            }
            Op::Or { addr, set, used } => {
                let old = self.touch(addr, Change::Or(set));
                told(used, old, old | set)
            }
            Op::CmpXchg { addr, old, new } => {
                let found = self.touch(addr, Change::CmpXchg(old, new));
                Done(Answer { value: 0, ok: found == old }, None)
            }
            Op::AddUnless { addr, value, unless } => {
                let old = self.touch(addr, Change::Read);
                if old != unless {
                    self.words.change(addr, Change::Add(value));
                }
                Done(Answer { value: 0, ok: old != unless }, None)
            }
            Op::SubAndTest { addr, value } => {
                let new = self.touch(addr, Change::Add(value.wrapping_neg())).wrapping_sub(value);
                self.counts(addr, new);
                Done(Answer { value: 0, ok: new == 0 }, None)
            }
            Op::Choose { .. } | Op::Join { .. } | Op::Barrier { .. } | Op::Fence => yes(0),
            Op::Alloc { obj, word, value } => self.alloc(obj, word, value),
            Op::Free { obj } => {
                if self.words.change(Addr::life(obj), Change::Swap(0)) == 0 {
                    self.fault = Some(Fault::Twice(obj));
                }
                yes(0)
            }
            Op::User(access) => self.user(access),
            Op::FlushTlb { tlb, entries } => {
                for word in (0..Obj::WORDS).filter(|word| entries & (1 << word) != 0) {
                    self.touch(Addr::new(tlb, word), Change::Swap(0));
                }
                yes(0)
            }
            Op::Await { addr, cond } => {
                // An attempt that is bound to fail would be an access on whose order nothing depends.
                if !cond.met(self.words.newest(addr)) {
                    return Wait(addr);
                }
                let word = self.touch(addr, Change::Read);
                yes(word & if let Cond::AnySet(mask) = cond { mask } else { u64::MAX })
            }
            Op::SectionBegin { addr } => self.section(addr, true),
            Op::SectionEnd { addr } => self.section(addr, false),
            ref lock => self.lock(lock),
        }
    }

    fn lock(&mut self, op: &Op) -> Performed {
        match *op {
            Op::Lock { addr, bit } => {
                if self.touch(addr, Change::Or(bit)) & bit != 0 {
                    return Wait(addr);
                }
                yes(0)
            }
            Op::Trylock { addr, bit } => {
                let held = self.touch(addr, Change::Or(bit)) & bit;
                Done(Answer { value: held, ok: held == 0 }, None)
            }
            Op::Unlock { addr, bit } => {
                let old = self.touch(addr, Change::And(!bit));
                self.held(addr, old & bit == bit)
            }
            Op::ReadLock { addr } => {
                if self.read_lock(addr) {
                    yes(0)
                } else {
                    Wait(addr)
                }
            }
            Op::TryReadLock { addr } => whether(self.read_lock(addr)),
            Op::ReadUnlock { addr } => {
                let old = self.touch(addr, Change::Leave);
                self.held(addr, old & !WRITER != 0)
            }
            Op::WriteLock { addr } => {
                if self.touch(addr, Change::CmpXchg(0, WRITER)) != 0 {
                    return Wait(addr);
                }
                yes(0)
            }
            Op::WriteUnlock { addr } => {
                let old = self.touch(addr, Change::And(!WRITER));
                self.held(addr, old & WRITER != 0)
            }
            Op::Downgrade { addr } => {
                let old = self.touch(addr, Change::Add(WRITER + 1));
                self.held(addr, old & WRITER != 0)
            }
            _ => yes(0),
        }
    }

    fn read_lock(&mut self, addr: Addr) -> bool {
        let free = self.touch(addr, Change::Read) & WRITER == 0;
        if free {
            self.words.change(addr, Change::Enter);
        }
        free
    }

    fn add(&mut self, addr: Addr, value: u64, used: Used) -> Performed {
        let change = if used == Used::Nothing { Change::Count(value) } else { Change::Add(value) };
        let old = self.touch(addr, change);
        let new = old.wrapping_add(value);
        if (value as i64) < 0 {
            self.counts(addr, new);
        }
        told(used, old, new)
    }

    /// The result for a count that was lowered.
    fn counts(&mut self, addr: Addr, new: u64) {
        if (new as i64) < 0 {
            self.fault = Some(Fault::Underflow(addr));
        }
    }

    fn held(&mut self, addr: Addr, held: bool) -> Performed {
        if !held {
            self.fault = Some(Fault::NotHeld(addr));
        }
        yes(0)
    }

    fn section(&mut self, addr: Addr, begins: bool) -> Performed {
        let old = self.touch(addr, Change::Add(1));
        self.held(addr, (old & 1 == 0) == begins)
    }

    fn alloc(&mut self, obj: Obj, word: u8, value: u64) -> Performed {
        self.words.born(obj);
        if self.words.change(Addr::life(obj), Change::Swap(1)) != 0 {
            self.fault = Some(Fault::Twice(obj));
        }
        for nth in 0..Obj::WORDS {
            let (addr, value) = (Addr::new(obj, nth), if nth == word { value } else { 0 });
            // Every other write of the word depends on the object's life word, which is written in any case.
            if self.words.newest(addr) != value {
                self.words.change(addr, Change::Swap(value));
            }
        }
        yes(0)
    }

    /// A load or store by user space. A hit uses the TLB entry as it is; a miss walks, fills the entry and
    /// marks the PTE accessed, for a store dirty.
    fn user(&mut self, UserAccess { tlb, pte, directory, page, word, store }: UserAccess) -> Performed {
        let (rights, marks) = match store {
            None => (mmu::PRESENT, mmu::ACCESSED),
            Some(_) => (mmu::PRESENT | mmu::WRITE, mmu::ACCESSED | mmu::DIRTY),
        };
        let hit = if store.is_some() { rights | mmu::DIRTY } else { rights };
        let mut entry = self.touch(tlb, Change::Read);
        if entry & hit != hit {
            let has_table = directory.is_none_or(|directory| self.touch(directory, Change::Read) != 0);
            let old = if has_table { self.touch(pte, Change::Read) } else { mmu::NO_TABLE };
            if old & rights != rights {
                if entry != 0 {
                    self.words.change(tlb, Change::Swap(0));
                }
                return Done(Answer { value: old, ok: false }, None);
            }
            let walked = old | marks;
            if walked != old {
                self.words.change(pte, Change::Swap(walked));
            }
            let number = mmu::pfn_bits(mmu::page(walked));
            entry = number | walked & (mmu::PRESENT | mmu::WRITE | mmu::ACCESSED | mmu::DIRTY);
            self.words.change(tlb, Change::Swap(entry));
        }
        let data = mmu::data(mmu::page(entry).after(page), word);
        match store {
            None => yes(self.touch(data, Change::Read)),
            Some(value) => yes(self.touch(data, Change::Swap(value))),
        }
    }

    /// Changes a word of an object that should be alive. A speculative access may hit a dead one, but the result of a
    /// write still depends on whether an allocation wipes it.
    fn touch(&mut self, addr: Addr, change: Change) -> u64 {
        let old = self.words.change(addr, change);
        let reads = matches!(change, Change::Load | Change::Read);
        if !(self.speculative && reads) {
            let alive = self.words.change(Addr::life(addr.obj()), Change::Read) != 0;
            if !alive && !self.speculative {
                self.fault = Some(Fault::Dead(addr.obj()));
            }
        }
        old
    }
}

/// The answer to the actor: only what it uses.
const fn told(used: Used, old: u64, new: u64) -> Performed {
    match used {
        Used::Nothing => yes(0),
        Used::IsZero => whether(new == 0),
        Used::All => yes(old),
    }
}
