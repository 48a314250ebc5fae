//! The pool of a guided search: where scenarios have led, and how promising it is to continue from there.

use std::hash::BuildHasher;

use fastrand::Rng;
use foldhash::quality::FixedState;
use hashbrown::{HashMap, HashSet};

use crate::choice::Weights;
use crate::part::Part;
use crate::step::Situations;

/// The index of a node.
pub(crate) type Id = u32;

/// Where a scenario has led.
#[derive(Debug)]
pub(crate) struct Node {
    /// The number of its setting.
    pub(crate) setting: usize,
    pub(crate) situations: Situations,
    pub(crate) way: Way,
    /// How many calls have led there.
    pub(crate) calls: usize,
    /// The kinds of these calls, by bit.
    kinds: u64,
    /// How many nodes were there with the same kinds when it came, with this one.
    alike: u64,
    /// How often it was continued.
    tries: u64,
    /// How often that led to a new state.
    new: u64,
    /// The parts that have been tried.
    tried: Vec<u64>,
}

/// How a node was reached.
#[derive(Debug)]
pub(crate) enum Way {
    /// As a beginning, by number.
    Beginning(usize),
    /// By a part after another node.
    After(Id, Part),
}

/// What it was to reach some situations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reached {
    /// Their node, if they are continued.
    pub(crate) to: Option<Id>,
    /// Whether the pool did not know a state among them.
    pub(crate) is_new: bool,
    /// Whether no pool has known it.
    pub(crate) is_unseen: bool,
}

/// Whether what was reached becomes a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// In any case.
    Always,
    /// If some state is new.
    IfNew,
    /// Never: it is not continued.
    Never,
}

/// Nodes, and what has been seen.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    nodes: Vec<Node>,
    weights: Weights,
    index: HashMap<u64, Id, FixedState>,
    /// The states of the nodes, by hash: where two have the same one, the later is taken for known.
    known: HashSet<u64, FixedState>,
    /// All states that have been seen, those of earlier pools included.
    seen: HashSet<u64, FixedState>,
    /// How many nodes each setting has with each set of kinds.
    kinds: HashMap<(usize, u64), u64, FixedState>,
}

/// How many nodes a pool has before it is emptied.
const MOST_NODES: usize = 1 << 18;

/// What a node weighs that has been tried as often as it has given new states, but for what divides that.
const SCALE: u64 = 1 << 36;

impl Node {
    /// The share of tries that should give a new state, so far: one of four before it is tried. This is what a level of an
    /// exhaustive search gives. It is divided
    /// - by the number of nodes with the same kinds of calls, so that each set of kinds is continued about as often as
    ///   another, and rare kinds as often as common ones;
    /// - by four for each call, since there are many more sets of more kinds, and what is close to the beginning shows more
    ///   clearly what matters;
    /// - by the number of situations, each of which has to be run.
    fn weight(&self) -> u64 {
        let promise = SCALE * (self.new + 1) / (self.tries + 4);
        let divided = (promise / self.alike) >> (2 * self.calls);
        (divided / self.situations.len().max(1) as u64).max(1)
    }

    /// Whether a part has been tried.
    pub(crate) fn has_tried(&self, key: u64) -> bool {
        self.tried.contains(&key)
    }
}

impl Pool {
    /// Whether it has as many nodes as it may have: each keeps some kilobytes.
    pub(crate) fn is_full(&self) -> bool {
        self.nodes.len() >= MOST_NODES
    }

    /// An empty one that remembers what has been seen.
    pub(crate) fn emptied(&mut self) -> Self {
        Self { seen: std::mem::take(&mut self.seen), ..Self::default() }
    }

    /// How many states have been seen.
    pub(crate) fn states(&self) -> usize {
        self.seen.len()
    }

    pub(crate) fn node(&self, id: Id) -> &Node {
        &self.nodes[id as usize]
    }

    /// A node, drawn by weight.
    pub(crate) fn draw(&self, rng: &mut Rng) -> Option<Id> {
        self.weights.draw(rng).map(|nth| nth as Id)
    }

    /// Notes that a node was continued.
    pub(crate) fn tried(&mut self, id: Id, key: Option<u64>, is_new: bool) {
        let node = &mut self.nodes[id as usize];
        node.tries += 1;
        node.new += u64::from(is_new);
        node.tried.extend(key);
        let weight = node.weight();
        self.weights.set(id as usize, weight);
    }

    /// Notes where a scenario has led.
    pub(crate) fn reach(
        &mut self,
        setting: usize,
        situations: Situations,
        (way, kinds): (Way, u64),
        keep: Keep,
    ) -> Reached {
        let hasher = FixedState::default();
        let (mut is_new, mut is_unseen) = (false, false);
        for situation in &situations {
            let hash = hasher.hash_one((setting, situation));
            is_new |= self.known.insert(hash);
            is_unseen |= self.seen.insert(hash);
        }
        let led = |to| Reached { to, is_new, is_unseen };
        if keep == Keep::Never {
            return led(None);
        }
        let hash = hasher.hash_one((setting, &situations));
        if let Some(&id) = self.index.get(&hash) {
            return led(Some(id));
        }
        if !is_new && keep == Keep::IfNew {
            return led(None);
        }
        let (calls, kinds) = match &way {
            Way::Beginning(_) => (0, 0),
            Way::After(id, part) => {
                let before = self.node(*id);
                (before.calls + part.calls(), before.kinds | kinds)
            }
        };
        let alike = self.kinds.entry((setting, kinds)).or_default();
        *alike += 1;
        let node = Node {
            setting,
            situations,
            way,
            calls,
            kinds,
            alike: *alike,
            tries: 0,
            new: 0,
            tried: Vec::new(),
        };
        self.weights.push(node.weight());
        let id = self.nodes.len() as Id;
        self.nodes.push(node);
        self.index.insert(hash, id);
        led(Some(id))
    }

    /// The beginning that a node comes from, and the parts that lead to it.
    pub(crate) fn way(&self, mut id: Id) -> (usize, Vec<Part>) {
        let mut parts = Vec::new();
        loop {
            match &self.node(id).way {
                Way::After(before, part) => {
                    parts.push(part.clone());
                    id = *before;
                }
                Way::Beginning(nth) => {
                    parts.reverse();
                    return (*nth, parts);
                }
            }
        }
    }
}
