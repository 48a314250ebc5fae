//! The search of all scenarios, level by level: a level has the scenarios of so many calls.

use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use cowrace_mm::World;
use cowrace_mm::world::VarId;
use hashbrown::HashTable;

use crate::alphabet::Alphabet;
use crate::moves::{Scene, parts};
use crate::part::{Move, Part};
use crate::stage::{Beginning, Stage, beginnings};
use crate::step::{Led, Runner, Situations};
use crate::text::Scenario;

/// The index of a node.
type Id = u32;

/// Where scenarios have led that are continued alike.
#[derive(Debug)]
struct Node {
    situations: Situations,
    /// The first of these scenarios: what it was before its last part, or where it begins.
    first: First,
    /// The parts that may follow and what they lead to, once they have been run.
    followed: Option<Followed>,
}

#[derive(Debug)]
enum First {
    Beginning(usize),
    After(Id, Part),
}

/// What the parts after a node lead to: counts by their numbers of calls.
#[derive(Clone, Debug, Default)]
struct Followed {
    /// For each node that is reached, by how many parts of how many calls.
    to: Vec<(Id, usize, u64)>,
    /// For each number of calls, what became of the parts.
    tallies: Vec<Tally>,
}

/// What became of scenarios.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub scenarios: u64,
    /// Those of which some execution is not allowed.
    pub violated: u64,
    /// Those in which a call may wait for ever, as it may by the specification; they are not continued.
    pub blocked: u64,
    /// Those that a limit left undecided; they are not continued.
    pub bounded: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, times: u64, other: &Self) {
        let sum = |all: u64, more: u64| all.saturating_add(times.saturating_mul(more));
        self.scenarios = sum(self.scenarios, other.scenarios);
        self.violated = sum(self.violated, other.violated);
        self.blocked = sum(self.blocked, other.blocked);
        self.bounded = sum(self.bounded, other.bounded);
    }
}

/// A level that has been searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// How many calls its scenarios have.
    pub calls: usize,
    /// What became of them.
    pub tally: Tally,
    /// How often a part was run in a node, which decides all scenarios that have led there.
    pub tries: u64,
    /// How many nodes were reached for the first time.
    pub nodes: usize,
}

/// What generated scenarios consist of.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// How many calls they have at most.
    pub calls: usize,
    /// How many columns run side by side at most.
    pub columns: usize,
}

/// A search of all scenarios on a stage.
#[derive(Debug)]
pub struct Campaign {
    runner: Runner,
    alphabet: Alphabet,
    shape: Shape,
    beginnings: Vec<Beginning>,
    nodes: Vec<Node>,
    index: HashTable<Id>,
    hasher: foldhash::quality::FixedState,
    /// For each number of calls, how many scenarios have led to each node.
    paths: Vec<Vec<u64>>,
    finds: Vec<(Id, Part)>,
    calls: usize,
}

impl Campaign {
    /// A search that has not begun.
    #[must_use]
    pub fn new(runner: Runner, alphabet: Alphabet, shape: Shape) -> Self {
        let beginnings = beginnings(&runner.stage);
        let mut campaign = Self {
            runner,
            alphabet,
            shape,
            beginnings,
            nodes: Vec::new(),
            index: HashTable::new(),
            hasher: foldhash::quality::FixedState::default(),
            paths: vec![Vec::new(); shape.calls + 1],
            finds: Vec::new(),
            calls: 0,
        };
        for nth in 0..campaign.beginnings.len() {
            let situation = campaign.runner.begin(&campaign.beginnings[nth]);
            let id = campaign.number(Situations::from([situation]), || First::Beginning(nth));
            campaign.add_paths(0, id, 1);
        }
        campaign
    }

    /// The stage of its scenarios.
    #[must_use]
    pub const fn stage(&self) -> &Stage {
        &self.runner.stage
    }

    /// The violated scenarios so far: of those that lead to the same, the first.
    pub fn finds(&self) -> impl Iterator<Item = Scenario> + '_ {
        self.finds.iter().map(|(id, part)| self.scenario(*id, part))
    }

    /// How many calls are tried.
    #[must_use]
    pub fn templates(&self) -> usize {
        self.alphabet.templates().len()
    }

    /// Whether a call of this name is tried.
    #[must_use]
    pub fn tries(&self, name: &str) -> bool {
        self.alphabet.templates().iter().any(|template| template.row.names.contains(&name))
    }

    /// In how many states scenarios begin.
    #[must_use]
    pub const fn beginnings(&self) -> usize {
        self.beginnings.len()
    }

    /// Whether a violated scenario holds without any of its calls, whichever are left out.
    #[must_use]
    pub fn is_minimal(&self, scenario: &Scenario) -> bool {
        let calls: usize = scenario.parts.iter().map(Part::calls).sum();
        let all = (1_u64 << calls) - 1;
        (1..all).all(|kept| !self.is_violated(scenario, kept))
    }

    /// Whether some execution of a scenario is not allowed if only the calls are made that are kept, by bit.
    fn is_violated(&self, scenario: &Scenario, kept: u64) -> bool {
        let world = World { areas: vec![scenario.area.clone()], ..self.runner.stage.world.clone() };
        let beginning = Beginning { world, words: String::new() };
        let mut situations = Situations::from([self.runner.begin(&beginning)]);
        for part in apart(only(&scenario.parts, kept)) {
            if !Scene::of(&self.runner.stage, &situations).permits(&self.runner.stage, &part) {
                return false;
            }
            match self.runner.run(&situations, &part) {
                Led::To(to) => situations = to,
                Led::Violated => return true,
                Led::Blocked | Led::Bounded => return false,
            }
        }
        false
    }

    /// Searches the next level; `None` if there is none, or if `stop` ended the search.
    pub fn next_level(&mut self, threads: usize, stop: &(dyn Fn() -> bool + Sync)) -> Option<Level> {
        if self.calls == self.shape.calls {
            return None;
        }
        let before = self.calls;
        self.calls += 1;
        // Nodes that are reached by so many calls and not by fewer.
        let todo: Vec<Id> = (0..self.paths[before].len() as Id)
            .filter(|&id| self.paths[before][id as usize] > 0 && self.nodes[id as usize].followed.is_none())
            .collect();
        let known = self.nodes.len();
        let mut tries = 0;
        for chunk in todo.chunks(CHUNK) {
            let ran = self.run_all(chunk, self.shape.calls - before, threads, stop);
            if stop() {
                return None;
            }
            for (&id, ran) in chunk.iter().zip(ran) {
                tries += ran.len() as u64;
                self.take_over(id, ran);
            }
        }
        let mut tally = Tally::default();
        for from in 0..=before {
            let weight = self.calls - from;
            for id in 0..self.paths[from].len() {
                let times = self.paths[from][id];
                let Some(followed) = self.nodes[id].followed.as_ref().filter(|_| times > 0) else { continue };
                if let Some(of) = followed.tallies.get(weight) {
                    tally.add(times, of);
                }
                let to: Vec<(Id, u64)> = followed
                    .to
                    .iter()
                    .filter(|(_, calls, _)| *calls == weight)
                    .map(|&(to, _, n)| (to, n))
                    .collect();
                to.into_iter().for_each(|(to, n)| self.add_paths(self.calls, to, times.saturating_mul(n)));
            }
        }
        Some(Level { calls: self.calls, tally, tries, nodes: self.nodes.len() - known })
    }

    /// Runs every part that may follow in some nodes.
    fn run_all(
        &self,
        ids: &[Id],
        calls: usize,
        threads: usize,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Vec<Vec<(Part, Led)>> {
        let next = AtomicUsize::new(0);
        let results: Vec<Mutex<Vec<(Part, Led)>>> = ids.iter().map(|_| Mutex::default()).collect();
        let work = || {
            loop {
                let nth = next.fetch_add(1, Ordering::Relaxed);
                let Some(&id) = ids.get(nth) else { break };
                if stop() {
                    break;
                }
                let ran = self.run(id, calls, stop);
                *results[nth].lock().unwrap_or_else(PoisonError::into_inner) = ran;
            }
        };
        thread::scope(|scope| {
            (1..threads.min(ids.len())).for_each(|_| drop(scope.spawn(work)));
            work();
        });
        results.into_iter().map(|ran| ran.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
    }

    /// Runs every part that may follow in a node; fewer if `stop` ends that.
    fn run(&self, id: Id, calls: usize, stop: &(dyn Fn() -> bool + Sync)) -> Vec<(Part, Led)> {
        let situations = &self.nodes[id as usize].situations;
        let scene = Scene::of(&self.runner.stage, situations);
        let shape = Shape { calls, ..self.shape };
        let run = |part: Part| {
            // What the last call leads to is not continued.
            let is_last = part.calls() == calls;
            let led = if is_last {
                self.runner.judge(situations, &part)
            } else {
                self.runner.run(situations, &part)
            };
            (part, led)
        };
        let all = parts(&self.runner.stage, &self.alphabet, &scene, shape);
        all.into_iter().take_while(|_| !stop()).map(run).collect()
    }

    fn take_over(&mut self, id: Id, ran: Vec<(Part, Led)>) {
        let mut followed =
            Followed { tallies: vec![Tally::default(); self.shape.calls + 1], ..Followed::default() };
        let mut to: Vec<(Id, usize, u64)> = Vec::new();
        for (part, led) in ran {
            let calls = part.calls();
            let tally = &mut followed.tallies[calls];
            tally.scenarios += 1;
            match led {
                Led::To(situations) if situations.is_empty() => {}
                Led::To(situations) => {
                    let reached = self.number(situations, || First::After(id, part));
                    to.push((reached, calls, 1));
                }
                Led::Violated => {
                    tally.violated += 1;
                    self.finds.push((id, part));
                }
                Led::Blocked => tally.blocked += 1,
                Led::Bounded => tally.bounded += 1,
            }
        }
        to.sort_unstable();
        for (reached, calls, n) in to {
            match followed.to.last_mut().filter(|last| (last.0, last.1) == (reached, calls)) {
                Some(last) => last.2 += n,
                None => followed.to.push((reached, calls, n)),
            }
        }
        self.nodes[id as usize].followed = Some(followed);
    }

    fn add_paths(&mut self, calls: usize, id: Id, times: u64) {
        let paths = &mut self.paths[calls];
        if paths.len() <= id as usize {
            paths.resize(id as usize + 1, 0);
        }
        paths[id as usize] = paths[id as usize].saturating_add(times);
    }

    /// The number of a node, which may be new.
    fn number(&mut self, situations: Situations, first: impl FnOnce() -> First) -> Id {
        let Self { nodes, index, hasher, .. } = self;
        let hash = hasher.hash_one(&situations);
        if let Some(&id) = index.find(hash, |&id| nodes[id as usize].situations == situations) {
            return id;
        }
        let id = nodes.len() as Id;
        nodes.push(Node { situations, first: first(), followed: None });
        let hash_of = |&id: &Id| hasher.hash_one(&nodes[id as usize].situations);
        index.insert_unique(hash, id, hash_of);
        id
    }

    /// The first scenario that leads to a node, and a part after it.
    fn scenario(&self, mut id: Id, last: &Part) -> Scenario {
        let mut parts = vec![last.clone()];
        loop {
            match &self.nodes[id as usize].first {
                First::After(before, part) => {
                    parts.push(part.clone());
                    id = *before;
                }
                First::Beginning(nth) => {
                    parts.reverse();
                    let Beginning { world, words } = &self.beginnings[*nth];
                    return Scenario { words: words.clone(), area: world.areas[0].clone(), parts };
                }
            }
        }
    }
}

/// Parts with only those calls that are kept, by bit.
fn only(parts: &[Part], kept: u64) -> Vec<Part> {
    let mut nth = 0;
    let mut is_kept = |_: &Move| {
        nth += 1;
        kept & 1 << (nth - 1) != 0
    };
    let mut left = Vec::new();
    for part in parts {
        let mut columns = part.columns.clone();
        columns.iter_mut().for_each(|column| column.moves.retain(&mut is_kept));
        columns.retain(|column| !column.moves.is_empty());
        if !columns.is_empty() {
            left.push(Part { columns });
        }
    }
    left
}

/// The same parts, but each handle has a variable of its own: without a call that gives one back, it is still held when the
/// next is taken.
fn apart(mut parts: Vec<Part>) -> Vec<Part> {
    let mut now: Vec<(VarId, VarId)> = Vec::new();
    let mut next = 0;
    for column in parts.iter_mut().flat_map(|part| &mut part.columns) {
        for of in &mut column.moves {
            let handle = &mut of.template.arguments.handle;
            if let Some((_, new)) = now.iter().rev().find(|(old, _)| old == handle) {
                *handle = *new;
            }
            if let Some(variable) = &mut of.takes {
                now.push((*variable, next));
                *variable = next;
                next += 1;
            }
        }
    }
    parts
}

/// How many nodes are run before what they lead to is taken over.
const CHUNK: usize = 1024;
