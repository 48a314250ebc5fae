//! What user space may rely on, as settings: one rule for each way to hold memory.
//!
//! A rule belongs to an API, not to a flag: user space never heard of `FOLL_GET`. The defaults are what the
//! documentation of each API says, or what all kernels did where it says nothing.

use crate::order::before;
use crate::start::Start;
use cowrace_mm::syscall::Promise;
use cowrace_mm::world::{Area, Backing, CallSpec, Populate, Target, World};

/// The relation of a handle to the memory on which it was taken, from a moment within the call that takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// It is the owner's memory, both ways, until the owner unmaps or discards it. A fork leaves it with the
    /// parent.
    Alias,
    /// Like [`Alias`](Self::Alias) until a fork of the owner overlaps or follows; from then on it may be the parent's
    /// memory or the child's.
    AliasUntilFork,
    /// Like [`Alias`](Self::Alias) if it was taken on the owner's own memory. The zero page and pages of files become
    /// the owner's own only with its first store, which may detach the handle: then like [`History`](Self::History).
    AliasIfOwn,
    /// A read through it returns what the owner had at some moment since the handle was taken, and never anything older
    /// than an earlier read.
    History,
}

/// The rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promises {
    /// A pin for writing: io_uring's fixed buffers, RDMA, VFIO.
    pub write_pin: Rule,
    /// A long-term pin for reading (`FOLL_LONGTERM`), whatever is mapped there.
    pub longterm_read_pin: Rule,
    /// A short-term pin for reading.
    pub read_pin: Rule,
    /// `get_user_pages` for writing.
    pub write_get: Rule,
    /// `get_user_pages` for reading, `vmsplice(2)`.
    pub read_get: Rule,
    /// `read(2)` with `O_DIRECT`, while it is under way. `open(2)` warns of a fork meanwhile; kernels from v6.5 on
    /// guarantee what older ones did not.
    pub direct_read: Rule,
    /// `write(2)` with `O_DIRECT`, while it is under way: up to v6.4 kernels take a get for reading.
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
    /// The strongest promises that one could hope for: a get stays with the parent like a pin. An execution that
    /// violates these promises, but not the contract, shows a gap in the contract, of which the documentation of the
    /// API warns.
    #[must_use]
    pub fn hoped_for() -> Self {
        Self { write_get: Rule::Alias, recvmsg: Rule::Alias, ..Self::default() }
    }

    /// The rule for the handle that a call of a scenario takes, if it takes one.
    pub(crate) fn rule(&self, world: &World, start: &Start, spec: &CallSpec, target: Target) -> Option<Rule> {
        let rule = self.of(spec.call.promise()?);
        let is_own = rule == Rule::AliasIfOwn && !may_be_shared(world, start, spec, target);
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

/// Whether the page that is mapped in an area at the start is not the owner's own.
pub(crate) const fn is_shared(area: &Area) -> bool {
    matches!(area.backing, Backing::PrivateFile)
        || matches!(area.populate, Populate::ZeroPage | Populate::None)
}

/// Whether the page may not be the owner's own when a call takes a handle: it was not at the start, or the owner, or an
/// mm from which it was forked, has discarded its page since. A later discard does not count: it is the owner's wish.
fn may_be_shared(world: &World, start: &Start, taking: &CallSpec, Target { mm, va }: Target) -> bool {
    let places = world.places(va);
    start.foreign.iter().any(|&(lost, at)| places.contains(&at) && world.descends(mm, lost))
        || world.calls().any(|(actor, spec)| {
            let own = world.actors[actor].mm;
            spec.call.change().loses()
                && spec.call.memory(own).is_some_and(|lost| {
                    places.iter().any(|va| world.pages(lost.va).contains(va)) && world.descends(mm, lost.mm)
                })
                && !before(world, taking.id, spec.id)
        })
}
