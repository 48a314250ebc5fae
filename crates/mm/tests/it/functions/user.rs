//! The callers of GUP: direct I/O, FUSE, io_uring.

use cowrace_machine::Prim;
use cowrace_mm::Cpu;
use cowrace_mm::era::{DirectIo, FuseDirectIo, FuseSplice, IoUringPin};
use cowrace_mm::objects::GUP_PIN_COUNTING_BIAS;
use cowrace_mm::user::{fuse_dev_splice_read, io_uring_register, iov_iter_extract_pages};
use cowrace_mm::world::FileKind;

use super::arms::{Told, behaviours, case};
use super::bench::{A, buf, first};

behaviours![
    direct_io_of_block_devices_takes_a_reference_or_a_pin,
    direct_io_of_fuse_takes_a_reference_or_a_pin,
    a_fuse_server_gets_the_page_or_a_copy,
    a_fixed_buffer_is_pinned_with_or_without_locks,
];

fn direct_io_of_block_devices_takes_a_reference_or_a_pin() -> Told {
    let take = async |cpu: &Cpu| {
        let _ = iov_iter_extract_pages(cpu, FileKind::Block, A, 0, true).await;
    };
    case("v6.12", buf("anon"), take, |ran| ran.references())
        .arms(&[(DirectIo::Get, 2), (DirectIo::Pin, 1 + GUP_PIN_COUNTING_BIAS)])
}

fn direct_io_of_fuse_takes_a_reference_or_a_pin() -> Told {
    let take = async |cpu: &Cpu| {
        let _ = iov_iter_extract_pages(cpu, FileKind::Fuse, A, 0, true).await;
    };
    case("v6.12", buf("anon"), take, |ran| ran.references())
        .arms(&[(FuseDirectIo::Get, 2), (FuseDirectIo::Pin, 1 + GUP_PIN_COUNTING_BIAS)])
}

fn a_fuse_server_gets_the_page_or_a_copy() -> Told {
    let splice = async |cpu: &Cpu| fuse_dev_splice_read(cpu, first()).await;
    case("v6.12", buf("anon"), splice, |ran| ran.result().obj == first().obj)
        .arms(&[(FuseSplice::Reference, true), (FuseSplice::Copy, false)])
}

fn a_fixed_buffer_is_pinned_with_or_without_locks() -> Told {
    use Prim::{LocalIrqSave, MmapReadLock};
    let register = async |cpu: &Cpu| {
        let _ = io_uring_register(cpu, A, 0).await;
    };
    case("v6.12", buf("anon"), register, |ran| ran.order(&[LocalIrqSave, MmapReadLock]))
        .arms(&[(IoUringPin::Slow, vec![MmapReadLock]), (IoUringPin::Fast, vec![LocalIrqSave])])
}
