//! Everything that an actor can do. What there is to know of each call is in [`crate::syscall`].

use super::ids::{MmId, Va, VarId};
use super::operand::{Advice, Arg, FileKind, GupFlags, Target};

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
    /// `mremap(2)` to a given address (`MREMAP_FIXED`): 0, or `EFAULT`.
    Mremap {
        /// The page.
        va: Va,
        /// Where it goes. What is there is unmapped.
        to: Va,
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
    /// The deferred split of the folio mapped there (`deferred_split_scan`), or that of debugfs.
    /// Steps `unmap`, `freeze`, `split`, `remap`.
    SplitHugePage {
        /// Where the folio is mapped.
        target: Target,
    },
    /// khugepaged makes a huge page of the range (`khugepaged_scan_mm_slot`).
    /// Steps `scan`, `swapin`, `clear`, `isolate`, `copy`.
    KhugepagedCollapse {
        /// The range.
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
