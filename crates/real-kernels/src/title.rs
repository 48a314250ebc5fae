//! Titles: rows in words.

use crate::subject::{Attack, Device, Event, Held, Leak, LeakedPage, State, Subject};

/// The title of a row, in one line.
pub(crate) fn title(subject: Subject) -> String {
    match subject {
        Subject::Held(held) => of_held(held),
        Subject::Leak(leak) => of_leak(leak),
        Subject::Reuse { exited: true } => {
            "A store after the child has exited: is the page copied?".to_owned()
        }
        Subject::Reuse { exited: false } => "A store while a child lives: does the child see it?".to_owned(),
    }
}

fn of_leak(Leak { attack, page }: Leak) -> String {
    let page = match page {
        LeakedPage::Excl => "a page",
        LeakedPage::Swapped => "a page from swap",
        LeakedPage::Thp => "a transparent huge page",
        LeakedPage::Hugetlb => "a huge page of hugetlb",
    };
    let (who, when, other) = match attack {
        Attack::ChildPins => ("A child", "", "parent"),
        Attack::ParentPinsBeforeFork => ("A parent", " before a fork", "child"),
        Attack::ParentPinsAfterFork => ("A parent", " after a fork", "child"),
    };
    format!("{who} takes {page} into a pipe{when} and unmaps it: does the pipe see what its {other} writes?")
}

fn of_held(Held { device, state, event }: Held) -> String {
    let page = match state {
        State::Excl => "an exclusive page",
        State::PrevShared => "a page that was shared with a child",
        State::Shared => "a page shared with a child",
        State::SwappedOut => "a swapped-out page",
        State::ZeroPage => "the zero page",
        State::PrivFile => "a page of a private file mapping",
        State::Thp => "a transparent huge page",
        State::Hugetlb => "a huge page of hugetlb",
    };
    let event = match event {
        Event::None => "a store",
        Event::SoftDirty => "clear_refs and a store",
        Event::Mprotect => "mprotect to and fro and a store",
        Event::UffdWp => "userfaultfd write-protection to and fro and a store",
        Event::PageOut => "MADV_PAGEOUT and a store",
        Event::PageOutRead => "MADV_PAGEOUT, a load and a store",
        Event::ForkAlive => "a fork whose child lives on and a store",
        Event::ForkExit => "a fork whose child exits and a store",
    };
    let question = if device.writes() { "is the DMA lost?" } else { "is what it reads stale?" };
    format!("{} {page}, {event} while it is held: {question}", taken(device))
}

const fn taken(device: Device) -> &'static str {
    match device {
        Device::Vmsplice => "vmsplice of",
        Device::ProcessVmReadv => "process_vm_readv from",
        Device::ProcessVmWritev => "process_vm_writev to",
        Device::FuseRead => "Direct read of a FUSE file into",
        Device::FuseWrite => "Direct write to a FUSE file from",
        Device::BlockRead => "O_DIRECT read of a block device into",
        Device::FixedRead => "io_uring read into a fixed buffer that is",
        Device::FixedWrite => "io_uring write from a fixed buffer that is",
    }
}

/// The kernel function with which the device takes the page, and what delays the DMA.
pub(crate) const fn held_back(device: Device) -> &'static str {
    match device {
        Device::Vmsplice => "Reading the pipe is the DMA.",
        Device::ProcessVmReadv | Device::ProcessVmWritev => {
            "process_vm_rw takes the remote range by pin_user_pages_remote. The local range is missing memory of a userfaultfd, so that the call stops with the page pinned; filling it is the DMA."
        }
        Device::FuseRead | Device::FuseWrite => {
            "fuse_get_user_pages takes the page by iov_iter_extract_pages, a get or a pin by era. FUSE changed in a commit of its own, which the eras have together with a7e689dd1c06. The FUSE server holds the DMA back."
        }
        Device::BlockRead => {
            "bio_iov_iter_get_pages takes the page by iov_iter_extract_pages, a get or a pin by era. A FUSE server below the loop device holds the DMA back."
        }
        Device::FixedRead => "The DMA is READ_FIXED of a memfd.",
        Device::FixedWrite => {
            "The DMA is WRITE_FIXED to a memfd; a fixed buffer is pinned for writing all the same."
        }
    }
}
