//! Since when, and until when, mainline kernels have a race.

use cowrace_explore::Observer;
use cowrace_mm::Era;
use cowrace_mm::era::{PRESETS, Preset};
use cowrace_report::hunt::Lifetime;
use cowrace_report::{Course, Found, Switch};

use crate::timeline::{Row, in_order};
use cowrace_check::{Exploration, Selection, Task};

/// What opened a scenario that is violated under the era of a task, and what closed it, on the mainline. If the mainline
/// kernel that this era departs from does not have it, what opened it is among the toggles. `None` if the era departs from
/// no preset, or if a search was ended early.
pub fn lifetime(
    task: &Task<'_>,
    how: Exploration<'_>,
    watch: &mut (dyn Observer + Send),
) -> Option<Lifetime> {
    let mainline: Vec<Era> = PRESETS
        .iter()
        .filter(|preset| preset.mainline)
        .filter_map(|preset| Era::preset(preset.name).ok())
        .collect();
    let base = base(task.era)?;
    let place = mainline.iter().position(|era| era.name() == base.name)?;
    if mainline[place] != *task.era {
        let pair = vec![mainline[place].clone(), task.era.clone()];
        let (course, first) = course(task, how, watch, &pair)?;
        if !first.is_violated() {
            let opened = course.and_then(|course| course.changes.into_iter().next());
            return Some(Lifetime { eras: (pair[0].label(), pair[1].label()), opened, closed: None });
        }
    }
    // Before the first kernel that has its calls, there is nothing to compare with.
    let lacks = |era: &&Era| (Task { era, ..*task }).not_applicable("explore", "sc").is_some();
    let mainline = &mainline[mainline.iter().take_while(lacks).count()..];
    let (course, first) = course(task, how, watch, mainline)?;
    let eras = (mainline.first()?.label(), mainline.last()?.label());
    let Some(course) = course else { return Some(Lifetime { eras, opened: None, closed: None }) };
    let here = mainline.iter().position(|era| era.name() == base.name);
    let (mut opened, mut closed) = (None, None);
    let mut before = first;
    for change in course.changes {
        let is_later = mainline.iter().position(|era| era.label() == change.to) > here;
        match (before.is_violated(), change.found.is_violated()) {
            (false, true) if !is_later => opened = Some(change.clone()),
            (true, false) if is_later && closed.is_none() => closed = Some(change.clone()),
            _ => {}
        }
        before = change.found;
    }
    Some(Lifetime { eras, opened, closed })
}

/// The results under one era after the other, if they change, and the first of them; `None` if one is not known because a
/// search was ended early.
fn course(
    task: &Task<'_>,
    how: Exploration<'_>,
    watch: &mut (dyn Observer + Send),
    eras: &[Era],
) -> Option<(Option<Course>, Found)> {
    let mut row = Row::default();
    let mut first = None;
    for era in eras {
        let found = Found::from(&row.explore(&Task { era, ..*task }, how, watch));
        if watch.stops() || !found.is_known() && found.applies() {
            return None;
        }
        first = first.or(Some(found));
    }
    let selection = Selection { eras: eras.to_vec(), notes: Vec::new() };
    let courses = row.why(task, how, watch, eras, &in_order(&selection));
    let is_cut = |change: &Switch| change.sets.is_none() && change.found.is_known();
    let course = courses.into_iter().next();
    // Kernels that lack a call have no result to compare with.
    let is_whole = course.as_ref().is_none_or(|course| !(watch.stops() && course.changes.iter().any(is_cut)));
    is_whole.then_some((course, first?))
}

/// The mainline preset that an era departs from.
fn base(era: &Era) -> Option<&'static Preset> {
    let preset = |name: &str| PRESETS.iter().find(|preset| preset.name == name);
    std::iter::successors(preset(era.name()), |other| other.base.and_then(preset))
        .find(|preset| preset.mainline)
}
