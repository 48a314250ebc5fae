//! The calls of the language: names, signatures, steps.

use cowrace_mm::Steps;
use cowrace_mm::world::{Advice, Arg, Call, FileKind, GupFlags, Target};

/// What a call lowers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpKind {
    DirectRead,
    DirectWrite,
    Recvmsg,
    Gup { pin: bool, fast: bool, remote: bool },
    ExtractPages,
    Release { pin: bool },
    DmaWrite,
    DmaRead,
    Vmsplice,
    FuseSplice,
    PipeRead,
    IoUringRegister,
    Fork,
    Exit,
    Munmap,
    Madvise,
    Mprotect,
    ClearRefs,
    SoftDirty,
    UffdWriteProtect,
    Reclaim,
    SpeculativeRef,
    LruAddDrainAll,
}

/// One call of the language.
#[derive(Debug)]
pub(crate) struct Op {
    pub(crate) kind: OpKind,
    /// The name, and shorter ones.
    pub(crate) names: &'static [&'static str],
    /// What to write, for error messages.
    pub(crate) usage: &'static str,
    /// All that can be written.
    form: &'static str,
    /// What it does.
    meaning: &'static str,
    /// What its result is.
    gives: &'static str,
    /// Whether it runs in the mm of its column.
    pub(crate) own_mm: bool,
    /// Whether it has a result that can be kept.
    pub(crate) result: bool,
    /// Fewest and most arguments.
    pub(crate) arity: (usize, usize),
    /// Steps of the model that a window can name without their call.
    pub(crate) steps: &'static [&'static str],
}

const GUP: &[&str] = &["gup"];
const GUP_DMA: &[&str] = &["gup", "dma"];
const DMA: &[&str] = &["dma"];
const NOTHING: &str = "none";
const HANDLE: &str = "a handle or `EFAULT`";

const fn op(kind: OpKind, names: &'static [&'static str], usage: &'static str) -> Op {
    let (form, meaning) = (usage, "");
    Op {
        kind,
        names,
        usage,
        form,
        meaning,
        gives: NOTHING,
        own_mm: false,
        result: false,
        arity: (0, 0),
        steps: &[],
    }
}

impl Op {
    const fn own(mut self) -> Self {
        self.own_mm = true;
        self
    }

    const fn gives(mut self, what: &'static str) -> Self {
        self.result = true;
        self.gives = what;
        self
    }

    const fn takes(mut self, least: usize, most: usize) -> Self {
        self.arity = (least, most);
        self
    }

    const fn steps(mut self, steps: &'static [&'static str]) -> Self {
        self.steps = steps;
        self
    }

    /// What the documentation and `list --calls` say.
    const fn says(mut self, form: &'static str, meaning: &'static str) -> Self {
        self.form = form;
        self.meaning = meaning;
        self
    }

    /// The name.
    pub(crate) const fn name(&self) -> &'static str {
        self.names[0]
    }

    /// Whether it takes hold of memory, for a while or until a handle is given back.
    pub(crate) fn takes_hold(&self) -> bool {
        self.steps.contains(&"gup")
    }

    /// All that it can come to, if that is known of the model.
    pub(crate) fn comes_to(&self) -> Option<&'static Steps> {
        Steps::of(self.kind.example())
    }
}

impl OpKind {
    /// A call of the kind.
    const fn example(self) -> Call {
        const HERE: Target = Target { mm: 0, va: 0 };
        const ONE: Arg = Arg::Number(1);
        const FILE: FileKind = FileKind::Block;
        const FLAGS: GupFlags = GupFlags { write: false, force: false, longterm: false, unlockable: true };
        match self {
            Self::DirectRead => Call::DirectRead { file: FILE, va: 0, word: 0, value: ONE },
            Self::DirectWrite => Call::DirectWrite { file: FILE, va: 0, word: 0 },
            Self::Recvmsg => Call::Recvmsg { va: 0, word: 0, value: ONE },
            Self::Gup { pin, fast, .. } => Call::Gup { target: HERE, pin, fast, flags: FLAGS },
            Self::ExtractPages => Call::ExtractPages { file: FILE, va: 0, write: false },
            Self::Release { .. } => Call::Release { handle: 0 },
            Self::DmaWrite => Call::DmaWrite { handle: 0, word: 0, value: ONE },
            Self::DmaRead => Call::DmaRead { handle: 0, word: 0 },
            Self::Vmsplice => Call::Vmsplice { va: 0 },
            Self::FuseSplice => Call::FuseSplice { handle: 0 },
            Self::PipeRead => Call::PipeRead { handle: 0, word: 0 },
            Self::IoUringRegister => Call::IoUringRegister { va: 0 },
            Self::Fork => Call::Fork { child: 0 },
            Self::Exit => Call::Exit,
            Self::Munmap => Call::Munmap { va: 0 },
            Self::Madvise => Call::Madvise { va: 0, advice: Advice::DontNeed },
            Self::Mprotect => Call::Mprotect { va: 0, write: false },
            Self::ClearRefs => Call::ClearRefs { mm: 0 },
            Self::SoftDirty => Call::SoftDirty { target: HERE },
            Self::UffdWriteProtect => Call::UffdWriteProtect { target: HERE, protect: true },
            Self::Reclaim => Call::Reclaim { target: HERE },
            Self::SpeculativeRef => Call::SpeculativeRef { target: HERE },
            Self::LruAddDrainAll => Call::LruAddDrainAll,
        }
    }
}

const fn gup(pin: bool, fast: bool, remote: bool, names: &'static [&'static str], usage: &'static str) -> Op {
    let op = op(OpKind::Gup { pin, fast, remote }, names, usage).gives(HANDLE).takes(1, 4).steps(GUP);
    if remote { op } else { op.own() }
}

/// Every call.
pub(crate) const OPS: &[Op] = &[
    op(OpKind::DirectRead, &["read"], "read(O_DIRECT, buf[0], 1)")
        .own()
        .gives("0 or `EFAULT`")
        .takes(3, 4)
        .steps(GUP_DMA)
        .says(
            "`read(O_DIRECT, buf[0], 1)`, `read(O_DIRECT, FILE, buf[0], 1)`",
            "`read(2)`: the device writes 1; `FILE` is `block`, `nfs`, `9p` or `fuse`, and `block` without it",
        ),
    op(OpKind::DirectWrite, &["write"], "write(O_DIRECT, buf[0])")
        .own()
        .gives("what the device read, or `EFAULT`")
        .takes(2, 3)
        .steps(GUP_DMA)
        .says("`write(O_DIRECT, buf[0])`, `write(O_DIRECT, FILE, buf[0])`", "`write(2)`"),
    op(OpKind::Recvmsg, &["recvmsg"], "recvmsg(buf[0], 1)")
        .own()
        .gives("0 or `EFAULT`")
        .takes(2, 2)
        .steps(GUP_DMA)
        .says("`recvmsg(buf[0], 1)`", "kTLS decrypts into the page"),
    gup(
        false,
        true,
        false,
        &["get_user_pages_fast", "get_fast"],
        "h = get_user_pages_fast(buf, FOLL_WRITE|FOLL_FORCE)",
    )
    .says("`get_user_pages_fast(buf, FLAGS)`, `get_fast`", "GUP-fast with `FOLL_GET`"),
    gup(false, false, false, &["get_user_pages", "get"], "h = get_user_pages(buf, FOLL_WRITE|FOLL_FORCE)")
        .says("`get_user_pages(buf, FLAGS)`, `get`", "the slow path only"),
    gup(
        true,
        true,
        false,
        &["pin_user_pages_fast", "pin_fast"],
        "h = pin_user_pages_fast(buf, FOLL_WRITE|FOLL_LONGTERM)",
    )
    .says("`pin_user_pages_fast(buf, FLAGS)`, `pin_fast`", "GUP-fast with `FOLL_PIN`"),
    gup(true, false, false, &["pin_user_pages", "pin"], "h = pin_user_pages(buf, FOLL_WRITE|FOLL_LONGTERM)")
        .says("`pin_user_pages(buf, FLAGS)`, `pin`", "the slow path only"),
    gup(false, false, true, &["get_user_pages_remote"], "h = get_user_pages_remote(A.buf, FOLL_WRITE)")
        .says("`get_user_pages_remote(A.buf, FLAGS)`", "a get of any mm, from any column, slow, as `/proc/PID/mem` and ptrace take it"),
    gup(true, false, true, &["pin_user_pages_remote"], "h = pin_user_pages_remote(A.buf, FOLL_WRITE)").says(
        "`pin_user_pages_remote(A.buf, FLAGS)`",
        "a pin of any mm, from any column, slow, as `process_vm_readv` takes it",
    ),
    op(
        OpKind::ExtractPages,
        &["iov_iter_extract_pages", "extract_pages"],
        "h = iov_iter_extract_pages(buf, FOLL_WRITE)",
    )
    .own()
    .gives(HANDLE)
    .takes(1, 3)
    .steps(GUP)
    .says(
        "`iov_iter_extract_pages(buf, FOLL_WRITE)`, `extract_pages(FILE, buf, FOLL_WRITE)`",
        "takes the page as `O_DIRECT` does, a get or a pin by era and file, and holds it; without `FOLL_WRITE` to read \
         from it",
    ),
    op(OpKind::Release { pin: false }, &["put_page"], "put_page(h)").takes(1, 1).says(
        "`put_page(h)`",
        "gives a get back. Whoever uses it afterwards uses whatever the page is now",
    ),
    op(OpKind::Release { pin: true }, &["unpin_user_page"], "unpin_user_page(h)")
        .takes(1, 1)
        .says("`unpin_user_page(h)`", "gives a pin back"),
    op(OpKind::DmaWrite, &["dma_write"], "dma_write(h[0], 1)")
        .takes(2, 2)
        .steps(DMA)
        .says("`dma_write(h[0], 1)`", "a device writes through a handle that was taken to write"),
    op(OpKind::DmaRead, &["dma_read"], "s = dma_read(h[0])")
        .gives("the word")
        .takes(1, 1)
        .steps(DMA)
        .says("`dma_read(h[0])`", "a device reads through a handle"),
    op(OpKind::Vmsplice, &["vmsplice"], "p = vmsplice(buf)")
        .own()
        .gives("a handle")
        .takes(1, 1)
        .steps(GUP)
        .says("`vmsplice(buf)`", "the page goes into a pipe"),
    op(OpKind::FuseSplice, &["fuse_dev_splice_read"], "p = fuse_dev_splice_read(h)")
        .gives("a handle")
        .takes(1, 1)
        .says(
            "`fuse_dev_splice_read(h)`",
            "a FUSE server splices a direct write out of `/dev/fuse`, whose page `h` holds: the page or a copy, by era",
        ),
    op(OpKind::PipeRead, &["pipe_read"], "s = pipe_read(p[0])")
        .gives("the word as it is now")
        .takes(1, 1)
        .steps(DMA)
        .says("`pipe_read(p[0])`", "reads from the pipe"),
    op(OpKind::IoUringRegister, &["io_uring_register"], "h = io_uring_register(buf)")
        .own()
        .gives(HANDLE)
        .takes(1, 1)
        .steps(GUP)
        .says("`io_uring_register(buf)`", "a fixed buffer: a long-term pin to write"),
    op(OpKind::Fork, &["fork"], "C = fork()")
        .own()
        .gives("a new mm")
        .says("`C = fork()`", "`C` becomes an mm"),
    op(OpKind::Exit, &["exit"], "exit()").own().says(
        "`exit()`",
        "the mm goes, when all other columns in it have finished; the last thing in its column",
    ),
    op(OpKind::Munmap, &["munmap"], "munmap(buf)").own().takes(1, 1).says("`munmap(buf)`", "the area goes"),
    op(OpKind::Madvise, &["madvise"], "madvise(buf, MADV_PAGEOUT)").own().gives("0, or `EINVAL` for `MADV_FREE` of a file").takes(2, 2).says(
        "`madvise(buf, ADVICE)`",
        "`MADV_DONTNEED`, `MADV_DONTFORK`, `MADV_DOFORK`, `MADV_PAGEOUT`, `MADV_FREE`",
    ),
    op(OpKind::Mprotect, &["mprotect"], "mprotect(buf, PROT_READ|PROT_WRITE)")
        .own()
        .takes(2, 2)
        .says("`mprotect(buf, PROT_READ)`, `mprotect(buf, PROT_READ\\|PROT_WRITE)`", "read-only, and not"),
    op(OpKind::ClearRefs, &["clear_refs"], "clear_refs(A)")
        .takes(1, 1)
        .says("`clear_refs(A)`", "4 into `/proc/PID/clear_refs`"),
    op(OpKind::SoftDirty, &["soft_dirty"], "s = soft_dirty(A.buf)")
        .gives("0 or 1")
        .takes(1, 1)
        .says("`soft_dirty(A.buf)`", "the bit of `/proc/PID/pagemap`"),
    op(OpKind::UffdWriteProtect, &["UFFDIO_WRITEPROTECT"], "UFFDIO_WRITEPROTECT(A.buf, WP)")
        .takes(2, 2)
        .says("`UFFDIO_WRITEPROTECT(A.buf, WP)`, `UFFDIO_WRITEPROTECT(A.buf, 0)`", "protects, un-protects"),
    op(OpKind::Reclaim, &["reclaim"], "reclaim(A.buf)")
        .takes(1, 1)
        .steps(&["add_to_swap", "try_to_unmap", "pageout", "remove_mapping"])
        .says("`reclaim(A.buf)`", "`shrink_page_list` of the page"),
    op(OpKind::SpeculativeRef, &["speculative_ref"], "speculative_ref(A.buf)")
        .takes(1, 1)
        .steps(&["get", "put"])
        .says("`speculative_ref(A.buf)`", "a lockless lookup"),
    op(OpKind::LruAddDrainAll, &["lru_add_drain_all"], "lru_add_drain_all()")
        .says("`lru_add_drain_all()`", "every CPU's batch"),
];

/// A call by any of its names.
pub(crate) fn find(name: &str) -> Option<&'static Op> {
    OPS.iter().find(|op| op.names.contains(&name))
}

/// All names of all calls.
pub(crate) fn names() -> impl Iterator<Item = &'static str> + Clone {
    OPS.iter().flat_map(|op| op.names.iter().copied())
}

/// What a cell can be, as it is told to people.
#[derive(Clone, Copy, Debug)]
pub struct CallInfo {
    /// What is written, in back quotes.
    pub form: &'static str,
    /// One way to write it.
    pub usage: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// What its result is.
    pub result: &'static str,
    /// The steps that the model marks, in their order: windows name them without their call.
    pub marks: &'static [&'static str],
    /// All steps that a diagram can draw within it; `None` if the model was changed since they were listed.
    pub steps: Option<&'static Steps>,
}

fn access(
    form: &'static str,
    usage: &'static str,
    meaning: &'static str,
    result: &'static str,
    call: Call,
) -> CallInfo {
    CallInfo { form, usage, meaning, result, marks: &[], steps: Steps::of(call) }
}

/// Loads and stores.
fn accesses() -> [CallInfo; 2] {
    let load = access(
        "`x = buf[0]`, `buf[0]`",
        "x = buf[0]",
        "a load by user space",
        "the word, or `SIGSEGV`",
        Call::Load { va: 0, word: 0 },
    );
    let store = access(
        "`buf[1] = 2`, `buf[1] = x`",
        "buf[1] = 2",
        "a store by user space; one that gets `SIGSEGV` stores nothing, and the column goes on",
        NOTHING,
        Call::Store { va: 0, word: 0, value: Arg::Number(1) },
    );
    [load, CallInfo { marks: &["SIGSEGV"], ..store }]
}

/// Variables, and waiting.
fn variables() -> [CallInfo; 3] {
    [
        access(
            "`f = 1`, `f = x`",
            "f = 1",
            "sets a variable: a flag",
            NOTHING,
            Call::Set { value: Arg::Number(1) },
        ),
        access(
            "`wait f`",
            "wait f",
            "until the variable is set",
            NOTHING,
            Call::WaitVariable { variable: 0 },
        ),
        access(
            "`wait C`",
            "wait C",
            "until every column of mm `C` has finished",
            NOTHING,
            Call::WaitExit { mm: 0 },
        ),
    ]
}

/// Everything that a cell can be.
pub fn calls() -> impl Iterator<Item = CallInfo> {
    let ops = OPS.iter().map(|op| CallInfo {
        form: op.form,
        usage: op.usage,
        meaning: op.meaning,
        result: op.gives,
        marks: op.steps,
        steps: op.comes_to(),
    });
    accesses().into_iter().chain(ops).chain(variables())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table in the documentation.
    #[test]
    fn the_documentation_has_every_call() {
        let mut table = "| cell | meaning | steps | result |\n|---|---|---|---|\n".to_owned();
        for call in calls() {
            let marks: Vec<String> = call.marks.iter().map(|mark| format!("`{mark}`")).collect();
            table +=
                &format!("| {} | {} | {} | {} |\n", call.form, call.meaning, marks.join(", "), call.result);
        }
        let documentation = include_str!("../../../docs/language.md");
        assert!(documentation.contains(&table), "docs/language.md lacks this table:\n{table}");
    }

    /// What windows name as a step is what the model marks.
    #[test]
    fn marks_are_those_of_the_model() {
        for call in calls() {
            for mark in call.marks {
                let steps = call.steps.expect("the table is of this model");
                assert!(steps.marks.contains(mark), "{} never comes to {mark}", call.usage);
            }
        }
    }
}
