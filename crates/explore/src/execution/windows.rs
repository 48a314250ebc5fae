//! Windows: whether some order of an execution's independent events shows given points in a given order.

use cowrace_machine::{Mark, Placed, Point, Prim, Request, Window};
use serde::{Deserialize, Serialize};

use crate::execution::answer_tree::Actors;
use crate::execution::history::History;

/// A stretch of one actor's events, by number. An empty stretch lies between two events: its `first` is the event after
/// it and its `last` the event before it.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    actor: u8,
    first: u32,
    last: u32,
}

/// A point, with the primitives that its step may denote.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    point: Point,
    prims: Vec<Prim>,
}

impl Named {
    pub(crate) fn new(point: &Point) -> Self {
        let is_it = |prim: &Prim| Some(prim.name()) == point.step.as_deref();
        Self { point: point.clone(), prims: Prim::ALL.iter().copied().filter(is_it).collect() }
    }

    /// The call.
    pub(crate) const fn call(&self) -> u16 {
        self.point.call
    }

    /// The step; `None` for the whole call.
    pub(crate) fn step(&self) -> Option<&str> {
        self.point.step.as_deref()
    }

    /// Whether the step is the function or the primitive of a request of the call.
    pub(crate) fn is_request(&self, request: &Request) -> bool {
        self.step() == Some(request.function) || self.prims.contains(&request.prim)
    }
}

/// A window, and what executions have shown about it so far.
#[derive(Clone, Debug)]
struct Watched {
    points: Vec<Named>,
    cover: Cover,
}

/// What executions have shown about a window.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Cover {
    /// Whether its points occur in their order in some execution, or in an equivalent one.
    pub(crate) is_open: bool,
    /// For each point, whether it has occurred in some execution.
    pub(crate) seen: Vec<bool>,
}

impl Cover {
    /// Nothing has been shown about a window with so many points.
    pub(crate) fn nothing(points: usize) -> Self {
        Self { is_open: false, seen: vec![false; points] }
    }

    /// Adds what other executions have shown.
    pub(crate) fn add(&mut self, other: &Self) {
        self.is_open |= other.is_open;
        self.seen.iter_mut().zip(&other.seen).for_each(|(mine, &theirs)| *mine |= theirs);
    }
}

/// The windows of a program.
#[derive(Clone, Debug)]
pub(crate) struct Windows {
    windows: Vec<Watched>,
}

impl Windows {
    pub(crate) fn new(windows: &[Window]) -> Self {
        let watched = windows.iter().map(|window| Watched {
            points: window.points.iter().map(Named::new).collect(),
            cover: Cover::nothing(window.points.len()),
        });
        Self { windows: watched.collect() }
    }

    /// Judges a complete execution.
    pub(crate) fn judge(&mut self, history: &History, actors: &Actors<'_>) {
        if self.windows.iter().all(|window| window.cover.is_open) {
            return;
        }
        let marks: Vec<_> = (0..history.actors() as u8).map(|actor| actors.marks(actor)).collect();
        for Watched { points, cover } in self.windows.iter_mut().filter(|window| !window.cover.is_open) {
            let stretches: Vec<_> = points.iter().map(|point| find(history, &marks, point)).collect();
            cover.seen.iter_mut().zip(&stretches).for_each(|(seen, stretch)| *seen |= stretch.is_some());
            let all: Option<Vec<_>> = stretches.into_iter().collect();
            cover.is_open = all.is_some_and(|stretches| is_open(history, &stretches));
        }
    }

    /// Judges an execution that has reached a barrier of all actors. Returns for each window whether what follows can
    /// still open it.
    pub(crate) fn judge_first_part(&mut self, history: &History, actors: &Actors<'_>) -> Vec<bool> {
        let marks: Vec<_> = (0..history.actors() as u8).map(|actor| actors.marks(actor)).collect();
        let judged = self.windows.iter_mut().map(|Watched { points, cover }| {
            let stretches: Vec<_> = points.iter().map(|point| find(history, &marks, point)).collect();
            cover.seen.iter_mut().zip(&stretches).for_each(|(seen, stretch)| *seen |= stretch.is_some());
            let ended = |point: &Named| {
                let end = Mark::End(point.point.call);
                marks.iter().any(|marks| marks.iter().any(|placed| placed.mark == end))
            };
            let is_lost = points.iter().zip(&stretches).any(|(point, s)| s.is_none() && ended(point));
            let first: Vec<_> = stretches.into_iter().flatten().collect();
            !is_lost && is_open(history, &first)
        });
        judged.collect()
    }

    /// Takes out what has been shown so far.
    pub(crate) fn take(&mut self) -> Vec<Cover> {
        let shown = |window: &mut Watched| {
            let nothing = Cover::nothing(window.cover.seen.len());
            std::mem::replace(&mut window.cover, nothing)
        };
        self.windows.iter_mut().map(shown).collect()
    }

    /// Adds what other executions have shown.
    pub(crate) fn merge(&mut self, shown: &[Cover]) {
        for (Watched { cover, .. }, theirs) in self.windows.iter_mut().zip(shown) {
            cover.add(theirs);
        }
    }
}

/// Where a point lies in an execution, if it occurs.
fn find(history: &History, marks: &[Vec<Placed>], point: &Named) -> Option<Stretch> {
    marks.iter().zip(0..).find_map(|(marks, actor)| stretch(history, actor, marks, point))
}

/// Whether some order of the execution's independent events shows each point before the next: it does
/// unless a later point must begin before an earlier one ends.
fn is_open(history: &History, stretches: &[Stretch]) -> bool {
    stretches.iter().enumerate().all(|(i, earlier)| {
        stretches[i + 1..].iter().all(|later| {
            let Some(last) = earlier.last.checked_sub(1) else { return true };
            let last = history.own(earlier.actor)[last as usize];
            history.clock(last as usize)[later.actor as usize] < later.first
        })
    })
}

/// Where a point lies among an actor's events, if it occurs.
fn stretch(history: &History, actor: u8, marks: &[Placed], named: &Named) -> Option<Stretch> {
    let Named { point, .. } = named;
    let start = marks.iter().position(|m| m.mark == Mark::Begin(point.call))?;
    let marks = &marks[start..];
    let end = marks.iter().position(|m| m.mark == Mark::End(point.call))?;
    let marks = &marks[..=end];
    let (begin, end) = (marks[0].at, marks[marks.len() - 1].at);
    let Some(step) = point.step.as_deref() else {
        return Some(Stretch { actor, first: begin + 1, last: end });
    };
    let set = marks.iter().filter(|m| matches!(m.mark, Mark::Step(name) if name == step));
    let set = set.map(|m| {
        // A mark before the call's first event follows no event of the call: it lies between two events.
        let first = if m.at > begin { m.at } else { m.at + 1 };
        Stretch { actor, first, last: m.at }
    });
    let own = history.own(actor)[begin as usize..end as usize].iter().zip(begin + 1..);
    let own = own.filter(|&(&event, _)| named.is_request(&history.events()[event as usize].request));
    let own = own.map(|(_, nth)| Stretch { actor, first: nth, last: nth });
    set.chain(own).reduce(|a, b| Stretch { actor, first: a.first.min(b.first), last: a.last.max(b.last) })
}
