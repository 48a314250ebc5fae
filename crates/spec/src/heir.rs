//! Heirs: the mms whose memory the page of a writable get may be. It is the owner's until the owner forks. From then on it
//! may be that of each mm that has inherited it, and of several as long as none of them has written; whose it becomes is
//! not promised.

use cowrace_machine::{Memory, Obj, Prim, mmu};
use cowrace_mm::objects::{MmStruct, variable};
use cowrace_mm::value::{Handle, Value};
use cowrace_mm::world::{MmId, Target, Va};

use crate::cpu::Cpu;
use crate::layout::{heirs, page};
use crate::promises::Rule;

/// The mms whose memory a page may be, as bits: the owner is the first, and the others follow by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heirs(u64);

/// The memory on which a handle was taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    /// The owner's page.
    pub(crate) page: Obj,
    pub(crate) va: Va,
}

/// What the page of a handle is to its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    /// The owner's own.
    Own,
    /// That of the owner and of others, until one of them writes.
    Common,
    /// That of others.
    None,
}

const OWNER: u64 = 1;

const fn bit(mm: MmId) -> u64 {
    2 << mm
}

impl Heirs {
    /// The owner alone.
    pub(crate) const OWNER: Self = Self(OWNER);

    /// The encoding as a word, 0 for the owner alone.
    pub(crate) const fn encode(self) -> u64 {
        if self.0 == OWNER { 0 } else { self.0 }
    }

    /// The inverse of [`encode`](Self::encode).
    pub(crate) const fn decode(word: u64) -> Self {
        if word == 0 { Self::OWNER } else { Self(word) }
    }

    /// Those of a handle that a call takes now: a fork that is under way may already have given the page to a child, or
    /// may still do so.
    pub(crate) async fn at_first(cpu: &Cpu<'_>, call: u16) -> Self {
        let mut heirs = OWNER;
        for &child in cpu.forks_beside(call) {
            if cpu.load(MmStruct(child).started(), Prim::ReadOnce).await.bits == 0 {
                heirs |= bit(child);
            }
        }
        Self(heirs)
    }

    /// A fork gives a child what the parent has at an address, or nothing (`inherited`): the child becomes an heir with
    /// the parent.
    pub(crate) async fn fork(cpu: &Cpu<'_>, parent: Target, inherited: Option<Obj>, child: MmId) {
        for keeper in cpu.keepers {
            if keeper.rule != Rule::AliasUntilFork || keeper.target.va != parent.va || cpu.counts {
                continue;
            }
            let kept = Value::decode(cpu.load(variable(keeper.variable), Prim::Ghost).await.bits);
            let old = Self::decode(cpu.load(heirs(keeper.variable), Prim::Ghost).await.bits);
            let is_heir = |handle: Handle| match (parent.mm == keeper.target.mm, inherited) {
                (_, None) => false,
                (true, Some(page)) => old.0 & OWNER != 0 && page == handle.page,
                (false, Some(its)) => old.0 & bit(parent.mm) != 0 && its == page(parent.mm, parent.va),
            };
            let new = match kept {
                Value::Handle(handle) if is_heir(handle) => old.0 | bit(child),
                _ => old.0 & !bit(child),
            };
            if new != old.0 {
                cpu.store(heirs(keeper.variable), Self(new).encode(), Prim::Ghost).await;
            }
        }
    }

    /// The heirs at this moment, with their pages: a fork that has not ended changes nothing.
    async fn now(self, cpu: &Cpu<'_>, held: Held) -> Vec<(u64, Obj)> {
        let mut now = Vec::new();
        if self.0 & OWNER != 0 {
            now.push((OWNER, held.page));
        }
        for child in self.others() {
            if cpu.load(MmStruct(child).started(), Prim::ReadOnce).await.bits != 0 {
                now.push((bit(child), page(child, held.va)));
            }
        }
        now
    }

    fn others(self) -> impl Iterator<Item = MmId> {
        (0..u64::BITS as usize - 1).filter(move |&mm| self.0 & bit(mm) != 0)
    }

    /// Those that are left if of `now` only `those` are.
    fn only(self, now: &[(u64, Obj)], those: u64) -> Self {
        Self(self.0 & !now.iter().fold(0, |all, (heir, _)| all | heir) | those)
    }

    /// A device writes: the page is that of some heirs that have the same contents. Returns the heirs after that.
    pub(crate) async fn write(self, cpu: &Cpu<'_>, held: Held, word: u8, value: u64) -> Self {
        let now = self.now(cpu, held).await;
        let mut chosen = now.clone();
        if now.len() > 1 {
            let mut contents = Vec::new();
            for &(_, page) in &now {
                contents.push((cpu.data(page, 0).await, cpu.data(page, 1).await));
            }
            let some = |set: u32| (0..now.len()).filter(move |nth| set & 1 << nth != 0);
            let is_common =
                |set: &u32| some(*set).all(|nth| contents[nth] == contents[set.trailing_zeros() as usize]);
            let sets: Vec<u32> = (1..1 << now.len()).filter(is_common).collect();
            let set = sets[cpu.choose(sets.len() as u32, Prim::Ghost).await as usize];
            chosen = some(set).map(|nth| now[nth]).collect();
        }
        for &(_, page) in &chosen {
            cpu.store(mmu::data(page, word), value, Prim::DmaWrite).await;
        }
        self.only(&now, chosen.iter().fold(0, |all, (heir, _)| all | heir))
    }

    /// A device reads. Returns the value, and the heirs after that.
    pub(crate) async fn read(self, cpu: &Cpu<'_>, held: Held, word: u8) -> (u64, Self) {
        let now = self.now(cpu, held).await;
        let mut values = Vec::new();
        for &(_, page) in &now {
            values.push(cpu.data(page, word).await);
        }
        // If all have the same value, nothing is decided.
        let same = values.iter().all(|&value| value == values[0]);
        let nth = if same { 0 } else { cpu.choose(values.len() as u32, Prim::Ghost).await as usize };
        let with = now.iter().zip(&values).filter(|&(_, &value)| value == values[nth]);
        (values[nth], self.only(&now, with.fold(0, |all, ((heir, _), _)| all | heir)))
    }

    /// What the page may be to its owner at the end.
    pub(crate) fn shares(self, memory: &Memory, held: Held) -> Vec<Share> {
        let contents = |page| [memory.get(mmu::data(page, 0)), memory.get(mmu::data(page, 1))];
        let is_there = |&child: &MmId| memory.get(MmStruct(child).started()) != 0;
        let others: Vec<MmId> = self.others().filter(is_there).collect();
        let is_same = |&child: &MmId| contents(page(child, held.va)) == contents(held.page);
        match (self.0 & OWNER != 0, others.is_empty()) {
            (true, true) => vec![Share::Own],
            (true, false) if others.iter().any(is_same) => vec![Share::Own, Share::Common, Share::None],
            (true, false) => vec![Share::Own, Share::None],
            (false, _) => vec![Share::None],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_back() {
        for heirs in [Heirs::OWNER, Heirs(bit(0)), Heirs(OWNER | bit(0)), Heirs(bit(3) | bit(31))] {
            assert_eq!(Heirs::decode(heirs.encode()), heirs);
        }
        assert_eq!(Heirs(OWNER | bit(0) | bit(4)).others().collect::<Vec<_>>(), [0, 4]);
    }
}
