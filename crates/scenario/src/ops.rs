//! The calls of the language: names, signatures, steps.

/// What a call lowers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpKind {
    DirectRead,
    DirectWrite,
    Recvmsg,
    Gup { pin: bool, fast: bool, remote: bool },
    ExtractPages,
    Release,
    DmaWrite,
    DmaRead,
    Vmsplice,
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

const fn op(kind: OpKind, names: &'static [&'static str], usage: &'static str) -> Op {
    Op { kind, names, usage, own_mm: false, result: false, arity: (0, 0), steps: &[] }
}

impl Op {
    const fn own(mut self) -> Self {
        self.own_mm = true;
        self
    }

    const fn gives(mut self) -> Self {
        self.result = true;
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

    /// The name.
    pub(crate) const fn name(&self) -> &'static str {
        self.names[0]
    }

    /// Whether it takes hold of memory, for a while or until a handle is given back.
    pub(crate) fn takes_hold(&self) -> bool {
        self.steps.contains(&"gup")
    }
}

const fn gup(pin: bool, fast: bool, remote: bool, names: &'static [&'static str], usage: &'static str) -> Op {
    let op = op(OpKind::Gup { pin, fast, remote }, names, usage).gives().takes(1, 4).steps(GUP);
    if remote { op } else { op.own() }
}

/// Every call.
pub(crate) const OPS: &[Op] = &[
    op(OpKind::DirectRead, &["read"], "read(O_DIRECT, buf[0], 1)").own().gives().takes(3, 3).steps(GUP_DMA),
    op(OpKind::DirectWrite, &["write"], "write(O_DIRECT, buf[0])").own().gives().takes(2, 2).steps(GUP_DMA),
    op(OpKind::Recvmsg, &["recvmsg"], "recvmsg(buf[0], 1)").own().gives().takes(2, 2).steps(GUP_DMA),
    gup(
        false,
        true,
        false,
        &["get_user_pages_fast", "get_fast"],
        "h = get_user_pages_fast(buf, FOLL_WRITE|FOLL_FORCE)",
    ),
    gup(false, false, false, &["get_user_pages", "get"], "h = get_user_pages(buf, FOLL_WRITE|FOLL_FORCE)"),
    gup(
        true,
        true,
        false,
        &["pin_user_pages_fast", "pin_fast"],
        "h = pin_user_pages_fast(buf, FOLL_WRITE|FOLL_LONGTERM)",
    ),
    gup(true, false, false, &["pin_user_pages", "pin"], "h = pin_user_pages(buf, FOLL_WRITE|FOLL_LONGTERM)"),
    gup(false, false, true, &["get_user_pages_remote"], "h = get_user_pages_remote(A.buf, FOLL_WRITE)"),
    gup(true, false, true, &["pin_user_pages_remote"], "h = pin_user_pages_remote(A.buf, FOLL_WRITE)"),
    op(
        OpKind::ExtractPages,
        &["iov_iter_extract_pages", "extract_pages"],
        "h = iov_iter_extract_pages(buf, FOLL_WRITE)",
    )
    .own()
    .gives()
    .takes(1, 2)
    .steps(GUP),
    op(OpKind::Release, &["put_page"], "put_page(h)").takes(1, 1),
    op(OpKind::Release, &["unpin_user_page"], "unpin_user_page(h)").takes(1, 1),
    op(OpKind::DmaWrite, &["dma_write"], "dma_write(h[0], 1)").takes(2, 2).steps(DMA),
    op(OpKind::DmaRead, &["dma_read"], "s = dma_read(h[0])").gives().takes(1, 1).steps(DMA),
    op(OpKind::Vmsplice, &["vmsplice"], "p = vmsplice(buf)").own().gives().takes(1, 1).steps(GUP),
    op(OpKind::PipeRead, &["pipe_read"], "s = pipe_read(p[0])").gives().takes(1, 1),
    op(OpKind::IoUringRegister, &["io_uring_register"], "h = io_uring_register(buf)")
        .own()
        .gives()
        .takes(1, 1)
        .steps(GUP),
    op(OpKind::Fork, &["fork"], "C = fork()").own().gives(),
    op(OpKind::Exit, &["exit"], "exit()").own(),
    op(OpKind::Munmap, &["munmap"], "munmap(buf)").own().takes(1, 1),
    op(OpKind::Madvise, &["madvise"], "madvise(buf, MADV_DONTNEED)").own().gives().takes(2, 2),
    op(OpKind::Mprotect, &["mprotect"], "mprotect(buf, PROT_READ|PROT_WRITE)").own().takes(2, 2),
    op(OpKind::ClearRefs, &["clear_refs"], "clear_refs(A)").takes(1, 1),
    op(OpKind::SoftDirty, &["soft_dirty"], "s = soft_dirty(A.buf)").gives().takes(1, 1),
    op(OpKind::UffdWriteProtect, &["UFFDIO_WRITEPROTECT"], "UFFDIO_WRITEPROTECT(A.buf, WP)").takes(2, 2),
    op(OpKind::Reclaim, &["reclaim"], "reclaim(A.buf)").takes(1, 1).steps(&[
        "add_to_swap",
        "try_to_unmap",
        "pageout",
        "remove_mapping",
    ]),
    op(OpKind::SpeculativeRef, &["speculative_ref"], "speculative_ref(A.buf)")
        .takes(1, 1)
        .steps(&["get", "put"]),
    op(OpKind::LruAddDrainAll, &["lru_add_drain_all"], "lru_add_drain_all()"),
];

/// A call by any of its names.
pub(crate) fn find(name: &str) -> Option<&'static Op> {
    OPS.iter().find(|op| op.names.contains(&name))
}

/// All names of all calls.
pub(crate) fn names() -> impl Iterator<Item = &'static str> + Clone {
    OPS.iter().flat_map(|op| op.names.iter().copied())
}
