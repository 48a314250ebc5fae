//! What user space was promised of a scenario: worked out once, for all eras.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cowrace_ideal::{Blame, Oracle, Promises, Unknown};
use cowrace_mm::{Judge, World};
use cowrace_trace::{Finding, Needed};

use crate::Interrupt;

type Known = OnceLock<Result<Arc<Oracle>, Unknown>>;

/// What a scenario, in one variant, may show.
#[derive(Clone, Debug, Default)]
pub struct Promised {
    contract: Known,
    hope: Known,
    needed: OnceLock<Result<Needed, Unknown>>,
    interrupt: OnceLock<Interrupt>,
}

/// What is noted beside, of all executions that which comes first by its words: so it does not matter who was first.
#[derive(Clone, Debug, Default)]
struct Noted(Arc<Mutex<Option<Finding>>>);

impl Noted {
    fn note(&self, finding: Finding) {
        let mut least = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if least.as_ref().is_none_or(|least| finding.detail < least.detail) {
            *least = Some(finding);
        }
    }

    fn get(&self) -> Option<Finding> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What executions have shown that is no violation, or not yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Aside {
    gap: Noted,
    probe: Noted,
}

impl Aside {
    /// What fell short of what one could hope for, and not of the contract.
    pub(crate) fn gap(&self) -> Option<String> {
        self.gap.get().map(|finding| format!("contract-gap ({}): {}", finding.class, finding.detail))
    }

    /// Whether a handle was cut off at the end of an execution that was sound otherwise.
    pub(crate) fn is_cut_off(&self) -> bool {
        self.probe.get().is_some()
    }
}

impl Promised {
    /// Has an interrupt end what is being worked out. The first that is given is heeded.
    pub(crate) fn heed(&self, interrupt: &Interrupt) {
        // Whoever comes later has the same wish: there is one for each run.
        let _ = self.interrupt.set(interrupt.clone());
    }

    fn oracle<'k>(
        &self,
        known: &'k Known,
        world: &World,
        promises: &Promises,
    ) -> Result<&'k Arc<Oracle>, Unknown> {
        let stop = || self.interrupt.get().is_some_and(Interrupt::asked);
        let oracle = known.get_or_init(|| Oracle::unless(world, promises, &stop).map(Arc::new));
        oracle.as_ref().map_err(|&error| error)
    }

    /// How many executions ideal memory has; `None` if that is not known.
    pub(crate) fn size(&self, world: &World) -> Option<u64> {
        self.oracle(&self.contract, world, &Promises::default()).ok().map(|oracle| oracle.size().0)
    }

    /// Who judges the ends of executions by all that there is; none if nothing can be said.
    pub(crate) fn judge(&self, world: &World) -> Option<Judge> {
        Some(Box::new(self.oracle(&self.contract, world, &Promises::default()).ok()?.judge()))
    }

    /// Who judges them by what executions themselves have shown. That a handle is cut off at the end is the least of
    /// damages, and every graver one leads there, so it is only noted.
    pub(crate) fn judge_first(&self, world: &World, aside: &Aside) -> Option<Judge> {
        let contract = self.oracle(&self.contract, world, &Promises::default()).ok()?;
        let (contract, probes) = (contract.judge_without_probes(), contract.judge_of_probes());
        let hope = self.oracle(&self.hope, world, &Promises::hoped_for()).ok().map(Oracle::judge);
        let aside = aside.clone();
        Some(Box::new(move |kernel, memory| {
            let damage = contract(kernel, memory);
            if damage.is_none() {
                if let Some(finding) = probes(kernel, memory) {
                    aside.probe.note(finding);
                } else if let Some(finding) = hope.as_ref().and_then(|hope| hope(kernel, memory)) {
                    aside.gap.note(finding);
                }
            }
            damage
        }))
    }

    /// As [`judge`](Self::judge), and keeps what it was told last of who is behind what is wrong.
    pub(crate) fn blaming(&self, world: &World, last: &Arc<Mutex<Option<Blame>>>) -> Option<Judge> {
        let contract = Arc::clone(self.oracle(&self.contract, world, &Promises::default()).ok()?);
        let last = Arc::clone(last);
        Some(Box::new(move |kernel, memory| {
            let blame = contract.blame(kernel, memory);
            let finding = blame.as_ref().map(Blame::finding);
            *last.lock().unwrap_or_else(PoisonError::into_inner) = blame;
            finding
        }))
    }

    /// The copies and faults that ideal memory needs; none if nothing can be said.
    pub(crate) fn needed(&self, world: &World) -> Option<Needed> {
        self.needed.get_or_init(|| cowrace_ideal::needed(world)).ok()
    }

    /// Why nothing can be said, if that is so.
    pub(crate) fn unknown(&self, world: &World) -> Option<Unknown> {
        self.oracle(&self.contract, world, &Promises::default()).err()
    }
}
