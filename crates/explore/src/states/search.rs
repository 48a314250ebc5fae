//! The search of all states.

mod coverage;

use std::sync::Arc;

use cowrace_machine::{ActorSet, Program};
use cowrace_report::{Finding, Schedule, Turn};

use crate::execution::coverage::Seen;
use crate::execution::windows::Cover;
use crate::search::shared::{Settings, Shared};
use crate::states::End;
use crate::states::batch::{Team, with_team};
use crate::states::course::{Course, Progress, Search};
use crate::states::ends::end;
use crate::states::limits::Pace;
use crate::states::log::{Arrival, Entry, Log, Reached};
use crate::states::look_ahead::walk;
use crate::states::paths::{Known, NONE};
use crate::states::persistent_sets::persistent_set;
use crate::states::table::{Table, Visit};
use crate::states::visit::Visitor;
use crate::states::watched::Watched;
use crate::sync::Primitives;

/// After how many visits another execution in random order is made: what is rare shows early then.
const BETWEEN: u64 = 256;

/// How many visits are made at once, when much is known. The more they are, the more often a state is visited before it
/// has been reached by others.
const MANY: u64 = 256;

/// A search of all states.
pub(crate) struct StateSearch<'p> {
    course: Course<'p>,
    table: Table,
    visitor: Visitor,
    /// The states that were reached in which no actor can move, until they are judged.
    ended: Vec<u32>,
    /// After how many visits several are made at once.
    alone: u64,
    /// After how many visits another execution in random order is made.
    looks_ahead_after: u64,
    /// What all executions have shown, if that is wanted and everything has been searched.
    seen: Seen,
}

impl<'p> StateSearch<'p> {
    /// A search that watches the windows that have not been open. `None` if that is not possible.
    pub(crate) fn new(program: &'p Program, settings: &Settings, cover: &[Cover]) -> Option<Self> {
        let watched = Watched::new(program, cover)?;
        Some(Self {
            course: Course::new(program, settings, watched, 1),
            table: Table::default(),
            visitor: Visitor::new(program.actors.len(), settings.limits.steps),
            ended: Vec::new(),
            alone: settings.alone,
            looks_ahead_after: 0,
            seen: Seen::default(),
        })
    }

    /// What has been seen of windows.
    pub(crate) fn cover(&self) -> &[Cover] {
        self.course.here.cover()
    }

    /// In which orders calls met, if that is wanted and everything has been searched.
    pub(crate) const fn seen(&self) -> &Seen {
        &self.seen
    }

    /// What was the first to be wrong, if the search went on then.
    pub(crate) fn wrong(&mut self) -> Option<(Finding, Schedule)> {
        let (course, known) = self.course_and_known();
        course.wrong(known).unwrap_or_else(|_| panic!("a search that learns knows what it has learned"))
    }

    /// The number of states so far.
    pub(crate) const fn states(&self) -> u64 {
        self.table.known().len() as u64
    }

    /// The memory in bytes that the states may take.
    pub(crate) const fn room(&self) -> u64 {
        self.course.room()
    }

    /// The memory in bytes that the states take.
    pub(crate) fn bytes(&self) -> u64 {
        (self.table.bytes() + self.course.bytes()) as u64
    }

    /// Compares actors that have been taken for the same; see [`Places::verify`](crate::states::places::Places::verify).
    pub(crate) fn verify(&mut self) -> Result<u64, String> {
        let Course { here, random, .. } = &mut self.course;
        here.knowledge().places.verify(here.program, random)
    }

    /// Goes on until everything has been searched, or for this many visits.
    pub(crate) fn run<P: Primitives>(&mut self, shared: &Shared<'_, P>, visits: u64, pace: Pace) -> Progress {
        self.course.pace = pace;
        let (program, steps) = (self.course.here.program, self.course.limits.steps);
        let progress = with_team(shared, program, steps, |team| self.go_on(shared, visits, team));
        if !matches!(progress, Progress::Done) || !shared.settings.coverage {
            return progress;
        }
        match self.collect_coverage(shared) {
            Ok(()) => Progress::Done,
            Err(End::Full) => Progress::Full,
            Err(End::Stopped(stop)) => Progress::Stopped(stop),
            Err(End::Wrong(_) | End::Unknown) => panic!("a search that is over knows everything"),
        }
    }

    /// Makes a visit.
    fn visit_here(&mut self, visit: Visit) -> Result<(), End> {
        let Self { course: Course { here, now, name, .. }, table, visitor, ended, .. } = self;
        *now = visit.state;
        if visit.state == NONE {
            here.begin();
        } else {
            here.restore(table.known().name(visit.state));
        }
        let made = visitor.visit(here, visit, &mut |here, asleep, closes| {
            here.name(name)?;
            let (state, is_new) = table.number(name, visit.state)?;
            let enabled = here.enabled();
            if !is_new {
                table.reach(state, asleep, closes.then_some(enabled));
                return Ok(());
            }
            let todo = if closes { enabled } else { persistent_set(here, enabled) };
            table.add(Visit { state, asleep, todo });
            if enabled.is_empty() {
                ended.push(state);
            }
            Ok(())
        });
        let wrong = self.course.here.take_wrong();
        self.course.note_wrong(wrong);
        made
    }

    /// Makes a visit, and learns what it shows.
    fn visit_alone<P: Primitives>(&mut self, shared: &Shared<'_, P>, visit: Visit) -> Result<(), End> {
        let made = self.visit_here(visit);
        self.judge_after(shared, made)
    }

    /// Makes visits, and learns what they show when all have been made. So it makes no difference whether several threads
    /// make them.
    fn visit_many<P: Primitives>(
        &mut self,
        shared: &Shared<'_, P>,
        team: &mut Team<'_, 'p>,
        visits: Vec<Visit>,
    ) -> Result<(), End> {
        self.course.here.may_learn = false;
        let mut unknown = Vec::new();
        let made = if team.is_alone() {
            visits.into_iter().try_for_each(|visit| match self.visit_here(visit) {
                Err(End::Unknown) => {
                    unknown.push(visit);
                    Ok(())
                }
                other => other,
            })
        } else {
            self.visit_by(team, visits, &mut unknown)
        };
        self.course.here.may_learn = true;
        let made = made.and_then(|()| unknown.into_iter().try_for_each(|visit| self.visit_here(visit)));
        self.judge_after(shared, made)
    }

    /// Makes visits by several threads, and takes over what they have led to. Notes those that show what is not known.
    fn visit_by(
        &mut self,
        team: &mut Team<'_, 'p>,
        visits: Vec<Visit>,
        unknown: &mut Vec<Visit>,
    ) -> Result<(), End> {
        let knowledge = Arc::clone(self.course.here.knowledge());
        team.make_visits(&knowledge, &mut self.table, visits, |cover| self.course.here.add_cover(cover));
        drop(knowledge);
        for (log, Entry { visit, result, arrivals, relied, wrong }) in team.made() {
            self.course.now = visit.state;
            self.course.note_wrong(wrong.map(<[Turn]>::to_vec));
            self.course.here.note_relied(relied)?;
            arrivals.iter().try_for_each(|arrival| self.take_over(log, visit.state, arrival))?;
            match result {
                Err(End::Unknown) => unknown.push(visit),
                other => other.clone()?,
            }
        }
        Ok(())
    }

    /// Takes over that a state was reached from another one.
    fn take_over(
        &mut self,
        log: &Log,
        from: u32,
        &Arrival { ref state, asleep, enabled, closes }: &Arrival,
    ) -> Result<(), End> {
        let Self { course: Course { here, name, .. }, table, ended, .. } = self;
        let all = closes.then_some(enabled);
        let new = match state {
            Reached::Known(state) => {
                table.reach(*state, asleep, all);
                return Ok(());
            }
            Reached::New(new) => new,
        };
        name.clear();
        name.push(match new.memory {
            Some(memory) => memory,
            None => here.number_memory(log.contents(new))?,
        });
        name.extend_from_slice(log.actors(new));
        let (state, is_new) = table.number(name, from)?;
        if !is_new {
            // Another visit has led there as well.
            table.reach(state, asleep, all);
            return Ok(());
        }
        here.note_relied(log.relied(new))?;
        table.add(Visit { state, asleep, todo: new.todo });
        if enabled.is_empty() {
            ended.push(state);
        }
        Ok(())
    }

    /// Judges the states that visits have reached in which no actor can move, unless something is wrong already: also if
    /// something ended the visits.
    fn judge_after<P: Primitives>(
        &mut self,
        shared: &Shared<'_, P>,
        made: Result<(), End>,
    ) -> Result<(), End> {
        if !matches!(made, Err(End::Wrong(_))) {
            self.judge(shared)?;
        }
        made
    }

    /// Judges the states that were reached in which no actor can move.
    fn judge<P: Primitives>(&mut self, shared: &Shared<'_, P>) -> Result<(), End> {
        let Self { course, table, ended, .. } = self;
        ended.drain(..).try_for_each(|state| {
            course.now = state;
            let judged = end(shared, &mut course.here, table.known(), &mut course.ends, state);
            let wrong = course.here.take_wrong();
            course.note_wrong(wrong);
            judged
        })
    }
}

impl<'p> Search<'p> for StateSearch<'p> {
    type Team<'t> = Team<'t, 'p>;

    fn course(&mut self) -> &mut Course<'p> {
        &mut self.course
    }

    fn course_and_known(&mut self) -> (&mut Course<'p>, &Known) {
        (&mut self.course, self.table.known())
    }

    fn bytes(&self) -> u64 {
        self.bytes()
    }

    fn begin<P: Primitives>(&mut self, shared: &Shared<'_, P>) -> Result<(), End> {
        let nobody = ActorSet::default();
        self.visit_alone(shared, Visit { state: NONE, asleep: nobody, todo: nobody })
    }

    fn look_ahead(&mut self) -> Result<(), End> {
        let Course { here, random, now, .. } = &mut self.course;
        *now = NONE;
        let made = walk(here, random);
        let wrong = here.take_wrong();
        self.course.note_wrong(wrong);
        made
    }

    fn visit<P: Primitives>(
        &mut self,
        shared: &Shared<'_, P>,
        team: &mut Team<'_, 'p>,
        most: u64,
    ) -> Result<u64, End> {
        if !self.course.here.can_watch() {
            return Err(End::Full);
        }
        let visits = self.course.visits();
        if visits >= self.looks_ahead_after {
            self.looks_ahead_after = visits + BETWEEN;
            self.look_ahead()?;
        }
        if visits >= self.alone {
            let many = self.table.pop_many(most.min(MANY) as usize);
            let made = many.len() as u64;
            team.grow(shared);
            self.visit_many(shared, team, many)?;
            return Ok(made);
        }
        match self.table.pop() {
            Some(visit) => self.visit_alone(shared, visit).map(|()| 1),
            None => Ok(0),
        }
    }

    fn repeat(&mut self, states: Vec<u32>) -> Result<(), End> {
        let Self { course: Course { here, .. }, table, .. } = self;
        for state in states {
            here.restore(table.known().name(state));
            here.try_out_all()?;
            let set = persistent_set(here, here.enabled());
            table.repeat(state, set);
        }
        Ok(())
    }
}
