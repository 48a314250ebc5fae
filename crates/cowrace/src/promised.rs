//! What user space was promised of a scenario: worked out once, for all eras.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cowrace_ideal::{Oracle, Promises, TooLarge};
use cowrace_mm::{Judge, World};
use cowrace_trace::Finding;

type Known = OnceLock<Result<Arc<Oracle>, TooLarge>>;

/// What a scenario, in one variant, may show.
#[derive(Clone, Debug, Default)]
pub struct Promised {
    contract: Known,
    hope: Known,
}

/// What fell short of what one could hope for, and not of the contract: of all executions the one whose words come
/// first, so that it does not matter who was first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gap(Arc<Mutex<Option<Finding>>>);

impl Gap {
    fn note(&self, finding: Finding) {
        let mut least = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if least.as_ref().is_none_or(|least| finding.detail < least.detail) {
            *least = Some(finding);
        }
    }

    /// In words.
    pub(crate) fn text(&self) -> Option<String> {
        let least = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        least.as_ref().map(|finding| format!("contract-gap ({}): {}", finding.class, finding.detail))
    }
}

fn oracle<'k>(known: &'k Known, world: &World, promises: &Promises) -> Result<&'k Arc<Oracle>, TooLarge> {
    known.get_or_init(|| Oracle::new(world, promises).map(Arc::new)).as_ref().map_err(|&error| error)
}

impl Promised {
    /// Who judges the ends of executions; none if nothing can be said.
    pub(crate) fn judge(&self, world: &World, gap: &Gap) -> Option<Judge> {
        let contract = oracle(&self.contract, world, &Promises::default()).ok()?.judge();
        let hope = oracle(&self.hope, world, &Promises::hoped_for()).ok().map(Oracle::judge);
        let gap = gap.clone();
        Some(Box::new(move |kernel, memory| {
            let damage = contract(kernel, memory);
            if damage.is_none()
                && let Some(finding) = hope.as_ref().and_then(|hope| hope(kernel, memory))
            {
                gap.note(finding);
            }
            damage
        }))
    }

    /// Why nothing can be said, if that is so.
    pub(crate) fn unknown(&self, world: &World) -> Option<TooLarge> {
        oracle(&self.contract, world, &Promises::default()).err()
    }
}
