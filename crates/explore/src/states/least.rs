//! The bad execution with the fewest context switches.
//!
//! The ways to what is wrong are searched in the order of their cost (Dijkstra, *A Note on Two Problems in Connexion with
//! Graphs*, 1959). What is to be done next is a state, the actor that moved last, and whether that is in the middle of a
//! call: on that alone it depends what the rest of a way may be, and what it costs. No order is left out, so none costs less, and of those that cost the same the
//! one is taken whose turns come first.

use std::collections::{BTreeMap, HashMap};

use cowrace_machine::Program;
use cowrace_report::{Class, Schedule, Turn};
use foldhash::fast::FixedState;

use crate::states::configuration::{Configuration, Treatment};
use crate::states::course::finding;
use crate::states::limits::ROUND;
use crate::states::numbers::Numbers;
use crate::states::watched::Watched;
use crate::states::{End, Unknown};

/// By what ways are compared: less is easier to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Cost {
    /// How often another actor goes on.
    switches: u32,
    /// How often an actor is left in the middle of a call.
    splits: u32,
    turns: u32,
}

/// A state, and who moved last.
type Situation = (u32, Option<Moved>);

/// The actor that moved last, and whether it is in the middle of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Moved {
    actor: u8,
    is_within_call: bool,
}

/// The best way to a situation.
#[derive(Clone, Copy, Debug)]
struct Way {
    situation: Situation,
    cost: Cost,
    /// The situation before, and the turn from there; `None` at the beginning.
    last: Option<(u32, Turn)>,
}

/// A search for the bad execution that is easiest to read.
pub(crate) struct LeastSearch<'p> {
    program: &'p Program,
    class: Class,
    here: Configuration<'p>,
    states: Numbers,
    ways: Vec<Way>,
    known: HashMap<Situation, u32, FixedState>,
    open: BTreeMap<Cost, Vec<u32>>,
    /// The best bad execution so far.
    best: (Cost, Vec<Turn>),
    /// The damage of a turn from a state, or of a state in which no actor can move.
    classes: HashMap<(u32, Option<Key>), Option<Class>, FixedState>,
    name: Vec<u32>,
}

impl<'p> LeastSearch<'p> {
    /// A search for damage of a class, of which one execution is known.
    pub(crate) fn new(program: &'p Program, class: Class, known: &Schedule) -> Self {
        let blindly = Treatment { is_blind: true, ..Treatment::default() };
        Self {
            program,
            class,
            here: Configuration::new(program, Watched::nothing(), blindly),
            states: Numbers::default(),
            ways: Vec::new(),
            known: HashMap::with_hasher(FixedState::with_seed(0)),
            open: BTreeMap::new(),
            best: (Cost { switches: u32::MAX, ..Cost::default() }, known.turns.clone()),
            classes: HashMap::with_hasher(FixedState::with_seed(0)),
            name: Vec::new(),
        }
    }

    /// The cost of a way with another turn at its end.
    fn after(cost: Cost, moved: Option<Moved>, actor: u8) -> Cost {
        let left = moved.filter(|moved| moved.actor != actor);
        Cost {
            switches: cost.switches + u32::from(left.is_some()),
            splits: cost.splits + u32::from(left.is_some_and(|left| left.is_within_call)),
            turns: cost.turns + 1,
        }
    }

    /// Executes the next request of an actor. Returns whether something is wrong with it, and where the actor is.
    fn make(&mut self, turn: Turn) -> Result<(bool, Moved), Unknown> {
        let call = self.here.call(turn.actor);
        let is_wrong = self.here.make(turn)?.is_wrong;
        let is_within_call = call.is_some() && self.here.call(turn.actor) == call;
        Ok((is_wrong, Moved { actor: turn.actor, is_within_call }))
    }

    /// The cost of the execution that is known.
    fn cost_of_known(&mut self) -> Result<Cost, Unknown> {
        self.here.begin();
        let (mut cost, mut moved) = (Cost::default(), None);
        for turn in self.best.1.clone() {
            cost = Self::after(cost, moved, turn.actor);
            moved = Some(self.make(turn)?.1);
        }
        Ok(cost)
    }

    /// The best execution that is known.
    pub(crate) fn best(self) -> Schedule {
        Schedule { fingerprint: self.program.fingerprint, turns: self.best.1 }
    }

    /// Searches until there is none better, or there have been so many visits, or `stop` says so, which is asked now and
    /// then. Returns whether there is none better.
    pub(crate) fn run(&mut self, most: u64, stop: impl Fn() -> bool) -> bool {
        let Ok(cost) = self.cost_of_known() else { return false };
        self.best.0 = cost;
        self.here.begin();
        if self.reach(None, None, Cost::default()).is_err() {
            return false;
        }
        let mut visits = 0_u64;
        while let Some((cost, ways)) = self.open.pop_first() {
            if cost > self.best.0 {
                return true;
            }
            for way in ways {
                // A better way may have been found meanwhile.
                if self.ways[way as usize].cost == cost && self.visit(way).is_err() {
                    return false;
                }
                visits += 1;
                if visits >= most || visits.is_multiple_of(ROUND) && stop() {
                    return false;
                }
            }
        }
        true
    }

    /// Executes the next request of each actor.
    fn visit(&mut self, way: u32) -> Result<(), End> {
        let Way { situation: (state, moved), cost, .. } = self.ways[way as usize];
        self.here.restore(self.states.get(state));
        let enabled = self.here.enabled();
        if enabled.is_empty() {
            self.consider(cost, way, None);
        }
        for actor in enabled.iter() {
            let values = self.here.values(actor);
            let cost = Self::after(cost, moved, actor);
            if cost > self.best.0 {
                continue;
            }
            for value in 0..values.max(1) {
                let turn = Turn { actor, choice: (values > 0).then_some(value) };
                let (is_wrong, moved) = self.make(turn)?;
                if is_wrong {
                    self.consider(cost, way, Some(turn));
                } else {
                    self.reach(Some((way, turn)), Some(moved), cost)?;
                }
                self.here.rewind(0);
            }
        }
        Ok(())
    }

    /// Notes a way to the state at hand.
    fn reach(&mut self, last: Option<(u32, Turn)>, moved: Option<Moved>, cost: Cost) -> Result<(), End> {
        self.here.name(&mut self.name)?;
        let (state, _) = self.states.number(&self.name)?;
        let situation = (state, moved);
        let new = self.ways.len() as u32;
        let known = *self.known.entry(situation).or_insert(new);
        let way = Way { situation, cost, last };
        if known == new {
            self.ways.push(way);
            self.open.entry(cost).or_default().push(new);
            return Ok(());
        }
        let before = self.ways[known as usize];
        if cost < before.cost {
            self.open.entry(cost).or_default().push(known);
            self.ways[known as usize] = way;
        } else if cost == before.cost && self.turns_of(way).map(key).lt(self.turns_of(before).map(key)) {
            self.ways[known as usize] = way;
        }
        Ok(())
    }

    /// Compares what may be a bad execution with the best so far: a way, and a turn, or the end if there is none.
    fn consider(&mut self, cost: Cost, way: u32, last: Option<Turn>) {
        let turns: Vec<Turn> = self.turns(way).into_iter().chain(last).collect();
        let is_better = cost < self.best.0
            || cost == self.best.0 && turns.iter().copied().map(key).lt(self.best.1.iter().copied().map(key));
        if !is_better {
            return;
        }
        let (state, _) = self.ways[way as usize].situation;
        let class = self.classes.entry((state, last.map(key)));
        let class = class.or_insert_with(|| finding(self.program, &turns).map(|(finding, _)| finding.class));
        if *class == Some(self.class) {
            self.best = (cost, turns);
        }
    }

    fn turns(&self, way: u32) -> Vec<Turn> {
        self.turns_of(self.ways[way as usize]).collect()
    }

    /// The turns of a way, in their order.
    fn turns_of(&self, way: Way) -> impl Iterator<Item = Turn> + use<'p> {
        let before = |&(way, _): &(u32, Turn)| self.ways[way as usize].last;
        let mut turns: Vec<Turn> = std::iter::successors(way.last, before).map(|(_, turn)| turn).collect();
        turns.reverse();
        turns.into_iter()
    }
}

/// By what turns are compared.
type Key = (u8, Option<u32>);

fn key(turn: Turn) -> Key {
    (turn.actor, turn.choice)
}
