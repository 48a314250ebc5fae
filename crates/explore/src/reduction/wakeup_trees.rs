//! Wakeup trees: how to continue from the states on the path, so that no execution is begun in vain.
//!
//! A path of a tree leads to a state in which nothing sleeps. Whatever is done from there is new.

use cowrace_machine::Access;

use crate::execution::moves::{Fit, Move, Sequence, conflict};

/// No step.
pub(crate) const NONE: u32 = u32::MAX;

/// A move to be made, its successors, and the next alternative to it.
#[derive(Clone, Debug)]
struct Step {
    made: Move,
    /// The accesses of the move.
    accesses: Vec<Access>,
    /// The first successor; [`NONE`] at the end of a path.
    child: u32,
    sibling: u32,
    /// At the end of a path: the number of the subtree, if it was given away.
    given: u32,
}

/// The step that was the first one of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NextStep {
    pub(crate) made: Move,
    /// The first successor.
    pub(crate) child: u32,
    /// The number of the subtree, if it was given away.
    pub(crate) given: u32,
}

/// The result of inserting a sequence into a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inserted {
    /// Whether there is a new path; if not, the tree already leads to the sequence.
    pub(crate) is_new: bool,
    /// Whether this result depends on what comes after the later event of the race.
    pub(crate) depends_on_rest: bool,
}

/// An actor that must be woken on the way along a new path.
#[derive(Debug)]
struct Asleep {
    actor: u8,
    start: usize,
    end: usize,
}

/// The actors that must be woken. Reused for its buffers.
#[derive(Debug, Default)]
pub(crate) struct Waking {
    asleep: Vec<Asleep>,
    accesses: Vec<Access>,
}

impl Clone for Waking {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Waking {
    pub(crate) fn clear(&mut self) {
        self.asleep.clear();
        self.accesses.clear();
    }

    pub(crate) fn push(&mut self, actor: u8, accesses: &[Access]) {
        let start = self.accesses.len();
        self.accesses.extend_from_slice(accesses);
        self.asleep.push(Asleep { actor, start, end: self.accesses.len() });
    }

    /// Removes those that a move of an actor with these accesses wakes.
    fn wake(&mut self, actor: u8, touched: &[Access]) {
        let accesses = &self.accesses;
        self.asleep.retain(|a| a.actor != actor && !conflict(&accesses[a.start..a.end], touched));
    }
}

/// The trees of all states on the path, in one arena.
#[derive(Clone, Debug, Default)]
pub(crate) struct WakeupTrees {
    steps: Vec<Step>,
    free: Vec<u32>,
}

impl WakeupTrees {
    /// The accesses of a step.
    pub(crate) fn accesses(&self, step: u32) -> &[Access] {
        &self.steps[step as usize].accesses
    }

    /// The move of a step.
    pub(crate) fn made(&self, step: u32) -> Move {
        self.steps[step as usize].made
    }

    /// The first successor of a step.
    pub(crate) fn child(&self, step: u32) -> u32 {
        self.steps[step as usize].child
    }

    /// Appends successors to a step that ends a path.
    pub(crate) fn follow(&mut self, step: u32, child: u32) {
        self.steps[step as usize].child = child;
    }

    /// The steps of a list, in order.
    pub(crate) fn list(&self, list: u32) -> impl Iterator<Item = u32> {
        let first = Some(list).filter(|&step| step != NONE);
        std::iter::successors(first, |&step| Some(self.steps[step as usize].sibling).filter(|&s| s != NONE))
    }

    /// Gives away the path that ends with a step.
    pub(crate) fn give(&mut self, step: u32, subtree: u32) {
        self.steps[step as usize].given = subtree;
    }

    /// Removes the first step of a list and returns it.
    pub(crate) fn pop(&mut self, list: &mut u32) -> Option<NextStep> {
        let step = *list;
        let Step { made, child, sibling, given, .. } = *self.steps.get(step as usize)?;
        *list = sibling;
        self.free.push(step);
        Some(NextStep { made, child, given })
    }

    /// The path whose steps have these indices among the successors of the step before; `None` if there is no such path
    /// or it does not end there.
    pub(crate) fn path(&self, mut list: u32, places: &[u32]) -> Option<Vec<u32>> {
        let mut path = Vec::new();
        for &place in places {
            let step = self.list(list).nth(place as usize)?;
            path.push(step);
            list = self.child(step);
        }
        (list == NONE && !path.is_empty()).then_some(path)
    }

    /// The steps of the last path that has not been given away.
    pub(crate) fn last_path(&self, list: u32) -> Option<Vec<u32>> {
        let mut path = Vec::new();
        self.find_last(list, &mut path).then_some(path)
    }

    fn find_last(&self, list: u32, path: &mut Vec<u32>) -> bool {
        let Some(&Step { child, sibling, given, .. }) = self.steps.get(list as usize) else { return false };
        if self.find_last(sibling, path) {
            return true;
        }
        path.push(list);
        if if child == NONE { given == NONE } else { self.find_last(child, path) } {
            return true;
        }
        path.pop();
        false
    }

    fn make(&mut self, made: Move, accesses: &[Access]) -> u32 {
        if let Some(free) = self.free.pop() {
            let step = &mut self.steps[free as usize];
            step.accesses.clear();
            step.accesses.extend_from_slice(accesses);
            (step.made, step.child, step.sibling, step.given) = (made, NONE, NONE, NONE);
            return free;
        }
        let accesses = accesses.to_vec();
        self.steps.push(Step { made, accesses, child: NONE, sibling: NONE, given: NONE });
        self.steps.len() as u32 - 1
    }

    /// Puts a step before a list.
    pub(crate) fn prepend(&mut self, list: &mut u32, made: Move, accesses: &[Access]) -> u32 {
        let new = self.make(made, accesses);
        self.steps[new as usize].sibling = std::mem::replace(list, new);
        new
    }

    /// Appends a step to a list.
    pub(crate) fn append(&mut self, list: &mut u32, made: Move, accesses: &[Access]) -> u32 {
        let new = self.make(made, accesses);
        if *list == NONE {
            *list = new;
            return new;
        }
        let mut last = *list;
        while self.steps[last as usize].sibling != NONE {
            last = self.steps[last as usize].sibling;
        }
        self.steps[last as usize].sibling = new;
        new
    }

    /// Puts a sequence into the tree whose first steps `list` holds, in a state where all of `waking` sleep and none of
    /// them can begin the sequence. Follows the tree as long as it leads to executions of the sequence; where it no
    /// longer does, adds as much of the sequence as is needed to wake all of them. `by` is the later event of the race.
    pub(crate) fn insert(
        &mut self,
        list: &mut u32,
        sequence: &mut Sequence,
        waking: &mut Waking,
        by: u32,
    ) -> Inserted {
        let mut depends_on_rest = false;
        let mut parent = NONE;
        'down: loop {
            let mut step = if parent == NONE { *list } else { self.steps[parent as usize].child };
            while step != NONE {
                let Step { made, child, sibling, .. } = self.steps[step as usize];
                let fit = sequence.fit(made, &self.steps[step as usize].accesses);
                match fit {
                    Fit::Conflict => {
                        waking.push(made.actor, &self.steps[step as usize].accesses);
                        step = sibling;
                        continue;
                    }
                    Fit::Initial(at) => {
                        depends_on_rest |= sequence.items()[at].event > by;
                        sequence.remove(at);
                    }
                    Fit::Independent => depends_on_rest = true,
                }
                if child == NONE {
                    return Inserted { is_new: false, depends_on_rest };
                }
                waking.wake(made.actor, &self.steps[step as usize].accesses);
                parent = step;
                continue 'down;
            }
            break;
        }
        for at in 0..sequence.items().len() {
            let item = sequence.items()[at];
            depends_on_rest |= item.event > by;
            let accesses = sequence.accesses(&item);
            waking.wake(item.made.actor, accesses);
            parent = if parent == NONE {
                self.append(list, item.made, accesses)
            } else {
                let mut children = self.steps[parent as usize].child;
                let new = self.append(&mut children, item.made, accesses);
                self.steps[parent as usize].child = children;
                new
            };
            if waking.asleep.is_empty() {
                break;
            }
        }
        debug_assert!(waking.asleep.is_empty(), "what cannot begin the sequence sleeps through it");
        Inserted { is_new: true, depends_on_rest }
    }
}
