//! Heirs: the mms whose memory the page of a writable get may be. It is the owner's until the owner forks. From then on it
//! may be that of each mm that has inherited it, and of several as long as none of them has written; whose it becomes is
//! not promised. It may also be the memory of no mm: each of them may part from it by a store or by a call that takes its
//! memory, since a get is no pin.

use cowrace_machine::{Memory, Obj, Prim, mmu};
use cowrace_mm::objects::{MmStruct, variable};
use cowrace_mm::value::{Handle, Value};
use cowrace_mm::world::{MAX_MMS, MmId, Target, Va, VarId};

use crate::cpu::Cpu;
use crate::keepers::Keeper;
use crate::layout::{apart, heirs, kept_home, page, parted};
use crate::promises::Rule;

/// The mms whose memory a page may be, as bits: the owner is the first, and the others follow by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heirs(u64);

/// The memory on which a handle was taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    /// The variable that keeps it, unless it is held for one call only.
    pub(crate) variable: Option<VarId>,
    /// The owner's page.
    pub(crate) page: Obj,
    /// The first address of the memory.
    pub(crate) va: Va,
}

/// What the page of a handle is to its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Share {
    /// The owner's own.
    Own,
    /// The owner's, until the owner stores.
    UntilStore,
    /// That of others.
    None,
}

const OWNER: u64 = 1;
/// There has been a fork.
const FORKED: u64 = 1 << 63;

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
        Self(if heirs == OWNER { heirs } else { heirs | FORKED })
    }

    /// A fork gives a child what the parent has at an address, or nothing (`inherited`): the child becomes an heir with
    /// the parent.
    pub(crate) async fn fork(cpu: &Cpu<'_>, parent: Target, inherited: Option<Obj>, child: MmId) {
        for keeper in cpu.keepers {
            if keeper.rule != Rule::AliasUntilFork || cpu.counts || home_of(cpu, keeper).await != parent.va {
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
                Value::Handle(handle) if is_heir(handle) => {
                    if old == Self::OWNER {
                        let held = Held { variable: Some(keeper.variable), page: handle.page, va: parent.va };
                        held.set_apart(cpu).await;
                    } else {
                        // The child has what the parent has, be it the page or another one.
                        let gone = cpu.load(parted(keeper.variable), Prim::Ghost).await.bits;
                        if gone & Self::of(parent.mm, keeper.target.mm) != 0 {
                            cpu.set_bits(parted(keeper.variable), bit(child), Prim::Ghost).await;
                        }
                    }
                    old.0 | bit(child) | FORKED
                }
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
        (0..MAX_MMS).filter(move |&mm| self.0 & bit(mm) != 0)
    }

    /// Those that are left if of `now` only `those` are.
    fn only(self, now: &[(u64, Obj)], those: u64) -> Self {
        Self(self.0 & !now.iter().fold(0, |all, (heir, _)| all | heir) | those | FORKED)
    }

    /// An mm as one of the heirs.
    const fn of(mm: MmId, owner: MmId) -> u64 {
        if mm == owner { OWNER } else { bit(mm) }
    }

    /// An mm stores to its memory, a call takes it, or it gives it up: from then on it may have parted from the pages that it
    /// shares.
    pub(crate) async fn part(cpu: &Cpu<'_>, Target { mm, va }: Target) {
        for keeper in cpu.keepers {
            if keeper.rule != Rule::AliasUntilFork
                || cpu.counts
                || !cpu.world.places(va).contains(&keeper.target.va)
            {
                continue;
            }
            if home_of(cpu, keeper).await == cpu.home(MmStruct(mm), va).await {
                let heir = Self::of(mm, keeper.target.mm);
                cpu.set_bits(parted(keeper.variable), heir, Prim::Ghost).await;
            }
        }
    }

    /// Whether all heirs may have parted from the page.
    async fn may_be_of_none(self, cpu: &Cpu<'_>, now: &[(u64, Obj)], held: Held) -> bool {
        let Some(variable) = held.variable else { return false };
        let gone = cpu.load(parted(variable), Prim::Ghost).await.bits;
        self != Self::OWNER && now.iter().all(|(heir, _)| gone & heir != 0)
    }

    /// A device writes: the page is that of some heirs that have the same contents, or of none. Returns the heirs after
    /// that.
    pub(crate) async fn write(self, cpu: &Cpu<'_>, held: Held, word: u8, value: u64) -> Self {
        let now = self.now(cpu, held).await;
        if self == Self::OWNER {
            cpu.store(mmu::data(held.page, word), value, Prim::DmaWrite).await;
            return self;
        }
        let mut contents = Vec::new();
        for &(_, page) in &now {
            contents.push([cpu.data(page, 0).await, cpu.data(page, 1).await]);
        }
        let some = |set: u32| (0..now.len()).filter(move |nth| set & 1 << nth != 0);
        let first = |set: u32| contents[set.trailing_zeros() as usize];
        let is_common = |set: &u32| some(*set).all(|nth| contents[nth] == first(*set));
        let least = u32::from(!self.may_be_of_none(cpu, &now, held).await);
        let sets: Vec<u32> = (least..1 << now.len()).filter(is_common).collect();
        let set = sets[cpu.choose(sets.len() as u32, Prim::Ghost).await as usize];
        for nth in some(set) {
            cpu.store(mmu::data(now[nth].1, word), value, Prim::DmaWrite).await;
        }
        if let Some(variable) = held.variable {
            if set != 0 {
                cpu.store(apart(variable, 1 - word), first(set)[usize::from(1 - word)], Prim::Ghost).await;
            }
            cpu.store(apart(variable, word), value, Prim::Ghost).await;
        }
        self.only(&now, some(set).fold(0, |all, nth| all | now[nth].0))
    }

    /// A device reads. Returns the value, and the heirs after that.
    pub(crate) async fn read(self, cpu: &Cpu<'_>, held: Held, word: u8) -> (u64, Self) {
        let now = self.now(cpu, held).await;
        let Some(variable) = held.variable.filter(|_| self != Self::OWNER) else {
            return (cpu.data(held.page, word).await, self);
        };
        let mut values = Vec::new();
        for &(_, page) in &now {
            values.push(cpu.data(page, word).await);
        }
        if self.may_be_of_none(cpu, &now, held).await {
            values.push(cpu.load(apart(variable, word), Prim::Ghost).await.bits);
        }
        // If all have the same value, nothing is decided.
        let same = values.iter().all(|&value| value == values[0]);
        if same {
            return (values[0], self);
        }
        let nth = cpu.choose(values.len() as u32, Prim::Ghost).await as usize;
        let with = now.iter().zip(&values).filter(|&(_, &value)| value == values[nth]);
        let with = with.fold(0, |all, ((heir, _), _)| all | heir);
        if let Some(&(_, page)) = now.get(nth) {
            for word in 0..mmu::DATA_WORDS {
                let content = cpu.data(page, word).await;
                cpu.store(apart(variable, word), content, Prim::Ghost).await;
            }
        }
        (values[nth], self.only(&now, with))
    }

    /// What the page may be to its owner at the end.
    pub(crate) fn shares(self, memory: &Memory, keeper: &Keeper) -> Vec<Share> {
        if self == Self::OWNER {
            return vec![Share::Own];
        }
        if self.0 & OWNER == 0 {
            return vec![Share::None];
        }
        let is_there = |child: MmId| memory.get(MmStruct(child).started()) != 0;
        let gone = memory.get(parted(keeper.variable)) & OWNER != 0;
        // With a store of its own the owner may part from it, even if no other mm has it.
        let mut shares = vec![Share::Own, Share::UntilStore];
        if gone || self.others().any(is_there) {
            shares.push(Share::None);
        }
        shares
    }
}

/// The first address of the memory of the handle that is kept.
pub(crate) async fn home_of(cpu: &Cpu<'_>, keeper: &Keeper) -> Va {
    let va = keeper.target.va;
    if cpu.world.places(va).len() == 1 {
        return va;
    }
    match cpu.load(kept_home(keeper.variable), Prim::Ghost).await.bits {
        0 => va,
        home => home as Va - 1,
    }
}

impl Held {
    /// Notes the contents of the page: all that share it from now on have these.
    pub(crate) async fn set_apart(self, cpu: &Cpu<'_>) {
        let Some(variable) = self.variable else { return };
        cpu.store(parted(variable), 0, Prim::Ghost).await;
        for word in 0..mmu::DATA_WORDS {
            let content = cpu.data(self.page, word).await;
            cpu.store(apart(variable, word), content, Prim::Ghost).await;
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
