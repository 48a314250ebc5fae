//! The rows of a diagram from a trace.

use cowrace_machine::Prim;
use cowrace_mm::World;
use cowrace_mm::world::Step as Planned;
use cowrace_render::Row;
use cowrace_report::explanation::{Extent, RowName};
use cowrace_report::{Class, Event, Step, Trace};
use cowrace_scenario::Variant;

/// How much gets a row of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// Operations, and the steps at which another actor goes on.
    #[default]
    Operations,
    /// Every access to shared memory.
    Accesses,
}

/// A row, and what happens in it.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The row.
    pub row: Row,
    /// The call and the part of it that the row shows; `None` if nothing happens in it.
    pub name: Option<RowName>,
    /// The indices of its events in the trace.
    pub events: Vec<usize>,
}

/// Draws a trace row by row, so that replaying the rows gives the same execution again.
///
/// A call that is not interrupted is one cell. An interrupted call is opened and closed. It has a row for each step
/// that the model marks, and a row with the name of the last step wherever another actor goes on.
pub fn rows(world: &World, trace: &Trace, detail: Detail, shown: &[bool], variant: &Variant) -> Vec<Drawn> {
    let mut painter = Painter {
        world,
        trace,
        detail,
        shown,
        variant,
        rows: Vec::new(),
        whole: vec![0; world.actors.len()],
        undrawn: vec![Vec::new(); world.actors.len()],
        drawn: vec![0; world.actors.len()],
        passed: vec![0; world.actors.len()],
        barriers: vec![0; world.actors.len()],
        open: vec![None; world.actors.len()],
    };
    for actor in (0..shown.len()).filter(|&actor| shown[actor]) {
        painter.remarks(actor, variant.remarks_alone(actor));
    }
    painter.events();
    painter.rest();
    if is_deadlock(trace) { painter.rows } else { without_idle_barriers(painter.rows) }
}

/// Whether an actor waits for ever, which may be at a barrier.
pub fn is_deadlock(trace: &Trace) -> bool {
    trace.finding.as_ref().is_some_and(|finding| finding.class == Class::Deadlock)
}

/// A barrier above or below all rows has no effect, unless an actor never reaches it.
fn without_idle_barriers(mut rows: Vec<Drawn>) -> Vec<Drawn> {
    let is_cell = |drawn: &Drawn| matches!(drawn.row, Row::Cells(_));
    rows.truncate(rows.iter().rposition(is_cell).map_or(0, |last| last + 1));
    let first = rows.iter().position(is_cell).unwrap_or(0);
    rows.split_off(first)
}

/// A call that spans rows.
#[derive(Clone, Copy, Debug)]
struct Open {
    /// The call.
    call: u16,
    /// The first event that no row covers yet.
    from: usize,
}

struct Painter<'a> {
    world: &'a World,
    trace: &'a Trace,
    detail: Detail,
    /// For each actor, whether it has a column.
    shown: &'a [bool],
    variant: &'a Variant,
    rows: Vec<Drawn>,
    /// For each actor, the row of its last call that is one cell.
    whole: Vec<usize>,
    /// For each actor, events of its open call that no row has yet.
    undrawn: Vec<Vec<usize>>,
    /// For each actor, how many steps of its program are drawn, including an open call.
    drawn: Vec<usize>,
    /// For each actor, how many barriers it has passed in the trace.
    passed: Vec<usize>,
    /// For each actor, how many barriers are drawn.
    barriers: Vec<usize>,
    /// For each actor, the call that is open.
    open: Vec<Option<Open>>,
}

impl Painter<'_> {
    fn events(&mut self) {
        for (index, event) in self.trace.events.iter().enumerate() {
            match event.call {
                Some(id) => self.event(index, event, id),
                None if event.primitive == Prim::Barrier.name() => self.pass(event.actor as usize),
                None => {}
            }
        }
    }

    /// The events of calls from an index on, with their indices.
    fn events_from(&self, index: usize) -> impl Iterator<Item = (usize, &Event)> {
        self.trace.events.iter().enumerate().skip(index).filter(|(_, e)| e.call.is_some())
    }

    fn event(&mut self, index: usize, event: &Event, id: u16) {
        let actor = event.actor as usize;
        if self.open[actor].is_none() {
            let before = self.step_of(actor, id);
            if self.drawn[actor] > before {
                self.rows[self.whole[actor]].events.push(index);
                return;
            }
            self.draw_up_to(actor, before);
            self.drawn[actor] = before + 1;
            let whole = self.is_whole(index, id);
            let text = self.variant.call_text(id).to_owned();
            self.remarks_above(actor, id);
            if whole {
                self.undrawn[actor].push(index);
                self.whole[actor] = self.rows.len();
                self.cell(actor, id, Extent::Whole);
                self.remarks_below(actor, id);
                return;
            }
            self.plain(actor, format!("{text} {{"));
            self.open[actor] = Some(Open { call: id, from: index });
        }
        self.undrawn[actor].push(index);
        if event.steps.contains(&Step::End(id)) {
            self.cell(actor, id, Extent::Rest);
            self.open[actor] = None;
            self.remarks_below(actor, id);
            return;
        }
        let is_marked = event.steps.iter().any(|s| matches!(s, Step::Anchor(_)));
        let is_left = self.detail == Detail::Accesses
            || self.events_from(index + 1).next().is_some_and(|(_, next)| next.actor != event.actor);
        if let Some(Open { from, .. }) = self.open[actor]
            && (is_marked || is_left)
        {
            self.cell(actor, id, Extent::UpTo(self.anchor(from, index)));
            self.open[actor] = Some(Open { call: id, from: index + 1 });
        }
    }

    /// Whether only the call's own events happen from its first to its last. A call that does not end is whole only
    /// if the trace ends with it. A call whose accesses get rows is whole if it has only one access.
    fn is_whole(&self, index: usize, id: u16) -> bool {
        if self.detail == Detail::Accesses {
            return self.trace.events[index].steps.contains(&Step::End(id));
        }
        match self.events_from(index).take_while(|(_, e)| e.call == Some(id)).last() {
            Some((last, event)) => {
                event.steps.contains(&Step::End(id)) || self.events_from(last + 1).next().is_none()
            }
            None => true,
        }
    }

    /// The name of the step that an event completes, with its number among those of the same name in
    /// `from..=index`. A mark is preferred to a primitive, and a primitive to a function; but a small number is
    /// preferred to a large one, since the reader has to count up to it.
    fn anchor(&self, from: usize, index: usize) -> String {
        let event = &self.trace.events[index];
        let marks = event.steps.iter().filter_map(|s| match s {
            Step::Anchor(name) => Some(name),
            _ => None,
        });
        let function = Some(&event.function).filter(|f| cowrace_mm::FUNCTIONS.contains(&f.as_str()));
        let number = |name: &str| {
            let own = self.trace.events[from..=index].iter().filter(|e| e.actor == event.actor);
            own.filter(|e| is_called(e, name)).count()
        };
        let names = marks.chain([&event.primitive]).chain(function).filter(|name| is_readable(name));
        // Among those with the same number, the first is taken.
        let best = names.map(|name| (number(name), name)).min_by_key(|n| n.0);
        match best.unwrap_or((number(&event.primitive), &event.primitive)) {
            (0 | 1, name) => name.clone(),
            (nth, name) => format!("{name}#{nth}"),
        }
    }

    /// Draws the steps of an actor before `step` that have no events.
    fn draw_up_to(&mut self, actor: usize, step: usize) {
        while self.drawn[actor] < step {
            match &self.world.actors[actor].steps[self.drawn[actor]] {
                Planned::Call(call) => {
                    self.drawn[actor] += 1;
                    self.remarks_above(actor, call.id);
                    self.plain(actor, self.variant.call_text(call.id).to_owned());
                    self.remarks_below(actor, call.id);
                }
                Planned::Barrier(id) => self.barrier(*id),
            }
        }
    }

    /// An actor passes its next barrier, which is drawn when the first of its participants does.
    fn pass(&mut self, actor: usize) {
        self.passed[actor] += 1;
        if self.passed[actor] <= self.barriers[actor] {
            return;
        }
        let steps = &self.world.actors[actor].steps;
        let ahead = steps.iter().skip(self.drawn[actor]);
        if let Some(id) = ahead.filter_map(barrier_of).next() {
            self.barrier(id);
        }
    }

    /// Draws a barrier, after the steps of its participants that come before it and are not drawn yet.
    fn barrier(&mut self, id: usize) {
        let members = &self.world.barriers[id];
        for &actor in members {
            let steps = &self.world.actors[actor].steps;
            let at = (self.drawn[actor]..steps.len()).find(|&i| barrier_of(&steps[i]) == Some(id));
            if let Some(at) = at {
                self.draw_up_to(actor, at);
                self.drawn[actor] = at + 1;
                self.barriers[actor] += 1;
            }
        }
        let is_shown = |&&actor: &&usize| self.shown[actor];
        let names = members.iter().filter(is_shown).map(|&a| self.world.actors[a].name.replace(' ', "_"));
        let names: Vec<String> = names.collect();
        let row = Row::Barrier(if names.len() == self.shown.iter().filter(|&&shown| shown).count() {
            "all".to_owned()
        } else {
            names.join(" ")
        });
        // A single participant does not wait.
        if names.len() > 1 {
            self.rows.push(Drawn { row, name: None, events: Vec::new() });
        }
    }

    /// Draws the steps that the trace did not reach: an execution may end before its actors do.
    fn rest(&mut self) {
        for actor in 0..self.open.len() {
            if let Some(Open { call, .. }) = self.open[actor].take() {
                self.cell(actor, call, Extent::Rest);
            }
        }
        for actor in 0..self.drawn.len() {
            self.draw_up_to(actor, self.world.actors[actor].steps.len());
        }
    }

    /// The index of a call in its actor's program.
    fn step_of(&self, actor: usize, id: u16) -> usize {
        let is_it = |step: &Planned| matches!(step, Planned::Call(call) if call.id == id);
        self.world.actors[actor].steps.iter().position(is_it).unwrap_or(0)
    }

    /// Remarks beside a call in the file stay beside it.
    fn remarks_above(&mut self, actor: usize, call: u16) {
        self.remarks(actor, self.variant.remarks(call).0);
    }

    fn remarks_below(&mut self, actor: usize, call: u16) {
        self.remarks(actor, self.variant.remarks(call).1);
    }

    fn remarks(&mut self, actor: usize, texts: Vec<&str>) {
        for text in texts {
            self.plain(actor, text.to_owned());
        }
    }

    /// A row in which nothing happens.
    fn plain(&mut self, actor: usize, text: String) {
        self.rows.push(Drawn { row: Row::Cells(vec![(actor, text)]), name: None, events: Vec::new() });
    }

    /// A row of a call, with its events so far.
    fn cell(&mut self, actor: usize, call: u16, extent: Extent) {
        let call = self.variant.call_text(call).to_owned();
        let text = match &extent {
            Extent::Whole => call.clone(),
            Extent::UpTo(step) => format!("  {step}"),
            Extent::Rest => "}".to_owned(),
        };
        let events = std::mem::take(&mut self.undrawn[actor]);
        let actor_name = self.world.actors[actor].name.clone();
        let name = (!events.is_empty()).then_some(RowName { actor: actor_name, call, extent });
        self.rows.push(Drawn { row: Row::Cells(vec![(actor, text)]), name, events });
    }
}

fn barrier_of(step: &Planned) -> Option<usize> {
    match step {
        Planned::Barrier(id) => Some(*id),
        Planned::Call(_) => None,
    }
}

/// Whether the language can read a name as a cell: the names of some primitives are not words.
fn is_readable(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_() ".contains(c))
}

/// Whether a row with this name can mean an event.
fn is_called(event: &Event, name: &str) -> bool {
    let marked = |s: &Step| matches!(s, Step::Anchor(mark) if mark == name);
    event.primitive == name || event.function == name || event.steps.iter().any(marked)
}
