//! The sentences of this crate: why there is no program, and what a program says of itself.

use std::fmt;

use crate::device::Device;
use crate::refusal::{Refusal, Why};

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(row) = self.row {
            write!(f, "row {row}: ")?;
        }
        if let Some((column, cell)) = &self.cell {
            write!(f, "`{cell}` of {column}: ")?;
        }
        write!(f, "{}", self.why)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WithinACall { step } => write!(
                f,
                "another column goes on within this call, at `{step}`; user space cannot stop a kernel there, and the model \
                 knows of no damage if the calls run side by side: add an `always` or a `never`, and they are tried often"
            ),
            Self::NoSuchCall => f.write_str("no call of user space does this"),
            Self::GetToWrite => f.write_str(
                "since v6.9, no call of user space takes a reference to write that can be held back: write \
                 `pin_user_pages` with FOLL_WRITE, or name a kernel up to v6.8",
            ),
            Self::HeldByForce => f.write_str(
                "no call of user space takes memory that may not be written by FOLL_FORCE and keeps it: /proc/PID/mem \
                 takes it, stores and gives it back at once",
            ),
            Self::TooManyAccesses => f.write_str(
                "what user space can hold so is over with the first access of the device: leave one access, or take \
                 a long-term pin to write (`io_uring_register`)",
            ),
            Self::FailsAtOnce => f.write_str(
                "it fails where userfaultfd protects the page, and what user space could do instead waits: write \
                 `pin_user_pages_remote`, which waits as well, or `io_uring_register`",
            ),
            Self::TwoAtOnce => f.write_str(
                "the server of the file holds one request at a time: let the first one end before",
            ),
            Self::ForeignFile(file) => write!(
                f,
                "a server on this machine cannot hold back direct I/O to {}: write `fuse`, which is held back by the \
                 program itself",
                file.word()
            ),
            Self::BlockIsNotFuse => f.write_str(
                "from v6.5 to v6.8 block devices pin pages and FUSE takes references, and only FUSE can be held back: \
                 write `fuse`, or name another kernel",
            ),
            Self::Ktls => f.write_str(
                "kTLS decrypts at once, and nothing holds it back: write `read(O_DIRECT, fuse, ..)` instead",
            ),
            Self::Collapse => f.write_str("`MADV_COLLAPSE` is for huge pages, and the programs that cowrace writes use base pages only"),
            Self::Mremap => f.write_str("programs with `mremap` are not written yet"),
            Self::FuseSplice => f.write_str("this program has no server of FUSE that splices its requests"),
            Self::StartState { area, word } => write!(
                f,
                "user space cannot make the area `{area}` begin as `{word}` and see that it does: write the calls \
                 that lead there as rows"
            ),
            Self::HugePages { area } => write!(
                f,
                "the programs that cowrace writes use base pages only, and the area `{area}` has huge pages: write it \
                 with `anon` if base pages have the race as well"
            ),
            Self::InABatch => f.write_str(
                "the page may be in a batch of the LRU, and MADV_PAGEOUT, which stands for this, empties the batches \
                 first: write `lru_add_drain_all()` before",
            ),
            Self::ProcessHasEnded => f.write_str("it needs a process that has ended by then"),
            Self::ForeignUserfaultfd => {
                f.write_str("the area is registered with userfaultfd in the process that declares it, and no child")
            }
            Self::Unseen => f.write_str(
                "what is wrong in the end is not seen by user space: add an `always` or a `never` about a value",
            ),
            Self::NothingToJudge => f.write_str(
                "no kernel does any damage in an order that user space can enforce, and the file asserts nothing: \
                 add an `always` or a `never`",
            ),
            Self::Impossible { reason } => write!(
                f,
                "the rows cannot happen as they are drawn ({reason}), and no other order was found that user space \
                 can enforce"
            ),
            Self::NotApplicable { feature, since } => write!(f, "{feature} came with {since}"),
        }
    }
}

/// What stands for a call that takes hold of a page.
pub(crate) fn device(device: Device) -> &'static str {
    match device {
        Device::Pipe => "vmsplice into a pipe: FOLL_GET, to read",
        Device::FixedBuffer => "a fixed buffer of io_uring: FOLL_PIN, FOLL_LONGTERM, FOLL_WRITE",
        Device::ProcessVmRead => "process_vm_readv, which userfaultfd keeps waiting: FOLL_PIN, to read",
        Device::ProcessVmWrite { .. } => {
            "process_vm_writev, which userfaultfd keeps waiting: FOLL_PIN, FOLL_WRITE"
        }
        Device::FuseRead { .. } => {
            "read of a FUSE file with direct I/O, whose server does not answer: to write the page"
        }
        Device::FuseWrite { .. } => {
            "write of a FUSE file with direct I/O, whose server does not read: to read the page"
        }
        Device::GupTest { .. } => "/sys/kernel/debug/gup_test: FOLL_PIN, FOLL_LONGTERM, to read",
        Device::Once => "process_vm_readv: FOLL_PIN, to read, given back at once",
        Device::ProcMem => "a store by /proc/self/mem: FOLL_GET, FOLL_WRITE, FOLL_FORCE, given back at once",
    }
}
