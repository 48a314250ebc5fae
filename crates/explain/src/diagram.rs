//! An execution as a diagram, which is a scenario of its own.

use cowrace_check::Task;
use cowrace_mm::World;
use cowrace_mm::world::{ActorSpec, Step};
use cowrace_render::{Comment, Diagram, Row, without_comments};
use cowrace_report::{Then, Trace};
use cowrace_scenario::{Scenario, Variant, parse};

use crate::diagnosis::cow;
use crate::idle::is_same_in;
use crate::rows::{Detail, is_deadlock, rows};

/// How executions are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Drawing {
    /// What gets a row of its own.
    pub detail: Detail,
    /// Whether columns begin at tab stops and are separated by tabs.
    pub tabs: bool,
}

/// Draws a trace of a scenario. If the diagram is parsed and replayed as written, the result is an equivalent execution.
///
/// Actors of the environment have columns like all other actors. Columns in which nothing happens are left out unless the
/// drawing needs them. The statements of the scenario follow below the diagram, and then, as comments, the finding and the
/// schedule for the file that was checked.
#[must_use]
pub fn picture(task: Task<'_>, trace: &Trace, drawing: Drawing) -> Diagram {
    let Task { scenario, variant, .. } = task;
    let shown = shown(variant, trace);
    let without_idle = draw(scenario, variant, trace, drawing, &shown);
    let drawn = parse(&without_idle.to_string());
    let lacks_none = !shown.contains(&false);
    if drawn.is_ok_and(|drawn| lacks_none || is_same_in(task, trace, &drawn, drawing.detail)) {
        return without_idle;
    }
    // A statement names a column in which nothing happens, or the execution is another one without its CPU.
    draw(scenario, variant, trace, drawing, &vec![true; variant.world().actors.len()])
}

/// For each actor, whether it does anything, or its column has remarks. In a deadlock, an actor that only reaches a
/// barrier, or does not reach it, may be the cause.
pub fn shown(variant: &Variant, trace: &Trace) -> Vec<bool> {
    let acts = |step: &Step| matches!(step, Step::Call(_)) || is_deadlock(trace);
    let actors = variant.world().actors.iter().enumerate();
    let is_shown =
        |(id, actor): (_, &ActorSpec)| actor.steps.iter().any(acts) || !variant.remarks_alone(id).is_empty();
    let all: Vec<bool> = actors.map(is_shown).collect();
    // A diagram needs at least one column.
    if all.contains(&true) { all } else { vec![true; all.len()] }
}

fn draw(scenario: &Scenario, variant: &Variant, trace: &Trace, drawing: Drawing, shown: &[bool]) -> Diagram {
    let world = variant.world();
    let heads = scenario.columns();
    let columns = world.actors.iter().enumerate().map(|(actor, spec)| match heads.get(actor) {
        Some(column) => column.head(),
        None => spec.name.clone(),
    });
    let footer = scenario.footer_of(variant);
    let mut statements = without_comments(&footer);
    while statements.pop_if(|line| line.trim().is_empty()).is_some() {}
    let drawn = rows(world, trace, drawing.detail, shown, variant);
    // The index of each actor among those that have columns.
    let places: Vec<usize> =
        shown.iter().scan(0, |next, &is| Some(std::mem::replace(next, *next + usize::from(is)))).collect();
    let placed = |row: Row| match row {
        Row::Cells(cells) => Row::Cells(cells.into_iter().map(|(c, text)| (places[c], text)).collect()),
        row @ Row::Barrier(_) => row,
    };
    let mut diagram = Diagram {
        header: scenario.header_of(variant).lines().map(str::to_owned).collect(),
        columns: columns.zip(shown).filter(|(_, shown)| **shown).map(|(head, _)| head).collect(),
        rows: drawn.into_iter().map(|drawn| placed(drawn.row)).collect(),
        footer: statements,
        comments: conclusion(variant, trace),
        tabs: drawing.tabs,
    };
    // Windows come first: one that can no longer be read must not cost the promises.
    for (keyword, points) in [("window", windows as Points), ("promise", promises)] {
        if !keeps(&diagram, variant, points) {
            silence(&mut diagram.footer, |first| first == keyword);
        }
    }
    diagram
}

/// The finding, as comments.
fn conclusion(variant: &Variant, trace: &Trace) -> Vec<String> {
    let mut lines = Vec::new();
    for event in &trace.events {
        // In its cell, a refused store looks like any other store.
        if let Some(call) = event.call
            && event.why.iter().any(|why| why.then == Some(Then::Sigsegv))
        {
            let actor = &trace.actors[usize::from(event.actor)];
            lines.extend(Comment::Signal { actor, call: variant.call_text(call) }.lines());
        }
    }
    if let Some(finding) = &trace.finding {
        lines.extend(Comment::Violated { finding, cow: cow(trace, finding.class) }.lines());
    }
    lines.extend(Comment::Schedule(&trace.schedule).lines());
    lines
}

/// The points that statements name: each an actor by its name, the number of the call among the calls of that
/// actor, and the step.
type Points = for<'w> fn(&'w World) -> Vec<Option<Point<'w>>>;
type Point<'w> = (&'w str, usize, Option<&'w str>);

/// Whether points mean the same calls in the diagram. They may count calls in the order of the rows or name a step
/// by its row, and the rows have changed.
fn keeps(diagram: &Diagram, variant: &Variant, points: Points) -> bool {
    let world = variant.world();
    let Ok(redrawn) = parse(&diagram.to_string()) else { return false };
    let Some(redrawn) = redrawn.variants().first() else { return false };
    points(world) == points(redrawn.world())
}

fn windows(world: &World) -> Vec<Option<Point<'_>>> {
    let points = world.windows.iter().flat_map(|w| &w.points);
    points.map(|p| place(world, p.call).map(|(actor, nth)| (actor, nth, p.step.as_deref()))).collect()
}

/// Calls are identified by the names of the actors, because their numbers differ in the diagram.
fn promises(world: &World) -> Vec<Option<Point<'_>>> {
    let calls = world.coherent.iter();
    let mut points: Vec<_> =
        calls.map(|&call| place(world, call).map(|(actor, nth)| (actor, nth, None))).collect();
    points.sort_unstable();
    points
}

fn place(world: &World, id: u16) -> Option<(&str, usize)> {
    world.actors.iter().find_map(|spec| {
        let mut calls = spec.steps.iter().filter_map(|step| match step {
            Step::Call(call) => Some(call.id),
            Step::Barrier(_) => None,
        });
        calls.position(|call| call == id).map(|nth| (spec.name.as_str(), nth))
    })
}

/// Turns statements into comments, with their continuation lines: those for whose keyword `is_silenced` says so, which is
/// asked once for each statement.
pub fn silence(footer: &mut [String], mut is_silenced: impl FnMut(&str) -> bool) {
    let mut within = false;
    for line in footer {
        let continues = line.starts_with(char::is_whitespace) && !line.trim().is_empty();
        if !continues {
            within = line.split_whitespace().next().is_some_and(&mut is_silenced);
        }
        if within {
            line.insert_str(0, "# ");
        }
    }
}

/// Turns assertions into comments, and windows. What is said about costs stays, as in
/// [`Scenario::without_assertions`]; `variant` has the predicates of the footer, in its order.
pub fn silence_assertions(footer: &mut [String], variant: &Variant) {
    let mut predicates = variant.world().predicates.iter();
    silence(footer, |keyword| match keyword {
        "always" | "never" => !predicates.next().is_some_and(|predicate| predicate.expr.counts_copies()),
        _ => keyword == "window",
    });
}

#[cfg(test)]
mod tests {
    use cowrace_explore::{Limits, replay};
    use cowrace_machine::Arch;
    use cowrace_mm::Era;

    use super::*;

    /// The diagram of a run in which `b` goes first, although `a` stands above it in the file.
    fn drawn(promise: &str) -> String {
        let text = format!(
            "race r\nmm A {{ buf: anon }}\n\n\
             a @A                b @A\n\
             ==================  ==================\n\
             wait f\nrecvmsg(buf[0], 1)\n\
             {:20}recvmsg(buf[0], 2)\n{:20}f = 1\n\n\
             never A.buf[0] == 1\n{promise}\nwindow b.recvmsg < a.recvmsg\n",
            "", ""
        );
        let scenario = parse(&text).unwrap();
        let variant = scenario.variant(None).unwrap();
        let era = Era::preset("v6.15").unwrap();
        let task =
            Task { scenario: &scenario, variant, era: &era, arch: Arch::default(), specification: None };
        let schedule = task.check(Limits::default(), &mut ()).schedule.unwrap();
        let trace = replay(&task.program(), &schedule).unwrap();
        let diagram = picture(task, &trace, Drawing::default()).to_string();
        parse(&diagram).unwrap_or_else(|errors| panic!("{errors:?} in\n{diagram}"));
        diagram
    }

    #[test]
    fn promises_become_comments_if_they_would_name_another_call() {
        for promise in
            ["promise coherent(b.recvmsg)", "promise coherent(recvmsg#2)\npromise coherent(recvmsg#1)"]
        {
            assert!(drawn(promise).contains(&format!("\n{promise}\nwindow b")), "{}", drawn(promise));
        }
        let other = drawn("promise coherent(recvmsg#2)");
        assert!(other.contains("\n# promise coherent(recvmsg#2)\nwindow b"), "{other}");
    }

    #[test]
    fn windows_become_comments_with_their_continuations() {
        let lines = ["always r == 1", "window a <", "  b", "expect v5.9 holds;", "  else holds"];
        let mut footer: Vec<String> = lines.iter().map(|l| (*l).to_owned()).collect();
        silence(&mut footer, |keyword| keyword == "window");
        assert_eq!(footer, ["always r == 1", "# window a <", "#   b", "expect v5.9 holds;", "  else holds"]);
    }

    #[test]
    fn assertions_are_silenced_and_costs_are_not() {
        let text = "race r\nmm A { buf: anon }\n\na @A\n==========\nx = buf[0]\n\nalways x == 1 ||\n  x == 0\n\
                    never copies(A) > 0\nnever x == 7\nexpect else holds\n";
        let scenario = cowrace_scenario::parse(text).expect("a scenario");
        let variant = &scenario.variants()[0];
        let mut footer: Vec<String> = scenario.footer_of(variant).lines().map(str::to_owned).collect();
        silence_assertions(&mut footer, variant);
        let left: Vec<&str> = footer
            .iter()
            .map(String::as_str)
            .filter(|line| !line.starts_with('#') && !line.is_empty())
            .collect();
        assert_eq!(left, ["never copies(A) > 0", "expect else holds"]);
    }
}
