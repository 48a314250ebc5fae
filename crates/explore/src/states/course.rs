//! The course of a search of states: it makes visits, and repeats those that relied on what turns out to be wrong.

use cowrace_machine::{Limits, Program};
use cowrace_report::{Finding, Schedule, Stop, Turn};
use tracing::debug;

use crate::execution::interpreter::Interpreter;
use crate::random::Random;
use crate::search::shared::{Settings, Shared};
use crate::states::End;
use crate::states::configuration::{Configuration, Treatment};
use crate::states::limits::{Pace, ROUND, room};
use crate::states::numbers::Numbers;
use crate::states::paths::{Known, NONE};
use crate::states::watched::Watched;
use crate::sync::Primitives;

/// How many executions in random order are made first.
const WALKS: u32 = 64;

/// How many states are looked through for each visit, when some are to be visited again.
const STATES: u64 = 16;

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
    /// The state that is being visited.
    pub(super) now: u32,
    /// The first state from which something wrong was reached, and the turns from there, if the search goes on then.
    wrong: Option<(u32, Vec<Turn>)>,
    pub(super) random: Random,
    /// The name of the state at hand.
    pub(super) name: Vec<u32>,
    pub(super) pace: Pace,
    /// The memory in bytes that the search may take.
    room: u64,
    has_begun: bool,
    visits: u64,
    /// After how many visits limits are looked at again.
    looks_after: u64,
    /// After how many visits states are looked through at the earliest for those to be visited again.
    mends_after: u64,
}

impl<'p> Course<'p> {
    /// A search that has not begun. It may take this part of the memory that states may take.
    pub(super) fn new(program: &'p Program, settings: &Settings, watched: Watched, part: u64) -> Self {
        Self {
            program,
            limits: settings.limits,
            here: Configuration::new(program, watched, Treatment::of(settings)),
            ends: Numbers::default(),
            now: NONE,
            wrong: None,
            random: Random(0),
            name: Vec::new(),
            pace: Pace::default(),
            room: room(&settings.limits) / part,
            has_begun: false,
            visits: 0,
            looks_after: 0,
            mends_after: 0,
        }
    }

    /// Whether the search has begun, and what it has relied on is true as far as it knows.
    pub(super) fn is_sound(&self) -> bool {
        self.has_begun && self.here.is_sound()
    }

    /// The number of visits so far.
    pub(super) const fn visits(&self) -> u64 {
        self.visits
    }

    /// The memory in bytes that the search may take.
    pub(super) const fn room(&self) -> u64 {
        self.room
    }

    /// The memory in bytes that this takes.
    pub(super) fn bytes(&self) -> usize {
        self.here.bytes() + self.ends.bytes()
    }

    /// Notes that something was wrong after these turns from the state at hand, unless something was before.
    pub(super) fn note_wrong(&mut self, turns: Option<Vec<Turn>>) {
        if let Some(turns) = turns {
            self.wrong.get_or_insert((self.now, turns));
        }
    }

    /// What was the first to be wrong, if the search went on then.
    ///
    /// # Errors
    ///
    /// If nothing can be learned now.
    pub(super) fn wrong(&mut self, known: &Known) -> Result<Option<(Finding, Schedule)>, End> {
        let wrong = self.wrong.clone();
        wrong.map(|(state, last)| self.found(known, state, &last)).transpose()
    }

    /// What is wrong with what was executed from a state, and how to get there.
    fn found(&mut self, known: &Known, state: u32, last: &[Turn]) -> Result<(Finding, Schedule), End> {
        let mut turns = known.path(&mut self.here, state)?;
        turns.extend_from_slice(last);
        let Some(found) = finding(self.program, &turns) else {
            panic!("nothing is wrong with what the search of states found")
        };
        Ok(found)
    }
}

/// What is wrong with an execution, and its schedule.
pub(super) fn finding(program: &Program, turns: &[Turn]) -> Option<(Finding, Schedule)> {
    let mut run = Interpreter::new(program);
    for turn in turns {
        run.execute(turn.actor, turn.choice);
    }
    let trace = run.finish();
    Some((trace.finding?, trace.schedule))
}

/// A search of states.
pub(super) trait Search<'p> {
    /// The threads that make visits, if it can have several.
    type Team<'t>;

    /// Its course.
    fn course(&mut self) -> &mut Course<'p>;

    /// Its course and the states that it knows.
    fn course_and_known(&mut self) -> (&mut Course<'p>, &Known);

    /// The memory in bytes that the states take.
    fn bytes(&self) -> u64;

    /// Makes an execution in random order.
    fn look_ahead(&mut self) -> Result<(), End>;

    /// Begins. This relies on nothing.
    fn begin<P: Primitives>(&mut self, shared: &Shared<'_, P>) -> Result<(), End>;

    /// Makes a visit, or several, but not more than this. Returns how many: 0 if there is none to make.
    fn visit<P: Primitives>(
        &mut self,
        shared: &Shared<'_, P>,
        team: &mut Self::Team<'_>,
        most: u64,
    ) -> Result<u64, End>;

    /// What was done in these states is to be done again.
    fn repeat(&mut self, states: Vec<u32>) -> Result<(), End>;

    /// Goes on until everything has been searched, or for this many visits.
    fn go_on<P: Primitives>(
        &mut self,
        shared: &Shared<'_, P>,
        visits: u64,
        team: &mut Self::Team<'_>,
    ) -> Progress {
        let limit = self.course().visits.saturating_add(visits);
        let mut found = None;
        let searched = match self.search(shared, limit, team) {
            Err(End::Wrong(turns)) => {
                let (course, known) = self.course_and_known();
                course.found(known, course.now, &turns).map(|wrong| {
                    found = Some(wrong);
                    true
                })
            }
            other => other,
        };
        if let Some((finding, schedule)) = found {
            return Progress::Found(finding, schedule);
        }
        match searched {
            Ok(false) => Progress::Paused,
            Ok(true) => {
                let course = self.course();
                debug!(visits = course.visits, "everything has been searched");
                shared.showings.add(course.here.shown());
                Progress::Done
            }
            Err(End::Full) => Progress::Full,
            Err(End::Stopped(stop)) => Progress::Stopped(stop),
            Err(End::Wrong(_) | End::Unknown) => panic!("a search that learns knows what it has learned"),
        }
    }

    /// Makes visits, until there have been so many. Returns whether none is left to make.
    fn search<P: Primitives>(
        &mut self,
        shared: &Shared<'_, P>,
        limit: u64,
        team: &mut Self::Team<'_>,
    ) -> Result<bool, End> {
        if !self.course().has_begun {
            for _ in 0..WALKS {
                self.look_ahead()?;
            }
            self.begin(shared)?;
            self.course().has_begun = true;
        }
        loop {
            let course = self.course();
            if course.visits >= limit {
                return Ok(false);
            }
            let most = limit - course.visits;
            if course.visits >= course.looks_after {
                course.looks_after = course.visits + ROUND;
                self.look_at_limits(shared)?;
            }
            let made = self.visit(shared, team, most)?;
            let course = self.course();
            course.visits += made;
            // The sooner, the fewer states there are to be visited again.
            if !course.is_sound() && (made == 0 || course.visits >= course.mends_after) {
                self.mend()?;
            } else if made == 0 {
                return Ok(true);
            }
        }
    }

    /// Looks at the limits, and reports.
    fn look_at_limits<P: Primitives>(&mut self, shared: &Shared<'_, P>) -> Result<(), End> {
        if self.bytes() > self.course().room {
            return Err(End::Full);
        }
        let (course, known) = self.course_and_known();
        shared.showings.add(course.here.shown());
        course.pace.look_at_limits(shared, known.len() as u64)
    }

    /// Finds the states that were left too early because of what was relied on and has turned out to be wrong. What was
    /// done there is to be done again. All else is as it would be if it had not been relied on.
    fn mend(&mut self) -> Result<(), End> {
        let (course, known) = self.course_and_known();
        let here = &mut course.here;
        let surprises = here.surprises()?;
        let is_concerned = |&state: &u32| surprises.concern(here.positions_in(known.name(state)));
        let states: Vec<u32> = (0..known.len() as u32).filter(is_concerned).collect();
        debug!(
            visits = course.visits,
            of = known.len(),
            states = states.len(),
            "an actor does what it was taken not to do: states are visited again"
        );
        course.mends_after = course.visits + known.len() as u64 / STATES;
        self.repeat(states)
    }
}
