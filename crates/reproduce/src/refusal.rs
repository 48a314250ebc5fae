//! What user space cannot do, and why.

use cowrace_mm::era::Release;
use cowrace_mm::world::FileKind;

/// Why there is no program for a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The row of the file, from 1, if it is about a row.
    pub row: Option<usize>,
    /// The column and the cell, if it is about a cell.
    pub cell: Option<(String, String)>,
    /// Why.
    pub why: Why,
}

/// Why something cannot be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The kernel goes on within a call while others act: at a step that nothing holds.
    WithinACall {
        /// The step.
        step: String,
    },
    /// No call of user space does this.
    NoSuchCall,
    /// No call of user space takes a reference to write that it can be made to hold.
    GetToWrite,
    /// No call of user space takes hold of memory that may not be written by `FOLL_FORCE`, and keeps it.
    HeldByForce,
    /// No call of user space holds such a pin or reference while the device does so much with it.
    TooManyAccesses,
    /// The call fails where userfaultfd protects, and every call of user space that could stand for it waits.
    FailsAtOnce,
    /// The device holds one request at a time.
    TwoAtOnce,
    /// Direct I/O to this kind of file needs a server elsewhere.
    ForeignFile(FileKind),
    /// This kernel holds pages of block devices otherwise than pages of FUSE, which is what can be held back.
    BlockIsNotFuse,
    /// kTLS decrypts at once: nothing holds it back.
    Ktls,
    /// Memory goes to another address.
    Mremap,
    /// `MADV_COLLAPSE` does nothing to base pages, and programs have no others.
    Collapse,
    /// A FUSE server that splices a request.
    FuseSplice,
    /// A state of an area at the start that user space cannot make and see.
    StartState {
        /// The area.
        area: String,
        /// The word of the language.
        word: &'static str,
    },
    /// The area has huge pages.
    HugePages {
        /// The area.
        area: String,
    },
    /// The page may be in a batch of the LRU, and MADV_PAGEOUT, which stands for reclaim, empties the batches first.
    InABatch,
    /// It needs a process that has ended.
    ProcessHasEnded,
    /// userfaultfd is registered in another process.
    ForeignUserfaultfd,
    /// What is wrong at the end is not seen by user space.
    Unseen,
    /// No execution that user space can order shows any damage under any kernel, and the file asserts nothing.
    NothingToJudge,
    /// The rows cannot happen so under this kernel, and no other order that user space can enforce was found.
    Impossible {
        /// The engine's reason.
        reason: String,
    },
    /// The kernel lacks a call.
    NotApplicable {
        /// What it lacks.
        feature: &'static str,
        /// Since when there is such a thing.
        since: Release,
    },
}

impl Refusal {
    /// A refusal of the whole.
    pub(crate) const fn of(why: Why) -> Self {
        Self { row: None, cell: None, why }
    }
}
