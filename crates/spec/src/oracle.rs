//! The oracle: what the specification allows, and whether an execution of the kernel's model is within it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use cowrace_explore::{Execution, Explorer, Observer, Progress};
use cowrace_machine::{Limits, Memory, mmu};
use cowrace_mm::objects::MmStruct;
use cowrace_mm::probe::{Through, device_to_owner, owner_to_device};
use cowrace_mm::value::Handle;
use cowrace_mm::world::{MmId, Va};
use cowrace_mm::{Kernel, World};
use cowrace_report::{Finding, Stop};

use crate::class::blame;
use crate::heir::Heir;
use crate::layout::{EMPTY, TAKEN_UP, heir};
use crate::memory::populated;
use crate::observation::{Observation, Sight, live, observe, sights, word};
use crate::program::program;
use crate::promises::Promises;

/// Executions of the specification that are looked at at most.
pub(crate) const MOST: u64 = 3_000_000;

/// Why nothing can be said of the specification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// It has more executions than can be looked at.
    TooLarge,
    /// A limit, or somebody's wish, ended the search before all were looked at.
    Stopped(Stop),
}

impl Unknown {
    /// Why a search of the specification that was not complete has ended. `limits` are those that the caller gave, which
    /// may be higher than [`MOST`].
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

/// What was said of memories at the end, each as its words that are not zero.
type Judged = HashMap<Vec<(usize, u64)>, Option<Finding>>;

/// What the specification allows, and for each observation whose memory must have been discarded after `MADV_FREE` to show it.
pub(crate) type Allowed = BTreeMap<Observation, BTreeSet<(MmId, Va)>>;

/// What a scenario may show.
#[derive(Debug)]
pub struct Oracle {
    world: World,
    promises: Promises,
    sights: Vec<Sight>,
    allowed: Allowed,
    executions: u64,
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
        let through = |sight: &Sight, handle: Handle| probe(memory, sight, handle);
        let discarded = discarded(self.world, memory);
        let seen = self.allowed.entry(observe(self.world, self.sights, memory, through));
        seen.and_modify(|known| known.retain(|place| discarded.contains(place))).or_insert(discarded);
    }

    fn progress(&mut self, _: &Progress) -> ControlFlow<()> {
        if (self.stop)() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Whose memory has been discarded after `MADV_FREE`.
fn discarded(world: &World, memory: &Memory) -> BTreeSet<(MmId, Va)> {
    let places = (0..world.mms.len()).flat_map(|mm| (0..world.areas.len()).map(move |va| (mm, va)));
    places.filter(|&(mm, va)| memory.get(MmStruct(mm).pte(va)) & TAKEN_UP != 0).collect()
}

/// What would come of a store: the specification does not move, so it is enough to look.
pub(crate) fn probe(memory: &Memory, sight: &Sight, handle: Handle) -> Through {
    let (Sight::ToDevice(keeper) | Sight::ToOwner(keeper)) = sight else { return Through::Refused };
    let pte = memory.get(MmStruct(keeper.target.mm).pte(keeper.target.va));
    // Whatever is touched is there.
    let pte = if pte & EMPTY != 0 { populated(pte) } else { pte };
    let needs = if matches!(sight, Sight::ToDevice(_)) { mmu::PRESENT | mmu::WRITE } else { mmu::PRESENT };
    // What a device stores reaches both; who stores himself may be the one who goes.
    let at_hand = match (Heir::decode(memory.get(heir(keeper.variable))), sight) {
        (Heir::Owner, _) | (Heir::Both(_), Sight::ToOwner(_)) => true,
        (Heir::Both(_) | Heir::Child(_), _) => false,
    };
    match pte & needs == needs {
        false => Through::Refused,
        true if at_hand && mmu::page(pte) == handle.page => Through::Yes,
        true => Through::No,
    }
}

/// What comes of a store under the kernel's model.
pub(crate) fn probe_kernel(kernel: &Arc<Kernel>, memory: &Memory, sight: &Sight, handle: Handle) -> Through {
    match sight {
        Sight::ToDevice(keeper) => owner_to_device(kernel, memory, keeper.target, handle.page),
        Sight::ToOwner(keeper) => device_to_owner(kernel, memory, keeper.target, handle.page),
        _ => Through::Refused,
    }
}

impl Oracle {
    /// Explores the specification.
    ///
    /// # Errors
    ///
    /// If that is too large.
    pub fn new(world: &World, promises: &Promises) -> Result<Self, Unknown> {
        Self::within(world, promises, &Limits::default(), &|| false)
    }

    /// As [`new`](Self::new), within limits and as long as `stop` does not ask for an end.
    ///
    /// # Errors
    ///
    /// If that is too large, or was stopped.
    pub fn within(
        world: &World,
        promises: &Promises,
        limits: &Limits,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Self, Unknown> {
        let specification = program(world, promises);
        let sights = sights(world, promises);
        let mut collect = Collect { world, sights: &sights, allowed: Allowed::new(), stop };
        // Only ends are looked at.
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
            executions: outcome.executions,
        })
    }

    /// How many executions the specification has, and how many different things they show.
    #[must_use]
    pub fn size(&self) -> (u64, usize) {
        (self.executions, self.allowed.len())
    }

    /// What a variable may be at the end, in the words of the language; empty if there is no such variable.
    #[must_use]
    pub fn values(&self, variable: &str) -> BTreeSet<String> {
        let is_it =
            |sight: &Sight| matches!(sight, Sight::Variable(var) if self.world.variables[*var] == variable);
        let at = self.sights.iter().position(is_it);
        at.map(|at| self.allowed.keys().map(|seen| word(seen[at])).collect()).unwrap_or_default()
    }

    /// Whether variables may all be what is said of them at the end of one execution, in the words of the language.
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

    /// A judge of ends of executions, by all that was seen.
    pub fn judge(
        self: &Arc<Self>,
    ) -> impl Fn(&Arc<Kernel>, &Memory) -> Option<Finding> + Send + Sync + use<> {
        let (plain, probing) = (self.judge_without_probes(), self.judge_of_probes());
        move |kernel, memory| plain(kernel, memory).or_else(|| probing(kernel, memory))
    }

    /// As [`judge`](Self::judge), by what executions themselves have shown: handles that are alive at the end are not
    /// probed.
    pub fn judge_without_probes(
        self: &Arc<Self>,
    ) -> impl Fn(&Arc<Kernel>, &Memory) -> Option<Finding> + Send + Sync + use<> {
        let oracle = Arc::clone(self);
        move |kernel, memory| {
            let seen = observe(&oracle.world, oracle.plain(), memory, |_, _| Through::Refused);
            // Observations are in order, so those that begin like this one stand together.
            let mut likes = oracle.allowed.range(seen.clone()..);
            let is_allowed = likes.next().is_some_and(|(next, _)| next.starts_with(&seen));
            if is_allowed { None } else { oracle.compare(kernel, memory) }
        }
    }

    /// As [`judge`](Self::judge), for executions that have shown nothing wrong so far.
    pub fn judge_of_probes(
        self: &Arc<Self>,
    ) -> impl Fn(&Arc<Kernel>, &Memory) -> Option<Finding> + Send + Sync + use<> {
        let oracle = Arc::clone(self);
        // Probes take time, and many executions end in the same memory.
        let probed: Mutex<Judged> = Mutex::default();
        move |kernel, memory| {
            let probes = &oracle.sights[oracle.plain().len()..];
            if !probes.iter().filter_map(Sight::probed).any(|keeper| live(memory, keeper).is_some()) {
                return None;
            }
            let key: Vec<(usize, u64)> = memory.nonzero().collect();
            let mut probed = probed.lock().unwrap_or_else(PoisonError::into_inner);
            probed.entry(key).or_insert_with(|| oracle.compare(kernel, memory)).clone()
        }
    }

    /// What is looked at without probing. Probes stand last.
    fn plain(&self) -> &[Sight] {
        let probes = self.sights.iter().position(|sight| sight.probed().is_some());
        &self.sights[..probes.unwrap_or(self.sights.len())]
    }

    /// What is wrong with what an execution has shown.
    fn compare(&self, kernel: &Arc<Kernel>, memory: &Memory) -> Option<Finding> {
        let through = |sight: &Sight, handle: Handle| probe_kernel(kernel, memory, sight, handle);
        let seen = observe(&self.world, &self.sights, memory, through);
        if self.allowed.contains_key(&seen) {
            return None;
        }
        Some(blame((&self.world, &self.promises), &self.sights, &self.allowed, &seen))
    }
}
