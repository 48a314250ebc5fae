//! A scenario as plain data: address spaces, actors with their calls, and what must be true.
//!
//! This is what the language lowers to; [`crate::program`] makes a [`cowrace_machine::Program`] of it.

use cowrace_machine::{Arena, Obj, Window, encode};
use cowrace_report::Class;

use crate::objects::PAIRED;

/// Index of an mm in [`World::mms`].
pub type MmId = usize;
/// Index of an area in [`World::areas`]; also its virtual address, the same in every mm.
pub type Va = usize;
/// Index of a variable in [`World::variables`].
pub type VarId = usize;
/// Index of an actor in [`World::actors`].
pub type ActorId = usize;

/// Areas that a scenario may have: a TLB has a word for each.
pub const MAX_AREAS: usize = Obj::WORDS as usize;
/// Variables that a scenario may have. An arena has room for more; names are compared one by one.
pub const MAX_VARIABLES: usize = 240;
/// Calls that a scenario may have, those of the environment included: each has a word for its failure.
pub const MAX_CALLS: usize = WORDS;
/// Actors that a scenario may have. One CPU is left for those who look at the end.
pub const MAX_ACTORS: usize = 15;
/// Address spaces that a scenario may have: an arena has numbers for what each has in each area.
pub const MAX_MMS: usize = PAIRED;

/// The words of an arena.
const WORDS: usize = Arena::OBJECTS as usize * Obj::WORDS as usize;

/// A whole scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct World {
    /// Its name.
    pub name: String,
    /// Address spaces, parents before children.
    pub mms: Vec<Mm>,
    /// Stretches of virtual memory of one page each.
    pub areas: Vec<Area>,
    /// Variables of the scenario.
    pub variables: Vec<String>,
    /// Columns, and what the environment runs.
    pub actors: Vec<ActorSpec>,
    /// Participants of each barrier.
    pub barriers: Vec<Vec<ActorId>>,
    /// Predicates on the end.
    pub predicates: Vec<Predicate>,
    /// Calls that take hold of memory, by [`CallSpec::id`], of which more is promised than of their kind: what they
    /// hold stays the owner's memory, both ways, whatever happens.
    pub coherent: Vec<u16>,
    /// Windows of the race. [`cowrace_machine::Point::call`] is [`CallSpec::id`].
    pub windows: Vec<Window>,
    /// What the environment may do.
    pub environment: Environment,
}

impl World {
    /// Swap slots that a scenario can fill: one for each area that is out on swap at the start, and those that calls
    /// fill which reclaim. A reclaimer looks at its page twice.
    #[must_use]
    pub fn swap_slots(&self) -> u8 {
        let swapped = self
            .areas
            .iter()
            .filter(|area| matches!(area.populate, Populate::Swapped | Populate::SwapCached));
        let reclaims = |call: &&CallSpec| {
            matches!(call.call, Call::Reclaim { .. } | Call::Madvise { advice: Advice::PageOut, .. })
        };
        // Where that is more, swap may be full.
        (swapped.count() + 2 * self.calls().filter(reclaims).count()).min(u8::MAX.into()) as u8
    }

    /// Pages that the free list has room for: those of the start, and four for each call. What does not fit is taken to
    /// be somebody else's next.
    #[must_use]
    pub fn free_pages(&self) -> usize {
        (2 * self.areas.len() + 4 * self.calls().count()).min(WORDS)
    }

    /// How many actors are columns of the diagram. Those of the environment stand behind them.
    #[must_use]
    pub fn columns(&self) -> usize {
        let Environment { lru_drain, spec_ref, reclaim, .. } = self.environment;
        self.actors.len() - [lru_drain, spec_ref, reclaim > 0].into_iter().filter(|&is| is).count()
    }

    /// The kinds of files that direct I/O goes to.
    #[must_use]
    pub fn files(&self) -> Vec<FileKind> {
        let kinds = |kind: &FileKind| self.calls().any(|call| call.call.file() == Some(*kind));
        FileKind::ALL.into_iter().filter(kinds).collect()
    }

    /// The calls of all actors.
    fn calls(&self) -> impl Iterator<Item = &CallSpec> {
        self.actors.iter().flat_map(|actor| &actor.steps).filter_map(|step| match step {
            Step::Call(call) => Some(call),
            Step::Barrier(_) => None,
        })
    }

    /// Whether an mm is another one or was forked from it, at whatever distance.
    #[must_use]
    pub fn descends(&self, mm: MmId, ancestor: MmId) -> bool {
        mm == ancestor
            || match self.mms[mm].origin {
                Origin::Boot => false,
                Origin::ForkedAtBoot(parent) | Origin::Fork(parent) => self.descends(parent, ancestor),
            }
    }
}

/// How an address space comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is there from the start, with memory of its own.
    Boot,
    /// It is there from the start as a forked child of another: all pages shared and write-protected.
    ForkedAtBoot(MmId),
    /// A `fork()` of an actor of the parent makes it.
    Fork(MmId),
}

/// An address space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mm {
    /// Its name.
    pub name: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// What backs an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backing {
    /// Private anonymous memory.
    Anon,
    /// A private mapping of a file.
    PrivateFile,
}

/// How an area is populated at the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Populate {
    /// A page of its own, exclusive, mapped. The default.
    Mapped,
    /// Nothing: the first access faults.
    None,
    /// The zero page, read-only. Anonymous memory only.
    ZeroPage,
    /// Out on swap, nothing in the swap cache. Anonymous memory only.
    Swapped,
    /// Out on swap, with the page still in the swap cache. Anonymous memory only.
    SwapCached,
}

/// A page of virtual memory, at the same address in every mm that inherits it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    /// Its name.
    pub name: String,
    /// The mm that it is declared in; forked children inherit it.
    pub mm: MmId,
    /// What backs it.
    pub backing: Backing,
    /// How it is populated.
    pub populate: Populate,
    /// The PTE lacks the write bit although the VMA allows writing (after mprotect, clear_refs, ...).
    pub wrprotected: bool,
    /// The page was shared with a child that has exited: write-protected, and not known to be exclusive.
    pub previously_shared: bool,
    /// The PTE is not dirty.
    pub clean: bool,
    /// The PTE is not soft-dirty, and lacks the write bit: who clears the one takes the other away.
    pub soft_clean: bool,
    /// `MADV_FREE` was called and nothing stored since. Implies clean.
    pub lazyfree: bool,
    /// The VMA does not allow writing.
    pub read_only: bool,
    /// Registered with userfaultfd for write-protection.
    pub uffd_wp: bool,
    /// In the same page table as the area before, so under the same PTE lock. Others are far from each other.
    pub adjacent: bool,
    /// With `UFFD_FEATURE_WP_UNPOPULATED`: what is not populated is protected as well.
    pub wp_unpopulated: bool,
    /// The page is in the LRU-add batch of this actor's CPU, which holds a reference.
    pub lru_batch: Option<ActorId>,
    /// Actors whose TLB has the entry, writable and dirty as the PTE is.
    pub warm: Vec<ActorId>,
    /// The two words of the page.
    pub words: [u64; 2],
}

/// An actor: a thread on a CPU of its own, a kernel thread, or a device.
#[derive(Clone, Debug, PartialEq)]
pub struct ActorSpec {
    /// The name of its column.
    pub name: String,
    /// The mm that it runs in; `None` for kernel threads and devices.
    pub mm: Option<MmId>,
    /// Its program.
    pub steps: Vec<Step>,
}

/// One thing that an actor does.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A call.
    Call(CallSpec),
    /// A barrier, by index.
    Barrier(usize),
}

/// One call of an actor.
#[derive(Clone, Debug, PartialEq)]
pub struct CallSpec {
    /// Number of the call, unique in the scenario.
    pub id: u16,
    /// The variable that gets the result.
    pub dest: Option<VarId>,
    /// What is called.
    pub call: Call,
}

/// A number or a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arg {
    /// A number.
    Number(u64),
    /// What a variable holds when the call is made.
    Variable(VarId),
}

/// Memory, from wherever it is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The mm.
    pub mm: MmId,
    /// The address.
    pub va: Va,
}

/// Flags of the GUP family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GupFlags {
    /// `FOLL_WRITE`.
    pub write: bool,
    /// `FOLL_FORCE`.
    pub force: bool,
    /// `FOLL_LONGTERM`.
    pub longterm: bool,
    /// Whether it may let go of the mmap lock to wait, and then try again: a `locked` was passed, which kernels since
    /// v6.2 note as `FOLL_UNLOCKABLE`. Who may not gets `EFAULT` where userfaultfd would have it wait.
    pub unlockable: bool,
}
encode!(struct GupFlags { write, force, longterm, unlockable });

/// What kind of file direct I/O goes to: it decides how the page is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A block device, or a file system that does I/O as those do.
    #[default]
    Block,
    /// NFS.
    Nfs,
    /// 9p over virtio, without a copy.
    NineP,
    /// FUSE, opened by the server with `FOPEN_DIRECT_IO`.
    Fuse,
}
encode!(fieldless enum FileKind, Advice, Errno);

impl FileKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Block, Self::Nfs, Self::NineP, Self::Fuse];

    /// The word for it in a scenario.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Nfs => "nfs",
            Self::NineP => "9p",
            Self::Fuse => "fuse",
        }
    }
}

/// Advice of `madvise`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// `MADV_DONTNEED`.
    DontNeed,
    /// `MADV_DONTFORK`.
    DontFork,
    /// `MADV_DOFORK`.
    DoFork,
    /// `MADV_PAGEOUT`.
    PageOut,
    /// `MADV_FREE`.
    Free,
}

/// Everything that an actor can do. A result, where there is one, is what the doc comment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// A load by user space: the word, or `SIGSEGV`. Own mm only.
    Load {
        /// The page.
        va: Va,
        /// The word, 0 or 1.
        word: u8,
    },
    /// A store by user space: 0, or `SIGSEGV`. Own mm only.
    Store {
        /// The page.
        va: Va,
        /// The word.
        word: u8,
        /// The value.
        value: Arg,
    },
    /// `read(2)` with `O_DIRECT` of one word: the device writes `value` into the page. Steps `gup`, `dma`.
    /// A get or a pin by era and kind of file. 0, or `EFAULT`.
    DirectRead {
        /// The kind of file.
        file: FileKind,
        /// The page.
        va: Va,
        /// The word.
        word: u8,
        /// What the device writes.
        value: Arg,
    },
    /// `write(2)` with `O_DIRECT` of one word: what the device read, or `EFAULT`. Steps `gup`, `dma`.
    DirectWrite {
        /// The kind of file.
        file: FileKind,
        /// The page.
        va: Va,
        /// The word.
        word: u8,
    },
    /// `recvmsg(2)` that decrypts into user pages (kTLS): as `DirectRead`, and a get in every era.
    Recvmsg {
        /// The page.
        va: Va,
        /// The word.
        word: u8,
        /// What arrives.
        value: Arg,
    },
    /// `get_user_pages[_fast]` or `pin_user_pages[_fast]`: a handle, or `EFAULT`. Step `gup`.
    Gup {
        /// What is pinned.
        target: Target,
        /// `FOLL_PIN` instead of `FOLL_GET`.
        pin: bool,
        /// Through GUP-fast, with the slow path as fallback. Own mm only.
        fast: bool,
        /// The other flags.
        flags: GupFlags,
    },
    /// `iov_iter_extract_pages`: a page as direct I/O takes it, a get or a pin by era. A handle, or `EFAULT`.
    /// Step `gup`.
    ExtractPages {
        /// The kind of file.
        file: FileKind,
        /// The page.
        va: Va,
        /// The device will write into it, as for `read(2)`.
        write: bool,
    },
    /// `put_page`, `unpin_user_page[s_dirty_lock]` of a handle.
    Release {
        /// The variable that holds the handle.
        handle: VarId,
    },
    /// A device writes one word through a handle. Step `dma`.
    DmaWrite {
        /// The handle.
        handle: VarId,
        /// The word.
        word: u8,
        /// The value.
        value: Arg,
    },
    /// A device reads one word through a handle: the word. Step `dma`.
    DmaRead {
        /// The handle.
        handle: VarId,
        /// The word.
        word: u8,
    },
    /// `vmsplice(2)` of the page into a pipe: a handle. Step `gup`.
    Vmsplice {
        /// The page.
        va: Va,
    },
    /// A FUSE server splices a request out of `/dev/fuse` that was written with direct I/O: a handle of the page, or of
    /// a copy, by era.
    FuseSplice {
        /// The handle that the request holds.
        handle: VarId,
    },
    /// `read(2)` from the pipe: the word as it is in the page now. The buffer keeps its reference.
    PipeRead {
        /// The handle.
        handle: VarId,
        /// The word.
        word: u8,
    },
    /// `io_uring_register(IORING_REGISTER_BUFFERS)`: a handle, or `EFAULT`. Step `gup`.
    IoUringRegister {
        /// The page.
        va: Va,
    },
    /// `fork(2)`: the child starts its columns.
    Fork {
        /// The mm of the child.
        child: MmId,
    },
    /// `exit_mmap` of the actor's mm; no actor of the mm may run after it.
    Exit,
    /// `munmap(2)` of the page.
    Munmap {
        /// The page.
        va: Va,
    },
    /// `madvise(2)` of the page: 0, or `EINVAL` for `MADV_FREE` of a file.
    Madvise {
        /// The page.
        va: Va,
        /// The advice.
        advice: Advice,
    },
    /// `mprotect(2)`.
    Mprotect {
        /// The page.
        va: Va,
        /// With `PROT_WRITE`.
        write: bool,
    },
    /// Writing 4 to `/proc/PID/clear_refs`.
    ClearRefs {
        /// The mm.
        mm: MmId,
    },
    /// Reading the soft-dirty bit from `/proc/PID/pagemap`: 0 or 1.
    SoftDirty {
        /// The page.
        target: Target,
    },
    /// `UFFDIO_WRITEPROTECT`.
    UffdWriteProtect {
        /// The page.
        target: Target,
        /// Protect (`UFFDIO_WRITEPROTECT_MODE_WP`) or un-protect.
        protect: bool,
    },
    /// `shrink_page_list` of the page mapped there: kswapd, direct reclaim.
    /// Steps `add_to_swap`, `try_to_unmap`, `pageout`, `remove_mapping`.
    Reclaim {
        /// Where the page is mapped.
        target: Target,
    },
    /// A lockless lookup by pfn that takes a reference for a moment. Steps `get`, `put`.
    SpeculativeRef {
        /// Where the page is mapped.
        target: Target,
    },
    /// `lru_add_drain_all`: every CPU's batch.
    LruAddDrainAll,
    /// Sets a variable: a flag that others wait for.
    Set {
        /// The value.
        value: Arg,
    },
    /// Waits until a variable has been set.
    WaitVariable {
        /// The variable.
        variable: VarId,
    },
    /// Waits until every actor of an mm has finished.
    WaitExit {
        /// The mm.
        mm: MmId,
    },
}

impl Call {
    /// What kind of file it goes to, if it is direct I/O.
    #[must_use]
    pub const fn file(&self) -> Option<FileKind> {
        match *self {
            Self::DirectRead { file, .. }
            | Self::DirectWrite { file, .. }
            | Self::ExtractPages { file, .. } => Some(file),
            _ => None,
        }
    }

    /// The mm whose process must be there before the call can do anything, unless it is the caller's own.
    #[must_use]
    pub const fn waits_for_process(&self) -> Option<MmId> {
        match *self {
            Self::Gup { target, .. } | Self::SoftDirty { target } | Self::UffdWriteProtect { target, .. } => {
                Some(target.mm)
            }
            Self::ClearRefs { mm } | Self::WaitExit { mm } => Some(mm),
            _ => None,
        }
    }
}

/// What the environment may do beside the columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// Somebody drains the LRU batches at some moment.
    pub lru_drain: bool,
    /// Somebody takes and drops a speculative reference of every mapped page at some moment.
    pub spec_ref: bool,
    /// A TLB entry may go before any access.
    pub tlb_evict: bool,
    /// Times that kswapd may run over each anonymous area.
    pub reclaim: u8,
    /// A freed page may be handed out again.
    pub page_reuse: bool,
}

/// Must it be true, or must it not?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modality {
    /// True at the end of every execution.
    Always,
    /// True at the end of none.
    Never,
}

/// A predicate on the end of an execution.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicate {
    /// As it was written.
    pub text: String,
    /// Always or never.
    pub modality: Modality,
    /// What is asked.
    pub expr: Expr,
    /// The damage if it fails.
    pub class: Class,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

/// A result that is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Errno {
    /// A signal: the access is not allowed.
    Sigsegv = 1,
    /// Bad address.
    Efault = 2,
    /// Try again.
    Eagain = 3,
    /// Invalid argument.
    Einval = 4,
}

/// A term of a predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// A number.
    Number(u64),
    /// A failure.
    Errno(Errno),
    /// A variable.
    Variable(VarId),
    /// A word as its owner would load it at the end.
    Memory {
        /// Where.
        target: Target,
        /// The word.
        word: u8,
    },
    /// Copies that write faults of an mm have made of pages that nobody else mapped.
    Copies(MmId),
}

/// A predicate.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A comparison. Terms that were never set make it neither true nor false: it is not judged.
    Compare(Term, Relation, Term),
    /// Both.
    And(Box<Expr>, Box<Expr>),
    /// Either.
    Or(Box<Expr>, Box<Expr>),
    /// Not.
    Not(Box<Expr>),
}

impl Expr {
    /// Whether it asks for a number of copies: what the model must count then, and what user space cannot see.
    #[must_use]
    pub fn counts_copies(&self) -> bool {
        match self {
            Self::Compare(left, _, right) => [left, right].iter().any(|term| matches!(term, Term::Copies(_))),
            Self::And(a, b) | Self::Or(a, b) => a.counts_copies() || b.counts_copies(),
            Self::Not(a) => a.counts_copies(),
        }
    }
}
