//! A trace row by row: what each row changes, and why the kernel went on as it did.

use std::borrow::Cow;
use std::collections::HashMap;

use cowrace_machine::Prim;
use cowrace_mm::Era;
use cowrace_report::explanation::{Extent, Function, Known, Line, Part, Row};
use cowrace_report::{
    Access, Change, Event, Kind, Owner, Page, Step, Trace, Translation, UserAccess, UserOutcome, Value, Word,
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
            Access::Allocate { page } => {
                let tail = |head: &Page| Line::Tail { page: page.clone(), head: head.clone() };
                vec![head(event).map_or_else(line, tail)]
            }
            Access::Free { .. } | Access::FreeVma { .. } => vec![line()],
            // The access itself follows, through the page table.
            Access::User(UserAccess { outcome: UserOutcome::Table, .. }) => Vec::new(),
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

/// The first page of the huge page that an event allocates a further page of.
fn head(event: &Event) -> Option<&Page> {
    event.changes.iter().find_map(|change| match &change.to {
        Value::Page(Some(head)) if change.word.field == "compound_head" => Some(head),
        _ => None,
    })
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

/// What a function makes of a word without another function changing it meanwhile.
#[derive(Debug)]
struct Net {
    change: Change,
    /// The last event that changes it.
    at: usize,
}

/// The changes of words that have other values after the events than before, in the order of the first changes of the
/// words.
fn net(trace: &Trace, events: &[usize]) -> Vec<Net> {
    let mut words: Vec<Vec<Net>> = Vec::new();
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
            let place = *places.entry(word).or_insert(words.len());
            if place == words.len() {
                words.push(Vec::new());
            }
            let function = |at: usize| &trace.events[at].function;
            match words[place].last_mut() {
                Some(last) if function(last.at) == function(index) => {
                    (last.change.to, last.at) = (without_dull_flags(to), index);
                }
                _ => {
                    let (from, to) = (without_dull_flags(from), without_dull_flags(to));
                    words[place].push(Net { change: Change { word: word.clone(), from, to }, at: index });
                }
            }
        }
    }
    // A word that regains its old value has not changed, and the counts of a new page need not be mentioned.
    let counts = |word: &Word| matches!(word.kind, Kind::References | Kind::Mappings);
    let is_new = |word: &Word| matches!(&word.of, Owner::Page(page) if new.contains(&page));
    words.retain(|nets| {
        let (Some(first), Some(last)) = (nets.first(), nets.last()) else { return false };
        let word = &first.change.word;
        first.change.from != last.change.to && !(counts(word) && is_new(word))
    });
    words.into_iter().flatten().filter(|net| net.change.from != net.change.to).collect()
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

#[cfg(test)]
mod tests {
    use cowrace_report::Finding;

    use super::*;

    fn adds(function: &str, from: u64, to: u64) -> Event {
        let word = Word { of: Owner::Mm("A".into()), field: "copies".into(), nth: None, kind: Kind::Mark };
        Event {
            actor: 0,
            call: Some(0),
            primitive: String::new(),
            function: function.to_owned(),
            site: String::new(),
            access: Access::Fence,
            changes: vec![Change { word, from: Value::Number(from), to: Value::Number(to) }],
            why: Vec::new(),
            steps: Vec::new(),
        }
    }

    fn told(events: Vec<Event>) -> Vec<(usize, Value, Value)> {
        let all: Vec<usize> = (0..events.len()).collect();
        let finding: Option<Finding> = None;
        let schedule = "1:0000abcd:0".parse().expect("a schedule");
        let trace = Trace { actors: vec!["a".into()], events, schedule, finding, variables: Vec::new() };
        net(&trace, &all).into_iter().map(|net| (net.at, net.change.from, net.change.to)).collect()
    }

    #[test]
    fn what_a_function_changes_in_several_steps_is_one_change() {
        let changes = vec![adds("f", 1, 0), adds("f", 0, 3)];
        assert_eq!(told(changes), [(1, Value::Number(1), Value::Number(3))]);
    }

    #[test]
    fn each_function_has_the_change_that_it_makes() {
        let changes = vec![adds("f", 1, 2), adds("g", 2, 5), adds("g", 5, 4)];
        let each = [(0, Value::Number(1), Value::Number(2)), (2, Value::Number(2), Value::Number(4))];
        assert_eq!(told(changes), each);
    }

    #[test]
    fn what_is_as_before_in_the_end_is_no_change() {
        assert_eq!(told(vec![adds("f", 1, 2), adds("g", 2, 1)]), []);
    }
}
