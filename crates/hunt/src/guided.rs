//! A search that decides nothing: scenarios that are drawn and continued where new states are to be expected.
//!
//! It goes where the levels of a [`Campaign`](crate::campaign::Campaign) cannot: to many calls. A **round** is a fixed number
//! of draws. What they are is decided by the seed and by all rounds before, and what they lead to is taken over in their
//! order, so the same seed and the same number of rounds give the same finds, by however many threads.

use std::collections::BTreeSet;

use cowrace_explore::Limits;
use cowrace_mm::World;
use fastrand::Rng;

use crate::campaign::Shape;
use crate::choice::{Weights, below};
use crate::confirm::Confirmed;
use crate::draw::{self, Drawn};
use crate::family::{Families, Found};
use crate::hunt::Sorted;
use crate::judge::Judge;
use crate::kind::Kind;
use crate::moves::Scene;
use crate::mutate::{Item, mutant, tail};
use crate::part::Part;
use crate::plan::{Plan, Taken};
use crate::pool::{Id, Keep, Pool, Way};
use crate::reduce::reduce;
use crate::seeds;
use crate::setting::Setting;
use crate::side_by_side::side_by_side;
use crate::stage::Stage;
use crate::step::{Led, Situations};
use crate::text::Scenario;
use crate::watch::Watch;

/// What chooses the scenario that is continued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guide {
    /// The share of new states that its continuations gave so far, and how rare its kinds of calls are.
    NewStates,
    /// Nothing: scenarios are continued from a random beginning until they cannot be, or have all their calls. This is what
    /// the other one has to be better than.
    Nothing,
}

/// How many draws a round has. What one of them leads to does not guide the others, so more would guide worse; fewer would
/// leave threads without work at the end of each.
pub const ROUND: usize = 256;
/// Of so many draws, one is a mutant, if there is something to change.
const MUTANTS: usize = 8;
/// Of so many draws, one is the end of a seed after a node.
const SPLICES: usize = 4;
/// How often a node is drawn for the end of a seed, until there is one on its stage.
const NODES: usize = 16;
/// How often a part is drawn again that has been tried, before another node is better.
const AGAIN: usize = 8;

/// How many calls scenarios have at most.
pub const MOST_CALLS: usize = 16;

/// The limits of each search that fit a guided search: without them, one part in a hundred takes most of the time. They are
/// the same on every machine, as a limit on time is not.
#[must_use]
pub fn limits(shape: Shape) -> Limits {
    let executions = if shape.columns > 1 { 50 } else { 2000 };
    Limits { executions: Some(executions), ..Limits::default() }
}

/// A round that has been run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// How many parts were run, each in all situations of a node.
    pub runs: u64,
    /// How many of them led to a state that was not known.
    pub new: u64,
    /// How many of them led to a violation.
    pub violated: u64,
    /// How many of them a limit left undecided.
    pub bounded: u64,
}

/// A violated scenario, reduced.
#[derive(Clone, Debug)]
pub struct Find {
    /// The number of its setting.
    pub setting: usize,
    /// The scenario.
    pub scenario: Scenario,
    /// In which round it was found, counted from 0.
    pub round: u64,
    beginning: usize,
    /// The kinds of its calls, in their order.
    kinds: Vec<Kind>,
}

impl Find {
    /// The kinds of its calls.
    #[must_use]
    pub fn kinds(&self) -> BTreeSet<Kind> {
        self.kinds.iter().copied().collect()
    }
}

/// A guided search.
#[derive(Debug)]
pub struct Guided {
    settings: Vec<Setting>,
    shape: Shape,
    guide: Guide,
    rng: Rng,
    pool: Pool,
    /// The nodes of the beginnings.
    beginnings: Vec<Id>,
    /// What is mutated: the setting, the number of the beginning, and what is called.
    seeds: Vec<(usize, usize, Plan)>,
    /// How much each of them weighs: four times as much as one with a call more, since the shortest show best what matters,
    /// and there are many more long ones.
    seed_weights: Weights,
    /// Without a guide, the scenarios that are being continued.
    walks: Vec<Option<Id>>,
    /// The kinds of all calls.
    kinds: Vec<Kind>,
    finds: Vec<Find>,
    rounds: u64,
}

/// What is to be run, and what makes its choices.
#[derive(Clone)]
enum Job {
    /// A part after a node.
    Continue(Id, Rng),
    /// A mutant of a seed.
    Mutate(usize, Rng),
    /// The end of a seed after a node.
    Splice(Id, usize, Rng),
}

/// What was run: the parts after a node, each after the one before.
struct Ran {
    from: Id,
    key: Option<u64>,
    steps: Vec<(Part, Led)>,
}

impl Guided {
    /// A search that has not begun.
    #[must_use]
    pub fn new(settings: Vec<Setting>, shape: Shape, seed: u64, guide: Guide) -> Self {
        let kinds: BTreeSet<Kind> =
            settings.iter().flat_map(|setting| setting.kinds.iter().map(|(kind, _)| *kind)).collect();
        let mut search = Self {
            settings,
            shape: Shape { calls: shape.calls.min(MOST_CALLS), ..shape },
            guide,
            rng: Rng::with_seed(seed),
            pool: Pool::default(),
            beginnings: Vec::new(),
            seeds: Vec::new(),
            seed_weights: Weights::default(),
            walks: vec![None; ROUND],
            kinds: kinds.into_iter().collect(),
            finds: Vec::new(),
            rounds: 0,
        };
        search.begin();
        search
    }

    /// Empties the pool but for the beginnings.
    fn begin(&mut self) {
        self.pool = self.pool.emptied();
        self.beginnings.clear();
        self.walks.fill(None);
        for (nth, setting) in self.settings.iter().enumerate() {
            for (beginning, of) in setting.beginnings.iter().enumerate() {
                let situations = Situations::from([setting.runner.begin(of)]);
                let way = (Way::Beginning(beginning), 0);
                self.beginnings.extend(self.pool.reach(nth, situations, way, Keep::Always).to);
            }
        }
    }

    /// How many states have been reached.
    #[must_use]
    pub fn states(&self) -> usize {
        self.pool.states()
    }

    /// What was found, in its order.
    #[must_use]
    pub fn finds(&self) -> &[Find] {
        &self.finds
    }

    /// The stage of a setting.
    #[must_use]
    pub fn stage(&self, setting: usize) -> &Stage {
        &self.settings[setting].runner.stage
    }

    /// Sorts what was found into families, until the watch ends it.
    pub fn sort(&self, judge: &Judge, threads: usize, watch: &dyn Watch, families: &mut Families) -> Sorted {
        let sort = |find: &Find| {
            if watch.stops() {
                return Confirmed::NotKnown;
            }
            Found::of((judge, None), self.stage(find.setting), &find.scenario, watch)
        };
        let mut told = Sorted::default();
        for sorted in side_by_side(&self.finds, threads, sort) {
            match sorted {
                Confirmed::Yes(found) => families.add(found),
                Confirmed::No => told.unconfirmed += 1,
                Confirmed::NotKnown => told.unsorted += 1,
            }
        }
        told
    }

    /// Adds a scenario of a file to what is changed, and where it leads to what is continued; false if its calls cannot be
    /// expressed on any of the stages. If it has more columns than scenarios may have, they follow each other.
    pub fn add(&mut self, world: &World) -> bool {
        let in_setting = |(nth, setting)| seeds::plan(world, setting).map(|(at, plan)| (nth, at, plan));
        let Some((setting, beginning, plan)) = self.settings.iter().enumerate().find_map(in_setting) else {
            return false;
        };
        let plan = plan.narrowed(self.shape.columns);
        let Some(from) = self.beginning(setting, beginning) else { return false };
        let items = plan.parts.iter().cloned().map(Item::Columns).collect();
        // There is nothing to draw.
        let ran = self.follow(from, items, Rng::with_seed(0));
        let find = self.violated(&ran).and_then(|(setting, at, parts)| self.reduce(setting, at, &parts));
        self.take_over(0, ran, &mut Round::default());
        find.into_iter().for_each(|find| self.keep(find));
        self.seed(setting, beginning, plan);
        true
    }

    /// The node of a beginning.
    fn beginning(&self, setting: usize, beginning: usize) -> Option<Id> {
        self.beginnings.iter().copied().find(|&id| {
            let node = self.pool.node(id);
            node.setting == setting && matches!(node.way, Way::Beginning(nth) if nth == beginning)
        })
    }

    /// Runs the next round; `None` if the watch ended it, and then nothing of it is kept.
    pub fn next_round(&mut self, threads: usize, watch: &dyn Watch) -> Option<Round> {
        // What is drawn next is known only when the round is complete.
        let mut rng = self.rng.clone();
        let jobs: Vec<Job> = (0..ROUND).filter_map(|nth| self.job(nth, &mut rng)).collect();
        let run = |job: &Job| (!watch.stops()).then(|| self.run(job.clone()));
        let ran: Vec<Option<Ran>> = side_by_side(&jobs, threads, run).into_iter().collect::<Option<_>>()?;
        let violated = ran.iter().flatten().filter_map(|ran| self.violated(ran));
        let violated: Vec<(usize, usize, Vec<Part>)> = violated.collect();
        let reduce = |(setting, beginning, parts): &(usize, usize, Vec<Part>)| {
            (!watch.stops()).then(|| self.reduce(*setting, *beginning, parts))
        };
        let finds = side_by_side(&violated, threads, reduce).into_iter().collect::<Option<Vec<_>>>()?;
        self.rng = rng;
        let mut round = Round::default();
        for (nth, ran) in ran.into_iter().enumerate() {
            match ran {
                Some(ran) => self.take_over(nth, ran, &mut round),
                None => self.walks[nth] = None,
            }
        }
        finds.into_iter().flatten().for_each(|find| self.keep(find));
        self.rounds += 1;
        if self.pool.is_full() {
            self.begin();
        }
        Some(round)
    }

    fn job(&self, nth: usize, rng: &mut Rng) -> Option<Job> {
        let own = Rng::with_seed(rng.u64(..));
        match self.guide {
            Guide::Nothing => {
                let at =
                    self.walks[nth].unwrap_or_else(|| self.beginnings[below(rng, self.beginnings.len())]);
                Some(Job::Continue(at, own))
            }
            Guide::NewStates if !self.seeds.is_empty() && below(rng, MUTANTS) == 0 => {
                Some(Job::Mutate(self.seed_weights.draw(rng)?, own))
            }
            Guide::NewStates if !self.seeds.is_empty() && below(rng, SPLICES) == 0 => {
                let seed = self.seed_weights.draw(rng)?;
                let is_there = |id: &Id| self.pool.node(*id).setting == self.seeds[seed].0;
                let id = (0..NODES).filter_map(|_| self.pool.draw(rng)).find(is_there)?;
                Some(Job::Splice(id, seed, own))
            }
            Guide::NewStates => Some(Job::Continue(self.pool.draw(rng)?, own)),
        }
    }

    fn run(&self, job: Job) -> Option<Ran> {
        match job {
            Job::Continue(from, rng) => Some(self.go_on(from, rng)),
            Job::Mutate(seed, rng) => self.mutate(seed, rng),
            Job::Splice(from, seed, mut rng) => {
                let (setting, _, plan) = &self.seeds[seed];
                let mms = self.settings[*setting].runner.stage.world.mms.len();
                let items = tail(plan, mms, &mut rng);
                Some(self.follow(from, items, rng))
            }
        }
    }

    /// Runs a part after a node that has not been tried there.
    fn go_on(&self, from: Id, mut rng: Rng) -> Ran {
        let node = self.pool.node(from);
        let setting = &self.settings[node.setting];
        let scene = Scene::of(&setting.runner.stage, &node.situations);
        let shape = Shape { calls: self.shape.calls - node.calls, ..self.shape };
        let is_tried = |drawn: &Drawn| self.guide == Guide::NewStates && node.has_tried(drawn.key);
        let mut draws = (0..AGAIN).map_while(|_| draw::part(setting, &scene, shape, &mut rng));
        let Some(Drawn { part, key }) = draws.find(|drawn| !is_tried(drawn)) else {
            return Ran { from, key: None, steps: Vec::new() };
        };
        let led = setting.runner.run(&node.situations, &part);
        Ran { from, key: Some(key), steps: vec![(part, led)] }
    }

    /// Runs a mutant.
    fn mutate(&self, seed: usize, mut rng: Rng) -> Option<Ran> {
        let (setting, beginning, plan) = &self.seeds[seed];
        let from = self.beginning(*setting, *beginning)?;
        let items = mutant(plan, self.shape.columns, &mut rng);
        Some(self.follow(from, items, rng))
    }

    /// Runs those of some parts after a node that can follow.
    fn follow(&self, from: Id, items: Vec<Item>, mut rng: Rng) -> Ran {
        let node = self.pool.node(from);
        let setting = &self.settings[node.setting];
        let (mut taken, mut calls, mut steps) = (Taken::default(), node.calls, Vec::new());
        let mut situations = node.situations.clone();
        for item in items {
            let scene = Scene::of(&setting.runner.stage, &situations);
            let shape = Shape { calls: self.shape.calls - calls, ..self.shape };
            let part = match &item {
                Item::Columns(columns) => taken.part(&setting.runner.stage, &scene, columns),
                Item::Drawn if shape.calls > 0 => {
                    draw::part(setting, &scene, shape, &mut rng).map(|drawn| drawn.part)
                }
                Item::Drawn => None,
            };
            let Some(part) = part.filter(|part| part.calls() <= shape.calls) else { continue };
            calls += part.calls();
            let led = setting.runner.run(&situations, &part);
            let next = if let Led::To(to) = &led { Some(to.clone()) } else { None };
            steps.push((part, led));
            match next {
                Some(to) => situations = to,
                None => break,
            }
        }
        Ran { from, key: None, steps }
    }

    /// The setting, the beginning and the parts of what was run, if it is violated.
    fn violated(&self, ran: &Ran) -> Option<(usize, usize, Vec<Part>)> {
        ran.steps.last().filter(|(_, led)| *led == Led::Violated)?;
        let (beginning, mut parts) = self.pool.way(ran.from);
        parts.extend(ran.steps.iter().map(|(part, _)| part.clone()));
        Some((self.pool.node(ran.from).setting, beginning, parts))
    }

    /// A violated scenario as a find; `None` if some of its calls, which are of the same kinds as those of a find, are
    /// enough.
    fn reduce(&self, nth: usize, beginning: usize, parts: &[Part]) -> Option<Find> {
        let setting = &self.settings[nth];
        let of = &setting.beginnings[beginning];
        let begin = Situations::from([setting.runner.begin(of)]);
        let plan = Plan::of(&setting.runner.stage, parts);
        let kinds = kinds(parts);
        for known in self.finds.iter().filter(|known| known.setting == nth) {
            let Some(kept) = within(&known.kinds, &kinds) else { continue };
            if plan.only(|call| kept.contains(&call)).violated(setting, &begin).is_some() {
                return None;
            }
        }
        let parts = reduce(setting, &begin, parts.to_vec());
        let scenario = Scenario { words: of.words.clone(), area: of.world.areas[0].clone(), parts };
        let kinds = self::kinds(&scenario.parts);
        Some(Find { setting: nth, scenario, round: self.rounds, beginning, kinds })
    }

    fn take_over(&mut self, nth: usize, ran: Ran, round: &mut Round) {
        let Ran { from, key, steps } = ran;
        let (is_walk, is_mutant) = (self.guide == Guide::Nothing, steps.len() > 1);
        let setting = self.pool.node(from).setting;
        let (mut at, mut any_new) = (Some(from), false);
        for (part, led) in steps {
            round.runs += 1;
            let before = at.take();
            match (led, before) {
                (Led::To(situations), Some(before)) => {
                    let kinds = self.bits(&part);
                    let is_last = self.pool.node(before).calls + part.calls() >= self.shape.calls;
                    let way = Way::After(before, part);
                    let keep = match (is_last, is_walk || is_mutant) {
                        (true, _) => Keep::Never,
                        (false, true) => Keep::Always,
                        (false, false) => Keep::IfNew,
                    };
                    let reached = self.pool.reach(setting, situations, (way, kinds), keep);
                    at = reached.to;
                    any_new |= reached.is_new;
                    round.new += u64::from(reached.is_unseen);
                }
                (Led::Violated, _) => round.violated += 1,
                (Led::Bounded, _) => round.bounded += 1,
                (Led::To(_) | Led::Blocked, _) => {}
            }
        }
        if is_walk {
            self.walks[nth] = at.filter(|&id| id != from);
        } else if !is_mutant {
            self.pool.tried(from, key, any_new);
        }
    }

    /// Keeps a find, unless it is there.
    fn keep(&mut self, find: Find) {
        let is_same = |known: &Find| known.setting == find.setting && known.kinds == find.kinds;
        if !self.finds.iter().any(is_same) {
            let plan = Plan::of(&self.settings[find.setting].runner.stage, &find.scenario.parts);
            self.seed(find.setting, find.beginning, plan);
            self.finds.push(find);
        }
    }

    fn seed(&mut self, setting: usize, beginning: usize, plan: Plan) {
        let shorter = MOST_CALLS.saturating_sub(plan.calls());
        self.seed_weights.push(1 << (2 * shorter));
        self.seeds.push((setting, beginning, plan));
    }

    /// The kinds of a part's calls, by bit.
    fn bits(&self, part: &Part) -> u64 {
        let bit = |kind: &Kind| self.kinds.binary_search(kind).map_or(0, |nth| 1 << (nth % 64));
        kinds(std::slice::from_ref(part)).iter().map(bit).fold(0, |all, bit| all | bit)
    }
}

/// The kinds of calls, in their order.
fn kinds(parts: &[Part]) -> Vec<Kind> {
    let columns = parts.iter().flat_map(|part| &part.columns);
    columns.flat_map(|column| &column.moves).map(|of| Kind::of(&of.template)).collect()
}

/// Where some kinds are, in their order, the first of each; `None` if they are not all there.
fn within(few: &[Kind], all: &[Kind]) -> Option<Vec<usize>> {
    let mut places = all.iter().enumerate();
    few.iter().map(|kind| places.find(|(_, other)| *other == kind).map(|(nth, _)| nth)).collect()
}
