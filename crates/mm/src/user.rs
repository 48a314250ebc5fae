//! What user space, devices and the rest of the kernel do with memory.
//!
//! Loads and stores follow the MMU and the architecture's fault handler; the consumers of GUP follow
//! `lib/iov_iter.c`, `block/bio.c`, `fs/splice.c`, `net/tls/tls_sw.c` and `io_uring/rsrc.c` as far as the
//! flags that they pass and the time for which they hold the page. Left out: everything else of them.

use cowrace_machine::{Prim, UserAccess};

use crate::cpu::Cpu;
use crate::era::{DirectIo, IoUringPin};
use crate::gup::{Foll, get_user_pages, get_user_pages_fast, pins, release};
use crate::memory::do_user_addr_fault;
use crate::objects::{MmStruct, Page, tlb, tlb_entry};
use crate::swap::put_page;
use crate::world::{Errno, GupFlags, Va};

/// A load (`store` is `None`) or store by user space: through the TLB, else by the walker, else by a fault.
pub async fn user_access(
    cpu: &Cpu,
    mm: MmStruct,
    va: Va,
    word: u8,
    store: Option<u64>,
) -> Result<u64, Errno> {
    let this = usize::from(cpu.actor());
    let access = UserAccess { tlb: tlb_entry(this, va), pte: mm.pte(va), word, store };
    loop {
        if cpu.kernel().world.environment.tlb_evict && cpu.choose(2, Prim::TlbEvict).await == 1 {
            cpu.flush_tlb(tlb(this), 1 << va, Prim::TlbEvict).await;
        }
        if let Some(value) = cpu.user(access).await {
            return Ok(value.bits);
        }
        do_user_addr_fault(cpu, mm, va, store.is_some()).await?;
    }
}

const READ: GupFlags = GupFlags { write: false, force: false, longterm: false, unlockable: true };
const WRITE: GupFlags = GupFlags { write: true, ..READ };

fn direct_io(cpu: &Cpu, flags: GupFlags) -> Foll {
    Foll { pin: pins(cpu, cpu.rules().is(DirectIo::Pin)), flags }
}

/// `iov_iter_extract_pages` (`lib/iov_iter.c`, v6.3 on; `iov_iter_get_pages2` and `iov_iter_get_pages` before):
/// direct I/O takes a page, and holds it until its device is done. What it takes is a get up to v6.4, and a
/// pin since a7e689dd1c06 (v6.5). Left out: iterators that are not over user memory, and more pages than one.
pub async fn iov_iter_extract_pages(
    cpu: &Cpu,
    mm: MmStruct,
    va: Va,
    write: bool,
) -> Result<(Page, Foll), Errno> {
    let _frame = cpu.frame("iov_iter_extract_pages");
    let foll = direct_io(cpu, if write { WRITE } else { READ });
    Ok((get_user_pages_fast(cpu, mm, va, foll).await?, foll))
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

/// `read(2)` with `O_DIRECT`: `bio_iov_iter_get_pages`, a get up to v6.4, a pin since.
pub async fn direct_read(cpu: &Cpu, mm: MmStruct, va: Va, word: u8, value: u64) -> Result<(), Errno> {
    let _frame = cpu.frame("blkdev_direct_IO");
    device_fills(cpu, mm, va, word, value, direct_io(cpu, WRITE)).await
}

/// `recvmsg(2)` with kTLS: `tls_setup_from_iter` takes gets in every era.
pub async fn recvmsg(cpu: &Cpu, mm: MmStruct, va: Va, word: u8, value: u64) -> Result<(), Errno> {
    let _frame = cpu.frame("tls_sw_recvmsg");
    device_fills(cpu, mm, va, word, value, Foll { pin: false, flags: WRITE }).await
}

/// `write(2)` with `O_DIRECT`: the device reads one word.
pub async fn direct_write(cpu: &Cpu, mm: MmStruct, va: Va, word: u8) -> Result<u64, Errno> {
    let _frame = cpu.frame("blkdev_direct_IO");
    let foll = direct_io(cpu, READ);
    let page = get_user_pages_fast(cpu, mm, va, foll).await?;
    cpu.step("gup");
    let value = cpu.load(page.data(word), Prim::DmaRead).await.bits;
    cpu.step("dma");
    release(cpu, page, foll.pin, false).await;
    Ok(value)
}

/// `vmsplice(2)`: the pipe gets a read reference for as long as nobody reads it, in every era.
pub async fn vmsplice(cpu: &Cpu, mm: MmStruct, va: Va) -> Result<Page, Errno> {
    let _frame = cpu.frame("vmsplice_to_pipe");
    get_user_pages_fast(cpu, mm, va, Foll { pin: false, flags: READ }).await
}

/// `io_uring_register(IORING_REGISTER_BUFFERS)`: a long-term write pin. Up to v6.9 with `pin_user_pages`, under an mmap
/// lock that may not be dropped; `io_pin_pages` since then has `pin_user_pages_fast` (read in v5.7, v5.9, v6.1, v6.2, v6.4,
/// v6.12, v6.14, v6.18).
pub async fn io_uring_register(cpu: &Cpu, mm: MmStruct, va: Va) -> Result<Page, Errno> {
    let _frame = cpu.frame("io_sqe_buffer_register");
    let flags = GupFlags { longterm: true, ..WRITE };
    if cpu.rules().is(IoUringPin::Fast) {
        return get_user_pages_fast(cpu, mm, va, Foll { pin: true, flags }).await;
    }
    get_user_pages(cpu, mm, va, Foll { pin: true, flags: GupFlags { unlockable: false, ..flags } }).await
}

/// Somebody looks a page up by its number, without any lock, and drops it again.
pub async fn speculative_ref(cpu: &Cpu, mm: MmStruct, va: Va) {
    let _frame = cpu.frame("page_cache_get_speculative");
    // Which page is looked up is not a race; the PTE is asked so that a scenario can name it.
    let pte = crate::pte::Pte(cpu.load(mm.pte(va), Prim::Ghost).await);
    if !pte.present() || pte.is_zero_page() {
        return;
    }
    if cpu.get_page_unless_zero(pte.page()).await {
        cpu.step("get");
        put_page(cpu, pte.page()).await;
        cpu.step("put");
    }
}
