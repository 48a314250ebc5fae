//! What user space may rely on, as settings: one rule for each way to hold memory.
//!
//! A rule belongs to an API, not to a flag: user space never heard of `FOLL_GET`. The defaults are what the
//! documentation of each API says, or what all kernels did where it says nothing.

use crate::order::before;
use cowrace_mm::syscall::Promise;
use cowrace_mm::world::{Area, Backing, CallSpec, Populate, Target, World};

/// How a handle relates to the memory that it was taken on, from a moment within the call that takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// It is the owner's memory, both ways, until the owner unmaps or discards it. A fork leaves it with the
    /// parent.
    Alias,
    /// As [`Alias`](Self::Alias) until a fork of the owner overlaps or follows; from then on it may be the
    /// parent's memory or the child's.
    AliasUntilFork,
    /// As [`Alias`](Self::Alias) if what it was taken on is the owner's own. The zero page and pages of files are not until
    /// the owner's first store, which may leave the handle behind: then as [`History`](Self::History).
    AliasIfOwn,
    /// What is read through it is what the owner had at some moment since it was taken, never again anything older
    /// than what was read before.
    History,
}

/// The rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promises {
    /// A pin that may be written through: io_uring's fixed buffers, RDMA, VFIO.
    pub write_pin: Rule,
    /// A pin to read from, for long (`FOLL_LONGTERM`), whatever is mapped there.
    pub longterm_read_pin: Rule,
    /// A pin to read from, for a short time.
    pub read_pin: Rule,
    /// `get_user_pages` to write through.
    pub write_get: Rule,
    /// `get_user_pages` to read from, `vmsplice(2)`.
    pub read_get: Rule,
    /// `read(2)` with `O_DIRECT`, while it is under way. `open(2)` warns of a fork meanwhile; kernels from v6.5 on keep
    /// what older ones only hoped for.
    pub direct_read: Rule,
    /// `write(2)` with `O_DIRECT`, while it is under way: up to v6.4 kernels take what is a get to read from.
    pub direct_write: Rule,
    /// `recvmsg(2)` that decrypts into user memory, while it is under way.
    pub recvmsg: Rule,
}

impl Default for Promises {
    fn default() -> Self {
        Self {
            write_pin: Rule::Alias,
            longterm_read_pin: Rule::Alias,
            read_pin: Rule::AliasIfOwn,
            write_get: Rule::AliasUntilFork,
            read_get: Rule::History,
            direct_read: Rule::Alias,
            direct_write: Rule::History,
            recvmsg: Rule::AliasUntilFork,
        }
    }
}

impl Promises {
    /// What one could hope for: a get stays with the parent as a pin does. What falls short of this, and not of the
    /// contract, is a gap in the contract, which the documentation of the API warns of.
    #[must_use]
    pub fn hoped_for() -> Self {
        Self { write_get: Rule::Alias, recvmsg: Rule::Alias, ..Self::default() }
    }

    /// The rule for what a call of a scenario takes hold of, if it takes hold of anything.
    #[must_use]
    pub fn rule(&self, world: &World, spec: &CallSpec, target: Target) -> Option<Rule> {
        let rule = self.of(spec.call.promise()?);
        let is_own = rule == Rule::AliasIfOwn && !may_be_shared(world, spec, target);
        Some(if is_own || world.coherent.contains(&spec.id) { Rule::Alias } else { rule })
    }

    /// The rule for a promise.
    const fn of(&self, promise: Promise) -> Rule {
        match promise {
            Promise::WritePin => self.write_pin,
            Promise::LongtermReadPin => self.longterm_read_pin,
            Promise::ReadPin => self.read_pin,
            Promise::WriteGet => self.write_get,
            Promise::ReadGet => self.read_get,
            Promise::DirectRead => self.direct_read,
            Promise::DirectWrite => self.direct_write,
            Promise::Recvmsg => self.recvmsg,
        }
    }
}

/// Whether what is mapped at an area's start is not the owner's own.
pub(crate) const fn is_shared(area: &Area) -> bool {
    matches!(area.backing, Backing::PrivateFile)
        || matches!(area.populate, Populate::ZeroPage | Populate::None)
}

/// Whether that may be so when a call takes hold of memory: to begin with, or since its owner, or an mm that the owner
/// was forked from, has discarded it. What is discarded later is another matter: that is the owner's wish.
fn may_be_shared(world: &World, taking: &CallSpec, Target { mm, va }: Target) -> bool {
    let area = &world.areas[va];
    is_shared(area)
        || area.lazyfree
        || world.calls().any(|(actor, spec)| {
            let own = world.actors[actor].mm;
            spec.call.change().loses()
                && spec.call.memory(own).is_some_and(|lost| lost.va == va && world.descends(mm, lost.mm))
                && !before(world, taking.id, spec.id)
        })
}
