//! The loop of a search.

use std::sync::Arc;

use cowrace_machine::{ActorSet, Op};
use cowrace_report::Stop;

use crate::execution::answer_tree::{Free, Spare};
use crate::execution::moves::{Move, PLAIN};
use crate::reduction::wakeup_trees::{NONE, NextStep};
use crate::search::flow::Flow;
use crate::search::path::Path;
use crate::search::shared::Shared;
use crate::search::step::{step, undo};
use crate::search::subtree::{Subtree, SubtreeResult};
use crate::search::{Search, backtrack_sets, barriers, conclude, delegate, limits};
use crate::sync::{Number, Primitives};

/// What to do in a new state.
enum Next {
    /// Make the next step of the wakeup tree.
    Guided(NextStep),
    Free(Move),
    /// Nothing: everything that follows has been searched.
    Known,
    Complete,
    Deadlock,
}

impl<'s, P: Primitives> Search<'s, P> {
    /// Continues the search until there have been this many executions.
    pub(super) fn run(&mut self, executions: u64) -> Flow {
        self.tally.until = executions;
        if self.path.len() == 0
            && self.tree.paused_at.is_none()
            && let Some(finding) = self.path.actors.first_finding()
        {
            conclude::find(&mut self.path, &mut self.tally, self.shared, finding)?;
        }
        let mut next = self.tree.paused_at.take();
        loop {
            let made = match next.take() {
                Some(made) => made,
                None => match self.enter()? {
                    Some(made) => made,
                    None => {
                        backtrack_sets::reverse_races(&mut self.path, &mut self.tree);
                        let Some(made) = self.backtrack() else { return Flow::Continue(()) };
                        limits::pause(self, executions, made)?;
                        made
                    }
                },
            };
            if !self.path.allows(made.made.actor) {
                let Some(other) = self.skip() else { return Flow::Continue(()) };
                // There may be much to skip before the next execution is complete.
                limits::pause(self, executions, other)?;
                next = Some(other);
                continue;
            }
            self.tree.guide = made.child;
            step(self, made.made)?;
            if made.given != NONE && delegate::take_back(self, made, executions, &search_claimed)? {
                let Some(other) = self.backtrack() else { return Flow::Continue(()) };
                next = Some(other);
            }
        }
    }

    /// Decides how to continue from a state that has just been reached; `None` if the execution has ended.
    fn enter(&mut self) -> Flow<Option<NextStep>> {
        match self.next()? {
            Next::Guided(next) => return Flow::Continue(Some(next)),
            Next::Free(made) => return Flow::Continue(Some(NextStep { made, child: NONE, given: NONE })),
            Next::Known => {}
            Next::Complete => conclude::complete(&mut self.path, &mut self.tally, self.shared)?,
            Next::Deadlock => {
                conclude::deadlock(&mut self.path, &mut self.tally, self.shared)?;
                backtrack_sets::reverse_blocked(&mut self.path, &mut self.tree);
            }
        }
        Flow::Continue(None)
    }

    /// Decides how to continue from a state that has just been reached, and enters it.
    fn next(&mut self) -> Flow<Next> {
        let Self { shared, path, tree, tally } = self;
        path.enter();
        let mut todo = std::mem::replace(&mut tree.guide, NONE);
        if let Some(next) = tree.wakeup.pop(&mut todo) {
            tree.todo.push(todo);
            return Flow::Continue(Next::Guided(next));
        }
        let Free { actor, choices } = match free_move(path) {
            Ok(free) => free,
            Err(end) => {
                path.sleepers.leave();
                return Flow::Continue(end);
            }
        };
        assert!(
            path.sleepers.of(tree.todo.len()).is_empty(),
            "a move sleeps in a state from which everything is new"
        );
        if barriers::arrive(path, tally, shared, actor)? {
            path.sleepers.leave();
            return Flow::Continue(Next::Known);
        }
        for choice in 1..choices {
            tree.wakeup.append(&mut todo, Move { actor, choice }, &[]);
        }
        tree.todo.push(todo);
        Flow::Continue(Next::Free(Move { actor, choice: if choices > 0 { 0 } else { PLAIN } }))
    }

    /// Undoes events up to a state from which a step is left to try, and returns that step.
    fn backtrack(&mut self) -> Option<NextStep> {
        while self.tree.todo.len() > self.tree.base {
            let last = self.path.len() - 1;
            let next = self.tree.pop(last);
            let Path { history, sleepers, .. } = &mut self.path;
            if next.is_some() {
                sleepers.add(history.made(last as u32), history.accesses(last));
            } else {
                barriers::depart(&mut self.tally, self.shared, last);
                sleepers.leave();
                self.tree.todo.pop();
            }
            undo(self);
            if next.is_some() {
                return next;
            }
        }
        None
    }

    /// Skips a step from the last state.
    fn skip(&mut self) -> Option<NextStep> {
        let next = self.tree.wakeup.pop(self.tree.todo.last_mut()?);
        if next.is_some() {
            return next;
        }
        self.path.sleepers.leave();
        self.tree.todo.pop();
        self.backtrack()
    }

    /// Searches a subtree.
    ///
    /// # Errors
    ///
    /// The reason why the search was stopped; `None` if the path of the subtree does not lead to its beginning.
    pub(super) fn search_below(&mut self, subtree: &Subtree<P>) -> Result<SubtreeResult, Option<Stop>> {
        let mut flow = delegate::go_to(self, subtree);
        if flow.is_continue() {
            flow = self.run(u64::MAX);
            self.tally.publish(self.shared);
        }
        let Self { path, tree, tally, .. } = self;
        match flow {
            Flow::Break(Some(stop)) => return Err(Some(stop)),
            Flow::Break(None) if tally.finding.is_none() && tally.near.is_none() => return Err(None),
            _ => {}
        }
        tally.seen.note_sites(path.actors.sites());
        Ok(SubtreeResult {
            effort: tally.effort_on_path(),
            depth: tally.longest(),
            finding: tally.finding.clone(),
            reached: tally.reached.states(),
            near: tally.near,
            beyond: std::mem::take(&mut tree.beyond),
            windows: tally.cover(),
            seen: std::mem::take(&mut tally.seen),
        })
    }
}

/// Which actor to move where everything is new. An actor whose request is independent of everything that others may do
/// goes first; otherwise the actor that moved last continues, so that executions are readable.
fn free_move(path: &Path<'_>) -> Result<Free, Next> {
    let Path { memory, actors, history, .. } = path;
    let mut enabled = ActorSet::default();
    let mut unfinished = false;
    for (actor, request) in actors.pending() {
        let Some(request) = request else { continue };
        unfinished = true;
        if let Some(free) = actors.independent(actor, request, memory) {
            return Ok(free);
        }
        let is_blocked = matches!(request.op, Op::Join { .. } | Op::Barrier { .. });
        if !is_blocked && memory.ready(&request.op) {
            enabled.insert(actor);
        }
    }
    let last = history.events().last().map(|event| event.actor).filter(|&a| enabled.contains(a));
    match last.or_else(|| enabled.iter().next()) {
        Some(actor) => Ok(Free { actor, choices: 0 }),
        None if unfinished => Err(Next::Deadlock),
        None => Err(Next::Complete),
    }
}

/// Searches subtrees until there is nothing more to do.
pub(crate) fn work<'s, P: Primitives>(shared: &'s Shared<'s, P>) {
    // If this thread panics, threads that wait for its subtree must not wait for ever.
    let guard = Guard(shared);
    shared.helping.add(1);
    let mut spare = Spare::default();
    while let Some(changes) = shared.changes() {
        match shared.steal() {
            Some(subtree) => search_claimed(shared, &subtree, &mut spare),
            None => shared.wait(changes),
        }
    }
    std::mem::forget(guard);
    shared.helping.add(-1);
    shared.threads.give();
}

struct Guard<'g, 's, P: Primitives>(&'g Shared<'s, P>);

impl<P: Primitives> Drop for Guard<'_, '_, P> {
    fn drop(&mut self) {
        self.0.stop(Stop::Interrupted);
    }
}

/// Searches a subtree that this thread has claimed.
fn search_claimed<'s, P: Primitives>(
    shared: &'s Shared<'s, P>,
    subtree: &Arc<Subtree<P>>,
    spare: &mut Spare<'s>,
) {
    let mut search = Search::new(shared, spare.take(shared.program));
    subtree.finish(search.search_below(subtree).ok());
    shared.tell();
    spare.keep(search.path.actors);
}
