//! What user space was promised of a scenario: worked out once, for all eras.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use cowrace_explore::Limits;
use cowrace_mm::{Judge, World};
use cowrace_report::{Finding, Needed};
use cowrace_spec::{Oracle, Promises, Unknown};
use tracing::info_span;

use crate::bounds::Bounds;
use crate::side_findings::SideFindings;

/// As many executions of the specification are looked at even if the limit on executions is lower. They take no more time than
/// it takes to read a file, and small limits would else take away what most searches are judged by.
const AT_LEAST: u64 = 1000;

type Known = OnceLock<Result<Arc<Oracle>, Unknown>>;

/// What a scenario, in one variant, may show.
#[derive(Clone, Debug, Default)]
pub struct Specification {
    contract: Known,
    hope: Known,
    needed: OnceLock<Result<Needed, Unknown>>,
    bounds: OnceLock<Bounds>,
    /// How long searches of the specification have taken so far.
    spent: Arc<Mutex<Duration>>,
}

impl Specification {
    /// Has limits and an interrupt end what is being worked out. The first that are given are heeded: there are the same
    /// for a whole run. The limit on time is for all searches of the specification together.
    pub fn heed(&self, bounds: &Bounds) {
        let _ = self.bounds.set(bounds.clone());
    }

    /// What a part of the scenario was promised, worked out within the same bounds.
    pub fn of_part(bounds: &Bounds) -> Self {
        let part = Self::default();
        part.heed(bounds);
        part
    }

    /// Makes a search of the specification.
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

    /// How many executions the specification has; `None` if that is not known.
    pub fn size(&self, world: &World) -> Option<u64> {
        self.oracle(&self.contract, world, &Promises::default()).ok().map(|oracle| oracle.size().0)
    }

    /// Who judges the ends of executions by all that there is; none if nothing can be said.
    pub fn judge(&self, world: &World) -> Option<Judge> {
        Some(Box::new(self.oracle(&self.contract, world, &Promises::default()).ok()?.judge()))
    }

    /// Who judges them by what executions themselves have shown. That a handle is cut off at the end is the least of
    /// damages, and every graver one leads there, so it is only noted.
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

    /// Who judges them by what they have shown, and finds one handle that is cut off.
    pub fn judge_of(&self, world: &World, cut_off: &Finding) -> Option<Judge> {
        let contract = self.oracle(&self.contract, world, &Promises::default()).ok()?;
        let (contract, probes) = (contract.judge_without_probes(), contract.judge_of_probes());
        let cut_off = cut_off.clone();
        Some(Box::new(move |kernel, memory| {
            let damage = contract(kernel, memory);
            damage.or_else(|| probes(kernel, memory).filter(|finding| *finding == cut_off))
        }))
    }

    /// The copies and faults that the specification needs; none if nothing can be said.
    pub fn needed(&self, world: &World) -> Option<Needed> {
        let needed = self.needed.get_or_init(|| {
            self.search(|limits, bounds| cowrace_spec::needed(world, limits, &|| bounds.is_interrupted()))
        });
        needed.as_ref().ok().copied()
    }

    /// Whether it has been worked out what the scenario may show.
    pub fn is_known(&self) -> bool {
        self.contract.get().is_some()
    }

    /// Why nothing can be said, if that is so.
    pub fn unknown(&self, world: &World) -> Option<Unknown> {
        self.oracle(&self.contract, world, &Promises::default()).err()
    }

    /// Why nothing can be said of what one could hope for, if that is so.
    pub fn hope_unknown(&self, world: &World) -> Option<Unknown> {
        self.oracle(&self.hope, world, &Promises::hoped_for()).err()
    }
}
