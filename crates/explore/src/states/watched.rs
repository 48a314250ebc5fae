//! Windows that are not open yet, and how far an execution has come with each.
//!
//! A window is open in an execution if the last event of each point comes before the first event of the next in some
//! order of its independent events: in that order, the events of the points come one point after the other. So a search
//! of all orders need only follow how many points have begun. Events of the points of one window do not commute with
//! each other, so that every order of them is searched. That changes no verdict.

use cowrace_machine::{Access, Addr, Kind, Mark, Placed, Program, Request};

use crate::execution::windows::{Cover, Named};

/// How many windows can be watched, and how many of their points there may be.
const WINDOWS: usize = 8;
const POINTS: usize = 64;

/// The progress of a window whose points came in another order.
const LOST: u8 = u8::MAX;

/// Where words begin that stand for windows: behind those of all objects.
const WORDS: usize = 1 << 20;

/// A point of a window that is watched.
#[derive(Debug)]
struct Watch {
    window: usize,
    nth: u8,
    point: Named,
}

/// The windows that are watched.
#[derive(Debug, Default)]
pub(super) struct Watched {
    /// The numbers of the windows, and how many points each has.
    windows: Vec<(usize, u8)>,
    points: Vec<Watch>,
}

/// How many points of each window have begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress([u8; WINDOWS]);

/// The points to which an event belongs, by bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hits(u64);

impl Hits {
    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    fn contains(self, point: usize) -> bool {
        self.0 & 1 << point != 0
    }
}

impl Progress {
    /// Words for the name of a state.
    pub(super) fn words(self, watched: &Watched) -> impl Iterator<Item = u32> {
        let used = watched.windows.len().div_ceil(4);
        self.0
            .as_chunks()
            .0
            .iter()
            .take(used)
            .map(|&word| u32::from_le_bytes(word))
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// The progress that words stand for.
    pub(super) fn of(words: &[u32]) -> Self {
        let mut progress = Self::default();
        for (bytes, word) in progress.0.as_chunks_mut().0.iter_mut().zip(words) {
            *bytes = word.to_le_bytes();
        }
        progress
    }
}

impl Watched {
    /// Watches the windows of a program that have not been open. `None` if that is too much.
    pub(super) fn new(program: &Program, cover: &[Cover]) -> Option<Self> {
        let mut watched = Self::nothing();
        for (number, (window, known)) in program.windows.iter().zip(cover).enumerate() {
            if known.is_open {
                continue;
            }
            for (nth, point) in (0..).zip(&window.points) {
                watched.points.push(Watch { window: watched.windows.len(), nth, point: Named::new(point) });
            }
            watched.windows.push((number, window.points.len() as u8));
        }
        (watched.windows.len() <= WINDOWS && watched.points.len() <= POINTS).then_some(watched)
    }

    /// Watches nothing.
    pub(super) const fn nothing() -> Self {
        Self { windows: Vec::new(), points: Vec::new() }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// The points to which an event of a call belongs after which an actor has set these marks. `None` if a point lies
    /// between two events of the actor, and has none itself.
    pub(super) fn hits(
        &self,
        call: Option<u16>,
        request: Option<&Request>,
        marks: &[Placed],
    ) -> Option<Hits> {
        let mut hits = Hits::default();
        let mut hit = |of: u16, is_it: &dyn Fn(&Named) -> bool| {
            let all = self.points.iter().enumerate().filter(|(_, watch)| watch.point.call() == of);
            all.filter(|(_, watch)| is_it(&watch.point)).fold(false, |_, (at, _)| {
                hits.0 |= 1 << at;
                true
            })
        };
        if let (Some(call), Some(request)) = (call, request) {
            hit(call, &|point| point.step().is_none() || point.is_request(request));
        }
        // The call that is under way after the marks so far, and whether it has begun with one of them.
        let (mut now, mut is_new) = (call, false);
        for placed in marks {
            match placed.mark {
                Mark::Begin(begun) => (now, is_new) = (Some(begun), true),
                Mark::End(ended) => {
                    if is_new && now == Some(ended) && hit(ended, &|point| point.step().is_none()) {
                        return None;
                    }
                    now = None;
                }
                Mark::Step(name) => {
                    if now.is_some_and(|call| hit(call, &|point| point.step() == Some(name))) && is_new {
                        return None;
                    }
                }
                Mark::NoEffect(_) | Mark::Limit(_) => {}
            }
        }
        Some(hits)
    }

    /// The accesses that stand for an event of these points.
    pub(super) fn accesses(&self, hits: Hits) -> impl Iterator<Item = Access> + '_ {
        let is_hit = move |&window: &usize| {
            self.points.iter().enumerate().any(|(at, watch)| watch.window == window && hits.contains(at))
        };
        (0..self.windows.len()).filter(is_hit).map(|window| Access {
            addr: Addr::at(WORDS + window),
            mask: u64::MAX,
            kind: Kind::Write,
        })
    }

    /// Notes an event of these points, and what it shows of each window of the program.
    pub(super) fn note(&self, progress: &mut Progress, hits: Hits, cover: &mut [Cover]) {
        if hits.is_empty() {
            return;
        }
        for (at, Watch { window, nth, .. }) in
            self.points.iter().enumerate().filter(|&(at, _)| hits.contains(at))
        {
            cover[self.windows[*window].0].seen[*nth as usize] = true;
            let begun = &mut progress.0[*window];
            // An event of two points comes in no order of them.
            let is_only = self
                .points
                .iter()
                .enumerate()
                .all(|(other, watch)| watch.window != *window || other == at || !hits.contains(other));
            *begun = if is_only && (*begun == *nth || *begun == *nth + 1) { *nth + 1 } else { LOST };
        }
    }

    /// Notes what an execution that has ended shows of each window of the program.
    pub(super) fn end(&self, progress: Progress, cover: &mut [Cover]) {
        for (&(window, points), begun) in self.windows.iter().zip(progress.0) {
            cover[window].is_open |= begun == points;
        }
    }
}
