//! What is possible after a part of a scenario: the states of the specification that have shown what was observed.
//!
//! The calls of a scenario can be run part by part, if all calls of a part have ended before the next begins. The
//! specification may then be in one of several states, and what is observed of a part leaves some of them. What follows
//! depends on these states alone, so scenarios that lead to the same may be continued once for all.

use std::collections::BTreeSet;
use std::sync::Arc;

use cowrace_explore::{Execution, Explorer, Observer, alone};
use cowrace_machine::{Addr, Limits, Memory, Obj, mmu};
use cowrace_mm::objects::{MmStruct, tlb_entry, variable};
use cowrace_mm::value::{Handle, Value};
use cowrace_mm::world::{Call, VarId};
use cowrace_mm::{Contents, Kernel, Quiescent, World};

use crate::cpu::Known;
use crate::keepers::Keeper;
use crate::layout::{TAKEN_UP, apart, fresh, heirs, is_fresh, page, parted, snapshot};
use crate::memory::boot;
use crate::observation::{HANDLE, Observation, Sight, observe, sights};
use crate::oracle::{Unknown, probe_kernel, within};
use crate::probe::observations;
use crate::program::program_of;
use crate::promises::Promises;
use crate::start::Start;

/// The states of the specification that are possible after the first parts of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Possible {
    start: Start,
    states: Vec<Quiescent>,
}

/// What the specification allows of a part, after what was observed before.
#[derive(Debug)]
pub struct Allowed {
    sights: Vec<Sight>,
    /// How many of the sights are results.
    results: usize,
    observations: BTreeSet<Observation>,
    /// The ends of the part, each with the results that it shows.
    ends: BTreeSet<(Observation, Quiescent)>,
    start: Start,
    keepers: Vec<Keeper>,
    blocks: bool,
}

impl Possible {
    /// What is possible before the first call of a scenario.
    #[must_use]
    pub fn at_first(world: &World) -> Self {
        let start = Start { goes_on: true, ..Start::of(world) };
        let state = settled(world, &boot(world), &[]);
        Self { start, states: vec![state] }
    }

    /// The handles that are held, by their variables.
    pub fn held(&self) -> impl Iterator<Item = VarId> {
        self.start.held.iter().map(|keeper| keeper.variable)
    }

    /// The states that are possible.
    pub fn states(&self) -> impl Iterator<Item = &Quiescent> {
        self.states.iter()
    }

    /// How many states are possible.
    #[must_use]
    pub fn len(&self) -> usize {
        self.states.len()
    }

    /// Whether no state is possible: what was observed is not allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.states.is_empty()
    }

    /// With other names for contents of memory.
    #[must_use]
    pub fn named(&self, world: &World, contents: &mut Contents) -> Self {
        let is_page = |obj: Obj| {
            is_fresh(obj)
                || (0..world.mms.len()).any(|mm| (0..world.areas.len()).any(|va| page(mm, va) == obj))
        };
        let snapshots: Vec<Addr> = self.held().flat_map(|var| [snapshot(var, 0), snapshot(var, 1)]).collect();
        let tag = Value::Number(0).encode();
        let aparts: Vec<Addr> = self.held().flat_map(|var| [apart(var, 0), apart(var, 1)]).collect();
        let content = |addr: Addr| {
            if is_page(addr.obj()) {
                (addr.word() >= mmu::DATA && addr.word() < Obj::WORDS).then_some(0)
            } else if aparts.contains(&addr) {
                Some(0)
            } else {
                snapshots.contains(&addr).then_some(tag)
            }
        };
        let mut states: Vec<_> =
            self.states.iter().map(|state| state.named_where(contents, content)).collect();
        states.sort_unstable();
        states.dedup();
        Self { start: self.start.clone(), states }
    }

    /// Explores a part of the scenario, which begins in any of the states.
    ///
    /// # Errors
    ///
    /// If the specification of the part is too large.
    pub fn allow(&self, part: &Arc<World>, promises: &Promises, limits: &Limits) -> Result<Allowed, Unknown> {
        let sights = sights(part, promises, &self.start);
        let results =
            sights.iter().take_while(|sight| matches!(sight, Sight::Variable(_) | Sight::Failure(_)));
        let results = results.count();
        let mut collect =
            Collect { part, sights: &sights, results, held: Vec::new(), found: Found::default() };
        let mut keepers = self.start.held.clone();
        for state in &self.states {
            let mut memory = Memory::new();
            state.write_to(&mut memory);
            let known = Known::at(part, *promises, self.start.clone(), memory);
            keepers.clone_from(&known.keepers);
            collect.held.clone_from(&keepers);
            let mut program = program_of(known);
            if alone(&mut program, limits.steps) {
                collect.end(&program.memory);
                continue;
            }
            let explorer = Explorer::new(&program)
                .limits(within(limits))
                .exhaustive(true)
                .ends_only(true)
                .estimates(false);
            let outcome = explorer.run(&mut collect);
            if !outcome.complete {
                return Err(Unknown::of(outcome.stopped, limits));
            }
        }
        let Found { observations, ends, blocks } = collect.found;
        keepers.retain(|keeper| !is_released(part, keeper.variable));
        let start = self.start.after(part);
        Ok(Allowed { sights, results, observations, ends, start, keepers, blocks })
    }
}

impl Allowed {
    /// The results of a part that memory at its end shows.
    #[must_use]
    pub fn results(&self, part: &World, memory: &Memory) -> Vec<u64> {
        observe(part, &self.sights[..self.results], memory, |_, _| cowrace_mm::probe::Through::Refused)
    }

    /// Whether a call may wait for ever.
    #[must_use]
    pub const fn blocks(&self) -> bool {
        self.blocks
    }

    /// Whether an execution of the model of the kernel may end like that, with no call to follow.
    #[must_use]
    pub fn allows(&self, part: &World, kernel: &Arc<Kernel>, memory: &Memory) -> bool {
        let seen =
            observe(part, &self.sights, memory, |sight, handle| probe_kernel(kernel, memory, sight, handle));
        self.observations.contains(&seen)
    }

    /// What is possible after these results of the part.
    #[must_use]
    pub fn after(&self, results: &[u64]) -> Possible {
        let variable =
            |sight: &Sight| if let Sight::Variable(variable) = sight { Some(*variable) } else { None };
        let handles: Vec<VarId> = (self.sights.iter().zip(results))
            .filter_map(|(sight, &seen)| variable(sight).filter(|_| seen == HANDLE))
            .collect();
        let is_held = |keeper: &Keeper| handles.contains(&keeper.variable);
        let held = self.keepers.iter().filter(|keeper| is_held(keeper)).copied().collect();
        let start = Start { held, ..self.start.clone() };
        let states = self.ends.iter().filter(|(seen, _)| seen == results).map(|(_, state)| state.clone());
        Possible { start, states: states.collect() }
    }
}

impl Start {
    /// What a part leaves, but for the handles.
    fn after(&self, part: &World) -> Self {
        let mut after = self.clone();
        for (actor, spec) in part.calls() {
            if spec.call.change().loses()
                && let Some(lost) = spec.call.memory(part.actors[actor].mm)
            {
                after.foreign.insert((lost.mm, lost.va));
            }
        }
        after
    }
}

/// Whether a part gives a handle back.
fn is_released(part: &World, variable: VarId) -> bool {
    part.calls().any(|(_, spec)| matches!(spec.call, Call::Release { handle } if handle == variable))
}

#[derive(Default)]
struct Found {
    observations: BTreeSet<Observation>,
    ends: BTreeSet<(Observation, Quiescent)>,
    blocks: bool,
}

struct Collect<'c> {
    part: &'c World,
    sights: &'c [Sight],
    results: usize,
    held: Vec<Keeper>,
    found: Found,
}

impl Observer for Collect<'_> {
    fn execution(&mut self, execution: &Execution<'_>) {
        if !execution.is_complete() {
            self.found.blocks = true;
            return;
        }
        self.end(execution.memory());
    }
}

impl Collect<'_> {
    fn end(&mut self, memory: &Memory) {
        let seen = observations(self.part, self.sights, memory);
        let results = seen[0][..self.results].to_vec();
        self.found.observations.extend(seen);
        self.found.ends.insert((results, settled(self.part, memory, &self.held)));
    }
}

/// The quiescent state of the specification: what is left out there, calls to come cannot notice.
fn settled(world: &World, memory: &Memory, keepers: &[Keeper]) -> Quiescent {
    let mut words: Vec<(u32, u64)> = Vec::new();
    let mut pages: Vec<Obj> = Vec::new();
    let mut put = |addr: Addr, word: u64| {
        if word != 0 {
            words.push((addr.index() as u32, word));
        }
    };
    let mut name = |page: Obj| {
        let at = pages.iter().position(|&other| other == page).unwrap_or_else(|| {
            pages.push(page);
            pages.len() - 1
        });
        if is_fresh(page) { fresh(pages[..at].iter().filter(|&&page| is_fresh(page)).count()) } else { page }
    };
    const PFN: u64 = 0xffff << mmu::PFN_SHIFT;
    let mut entry =
        |word: u64| if word == 0 { 0 } else { word & !PFN | mmu::pfn_bits(name(mmu::page(word))) };
    for mm in 0..world.mms.len() {
        put(MmStruct(mm).started(), memory.get(MmStruct(mm).started()));
        for va in 0..world.areas.len() {
            put(MmStruct(mm).vm_flags(va), memory.get(MmStruct(mm).vm_flags(va)));
            put(MmStruct(mm).pte(va), entry(memory.get(MmStruct(mm).pte(va)) & !TAKEN_UP));
        }
    }
    for actor in 0..world.actors.len() {
        for va in 0..world.areas.len() {
            put(tlb_entry(actor, va), entry(memory.get(tlb_entry(actor, va))));
        }
    }
    for keeper in keepers {
        let Value::Handle(handle) = Value::decode(memory.get(variable(keeper.variable))) else { continue };
        if handle.released {
            continue;
        }
        put(variable(keeper.variable), Value::Handle(Handle { page: name(handle.page), ..handle }).encode());
        let of = heirs(keeper.variable);
        put(of, memory.get(of));
        for mm in 0..world.mms.len() {
            // An heir's page may no longer be mapped.
            if memory.get(of) != 0 {
                name(page(mm, keeper.target.va));
            }
        }
        for word in 0..mmu::DATA_WORDS {
            put(snapshot(keeper.variable, word), memory.get(snapshot(keeper.variable, word)));
            put(apart(keeper.variable, word), memory.get(apart(keeper.variable, word)));
        }
        put(parted(keeper.variable), memory.get(parted(keeper.variable)));
    }
    let mut fresh_pages = 0;
    for &old in &pages {
        let new = if is_fresh(old) { fresh(fresh_pages) } else { old };
        if is_fresh(old) {
            fresh_pages += 1;
            words.push((Addr::life(new).index() as u32, 1));
        }
        for word in 0..mmu::DATA_WORDS {
            let content = memory.get(mmu::data(old, word));
            if content != 0 {
                words.push((mmu::data(new, word).index() as u32, content));
            }
        }
    }
    Quiescent::new(words)
}
