//! Backtrack sets: the sequences that are to be tried from earlier states because of the races of an execution.

use cowrace_machine::{Cond, Op};

use crate::execution::moves::{Move, PLAIN, Sequence};
use crate::reduction::races::waited_word;
use crate::reduction::reversal::{Later, Reversed, Reverser};
use crate::reduction::wakeup_trees::Inserted;
use crate::search::path::Path;
use crate::search::subtree::Beyond;
use crate::search::tree::Tree;
use crate::sync::Primitives;

/// Reverses the races of the execution at its end, and keeps those that later executions must examine again, because
/// the result depended on something that comes after the race.
pub(crate) fn reverse_races<P: Primitives>(path: &mut Path<'_>, tree: &mut Tree<'_, P>) {
    let mut races = std::mem::take(&mut tree.races);
    races.retain(|race| {
        let Path { history, sleepers, memory, program, .. } = &mut *path;
        let by = race.by as usize;
        let later = Later {
            made: history.made(race.by),
            request: &history.events()[by].request,
            accesses: history.accesses(by),
            clock: history.clock(by),
            event: race.by,
        };
        match tree.reverser.reverse(history, sleepers, race.event, later, (memory, program)) {
            Reversed::Asleep { for_good } => !for_good,
            Reversed::Awake { anew } => insert(tree, race.event, race.by) || anew,
        }
    });
    tree.races = races;
}

/// Reverses the races of requests that are blocked in this execution, and would not have been earlier.
pub(crate) fn reverse_blocked<P: Primitives>(path: &mut Path<'_>, tree: &mut Tree<'_, P>) {
    let Path { program, memory, actors, history, sleepers, detector, .. } = path;
    for actor in 0..history.actors() as u8 {
        let Some(&request) = actors.request(actor) else { continue };
        let Some(addr) = waited_word(&request.op) else { continue };
        // To find its accesses, let it through for a moment.
        let now = memory.get(addr);
        let willing = match request.op {
            Op::Await { cond: Cond::AnySet(mask), .. } => mask,
            Op::Await { cond: Cond::Differs(value), .. } => !value,
            _ => 0,
        };
        memory.set(addr, willing);
        let done = memory.execute(&request);
        memory.undo(done.undo);
        memory.set(addr, now);
        let accesses = done.footprint.accesses();
        detector.detect(history, actor, &request, accesses, (memory, &program.memory));
        for &event in &detector.races {
            let by = history.len() as u32;
            let made = Move { actor, choice: PLAIN };
            let later = Later { made, request: &request, accesses, clock: &detector.clock, event: by };
            let reversed = tree.reverser.reverse(history, sleepers, event, later, (memory, program));
            if let Reversed::Awake { .. } = reversed {
                insert(tree, event, by);
            }
        }
    }
}

/// Adds a sequence that the search of a subtree has found for the state before `event`.
pub(crate) fn adopt<P: Primitives>(path: &Path<'_>, tree: &mut Tree<'_, P>, event: u32, sequence: &Sequence) {
    if tree.reverser.adopt(&path.history, &path.sleepers, event, sequence) {
        insert(tree, event, u32::MAX);
    }
}

/// Inserts the sequence that the reverser has built into the tree of the state before `event`. Returns whether the
/// result depends on what comes after the event `by`.
fn insert<P: Primitives>(tree: &mut Tree<'_, P>, event: u32, by: u32) -> bool {
    let Reverser { sequence, waking } = &mut tree.reverser;
    let whole = ((event as usize) < tree.base).then(|| sequence.clone());
    let list = &mut tree.todo[event as usize];
    let Inserted { is_new, depends_on_rest } = tree.wakeup.insert(list, sequence, waking, by);
    if is_new && let Some(sequence) = whole {
        tree.beyond.push(Beyond { state: event, sequence });
    }
    depends_on_rest
}
