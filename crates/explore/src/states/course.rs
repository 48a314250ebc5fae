//! The course of a search of states: it makes visits, and begins again if what it relied on turns out to be wrong.

use cowrace_machine::{Limits, Program};
use cowrace_report::{Finding, Schedule, Stop, Turn};
use tracing::debug;

use crate::execution::interpreter::Interpreter;
use crate::random::Random;
use crate::search::shared::Shared;
use crate::states::End;
use crate::states::configuration::Configuration;
use crate::states::limits::{Pace, ROUND, room};
use crate::states::numbers::Numbers;
use crate::states::paths::{Advance, Known, NONE};
use crate::states::watched::Watched;
use crate::sync::Primitives;

/// How many executions in random order are made first; and how many more if visits were in vain: one for so many of
/// them, up to a number.
const WALKS: u64 = 64;
const VISITS: u64 = 64;
const MOST_WALKS: u64 = 4096;

/// How far a search of states has come.
pub(crate) enum Progress {
    /// Everything has been searched, and nothing is wrong.
    Done,
    /// Something is wrong.
    Found(Finding, Schedule),
    /// The search may go on.
    Paused,
    /// The states need more memory than there is.
    Full,
    /// Something ends the search.
    Stopped(Stop),
}

/// What every search of states needs. It does not depend on what the threads of the reduced search share, and goes on
/// where it was if that begins again.
pub(super) struct Course<'p> {
    program: &'p Program,
    pub(super) limits: Limits,
    pub(super) here: Configuration<'p>,
    /// The contents of memory with which executions have ended.
    pub(super) ends: Numbers,
    /// The state that is being visited, and the actor that is moved there.
    pub(super) now: (u32, u8),
    pub(super) random: Random,
    /// The name of the state at hand.
    pub(super) name: Vec<u32>,
    pub(super) pace: Pace,
    /// The memory in bytes that the search may take.
    room: u64,
    has_begun: bool,
    /// The visits since the search last began, and after how many it begins again.
    pub(super) visits: u64,
    until: u64,
    /// All visits.
    effort: u64,
}

impl<'p> Course<'p> {
    /// A search that has not begun. It may take this part of the memory that states may take.
    pub(super) fn new(program: &'p Program, limits: Limits, watched: Watched, part: u64) -> Self {
        Self {
            program,
            limits,
            here: Configuration::new(program, watched),
            ends: Numbers::new(),
            now: (NONE, 0),
            random: Random(0),
            name: Vec::new(),
            pace: Pace::default(),
            room: room(&limits) / part,
            has_begun: false,
            visits: 0,
            until: u64::MAX,
            effort: 0,
        }
    }

    /// Whether the search has begun, and what it has relied on is true as far as it knows.
    pub(super) const fn is_sound(&self) -> bool {
        self.has_begun && !self.here.futures.is_refuted
    }

    /// The memory in bytes that this takes.
    pub(super) fn bytes(&self) -> usize {
        self.here.bytes() + self.ends.bytes()
    }

    /// Forgets the last attempt. Returns how many executions in random order are to come first: the more was in vain,
    /// the more it is worth to learn.
    fn begin(&mut self) -> u64 {
        self.ends = Numbers::new();
        self.now = (NONE, 0);
        self.here.futures.begin_again();
        let walks = WALKS + (self.visits / VISITS).min(MOST_WALKS);
        (self.visits, self.until, self.has_begun) = (0, u64::MAX, true);
        walks
    }

    /// What is wrong with what was executed last, and how to get there.
    fn found(&mut self, known: &Known, advance: Advance<'p>) -> (Finding, Schedule) {
        let last: Vec<Turn> = self.here.turns().collect();
        let mut turns = known.path(&mut self.here, self.now.0, advance);
        turns.extend(last);
        finding(self.program, &turns)
    }
}

/// What is wrong with an execution, and its schedule.
fn finding(program: &Program, turns: &[Turn]) -> (Finding, Schedule) {
    let mut run = Interpreter::new(program);
    for turn in turns {
        run.execute(turn.actor, turn.choice);
    }
    let trace = run.finish();
    let Some(finding) = trace.finding else {
        panic!("nothing is wrong with what the search of states found")
    };
    (finding, trace.schedule)
}

/// A search of states.
pub(super) trait Search<'p> {
    /// What it executes at once.
    const ADVANCE: Advance<'p>;

    /// Its course.
    fn course(&mut self) -> &mut Course<'p>;

    /// Its course and the states that it knows.
    fn course_and_known(&mut self) -> (&mut Course<'p>, &Known);

    /// The memory in bytes that the states take.
    fn bytes(&self) -> u64;

    /// Begins, after so many executions in random order.
    fn begin<P: Primitives>(&mut self, shared: &Shared<'_, P>, walks: u64) -> Result<(), End>;

    /// Makes a visit. Returns whether there was one to make.
    fn visit<P: Primitives>(&mut self, shared: &Shared<'_, P>) -> Result<bool, End>;

    /// Goes on until everything has been searched, or for this many visits.
    fn go_on<P: Primitives>(&mut self, shared: &Shared<'_, P>, visits: u64) -> Progress {
        let limit = self.course().effort.saturating_add(visits);
        loop {
            let end = match self.attempt(shared, limit) {
                Ok(false) => return Progress::Paused,
                Ok(true) if self.course().here.futures.is_refuted => End::Wrong,
                Ok(true) => {
                    let course = self.course();
                    debug!(visits = course.visits, "everything has been searched");
                    shared.showings.add(course.here.places.shown());
                    return Progress::Done;
                }
                Err(end) => end,
            };
            match end {
                End::Full => return Progress::Full,
                End::Stopped(stop) => return Progress::Stopped(stop),
                // What leads to a state is known only while everything is as it was assumed.
                End::Wrong if self.course().here.futures.is_refuted => {
                    let course = self.course();
                    debug!(visits = course.visits, "begins again: an actor does what it was taken not to do");
                    course.has_begun = false;
                }
                End::Wrong => {
                    let (course, known) = self.course_and_known();
                    let (finding, schedule) = course.found(known, Self::ADVANCE);
                    return Progress::Found(finding, schedule);
                }
            }
        }
    }

    /// Makes visits. Returns whether none is left, or the search has to begin again.
    fn attempt<P: Primitives>(&mut self, shared: &Shared<'_, P>, limit: u64) -> Result<bool, End> {
        if !self.course().has_begun {
            let walks = self.course().begin();
            self.begin(shared, walks)?;
        }
        while self.course().visits < self.course().until {
            if self.course().effort >= limit {
                return Ok(false);
            }
            if self.course().effort.is_multiple_of(ROUND) {
                if self.bytes() > self.course().room {
                    return Err(End::Full);
                }
                let (course, known) = self.course_and_known();
                shared.showings.add(course.here.places.shown());
                course.pace.look_at_limits(shared, known.len() as u64)?;
            }
            if !self.visit(shared)? {
                break;
            }
            let course = self.course();
            course.visits += 1;
            course.effort += 1;
            if course.here.futures.is_refuted {
                // Other reasons to begin again will show soon.
                course.until = course.until.min(2 * course.visits);
            }
        }
        Ok(true)
    }
}
