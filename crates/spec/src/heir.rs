//! Heirs: the owner of the memory of a writable get after its owner forks. It is the parent's or the child's, which is
//! not promised; and for a while that of both, until one of them has written.

use cowrace_machine::{Obj, Prim, mmu};
use cowrace_mm::objects::MmStruct;
use cowrace_mm::world::{MmId, Target, Va};

use crate::cpu::Cpu;
use crate::layout::{heir, page};
use crate::promises::Rule;

/// The mm whose memory a handle refers to after a fork of its owner. Before the fork, and without one, it is the
/// owner's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heir {
    /// The owner's.
    Owner,
    /// The child's.
    Child(MmId),
    /// That of both, until it is decided.
    Both(MmId),
}

/// The memory to which a handle refers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    /// The owner's page.
    pub(crate) page: Obj,
    pub(crate) va: Va,
}

impl Heir {
    /// The encoding as a word, 0 for the owner.
    pub(crate) const fn encode(self) -> u64 {
        match self {
            Self::Owner => 0,
            Self::Child(child) => 1 + 2 * child as u64,
            Self::Both(child) => 2 + 2 * child as u64,
        }
    }

    /// The inverse of [`encode`](Self::encode).
    pub(crate) const fn decode(word: u64) -> Self {
        match word {
            0 => Self::Owner,
            _ if word % 2 == 1 => Self::Child((word / 2) as MmId),
            _ => Self::Both((word / 2 - 1) as MmId),
        }
    }

    /// Chooses any heir, for a handle that is taken on an mm now.
    pub(crate) async fn chosen(cpu: &Cpu<'_>, parent: MmId) -> Self {
        let own = cpu.world.calls().filter(|(actor, _)| cpu.world.actors[*actor].mm == Some(parent));
        let children: Vec<MmId> = own.filter_map(|(_, spec)| spec.call.child()).collect();
        if children.is_empty() {
            return Self::Owner;
        }
        let chosen = cpu.choose(2 * children.len() as u32 + 1, Prim::Ghost).await as usize;
        let Some(&child) = children.get(chosen / 2) else { return Self::Owner };
        // A fork that has ended came before.
        if cpu.load(MmStruct(child).started(), Prim::ReadOnce).await.bits != 0 {
            return Self::Owner;
        }
        if chosen.is_multiple_of(2) { Self::Child(child) } else { Self::Both(child) }
    }

    /// A child does not inherit memory, so handles on it stay with the owner.
    pub(crate) async fn disinherit(cpu: &Cpu<'_>, owner: Target, child: MmId) {
        for keeper in cpu.keepers {
            if keeper.rule != Rule::AliasUntilFork || keeper.target != owner || cpu.counts {
                continue;
            }
            let word = heir(keeper.variable);
            let whose = Self::decode(cpu.load(word, Prim::Ghost).await.bits);
            if whose == Self::Child(child) || whose == Self::Both(child) {
                cpu.store(word, Self::Owner.encode(), Prim::Ghost).await;
            }
        }
    }

    /// The heir at this moment: a fork that has not ended changes nothing.
    async fn now(self, cpu: &Cpu<'_>) -> Self {
        let (Self::Child(child) | Self::Both(child)) = self else { return self };
        let is_over = cpu.load(MmStruct(child).started(), Prim::ReadOnce).await.bits != 0;
        if is_over { self } else { Self::Owner }
    }

    /// A device writes. Returns the heir after that.
    pub(crate) async fn write(self, cpu: &Cpu<'_>, held: Held, word: u8, value: u64) -> Self {
        let (pages, then) = match self.now(cpu).await {
            Self::Owner => (vec![held.page], self),
            Self::Child(child) => (vec![page(child, held.va)], self),
            Self::Both(child) => {
                let child_page = page(child, held.va);
                // The heir is decided before the write, after it, or not yet.
                match cpu.choose(5, Prim::Ghost).await {
                    0 => (vec![held.page], Self::Owner),
                    1 => (vec![child_page], Self::Child(child)),
                    2 => (vec![held.page, child_page], Self::Owner),
                    3 => (vec![held.page, child_page], Self::Child(child)),
                    _ => (vec![held.page, child_page], self),
                }
            }
        };
        for page in pages {
            cpu.store(mmu::data(page, word), value, Prim::DmaWrite).await;
        }
        then
    }

    /// A device reads. Returns the value, and the heir after that.
    pub(crate) async fn read(self, cpu: &Cpu<'_>, held: Held, word: u8) -> (u64, Self) {
        match self.now(cpu).await {
            Self::Owner => (cpu.data(held.page, word).await, self),
            Self::Child(child) => (cpu.data(page(child, held.va), word).await, self),
            Self::Both(child) => match cpu.choose(3, Prim::Ghost).await {
                0 => (cpu.data(held.page, word).await, Self::Owner),
                1 => (cpu.data(page(child, held.va), word).await, Self::Child(child)),
                _ => {
                    let (owner, other) =
                        (cpu.data(held.page, word).await, cpu.data(page(child, held.va), word).await);
                    // If the values differ, the heir is decided.
                    (owner, if owner == other { self } else { Self::Owner })
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_back() {
        for heir in [Heir::Owner, Heir::Child(0), Heir::Both(0), Heir::Child(3), Heir::Both(3)] {
            assert_eq!(Heir::decode(heir.encode()), heir);
        }
    }
}
