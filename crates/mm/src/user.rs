//! Accesses to memory by user space, devices and the rest of the kernel.
//!
//! Loads and stores follow the MMU and the architecture's fault handler; of the consumers of GUP
//! (`lib/iov_iter.c`, `block/bio.c`, `fs/nfs/direct.c`, `net/9p/trans_virtio.c`, `fs/fuse/`, `fs/splice.c`,
//! `net/tls/tls_sw.c` and `io_uring/rsrc.c`) there are only the flags that they pass and the time for which they hold the
//! page. Everything else is left out.

use cowrace_machine::{Prim, Round, UserAccess, Value, mmu};
use cowrace_report::{Fact, Then};

use crate::cpu::Cpu;
use crate::era::{DirectIo, FuseDirectIo, FuseSplice, IoUringPin};
use crate::fault::do_user_addr_fault;
use crate::folio::page_folio;
use crate::gup::{Foll, get_user_pages, get_user_pages_fast, pins, release};
use crate::objects::{MmStruct, Page, tlb, tlb_entry};
use crate::page_alloc::alloc_page;
use crate::pgtable::{Pmd, Pte};
use crate::swap::put_page;
use crate::world::{Errno, FileKind, GupFlags, Va};

/// A load (`store` is `None`) or store by user space: through the TLB, or else by the hardware walker, or else by a
/// fault.
pub async fn user_access(
    cpu: &Cpu,
    mm: MmStruct,
    va: Va,
    word: u8,
    store: Option<u64>,
) -> Result<u64, Errno> {
    cpu.rounds((mm, va, word, store), async |cpu, again @ (mm, va, word, store)| {
        let this = usize::from(cpu.actor());
        let access =
            UserAccess { tlb: tlb_entry(this, va), pte: mm.pte(va), directory: None, page: 0, word, store };
        if cpu.kernel().world.environment.tlb_evict && cpu.choose(2, Prim::TlbEvict).await == 1 {
            cpu.flush_tlb(tlb(this), cpu.kernel().geometry.entries(va), Prim::TlbEvict).await;
        }
        let done = match cpu.kernel().geometry.range(va) {
            Some(range) => walk_pmd(cpu, mm, range, access).await,
            None => cpu.user(access).await,
        };
        if let Some(value) = done {
            return Round::Done(Ok(value.bits));
        }
        match do_user_addr_fault(cpu, mm, va, store.is_some()).await {
            Ok(()) => Round::Again(again),
            Err(errno) => Round::Done(Err(errno)),
        }
    })
    .await
}

/// An access to a range that a huge page may back: through the entry of a huge page, of the TLB or of the page middle directory,
/// or else through the page table, if the directory still refers to it then.
async fn walk_pmd(cpu: &Cpu, mm: MmStruct, range: Va, access: UserAccess) -> Option<Value> {
    let this = usize::from(cpu.actor());
    let access = UserAccess { directory: cpu.kernel().collapses.then_some(mm.pmd(range)), ..access };
    let huge = UserAccess {
        tlb: tlb_entry(this, range),
        pte: mm.pmd(range),
        page: access.word,
        directory: None,
        ..access
    };
    match cpu.user_or_entry(huge).await {
        Ok(value) => Some(value),
        Err(pmd) if Pte::from(pmd).pmd() == Pmd::Table => cpu.user(access).await,
        Err(_) => None,
    }
}

const READ: GupFlags = GupFlags { write: false, force: false, longterm: false, unlockable: true };
const WRITE: GupFlags = GupFlags { write: true, ..READ };

/// How direct I/O takes a page. Block devices: a get up to v6.4, a pin since a7e689dd1c06 (v6.5). FUSE
/// (`fuse_get_user_pages`): a get up to v6.8, a pin since 738adade96b2 (v6.9). NFS (`nfs_direct_read_schedule_iovec`,
/// `nfs_direct_write_schedule_iovec`) and 9p (`p9_get_mapped_pages`): a get in every kernel up to v6.19.
fn direct_io(cpu: &Cpu, file: FileKind, flags: GupFlags) -> Foll {
    let pin = match file {
        FileKind::Block => cpu.rules().is(DirectIo::Pin),
        FileKind::Fuse => cpu.rules().is(FuseDirectIo::Pin),
        FileKind::Nfs | FileKind::NineP => false,
    };
    Foll { pin: pins(cpu, pin), flags }
}

/// `iov_iter_extract_pages` (`lib/iov_iter.c`, from v6.3 on; `iov_iter_get_pages2` and `iov_iter_get_pages` before):
/// direct I/O takes a page, and holds it until its device is done. Left out: iterators that are not over user memory,
/// and more than one page.
pub async fn iov_iter_extract_pages(
    cpu: &Cpu,
    file: FileKind,
    mm: MmStruct,
    va: Va,
    write: bool,
) -> Result<(Page, Foll), Errno> {
    cpu.call("iov_iter_extract_pages", (file, mm, va, write), async |cpu, (file, mm, va, write)| {
        let foll = direct_io(cpu, file, if write { WRITE } else { READ });
        Ok((get_user_pages_fast(cpu, mm, va, foll).await?, foll))
    })
    .await
}

/// `read(2)` with `O_DIRECT`, or another read into user pages: the device writes one word.
async fn device_fills(
    cpu: &Cpu,
    mm: MmStruct,
    va: Va,
    word: u8,
    value: u64,
    foll: Foll,
) -> Result<(), Errno> {
    let page = get_user_pages_fast(cpu, mm, va, foll).await?;
    cpu.step("gup");
    cpu.store(page.data(word), value, Prim::DmaWrite).await;
    cpu.step("dma");
    release(cpu, page, foll.pin, true).await;
    Ok(())
}

/// `read(2)` with `O_DIRECT`: `bio_iov_iter_get_pages`, or the file system's equivalent. For FUSE, the server fills the
/// page instead of a device.
pub async fn direct_read(
    cpu: &Cpu,
    file: FileKind,
    mm: MmStruct,
    va: Va,
    word: u8,
    value: u64,
) -> Result<(), Errno> {
    let arguments = (mm, va, word, value, direct_io(cpu, file, WRITE));
    let read =
        async |cpu: &Cpu, (mm, va, word, value, foll)| device_fills(cpu, mm, va, word, value, foll).await;
    match file {
        FileKind::Block => cpu.call("blkdev_direct_IO", arguments, read).await,
        FileKind::Nfs => cpu.call("nfs_file_direct_read", arguments, read).await,
        FileKind::NineP => cpu.call("p9_virtio_zc_request", arguments, read).await,
        FileKind::Fuse => cpu.call("fuse_direct_io", arguments, read).await,
    }
}

/// `recvmsg(2)` with kTLS: `tls_setup_from_iter` takes gets in every era.
pub async fn recvmsg(cpu: &Cpu, mm: MmStruct, va: Va, word: u8, value: u64) -> Result<(), Errno> {
    cpu.call("tls_sw_recvmsg", (mm, va, word, value), async |cpu, (mm, va, word, value)| {
        device_fills(cpu, mm, va, word, value, Foll { pin: false, flags: WRITE }).await
    })
    .await
}

/// `write(2)` with `O_DIRECT`: the device reads one word.
pub async fn direct_write(cpu: &Cpu, file: FileKind, mm: MmStruct, va: Va, word: u8) -> Result<u64, Errno> {
    let arguments = (mm, va, word, direct_io(cpu, file, READ));
    let write = async |cpu: &Cpu, (mm, va, word, foll)| device_drains(cpu, mm, va, word, foll).await;
    match file {
        FileKind::Block => cpu.call("blkdev_direct_IO", arguments, write).await,
        FileKind::Nfs => cpu.call("nfs_file_direct_write", arguments, write).await,
        FileKind::NineP => cpu.call("p9_virtio_zc_request", arguments, write).await,
        FileKind::Fuse => cpu.call("fuse_direct_io", arguments, write).await,
    }
}

/// A device takes a page, reads a word of user memory, and releases the page.
async fn device_drains(cpu: &Cpu, mm: MmStruct, va: Va, word: u8, foll: Foll) -> Result<u64, Errno> {
    let page = get_user_pages_fast(cpu, mm, va, foll).await?;
    cpu.step("gup");
    let value = cpu.load(page.data(word), Prim::DmaRead).await.bits;
    cpu.step("dma");
    release(cpu, page, foll.pin, false).await;
    Ok(value)
}

/// `vmsplice(2)`: the pipe gets a read reference, which it keeps until the pipe is read, in every era.
pub async fn vmsplice(cpu: &Cpu, mm: MmStruct, va: Va) -> Result<Page, Errno> {
    cpu.call("vmsplice_to_pipe", (mm, va), async |cpu, (mm, va)| {
        get_user_pages_fast(cpu, mm, va, Foll { pin: false, flags: READ }).await
    })
    .await
}

/// `fuse_dev_splice_read` (`fs/fuse/dev.c`): the server moves a request into a pipe. Up to v5.16 `fuse_copy_page` lets
/// the pipe refer to the page of the request itself (`fuse_ref_page`), even to a page that direct I/O has taken from
/// user space and releases when the request is done. Since 0c4bcfdecb1a (v5.17) it copies such a page into a new one
/// (`fuse_copy_fill`). Left out: the pipe, headers, and pages that are moved into the page cache.
pub async fn fuse_dev_splice_read(cpu: &Cpu, page: Page) -> Page {
    cpu.call("fuse_dev_splice_read", (page,), async |cpu, (page,)| {
        if cpu.rules().is(FuseSplice::Reference) {
            cpu.get_page(page).await;
            return page;
        }
        let copy = alloc_page(cpu).await;
        for word in 0..mmu::DATA_WORDS {
            let data = cpu.load(page.data(word), Prim::DmaRead).await;
            cpu.store(copy.data(word), data, Prim::DmaWrite).await;
        }
        cpu.why(Fact::UserPage { page }.so(Then::Copy));
        cpu.why(Fact::Copied { from: page, to: copy });
        copy
    })
    .await
}

/// `io_uring_register(IORING_REGISTER_BUFFERS)`: a long-term write pin. Up to v6.9 it uses `pin_user_pages`, under an
/// mmap lock that must not be dropped; since then `io_pin_pages` uses `pin_user_pages_fast` (read in v5.7, v5.9, v6.1,
/// v6.2, v6.4, v6.12, v6.14, v6.18).
pub async fn io_uring_register(cpu: &Cpu, mm: MmStruct, va: Va) -> Result<Page, Errno> {
    cpu.call("io_sqe_buffer_register", (mm, va), async |cpu, (mm, va)| {
        let flags = GupFlags { longterm: true, ..WRITE };
        if cpu.rules().is(IoUringPin::Fast) {
            return get_user_pages_fast(cpu, mm, va, Foll { pin: true, flags }).await;
        }
        get_user_pages(cpu, mm, va, Foll { pin: true, flags: GupFlags { unlockable: false, ..flags } }).await
    })
    .await
}

/// A part of the kernel looks a page up by its number, without any lock, and drops the reference again.
pub async fn speculative_ref(cpu: &Cpu, mm: MmStruct, va: Va) {
    cpu.call("page_cache_get_speculative", (mm, va), async |cpu, (mm, va)| {
        // The choice of the page is not a race; it is read from the PTE so that a scenario can name it.
        let pte = match cpu.kernel().geometry.range(va) {
            Some(range) => page_of_range(cpu, mm, range, va).await,
            None => Pte(cpu.load(mm.pte(va), Prim::Ghost).await),
        };
        if !pte.present() || pte.is_zero_page() {
            return;
        }
        let page = page_folio(cpu, pte.page()).await;
        if cpu.get_page_unless_zero(page).await {
            cpu.step("get");
            put_page(cpu, page).await;
            cpu.step("put");
        }
    })
    .await
}

/// The entry that maps a page of a range, or that of its huge page. It is read to name the page, and is not a step.
async fn page_of_range(cpu: &Cpu, mm: MmStruct, range: Va, va: Va) -> Pte {
    let pmd = Pte(cpu.load(mm.pmd(range), Prim::Ghost).await);
    if pmd.pmd() == Pmd::Table { Pte(cpu.load(mm.pte(va), Prim::Ghost).await) } else { pmd }
}
