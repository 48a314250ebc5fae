//! Why results change from era to era.

use cowrace_explore::Observer;
use cowrace_mm::Era;
use cowrace_mm::era::{COMMITS, PRESETS, Preset, Toggle};
use cowrace_report::{Alone, Course, Found, Report, Switch};

use crate::bisect::Bisection;
use cowrace_check::kernel::Note;
use cowrace_check::{Exploration, ResultCache, Selection, Task};

/// The eras that are compared: sequences of eras, by their indices in a selection, each compared with the one
/// before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Courses(Vec<Vec<usize>>);

/// The selected eras, in their order.
pub fn in_order(selection: &Selection) -> Courses {
    Courses(vec![(0..selection.eras.len()).collect()])
}

/// The mainline, and every other era with its base. An era whose base is not in the selection is not compared, and
/// a note says so.
pub fn from_bases(selection: &mut Selection) -> Courses {
    let Selection { eras, notes } = selection;
    let preset = |name: &str| PRESETS.iter().find(|preset| preset.name == name);
    let place = |preset: &Preset| eras.iter().position(|era| era.name() == preset.name);
    let (mainline, others): (Vec<&Preset>, Vec<&Preset>) =
        eras.iter().filter_map(|era| preset(era.name())).partition(|preset| preset.mainline);
    let mut courses = vec![mainline.into_iter().filter_map(place).collect()];
    for other in others {
        let bases = std::iter::successors(other.base.and_then(preset), |base| base.base.and_then(preset));
        match (bases.into_iter().find_map(place), place(other)) {
            (Some(base), Some(own)) => courses.push(vec![base, own]),
            _ => notes.push(Note::NoBase(other.name.to_owned())),
        }
    }
    Courses(courses)
}

/// The ids and titles of commits, oldest first.
pub fn titles() -> Vec<(&'static str, &'static str)> {
    COMMITS.iter().map(|commit| (commit.id, commit.title)).collect()
}

/// The results of a scenario in one variant, under one era after the other.
#[derive(Debug, Default)]
pub struct Row {
    /// The searches that were made.
    pub results: ResultCache,
    found: Vec<Found>,
}

impl AsMut<ResultCache> for Row {
    fn as_mut(&mut self) -> &mut ResultCache {
        &mut self.results
    }
}

impl Row {
    /// Searches under the next era.
    pub fn explore(
        &mut self,
        task: &Task<'_>,
        how: Exploration<'_>,
        watch: &mut (dyn Observer + Send),
    ) -> Report {
        let report = self.results.explore(task, how, watch);
        self.found.push(Found::from(&report));
        report
    }

    /// Explains the changes once every era has been searched: returns the courses with a change.
    pub fn why(
        &mut self,
        task: &Task<'_>,
        how: Exploration<'_>,
        watch: &mut (dyn Observer + Send),
        eras: &[Era],
        courses: &Courses,
    ) -> Vec<Course> {
        if self.found.len() < eras.len() {
            return Vec::new();
        }
        let mut bisection = Bisection { task: *task, how, results: &mut self.results, watch };
        let courses = courses.0.iter().map(|course| {
            let course: Vec<_> = course.iter().map(|&place| (&eras[place], self.found[place])).collect();
            told(&mut bisection, &course)
        });
        // An unknown result may be a change.
        let is_told = |course: &Course| !course.changes.is_empty() || !course.first.is_known();
        courses.flatten().filter(is_told).collect()
    }
}

/// The course of the results through a sequence of eras.
fn told(bisection: &mut Bisection<'_>, course: &[(&Era, Found)]) -> Option<Course> {
    let mut changes = Vec::new();
    let mut alone: Vec<(Toggle, Alone)> = Vec::new();
    for step in course.windows(2) {
        let [(from, before), (to, found)] = *step else { continue };
        if before.is_violated() {
            let more = bisection.insufficient(from, to);
            alone.retain(|(earlier, _)| !more.contains(earlier));
            let era = from.label();
            alone.extend(more.into_iter().map(|t| (t, Alone { era: era.clone(), toggle: t.into() })));
        }
        if before == found {
            continue;
        }
        let known = before.is_known() && found.is_known();
        let sets = if known { bisection.smallest(from, to, found) } else { None };
        // Toggles that take part in a change have been named already.
        alone.retain(|(toggle, _)| !sets.iter().flatten().any(|set| set.contains(toggle)));
        let pending = if found.is_violated() { Vec::new() } else { std::mem::take(&mut alone) };
        changes.push(Switch {
            from: from.label(),
            to: to.label(),
            found,
            sets: sets
                .map(|sets| sets.into_iter().map(|set| set.into_iter().map(Into::into).collect()).collect()),
            insufficient: pending.into_iter().filter(|_| known).map(|(_, alone)| alone).collect(),
        });
    }
    let Task { scenario, variant, arch, .. } = bisection.task;
    Some(Course {
        scenario: scenario.name().to_owned(),
        variant: variant.name().map(str::to_owned),
        arch: arch.name().to_owned(),
        eras: course.iter().map(|(era, _)| era.label()).collect(),
        first: course.first()?.1,
        changes,
        insufficient: alone.into_iter().map(|(_, alone)| alone).collect(),
    })
}
