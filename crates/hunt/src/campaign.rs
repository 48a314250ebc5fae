//! The search of all scenarios, level by level: a level has the scenarios of so many calls.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use cowrace_explore::Limits;
use cowrace_mm::World;
use cowrace_spec::Possible;
use foldhash::quality::FixedState;
use hashbrown::HashTable;

use crate::alphabet::Alphabet;
use crate::decided::{Decided, Known, Name};
use crate::family::words;
use crate::moves::{Scene, parts};
use crate::outcome::{Outcome, Wanted};
use crate::part::Part;
use crate::plan::{Plan, Taken};
use crate::side_by_side::side_by_side;
use crate::stage::{Beginning, Stage, beginnings};
use crate::step::{Runner, Runs, Situation, Situations};
use crate::text::Scenario;
use crate::unit::{Unit, last_behind, units};
use crate::watch::{Progress, Watch};

/// The index of a node.
type Id = u32;

/// Where scenarios have led that are continued alike.
#[derive(Debug)]
struct Node {
    /// Under each kernel.
    situations: Vec<Situations>,
    /// The smallest of these scenarios: what it was before its last part, or where it begins.
    first: First,
    /// How large it is.
    size: Way,
    /// The parts that may follow and what they lead to, once they have been run.
    followed: Option<Followed>,
}

#[derive(Debug)]
enum First {
    Beginning(usize),
    After(Id, Part),
}

/// How large a scenario is: its calls, how often batches are drained before one, and the words that say how it begins.
type Way = (usize, usize, usize);

/// What the parts after a node lead to: counts by their numbers of calls.
#[derive(Clone, Debug, Default)]
struct Followed {
    /// For each node that is reached, by how many parts of how many calls.
    to: Vec<(Id, usize, u64)>,
    /// For each number of calls, what became of the parts.
    tallies: Vec<Tally>,
}

/// The same while parts are run.
#[derive(Debug, Default)]
struct Following {
    to: Vec<(Id, usize)>,
    tallies: Vec<Tally>,
}

impl Following {
    fn end(mut self) -> Followed {
        self.to.sort_unstable();
        let mut to: Vec<(Id, usize, u64)> = Vec::new();
        for (reached, calls) in self.to {
            match to.last_mut().filter(|last| (last.0, last.1) == (reached, calls)) {
                Some(last) => last.2 += 1,
                None => to.push((reached, calls, 1)),
            }
        }
        Followed { to, tallies: self.tallies }
    }
}

/// What became of scenarios.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All of them.
    pub scenarios: u64,
    /// Those of which some execution is not allowed: what is looked for.
    pub violated: u64,
    /// With a second kernel, others of which some execution is not allowed under one of the kernels; they are not
    /// continued.
    pub elsewhere: u64,
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
        self.elsewhere = sum(self.elsewhere, other.elsewhere);
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
    /// How many of these runs were known before.
    pub known: u64,
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

/// A part of all scenarios, by the runs after which no call is left. The others, which are few, are made for every part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which part it is, from 0.
    pub nth: usize,
    /// How many parts there are.
    pub of: usize,
}

impl Default for Shard {
    fn default() -> Self {
        Self { nth: 0, of: 1 }
    }
}

impl Shard {
    /// Whether it has the runs of this name.
    const fn has(self, name: Name) -> bool {
        name % self.of as u64 == self.nth as u64
    }

    /// Whether it is a part, and not the whole.
    const fn is_part(self) -> bool {
        self.of > 1
    }
}

/// A scenario that was found.
#[derive(Clone, Debug)]
pub struct Find {
    /// The scenario.
    pub scenario: Scenario,
    /// Under which of the kernels it is violated: the first or the second.
    pub kernel: usize,
}

#[derive(Debug)]
struct Found {
    after: Id,
    part: Part,
    kernel: usize,
}

/// A search of all scenarios on a stage.
#[derive(Debug)]
pub struct Campaign {
    runners: Vec<Runner>,
    wanted: Wanted,
    alphabet: Alphabet,
    shape: Shape,
    shard: Shard,
    /// What need not be run.
    known: Arc<Known>,
    /// A digest of what is asked of scenarios.
    question: u64,
    beginnings: Vec<Beginning>,
    nodes: Vec<Node>,
    index: HashTable<Id>,
    /// What is possible in nodes: many have the same.
    possible: HashSet<Arc<Possible>, FixedState>,
    hasher: FixedState,
    /// For each number of calls, how many scenarios have led to each node.
    paths: Vec<Vec<u64>>,
    finds: Vec<Found>,
    calls: usize,
}

impl Campaign {
    /// A search under one kernel, that has not begun.
    #[must_use]
    pub fn new(runner: Runner, alphabet: Alphabet, shape: Shape) -> Self {
        Self::of((vec![runner], Wanted::Violated), alphabet, shape)
    }

    /// A search under one kernel or two on the same stage, that has not begun.
    #[must_use]
    pub fn of((runners, wanted): (Vec<Runner>, Wanted), alphabet: Alphabet, shape: Shape) -> Self {
        let beginnings = beginnings(&runners[0].stage);
        let hasher = FixedState::default();
        let mut campaign = Self {
            wanted,
            alphabet,
            shape,
            shard: Shard::default(),
            known: Arc::default(),
            question: question(&hasher, &runners, wanted),
            runners,
            beginnings,
            nodes: Vec::new(),
            index: HashTable::new(),
            possible: HashSet::default(),
            hasher,
            paths: vec![Vec::new(); shape.calls + 1],
            finds: Vec::new(),
            calls: 0,
        };
        for nth in 0..campaign.beginnings.len() {
            let situations = campaign.begin(&campaign.beginnings[nth]);
            let size = (0, 0, words(&campaign.beginnings[nth].world.areas[0]));
            let id = campaign.number(situations, || First::Beginning(nth), size);
            campaign.add_paths(0, id, 1);
        }
        campaign
    }

    /// Only a part of the search, and without what is known.
    #[must_use]
    pub fn divided(self, shard: Shard, known: Arc<Known>) -> Self {
        Self { shard, known, ..self }
    }

    /// The stage of its scenarios.
    #[must_use]
    pub fn stage(&self) -> &Stage {
        &self.runners[0].stage
    }

    /// What was found so far: of scenarios that lead to the same, the smallest.
    pub fn finds(&self) -> impl Iterator<Item = Find> + '_ {
        self.finds
            .iter()
            .map(|found| Find { scenario: self.scenario(found.after, &found.part), kernel: found.kernel })
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
    pub fn beginnings(&self) -> u64 {
        self.paths[0].iter().sum()
    }

    /// Whether something that was found is no longer there without any of its calls, whichever are left out; `None` if
    /// that is not known, since the watch ended the search for it, or a limit.
    #[must_use]
    pub fn is_minimal(&self, find: &Find, watch: &dyn Watch) -> Option<bool> {
        let plan = Plan::of(self.stage(), &find.scenario.parts);
        let all = (1_u64 << plan.calls()) - 1;
        let mut is_known = true;
        for kept in 1..all {
            if watch.stops() {
                return None;
            }
            match self.is_found(find, &plan.only(|nth| kept & 1 << nth != 0)) {
                Some(true) => return Some(false),
                Some(false) => {}
                None => is_known = false,
            }
        }
        is_known.then_some(true)
    }

    /// Whether the same is found if only these of its calls are made; `None` if a limit ended a search for that.
    fn is_found(&self, find: &Find, plan: &Plan) -> Option<bool> {
        let stage = self.stage();
        let world = World { areas: vec![find.scenario.area.clone()], ..stage.world.clone() };
        let mut situations = self.begin(&Beginning { world, words: String::new() });
        let mut taken = Taken::default();
        for columns in &plan.parts {
            let scene = Scene::of(stage, situations.iter().flatten());
            let Some(part) = taken.part(stage, &scene, columns) else { return Some(false) };
            let mut runs = Runs::of(&self.runners, &part);
            match self.outcome(&mut runs, &situations, true) {
                Outcome::To(to) => situations = to,
                Outcome::Found(kernel) => return Some(kernel == find.kernel),
                Outcome::Bounded if runs.is_cut() => return None,
                Outcome::Elsewhere | Outcome::Blocked | Outcome::Bounded => return Some(false),
            }
        }
        Some(false)
    }

    /// Where scenarios begin under each kernel.
    fn begin(&self, beginning: &Beginning) -> Vec<Situations> {
        self.runners.iter().map(|runner| Situations::from([runner.begin(beginning)])).collect()
    }

    /// Nodes that are reached by as many calls as have been decided, and not by fewer: the next level begins in them.
    fn todo(&self) -> Vec<Id> {
        let paths = &self.paths[self.calls];
        let is_new = |&id: &Id| paths[id as usize] > 0 && self.nodes[id as usize].followed.is_none();
        (0..paths.len() as Id).filter(is_new).collect()
    }

    /// In how many nodes parts will be run for the next level.
    #[must_use]
    pub fn ahead(&self) -> u64 {
        if self.calls == self.shape.calls { 0 } else { self.todo().len() as u64 }
    }

    /// Searches the next level; `None` if there is none, or if the watch ended the search.
    pub fn next_level(&mut self, threads: usize, watch: &dyn Watch) -> Option<Level> {
        if self.calls == self.shape.calls {
            return None;
        }
        let before = self.calls;
        let todo = self.todo();
        self.calls += 1;
        let known = self.nodes.len();
        let mut progress = Progress { calls: self.calls, runs: 0, nodes: 0, of: todo.len() as u64 };
        let mut runs_known = 0;
        let shape = Shape { calls: self.shape.calls - before, ..self.shape };
        for (scene, ids) in self.by_scene(todo) {
            let mut all = parts(&self.runners[0].stage, &self.alphabet, &scene, shape);
            let first = last_behind(&mut all, shape.calls);
            let mut followed: Vec<Following> = ids.iter().map(|_| Following::default()).collect();
            let mut units = units((ids.len(), all.len()), first, shape);
            // Where the others lead is of importance to every shard.
            units.retain(|unit| !unit.is_last || self.is_ours(&ids, &all, unit));
            let (before_these, runs_before) = (progress.nodes, progress.runs);
            let runs = units.iter().map(Unit::runs).sum::<usize>().max(1) as u64;
            for units in units.chunks(threads.max(1) * UNITS) {
                let ran = side_by_side(units, threads, |unit| self.run_unit((&ids, &all), unit, watch));
                // What is complete by then is kept: files have it, and it may have finds.
                let is_ended = watch.stops();
                for (unit, Ran { outcomes, is_known }) in units.iter().zip(ran) {
                    if outcomes.len() < unit.runs() {
                        continue;
                    }
                    let which =
                        unit.parts.clone().flat_map(|part| unit.nodes.clone().map(move |node| (part, node)));
                    for ((part, node), led) in which.zip(outcomes) {
                        self.take_over(&mut followed[node], (ids[node], &all[part]), led);
                    }
                    progress.runs += unit.runs() as u64;
                    runs_known += if is_known { unit.runs() as u64 } else { 0 };
                }
                if is_ended {
                    return None;
                }
                progress.nodes = before_these + ids.len() as u64 * (progress.runs - runs_before) / runs;
                watch.progress(&progress);
            }
            progress.nodes = before_these + ids.len() as u64;
            for (id, followed) in ids.into_iter().zip(followed) {
                self.nodes[id as usize].followed = Some(followed.end());
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
        let nodes = self.nodes.len() - known;
        Some(Level { calls: self.calls, tally, tries: progress.runs, known: runs_known, nodes })
    }

    /// The nodes that the same parts may follow, together; and among them those beside each other after which the
    /// specification is in the same states.
    fn by_scene(&self, ids: Vec<Id>) -> Vec<(Scene, Vec<Id>)> {
        let mut scenes: Vec<(Scene, Vec<Id>)> = Vec::new();
        let mut places: HashMap<Scene, usize, FixedState> = HashMap::default();
        for id in ids {
            let scene =
                Scene::of(&self.runners[0].stage, self.nodes[id as usize].situations.iter().flatten());
            let place = *places.entry(scene).or_insert_with_key(|scene| {
                scenes.push((scene.clone(), Vec::new()));
                scenes.len() - 1
            });
            scenes[place].1.push(id);
        }
        let possible = |id: &Id| self.nodes[*id as usize].situations[0].first().map(|first| &first.possible);
        scenes.iter_mut().for_each(|(_, ids)| ids.sort_by_key(possible));
        scenes
    }

    /// Makes the runs of a unit, part by part, unless they are known; fewer if the watch ends that.
    fn run_unit(&self, (ids, all): (&[Id], &[Part]), unit: &Unit, watch: &dyn Watch) -> Ran {
        let (ids, parts) = (&ids[unit.nodes.clone()], &all[unit.parts.clone()]);
        let is_named = unit.is_last && (watch.keeps() || !self.known.is_empty());
        let name = is_named.then(|| self.name(ids, parts));
        let known = name.and_then(|name| self.known.get(&name)).filter(|known| known.runs == unit.runs());
        if let Some(known) = known {
            return Ran { outcomes: known.outcomes(), is_known: true };
        }
        let mut outcomes = Vec::with_capacity(unit.runs());
        for part in parts {
            let mut runs = Runs::of(&self.runners, part);
            for &id in ids {
                if watch.stops() {
                    return Ran { outcomes, is_known: false };
                }
                outcomes.push(self.outcome(&mut runs, &self.nodes[id as usize].situations, !unit.is_last));
            }
        }
        if let Some(name) = name {
            let decided = Decided::of(&outcomes);
            // What ends a hunt may have ended a search as well.
            if !(decided.is_bounded() && watch.stops()) {
                watch.decided(name, &decided);
            }
        }
        Ran { outcomes, is_known: false }
    }

    /// Whether this shard makes the runs of a unit.
    fn is_ours(&self, ids: &[Id], all: &[Part], unit: &Unit) -> bool {
        let name = || self.name(&ids[unit.nodes.clone()], &all[unit.parts.clone()]);
        !self.shard.is_part() || self.shard.has(name())
    }

    /// The name of the runs of some parts in some nodes.
    fn name(&self, ids: &[Id], parts: &[Part]) -> Name {
        let mut hasher = self.hasher.build_hasher();
        self.question.hash(&mut hasher);
        ids.iter().for_each(|&id| self.nodes[id as usize].situations.hash(&mut hasher));
        for part in parts {
            format!("{:?}", part.world(self.stage()).actors).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// What a part leads to under all kernels.
    fn outcome(&self, runs: &mut Runs<'_>, situations: &[Situations], goes_on: bool) -> Outcome {
        let led = situations.iter().enumerate().map(|(kernel, situations)| {
            let led = runs.run(kernel, situations, goes_on);
            (led, runs.cost())
        });
        Outcome::of(led.collect(), self.wanted)
    }

    fn take_over(&mut self, followed: &mut Following, (id, part): (Id, &Part), outcome: Outcome) {
        let calls = part.calls();
        if followed.tallies.len() <= calls {
            followed.tallies.resize(calls + 1, Tally::default());
        }
        let tally = &mut followed.tallies[calls];
        tally.scenarios += 1;
        match outcome {
            Outcome::To(to) if to.iter().all(BTreeSet::is_empty) => {}
            Outcome::To(to) => {
                let (before, drains, words) = self.nodes[id as usize].size;
                let size = (before + calls, drains + part.drains(), words);
                let reached = self.number(to, || First::After(id, part.clone()), size);
                followed.to.push((reached, calls));
            }
            Outcome::Found(kernel) => {
                tally.violated += 1;
                self.finds.push(Found { after: id, part: part.clone(), kernel });
            }
            Outcome::Elsewhere => tally.elsewhere += 1,
            Outcome::Blocked => tally.blocked += 1,
            Outcome::Bounded => tally.bounded += 1,
        }
    }

    fn add_paths(&mut self, calls: usize, id: Id, times: u64) {
        let paths = &mut self.paths[calls];
        if paths.len() <= id as usize {
            paths.resize(id as usize + 1, 0);
        }
        paths[id as usize] = paths[id as usize].saturating_add(times);
    }

    /// The number of a node, which may be new.
    fn number(&mut self, mut situations: Vec<Situations>, first: impl FnOnce() -> First, size: Way) -> Id {
        let Self { nodes, index, hasher, possible, .. } = self;
        let hash = hasher.hash_one(&situations);
        if let Some(&id) = index.find(hash, |&id| nodes[id as usize].situations == situations) {
            let node = &mut nodes[id as usize];
            if size < node.size {
                (node.first, node.size) = (first(), size);
            }
            return id;
        }
        for known in &mut situations {
            *known = std::mem::take(known).into_iter().map(|of| shared(possible, of)).collect();
        }
        let id = nodes.len() as Id;
        nodes.push(Node { situations, first: first(), size, followed: None });
        let hash_of = |&id: &Id| hasher.hash_one(&nodes[id as usize].situations);
        index.insert_unique(hash, id, hash_of);
        id
    }

    /// The smallest scenario that leads to a node, and a part after it.
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

/// How many units for each thread are run before their results are taken over.
const UNITS: usize = 4;

/// What runs led to.
struct Ran {
    outcomes: Vec<Outcome>,
    is_known: bool,
}

/// A digest of what is asked of scenarios, beside the states in which they are and the calls that are made. What ends a whole
/// hunt decides nothing.
fn question(hasher: &FixedState, runners: &[Runner], wanted: Wanted) -> u64 {
    let of = |runner: &Runner| {
        let Runner { stage, era, arch, promises, limits, counts_costs } = runner;
        let limits = Limits { time: None, ..*limits };
        format!("{:?}", (&stage.world, era, arch, promises, limits, counts_costs))
    };
    hasher.hash_one((runners.iter().map(of).collect::<Vec<_>>(), format!("{wanted:?}")))
}

/// The same situation, with what is known to be possible if it is the same.
fn shared(known: &mut HashSet<Arc<Possible>, FixedState>, mut of: Situation) -> Situation {
    match known.get(&of.possible) {
        Some(possible) => of.possible = Arc::clone(possible),
        None => drop(known.insert(Arc::clone(&of.possible))),
    }
    of
}
