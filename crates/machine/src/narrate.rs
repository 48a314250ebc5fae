//! Events for readers of an execution: typed data with names instead of objects and words.

use cowrace_report::{Access, Amount, Change, Maps, Owner, Page, Pte, Translation, UserAccess, UserOutcome};
use cowrace_report::{Value, Word};

use crate::{Addr, Answer, Memory, Obj, Op, Request, mmu};

/// A request that was executed, or that is blocked.
#[derive(Clone, Copy, Debug)]
pub struct Narration<'e> {
    /// The request.
    pub request: &'e Request,
    /// The answer.
    pub answer: Answer,
    /// Words that changed, with old and new values.
    pub changes: &'e [(Addr, u64, u64)],
}

/// Names words, values, pages and actors. The default names are numbers. Only replay uses it.
pub trait Narrate: Send + Sync {
    /// The name of a word.
    fn word(&self, addr: Addr) -> Word {
        let (of, nth) = (Owner::Object(format!("{:?}", addr.obj())), Some(addr.word()));
        Word { of, field: "word".into(), nth, kind: cowrace_report::Kind::Other }
    }

    /// The value of a word.
    fn value(&self, _: Addr, bits: u64) -> Value {
        Value::Number(bits)
    }

    /// The amount that an addition adds to a word; it is given in two's complement.
    fn amount(&self, _: Addr, added: u64) -> Amount {
        Amount { plain: added as i64, inactive: 0 }
    }

    /// An entry of a page table or a TLB.
    fn pte(&self, bits: u64) -> Pte {
        let maps = if bits == 0 { Maps::Nothing } else { Maps::Page(Page::Numbered(bits)) };
        Pte { maps, ..Pte::default() }
    }

    /// An object that is allocated or freed.
    fn page(&self, obj: Obj) -> Page {
        Page::Numbered(obj.pfn())
    }

    /// An actor.
    fn actor(&self, actor: u8) -> String {
        format!("actor {actor}")
    }

    /// The contents of memory that are not zero. By default nothing is listed.
    fn words(&self, _: &Memory) -> Vec<(Word, Value)> {
        Vec::new()
    }

    /// The scenario's variables, by name.
    fn variables(&self, _: &Memory) -> Vec<(String, Value)> {
        Vec::new()
    }
}

/// Names everything by its number: for programs whose executions are not shown to readers.
#[derive(Clone, Copy, Debug)]
pub struct Numbers;

impl Narrate for Numbers {}

impl dyn Narrate + '_ {
    /// The words that a request changed.
    #[must_use]
    pub fn changes(&self, changes: &[(Addr, u64, u64)]) -> Vec<Change> {
        let change = |&(addr, from, to): &(Addr, u64, u64)| Change {
            word: self.word(addr),
            from: self.value(addr, from),
            to: self.value(addr, to),
        };
        changes.iter().map(change).collect()
    }

    /// A request and its answer.
    #[must_use]
    pub fn access(&self, event: &Narration<'_>) -> Access {
        let Answer { value: answer, ok: done } = event.answer;
        let word = |addr: Addr| self.word(addr);
        match event.request.op {
            Op::Load { addr, .. } => Access::Load { word: word(addr), value: self.value(addr, answer) },
            Op::Store { addr, value } => Access::Store { word: word(addr), value: self.value(addr, value) },
            Op::Xchg { addr, value } => {
                let (value, old) = (self.value(addr, value), self.value(addr, answer));
                Access::Exchange { word: word(addr), value, old }
            }
            Op::Add { addr, value, .. } => Access::Add { word: word(addr), amount: self.amount(addr, value) },
            Op::SubAndTest { addr, value } => {
                Access::SubtractAndTest { word: word(addr), amount: value, zero: done }
            }
            Op::AddUnless { addr, value, .. } => Access::AddUnless { word: word(addr), amount: value, done },
            Op::CmpXchg { addr, old, new } => {
                let (old, new) = (self.value(addr, old), self.value(addr, new));
                Access::CompareExchange { word: word(addr), old, new, done }
            }
            Op::Or { addr, set, .. } => Access::Set { word: word(addr), flags: self.flags(addr, set) },
            Op::And { addr, clear, .. } => Access::Clear { word: word(addr), flags: self.flags(addr, clear) },
            Op::Lock { addr, .. } | Op::ReadLock { addr } | Op::WriteLock { addr } => {
                Access::Lock { word: word(addr) }
            }
            Op::Trylock { addr, .. } | Op::TryReadLock { addr } => Access::Trylock { word: word(addr), done },
            Op::Unlock { addr, .. } | Op::ReadUnlock { addr } | Op::WriteUnlock { addr } => {
                Access::Unlock { word: word(addr) }
            }
            Op::Downgrade { addr } => Access::Downgrade { word: word(addr) },
            Op::SectionBegin { addr } => Access::SectionBegin { word: word(addr) },
            Op::SectionEnd { addr } => Access::SectionEnd { word: word(addr) },
            Op::Await { addr, .. } => Access::Await { word: word(addr) },
            Op::Join { actor } => Access::Join { actor: self.actor(actor) },
            Op::Barrier { .. } => Access::Barrier,
            Op::Fence => Access::Fence,
            Op::Alloc { obj, .. } => Access::Allocate { page: self.page(obj) },
            Op::Free { obj } => match word(Addr::new(obj, 0)).of {
                Owner::Vma { mm, area } => Access::FreeVma { mm, area },
                _ => Access::Free { page: self.page(obj) },
            },
            Op::Choose { n } => Access::Choose { choice: answer, of: n },
            Op::User(access) => {
                let walked = event.changes.iter().any(|change| change.0 == access.tlb);
                let by = if walked { Translation::Walk } else { Translation::Tlb };
                // A walk without a page table is refused by the entry above.
                let (entry, bits) = match access.directory {
                    Some(directory) if !done && answer == mmu::NO_TABLE => (directory, 0),
                    _ => (access.pte, answer),
                };
                let outcome = match done {
                    true => UserOutcome::Done { value: answer, by },
                    false => match self.pte(bits) {
                        Pte { maps: Maps::Table, .. } => UserOutcome::Table,
                        pte => UserOutcome::PageFault { pte },
                    },
                };
                let (pte, nth) = (word(entry), access.word);
                Access::User(UserAccess { pte, nth, store: access.store, outcome })
            }
            Op::FlushTlb { tlb, entries } => {
                let words = (0..Obj::WORDS).filter(|word| entries & (1 << word) != 0);
                Access::FlushTlb { entries: words.map(|nth| word(Addr::new(tlb, nth))).collect() }
            }
        }
    }

    /// The names of bits of a word, if it has names for them.
    fn flags(&self, addr: Addr, bits: u64) -> Vec<std::borrow::Cow<'static, str>> {
        match self.value(addr, bits) {
            Value::Flags(flags) => flags,
            _ => Vec::new(),
        }
    }
}
