//! A program as data: what is done, by which process, in which row.

use std::collections::BTreeSet;

use cowrace_check::Task;
use cowrace_mm::world::{ActorId, Advice, Arg, MmId, Origin, Target, Va};
use cowrace_report::Finding;

use crate::areas;
use crate::calls::Placing;
use crate::device::Handle;
use crate::execution::Execution;
use crate::facility::Facility;
use crate::judge::{self, Judge};
use crate::refusal::{Refusal, Why};
use crate::value::{Kept, Slot, Values};

/// What a program does, row by row.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The steps, in the order of their rows.
    pub steps: Vec<Step>,
    /// The pages that are held.
    pub handles: Vec<Handle>,
    /// The conditions under which the damage was seen; any of them suffices.
    pub judges: Vec<Judge>,
    /// The facilities that it takes.
    pub facilities: BTreeSet<Facility>,
    /// The execution that it is made of.
    pub execution: Execution,
    pub(crate) values: Values,
    /// What is done to each area of an mm with memory of its own, at the start.
    pub(crate) areas: Vec<Vec<areas::Make>>,
}

/// What a process does in a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The row, from 1.
    pub row: usize,
    /// Its place among the steps of the row, from 0.
    pub place: usize,
    /// The column; `None` for what is looked at in the end.
    pub actor: Option<ActorId>,
    /// The mm in whose process it runs.
    pub mm: MmId,
    /// The number of the call; `None` for what is looked at in the end.
    pub call: Option<u16>,
    /// What is done.
    pub actions: Vec<Action>,
    /// Whether the control leaves it out.
    pub not_in_control: bool,
    /// The processes that must have ended before.
    pub after: Vec<MmId>,
    /// Areas whose page must still be in a batch: other processes may have emptied it.
    pub batched: Vec<Va>,
    /// The places of those steps of the same row that must have ended before.
    pub behind: Vec<usize>,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A load by user space.
    Load {
        /// The page.
        va: Va,
        /// The word.
        word: u8,
        /// Where the result is kept.
        into: Option<usize>,
    },
    /// A store by user space.
    Store {
        /// The page.
        va: Va,
        /// The word.
        word: u8,
        /// What is stored.
        value: Arg,
        /// Where a failure is kept.
        into: Option<usize>,
        /// Where copies are counted.
        copies: Option<usize>,
    },
    /// A page is taken hold of.
    Take {
        /// The handle, as an index into [`Plan::handles`].
        handle: usize,
        /// Where the result is kept.
        into: Option<usize>,
    },
    /// The device writes.
    DeviceWrite {
        /// The handle.
        handle: usize,
        /// The word.
        word: u8,
        /// What it writes.
        value: Arg,
        /// Where a failure is kept, if the page is taken only now.
        into: Option<usize>,
    },
    /// The device reads.
    DeviceRead {
        /// The handle.
        handle: usize,
        /// The word.
        word: u8,
        /// Where the result is kept.
        into: Option<usize>,
    },
    /// The page is given back.
    Release {
        /// The handle.
        handle: usize,
    },
    /// `read(2)` with `O_DIRECT` at once.
    DirectRead {
        /// The page.
        va: Va,
        /// The word.
        word: u8,
        /// What the device writes.
        value: Arg,
        /// Where a failure is kept.
        into: Option<usize>,
    },
    /// `write(2)` with `O_DIRECT` at once.
    DirectWrite {
        /// The page.
        va: Va,
        /// The word.
        word: u8,
        /// Where the result is kept.
        into: Option<usize>,
    },
    /// `fork(2)`.
    Fork {
        /// The child.
        child: MmId,
    },
    /// The process ends.
    Exit,
    /// `munmap(2)`.
    Munmap {
        /// The page.
        va: Va,
    },
    /// `madvise(2)`.
    Madvise {
        /// The page.
        va: Va,
        /// The advice.
        advice: Advice,
        /// Whether a pin may keep the page from being paged out.
        held: bool,
        /// Where the result is kept.
        into: Option<usize>,
    },
    /// `mprotect(2)`.
    Mprotect {
        /// The page.
        va: Va,
        /// With `PROT_WRITE`.
        write: bool,
    },
    /// 4 into `/proc/PID/clear_refs`.
    ClearRefs {
        /// The mm.
        mm: MmId,
    },
    /// The soft-dirty bit of `/proc/PID/pagemap`.
    SoftDirty {
        /// The page.
        target: Target,
        /// Where the result is kept.
        into: Option<usize>,
    },
    /// `UFFDIO_WRITEPROTECT`.
    WriteProtect {
        /// The page.
        va: Va,
        /// Protect, or un-protect.
        on: bool,
    },
    /// The kernel's reclaim of a page.
    Reclaim {
        /// The page.
        va: Va,
        /// Whether a pin may keep it.
        held: bool,
        /// Whether several processes may map it.
        shared: bool,
    },
    /// The batches of the LRU are emptied.
    Drain,
    /// A value is set.
    Set {
        /// The value.
        value: Arg,
        /// Where it is kept.
        into: Option<usize>,
    },
}

/// What the model says that a program will find under the kernel that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forecast {
    /// The damage.
    Hit,
    /// No damage.
    Clean,
    /// Either: calls run side by side, and the damage takes luck. No hit says nothing.
    Chance,
}

impl Plan {
    /// What the model says that the program will find.
    #[must_use]
    pub fn forecast(&self) -> Forecast {
        match &self.execution {
            execution if execution.order.is_left_to_chance() => Forecast::Chance,
            execution if execution.is_violated => Forecast::Hit,
            _ => Forecast::Clean,
        }
    }

    /// Plans a program for an execution of a task.
    ///
    /// # Errors
    ///
    /// What user space cannot do, the first of it.
    pub fn of(task: Task<'_>, execution: Execution) -> Result<Self, Refusal> {
        let world = task.variant.world();
        let finding: Option<&Finding> = execution.damage.as_ref().map(|damage| &damage.finding);
        let judges = judge::of(world, finding).ok_or_else(|| Refusal::of(Why::Unseen))?;
        let mut areas = Vec::new();
        for va in 0..world.areas.len() {
            areas.push(match world.mms[world.areas[va].mm].origin {
                Origin::Boot => areas::make(world, va)?,
                // It is inherited.
                Origin::ForkedAtBoot(_) | Origin::Fork(_) => Vec::new(),
            });
        }
        let mut placing = Placing::of(task, &execution, &judges);
        placing.moves()?;
        placing.end(&judges)?;
        let Placing { steps, handles, values, mut facilities, .. } = placing;
        facilities.extend(areas.iter().flatten().filter_map(|make| make.facility()));
        facilities.extend(handles.iter().map(|handle| handle.device.facility()));
        let below: Vec<Facility> = facilities.iter().flat_map(|each| each.on().iter().copied()).collect();
        facilities.extend(below);
        Ok(Self { steps, handles, judges, facilities, execution, values, areas })
    }

    /// The number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.steps.last().map_or(0, |step| step.row)
    }

    /// The slot of a value.
    pub(crate) fn slot(&self, kept: Kept) -> Option<Slot> {
        self.values.find(kept)
    }
}
