//! A trace row by row: what each row changes, and why the kernel went on as it did.

use std::borrow::Cow;
use std::collections::HashMap;

use cowrace_machine::Prim;
use cowrace_mm::Era;
use cowrace_report::explanation::{Extent, Function, Known, Line, Part, Row};
use cowrace_report::{
    Access, Change, Event, Kind, Owner, Page, Step, Trace, Translation, UserOutcome, Value, Word,
};

use crate::rows::Drawn;
use crate::state_view::StateView;

/// The function name for events outside of the kernel.
const USER: &str = "user";

/// Flags that do not tell which mm owns a page.
const DULL: [&str; 4] = ["locked", "lru", "swapbacked", "uptodate"];

/// Reads a trace from its beginning.
#[derive(Debug)]
pub struct Narrator<'t> {
    /// The kernel.
    pub era: &'t Era,
    /// The execution.
    pub trace: &'t Trace,
    /// The content of memory at that point.
    pub view: StateView,
    /// The first event that has not been read yet.
    pub next: usize,
}

impl Narrator<'_> {
    /// What happens in a row. Rows must be read in order.
    pub fn row(&mut self, drawn: &Drawn) -> Row {
        let net = net(self.trace, &drawn.events);
        let mut parts = Parts::default();
        for &index in &drawn.events {
            let event = &self.trace.events[index];
            let mut lines = self.speech(event);
            for why in &event.why {
                lines.push(Line::Reason(why.clone()));
                lines.extend(self.view.counted(why).map(Line::HeldBy));
            }
            lines.extend(event.steps.iter().filter_map(|step| match step {
                Step::NoEffect(why) => Some(Line::NoEffect(*why)),
                _ => None,
            }));
            lines
                .extend(net.iter().filter(|net| net.at == index).map(|net| Line::Change(net.change.clone())));
            self.note(index);
            parts.add(function(self.era, &event.function), event.function == USER, lines);
        }
        let (mut parts, name) = (parts.parts, drawn.name.clone());
        // A call that changes nothing may be the reason why the race goes wrong.
        if parts.is_empty() && name.as_ref().is_some_and(|name| name.extent == Extent::Whole) {
            parts.push(Part { function: None, lines: vec![Line::Nothing] });
        }
        Row { name, parts }
    }

    /// Reads on, up to an event.
    fn note(&mut self, index: usize) {
        for event in self.trace.events.get(self.next..=index).unwrap_or_default() {
            self.view.note(event);
        }
        self.next = self.next.max(index + 1);
    }

    /// The lines about an event itself: the actions of user space and devices, and the allocation and freeing of
    /// pages.
    fn speech(&self, event: &Event) -> Vec<Line> {
        let line = || Line::Access { primitive: event.primitive.clone(), access: event.access.clone() };
        match &event.access {
            Access::Allocate { .. } | Access::Free { .. } => vec![line()],
            Access::User(access) => {
                let cpu = &self.trace.actors[usize::from(event.actor)];
                let by_tlb = matches!(access.outcome, UserOutcome::Done { by: Translation::Tlb, .. });
                let stale = if by_tlb { self.view.stale(cpu, &access.pte) } else { None };
                let stale = stale.map(|(entry, page_table)| Line::Stale { entry: entry.clone(), page_table });
                std::iter::once(line()).chain(stale).collect()
            }
            _ if is(event, Prim::DmaRead) || is(event, Prim::DmaWrite) && event.changes.is_empty() => {
                vec![line()]
            }
            _ if is(event, Prim::DmaWrite) || is(event, Prim::Wait) || event.function != USER => Vec::new(),
            _ if event.changes.iter().any(|change| change.word.kind == Kind::Variable) => Vec::new(),
            _ => vec![line()],
        }
    }
}

fn is(event: &Event, prim: Prim) -> bool {
    event.primitive == prim.name()
}

/// The initial content of memory: page tables, TLBs, and for each mapped page the holders of its references.
pub fn opening(view: &StateView) -> Vec<Known> {
    let entries = view.entries().map(|(word, pte)| Known::Entry { word: word.clone(), pte: pte.clone() });
    let pages = view.pages().map(|(page, count)| {
        let holders = view.holders(page, count);
        Known::References { page: page.clone(), count, holders }
    });
    entries.chain(pages).collect()
}

/// What happens in one row, in parts.
#[derive(Debug, Default)]
struct Parts {
    parts: Vec<Part>,
    /// The first part of the current entry into the kernel.
    visit: usize,
}

impl Parts {
    /// Functions stand in the order of their first events. Actions of user space stand between what the kernel does
    /// before and after them.
    fn add(&mut self, function: Option<Function>, by_user: bool, lines: Vec<Line>) {
        if lines.is_empty() {
            return;
        }
        if by_user && self.parts.last().is_some_and(|part| part.function != function) {
            self.visit = self.parts.len();
        }
        match self.parts[self.visit..].iter_mut().find(|part| part.function == function) {
            Some(part) => part.lines.extend(lines),
            None => self.parts.push(Part { function, lines }),
        }
    }
}

/// A function by its name in the era's kernel; `None` for events outside of the kernel.
pub fn function(era: &Era, function: &str) -> Option<Function> {
    let spelling = era.spelling(function)?;
    Some(Function {
        name: spelling.name.to_string(),
        file: spelling.file.to_string(),
        release: spelling.tree.to_string(),
    })
}

/// A word that events change, with its values before the first of them and after the last.
#[derive(Debug)]
struct Net {
    change: Change,
    /// The last event that changes it.
    at: usize,
}

fn net(trace: &Trace, events: &[usize]) -> Vec<Net> {
    let mut words: Vec<Net> = Vec::new();
    let mut places: HashMap<&Word, usize> = HashMap::new();
    let mut new: Vec<&Page> = Vec::new();
    for &index in events {
        if let Access::Allocate { page } = &trace.events[index].access {
            new.push(page);
        }
        for Change { word, from, to } in &trace.events[index].changes {
            if word.kind == Kind::Other {
                continue;
            }
            match places.get(word) {
                Some(&place) => (words[place].change.to, words[place].at) = (without_dull_flags(to), index),
                None => {
                    places.insert(word, words.len());
                    let change = Change {
                        word: word.clone(),
                        from: without_dull_flags(from),
                        to: without_dull_flags(to),
                    };
                    words.push(Net { change, at: index });
                }
            }
        }
    }
    // A word that regains its old value has not changed, and the counts of a new page need not be mentioned.
    let counts = |word: &Word| matches!(word.kind, Kind::References | Kind::Mappings);
    let is_new = |word: &Word| matches!(&word.of, Owner::Page(page) if new.contains(&page));
    words.retain(|Net { change: Change { word, from, to }, .. }| {
        from != to && !(counts(word) && is_new(word))
    });
    words
}

/// A value without the flags that do not help the reader.
fn without_dull_flags(value: &Value) -> Value {
    match value {
        Value::Flags(flags) => {
            let is_told = |flag: &&Cow<'static, str>| !DULL.contains(&flag.as_ref());
            Value::Flags(flags.iter().filter(is_told).cloned().collect())
        }
        value => value.clone(),
    }
}
