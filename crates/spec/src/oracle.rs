//! The oracle: the observations that the specification allows, and whether an execution of the kernel's model has one
//! of these.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use cowrace_explore::{Execution, Explorer, Observer, Progress};
use cowrace_machine::{Limits, Memory};
use cowrace_mm::objects::MmStruct;
use cowrace_mm::probe::{Through, device_to_owner, owner_to_device};
use cowrace_mm::value::Handle;
use cowrace_mm::world::{MmId, Va};
use cowrace_mm::{Kernel, World};
use cowrace_report::{Finding, Stop};

use crate::class::blame;
use crate::layout::TAKEN_UP;
use crate::observation::{Observation, Sight, live, observe, sights, word};
use crate::probe::observations;
use crate::program::program;
use crate::promises::Promises;
use crate::start::Start;

/// The largest number of executions of the specification that are explored.
pub(crate) const MOST: u64 = 3_000_000;

/// Why nothing is known about the specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// It has more executions than can be explored.
    TooLarge,
    /// `mremap` moves memory, and what is needed of copies and faults is not counted then.
    Moves,
    /// Pages become huge ones, which copies them and saves the faults of those that are written later.
    Collapses,
    /// A limit or the caller ended the search before all were explored.
    Stopped(Stop),
}

impl Unknown {
    /// Why an incomplete search of the specification has ended. `limits` are those of the caller, which may be higher
    /// than [`MOST`].
    pub(crate) fn of(stopped: Option<Stop>, limits: &Limits) -> Self {
        match stopped {
            Some(Stop::Executions) if limits.executions.is_none_or(|most| most >= MOST) => Self::TooLarge,
            Some(stop) => Self::Stopped(stop),
            None => Self::TooLarge,
        }
    }
}

/// The limits of a search of the specification within others.
pub(crate) fn within(limits: &Limits) -> Limits {
    let executions = limits.executions.map_or(MOST, |most| most.min(MOST));
    Limits { executions: Some(executions), ..*limits }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(f, "the specification has more than {MOST} executions"),
            Self::Collapses => f.write_str("what is needed is not counted where pages become huge ones"),
            Self::Moves => f.write_str("what is needed is not counted where `mremap` moves memory"),
            Self::Stopped(stop) => {
                let what = match stop {
                    Stop::Executions => "the limit on executions",
                    Stop::Time => "the limit on time",
                    Stop::Memory => "the limit on memory",
                    Stop::Steps => "an execution that was too long",
                    Stop::Interrupted => "an interrupt",
                };
                write!(f, "{what} ended the search of the specification")
            }
        }
    }
}

/// The judgements of memories at the end, each given by its words that are not zero.
type Judged = HashMap<Vec<(usize, u64)>, Option<Finding>>;

/// The observations that the specification allows, each with the memory that must have been discarded after `MADV_FREE`
/// to show it.
pub(crate) type Allowed = BTreeMap<Observation, BTreeSet<(MmId, Va)>>;

/// The observations that a scenario may show.
#[derive(Debug)]
pub struct Oracle {
    world: World,
    promises: Promises,
    sights: Vec<Sight>,
    allowed: Allowed,
    effort: u64,
}

struct Collect<'c> {
    world: &'c World,
    sights: &'c [Sight],
    allowed: Allowed,
    stop: &'c (dyn Fn() -> bool + Sync),
}

impl Observer for Collect<'_> {
    fn execution(&mut self, execution: &Execution<'_>) {
        let memory = execution.memory();
        let discarded = discarded(self.world, memory);
        for seen in observations(self.world, self.sights, memory) {
            let seen = self.allowed.entry(seen);
            seen.and_modify(|known| known.retain(|place| discarded.contains(place)))
                .or_insert(discarded.clone());
        }
    }

    fn progress(&mut self, _: &Progress) -> ControlFlow<()> {
        if (self.stop)() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// The memory that has been discarded after `MADV_FREE`.
fn discarded(world: &World, memory: &Memory) -> BTreeSet<(MmId, Va)> {
    let places = (0..world.mms.len()).flat_map(|mm| (0..world.areas.len()).map(move |va| (mm, va)));
    places.filter(|&(mm, va)| memory.get(MmStruct(mm).pte(va)) & TAKEN_UP != 0).collect()
}

/// The result of a store under the kernel's model.
pub(crate) fn probe_kernel(kernel: &Arc<Kernel>, memory: &Memory, sight: &Sight, handle: Handle) -> Through {
    let Some(owner) = sight.probed().and_then(|keeper| keeper.at_end(&kernel.world, memory)) else {
        return Through::Refused;
    };
    match sight {
        Sight::ToDevice(_) => owner_to_device(kernel, memory, owner, handle.page),
        Sight::ToOwner(_) => device_to_owner(kernel, memory, owner, handle.page),
        _ => Through::Refused,
    }
}

impl Oracle {
    /// Explores the specification.
    ///
    /// # Errors
    ///
    /// If the specification is too large.
    pub fn new(world: &World, promises: &Promises) -> Result<Self, Unknown> {
        Self::within(world, promises, &Limits::default(), &|| false)
    }

    /// Like [`new`](Self::new), within limits and until `stop` ends the search.
    ///
    /// # Errors
    ///
    /// If the specification is too large, or the search was stopped.
    pub fn within(
        world: &World,
        promises: &Promises,
        limits: &Limits,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Self, Unknown> {
        let specification = program(world, promises);
        let sights = sights(world, promises, &Start::of(world));
        let mut collect = Collect { world, sights: &sights, allowed: Allowed::new(), stop };
        // Only the ends of executions matter.
        let explorer = Explorer::new(&specification).limits(within(limits)).exhaustive(true).ends_only(true);
        let outcome = explorer.run(&mut collect);
        if !outcome.complete {
            return Err(Unknown::of(outcome.stopped, limits));
        }
        let allowed = collect.allowed;
        Ok(Self {
            world: world.clone(),
            promises: *promises,
            sights,
            allowed,
            effort: outcome.executions + outcome.states,
        })
    }

    /// How large the search of the specification was: the number of its executions and states together.
    #[must_use]
    pub const fn effort(&self) -> u64 {
        self.effort
    }

    /// The number of different observations.
    #[must_use]
    pub fn observations(&self) -> usize {
        self.allowed.len()
    }

    /// The values that a variable may have at the end, in the words of the language; empty if there is no such
    /// variable.
    #[must_use]
    pub fn values(&self, variable: &str) -> BTreeSet<String> {
        let is_it =
            |sight: &Sight| matches!(sight, Sight::Variable(var) if self.world.variables[*var] == variable);
        let at = self.sights.iter().position(is_it);
        at.map(|at| self.allowed.keys().map(|seen| word(seen[at])).collect()).unwrap_or_default()
    }

    /// Whether variables may have all of these values at the end of one execution. Values are in the words of the
    /// language.
    #[must_use]
    pub fn shows(&self, values: &[(&str, &str)]) -> bool {
        let is = |seen: &Observation, (variable, value): &(&str, &str)| {
            let mut all = self.sights.iter().zip(seen);
            all.any(|(sight, seen)| match sight {
                Sight::Variable(var) => self.world.variables[*var] == *variable && word(*seen) == *value,
                _ => false,
            })
        };
        self.allowed.keys().any(|seen| values.iter().all(|wanted| is(seen, wanted)))
    }

    /// A judge of ends of executions, by their whole observations.
    pub fn judge(
        self: &Arc<Self>,
    ) -> impl Fn(&Arc<Kernel>, &Memory) -> Option<Finding> + Send + Sync + use<> {
        let (plain, probing) = (self.judge_without_probes(), self.judge_of_probes());
        move |kernel, memory| plain(kernel, memory).or_else(|| probing(kernel, memory))
    }

    /// Like [`judge`](Self::judge), but without probing the handles that are alive at the end.
    pub fn judge_without_probes(
        self: &Arc<Self>,
    ) -> impl Fn(&Arc<Kernel>, &Memory) -> Option<Finding> + Send + Sync + use<> {
        let oracle = Arc::clone(self);
        move |kernel, memory| {
            let seen = observe(&oracle.world, oracle.plain(), memory, |_, _| Through::Refused);
            // Observations are sorted, so those that begin like this one are adjacent.
            let mut likes = oracle.allowed.range(seen.clone()..);
            let is_allowed = likes.next().is_some_and(|(next, _)| next.starts_with(&seen));
            if is_allowed { None } else { oracle.compare(kernel, memory) }
        }
    }

    /// Like [`judge`](Self::judge), for executions that are allowed without their probes.
    pub fn judge_of_probes(
        self: &Arc<Self>,
    ) -> impl Fn(&Arc<Kernel>, &Memory) -> Option<Finding> + Send + Sync + use<> {
        let oracle = Arc::clone(self);
        // Probes take time, and many executions end in the same memory.
        let probed: Mutex<Judged> = Mutex::default();
        move |kernel, memory| {
            let probes = &oracle.sights[oracle.plain().len()..];
            if !probes
                .iter()
                .filter_map(Sight::probed)
                .any(|keeper| live(&oracle.world, memory, keeper).is_some())
            {
                return None;
            }
            let key: Vec<(usize, u64)> = memory.nonzero().collect();
            let mut probed = probed.lock().unwrap_or_else(PoisonError::into_inner);
            probed.entry(key).or_insert_with(|| oracle.compare(kernel, memory)).clone()
        }
    }

    /// The sights that are no probes. Probes come last.
    fn plain(&self) -> &[Sight] {
        let probes = self.sights.iter().position(|sight| sight.probed().is_some());
        &self.sights[..probes.unwrap_or(self.sights.len())]
    }

    /// What is wrong with the observation of an execution.
    fn compare(&self, kernel: &Arc<Kernel>, memory: &Memory) -> Option<Finding> {
        let through = |sight: &Sight, handle: Handle| probe_kernel(kernel, memory, sight, handle);
        let seen = observe(&self.world, &self.sights, memory, through);
        if self.allowed.contains_key(&seen) {
            return None;
        }
        Some(blame((&self.world, &self.promises), &self.sights, &self.allowed, &seen))
    }
}
