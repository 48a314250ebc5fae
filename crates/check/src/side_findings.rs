//! Findings of executions that do not end a search: handles that are cut off at the end, and contract gaps.

use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use cowrace_explore::{Checkpoint, Execution, Observer, Progress, Purpose};
use cowrace_machine::Memory;
use cowrace_report::{Finding, Schedule};
use serde::{Deserialize, Serialize};

/// Words of a memory that are not zero.
type End = Vec<(usize, u64)>;

/// The notes, for a file. Of several findings the first in the order of classes and then of words is kept, so that
/// it makes no difference which execution came first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    /// A contract gap: a result that the contract allows although a user would not expect it.
    gap: Option<Finding>,
    /// A handle that was cut off, and an execution that ends so.
    cut_off: Option<(Finding, Schedule)>,
}

/// Findings of executions that are not violations, or not yet. Clones share their notes.
#[derive(Clone, Debug, Default)]
pub struct SideFindings(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    noted: Noted,
    /// Final memories in which a handle is cut off, and for which no execution has been observed yet.
    ends: Vec<(End, Finding)>,
}

impl Noted {
    /// Adds the notes of other executions of the same search.
    pub(crate) fn add(&mut self, other: Self) {
        if let Some(gap) = other.gap
            && comes_before(&gap, self.gap.as_ref())
        {
            self.gap = Some(gap);
        }
        if let Some(cut_off) = other.cut_off
            && comes_before(&cut_off.0, self.cut_off.as_ref().map(|(finding, _)| finding))
        {
            self.cut_off = Some(cut_off);
        }
    }
}

fn comes_before(new: &Finding, old: Option<&Finding>) -> bool {
    old.is_none_or(|old| (new.class, &new.detail) < (old.class, &old.detail))
}

impl SideFindings {
    /// Starts with the notes of a search that this one resumes.
    pub fn after(noted: Option<&Noted>) -> Self {
        let noted = noted.cloned().unwrap_or_default();
        Self(Arc::new(Mutex::new(State { noted, ends: Vec::new() })))
    }

    /// The notes so far.
    pub fn noted(&self) -> Noted {
        self.with(|state| state.noted.clone())
    }

    fn with<R>(&self, see: impl FnOnce(&mut State) -> R) -> R {
        see(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes a contract gap.
    pub fn falls_short(&self, finding: Finding) {
        self.with(|state| {
            if comes_before(&finding, state.noted.gap.as_ref()) {
                state.noted.gap = Some(finding);
            }
        });
    }

    /// Notes that a handle is cut off at the end of an execution that is sound otherwise. The execution itself is
    /// noted when it is observed.
    pub fn cuts_off(&self, memory: &Memory, finding: Finding) {
        self.with(|state| {
            let known = state.noted.cut_off.as_ref().map(|(finding, _)| finding);
            if comes_before(&finding, known) {
                let end: End = memory.nonzero().collect();
                if state.ends.iter().all(|(other, _)| *other != end) {
                    state.ends.push((end, finding));
                }
            }
        });
    }

    /// Observes an execution.
    fn shows(&self, execution: &Execution<'_>) {
        self.with(|state| {
            if state.ends.is_empty() || execution.finding().is_some() {
                return;
            }
            let is_it = |(end, _): &(End, Finding)| end.iter().copied().eq(execution.memory().nonzero());
            let Some(place) = state.ends.iter().position(is_it) else { return };
            let (_, finding) = state.ends.swap_remove(place);
            if comes_before(&finding, state.noted.cut_off.as_ref().map(|(finding, _)| finding)) {
                state.noted.cut_off = Some((finding, execution.schedule()));
            }
        });
    }

    /// The contract gap, as text.
    pub fn gap(&self) -> Option<String> {
        let gap = self.with(|state| state.noted.gap.clone());
        gap.map(|gap| format!("contract-gap ({}): {}", gap.class, cowrace_render::finding(&gap)))
    }

    /// The handle that was cut off, and an execution that ends so.
    pub fn cut_off(&self) -> Option<(Finding, Schedule)> {
        self.with(|state| state.noted.cut_off.clone())
    }
}

/// Passes executions to the notes and to another observer.
pub struct Noting<'o, 'k> {
    /// The notes.
    pub aside: SideFindings,
    /// The other observer.
    pub observer: &'o mut (dyn Observer + Send),
    /// Saves checkpoints.
    pub keeper: Option<&'k mut (dyn Keeper + Send)>,
}

/// Saves checkpoints of a search, so that not everything is lost with the process.
pub trait Keeper {
    /// Whether the next checkpoint is due.
    fn is_due(&mut self) -> bool;

    /// Saves a checkpoint, with the notes so far.
    fn keep(&mut self, search: Checkpoint, noted: Noted);
}

impl Observer for Noting<'_, '_> {
    fn execution(&mut self, execution: &Execution<'_>) {
        self.aside.shows(execution);
        self.observer.execution(execution);
    }

    fn anew(&mut self, purpose: Purpose) {
        self.observer.anew(purpose);
    }

    fn progress(&mut self, progress: &Progress) -> ControlFlow<()> {
        self.observer.progress(progress)
    }

    fn stops(&mut self) -> bool {
        self.observer.stops()
    }

    fn wants_checkpoint(&mut self) -> bool {
        self.keeper.as_mut().is_some_and(|keeper| keeper.is_due())
    }

    fn checkpoint(&mut self, search: Checkpoint) {
        let noted = self.aside.noted();
        if let Some(keeper) = &mut self.keeper {
            keeper.keep(search, noted);
        }
    }
}

/// Watches the progress of a search, but not its executions.
pub struct Unseeing<'o>(pub &'o mut (dyn Observer + Send));

impl Observer for Unseeing<'_> {
    fn anew(&mut self, purpose: Purpose) {
        self.0.anew(purpose);
    }

    fn progress(&mut self, progress: &Progress) -> ControlFlow<()> {
        self.0.progress(progress)
    }

    fn stops(&mut self) -> bool {
        self.0.stops()
    }
}
