//! The specification of a scenario: explored once, for all eras.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use cowrace_explore::Limits;
use cowrace_mm::{Judge, World};
use cowrace_report::{Finding, Needed};
use cowrace_spec::{Oracle, Promises, Unknown};
use tracing::info_span;

use crate::bounds::Bounds;
use crate::side_findings::SideFindings;

/// The number of executions of the specification that are explored even if the limit on executions is lower. They
/// take no more time than reading a file, and with a small limit most searches could not be judged otherwise.
const AT_LEAST: u64 = 1000;

type Known = OnceLock<Result<Arc<Oracle>, Unknown>>;

/// What a scenario in one variant may show.
#[derive(Clone, Debug, Default)]
pub struct Specification {
    contract: Known,
    hope: Known,
    needed: OnceLock<Result<Needed, Unknown>>,
    bounds: OnceLock<Bounds>,
    /// The time that searches of the specification have taken so far.
    spent: Arc<Mutex<Duration>>,
}

impl Specification {
    /// Sets the bounds for searches of the specification. Only the first call has an effect: the bounds are the
    /// same for a whole run. The limit on time is for all searches of the specification together.
    pub fn heed(&self, bounds: &Bounds) {
        let _ = self.bounds.set(bounds.clone());
    }

    /// The specification of a part of the scenario, explored within the same bounds.
    pub fn of_part(bounds: &Bounds) -> Self {
        let part = Self::default();
        part.heed(bounds);
        part
    }

    /// Runs a search of the specification.
    fn search<T>(&self, search: impl FnOnce(&Limits, &Bounds) -> T) -> T {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let started = Instant::now();
        let bounds = self.bounds.get_or_init(Bounds::default).again(*spent);
        let limits = bounds.limits();
        let limits = Limits { executions: limits.executions.map(|most| most.max(AT_LEAST)), ..limits };
        let found = info_span!("specification").in_scope(|| search(&limits, &bounds));
        *spent += started.elapsed();
        found
    }

    fn oracle<'k>(
        &self,
        known: &'k Known,
        world: &World,
        promises: &Promises,
    ) -> Result<&'k Arc<Oracle>, Unknown> {
        let oracle = known.get_or_init(|| {
            self.search(|limits, bounds| {
                let stop = || bounds.is_interrupted();
                Oracle::within(world, promises, limits, &stop).map(Arc::new)
            })
        });
        oracle.as_ref().map_err(Clone::clone)
    }

    /// How large the search of the specification is, in executions and states; `None` if that is not known.
    pub fn effort(&self, world: &World) -> Option<u64> {
        self.oracle(&self.contract, world, &Promises::default()).ok().map(|oracle| oracle.effort())
    }

    /// The judge of final memories by the whole specification; `None` if the specification is not known.
    pub fn judge(&self, world: &World) -> Option<Judge> {
        Some(Box::new(self.oracle(&self.contract, world, &Promises::default()).ok()?.judge()))
    }

    /// The judge by what executions themselves have shown. A handle that is cut off at the end is the least damage,
    /// and every graver one leads to it, so it is only noted.
    pub fn judge_first(&self, world: &World, aside: &SideFindings) -> Option<Judge> {
        let contract = self.oracle(&self.contract, world, &Promises::default()).ok()?;
        let (contract, probes) = (contract.judge_without_probes(), contract.judge_of_probes());
        let hope = self.oracle(&self.hope, world, &Promises::hoped_for()).ok().map(Oracle::judge);
        let aside = aside.clone();
        Some(Box::new(move |kernel, memory| {
            let damage = contract(kernel, memory);
            if damage.is_none() {
                if let Some(finding) = probes(kernel, memory) {
                    aside.cuts_off(memory, finding);
                } else if let Some(finding) = hope.as_ref().and_then(|hope| hope(kernel, memory)) {
                    aside.falls_short(finding);
                }
            }
            damage
        }))
    }

    /// The judge by what executions have shown, which also finds this one handle that is cut off.
    pub fn judge_of(&self, world: &World, cut_off: &Finding) -> Option<Judge> {
        let contract = self.oracle(&self.contract, world, &Promises::default()).ok()?;
        let (contract, probes) = (contract.judge_without_probes(), contract.judge_of_probes());
        let cut_off = cut_off.clone();
        Some(Box::new(move |kernel, memory| {
            let damage = contract(kernel, memory);
            damage.or_else(|| probes(kernel, memory).filter(|finding| *finding == cut_off))
        }))
    }

    /// The copies and faults that the specification needs; `None` if they are not known.
    pub fn needed(&self, world: &World) -> Option<Needed> {
        let needed = self.needed.get_or_init(|| {
            self.search(|limits, bounds| cowrace_spec::needed(world, limits, &|| bounds.is_interrupted()))
        });
        needed.as_ref().ok().copied()
    }

    /// Whether the specification has been explored.
    pub fn is_known(&self) -> bool {
        self.contract.get().is_some()
    }

    /// Why the specification is not known, if it is not.
    pub fn unknown(&self, world: &World) -> Option<Unknown> {
        self.oracle(&self.contract, world, &Promises::default()).err()
    }

    /// Why contract gaps are not known, if they are not.
    pub fn hope_unknown(&self, world: &World) -> Option<Unknown> {
        self.oracle(&self.hope, world, &Promises::hoped_for()).err()
    }
}
