//! A trace row by row: what each row changes, and why it goes on as it does.

use std::borrow::Cow;
use std::collections::HashMap;

use cowrace_machine::Prim;
use cowrace_mm::Era;
use cowrace_render::{Part, Told, no_effect, page, pte, reason, references, value, word};
use cowrace_report::{
    Access, Change, Event, Kind, Owner, Page, Step, Trace, Translation, UserOutcome, Value, Word,
};

use crate::state_view::{Holder, StateView};

/// The function of what is outside of the kernel.
const USER: &str = "user";

/// Flags that say nothing about who owns a page.
const DULL: [&str; 4] = ["locked", "lru", "swapbacked", "uptodate"];

/// Reads a trace from its beginning.
#[derive(Debug)]
pub struct Teller<'t> {
    /// The kernel.
    pub era: &'t Era,
    /// The execution.
    pub trace: &'t Trace,
    /// What memory holds by then.
    pub view: StateView,
    /// The first event that was not read yet.
    pub next: usize,
}

impl Teller<'_> {
    /// What is told of a row, which comes after those that were told before.
    pub fn row(&mut self, heading: String, events: &[usize]) -> Told {
        let net = net(self.trace, events);
        let mut parts = Parts::default();
        for &index in events {
            let event = &self.trace.events[index];
            let mut lines = self.speech(event);
            for why in &event.why {
                lines.push(reason(why));
                lines.extend(self.view.counted(why).map(|held| format!("held by {}", holders(&held))));
            }
            lines.extend(event.steps.iter().filter_map(|step| match step {
                Step::NoEffect(why) => Some(no_effect(*why)),
                _ => None,
            }));
            lines.extend(net.iter().filter(|net| net.at == index).filter_map(Net::line));
            self.note(index);
            parts.add(place(self.era, &event.function), event.function == USER, lines);
        }
        Told { heading, parts: parts.parts }
    }

    /// Reads on, up to an event.
    fn note(&mut self, index: usize) {
        for event in self.trace.events.get(self.next..=index).unwrap_or_default() {
            self.view.note(event);
        }
        self.next = self.next.max(index + 1);
    }

    /// What is told of an event itself: what user space and devices do, and where pages come from and go to.
    fn speech(&self, event: &Event) -> Vec<String> {
        let line = || cowrace_render::event(event);
        match &event.access {
            Access::Allocate { page: of } => vec![format!("{} is allocated", page(of))],
            Access::Free { page: of } => vec![format!("{} is freed", page(of))],
            Access::User(access) => {
                let cpu = &self.trace.actors[usize::from(event.actor)];
                let by_tlb = matches!(access.outcome, UserOutcome::Done { by: Translation::Tlb, .. });
                let stale = if by_tlb { self.view.stale(cpu, &access.pte) } else { None };
                let stale = stale.map(|(entry, found)| {
                    let (entry, found) = (pte(entry), pte(&found));
                    format!("through a stale TLB entry: it says {entry}, the page table {found}")
                });
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

/// What memory holds before anything happens: page tables, TLBs, and for each page that is mapped what refers to it.
pub fn opening(view: &StateView) -> Vec<String> {
    let entries = view.entries().map(|(of, entry)| format!("{} is {}", word(of), pte(entry)));
    let pages = view.pages().map(|(of, count)| {
        let holders = holders(&view.holders(of, count));
        format!("page_count({}) is {}: {holders}", page(of), references(count))
    });
    entries.chain(pages).collect()
}

/// What holds references, in words.
fn holders(holders: &[Holder]) -> String {
    let said = holders.iter().map(|holder| match holder {
        Holder::Mappings(1) => "1 mapping".to_owned(),
        Holder::Mappings(mappings) => format!("{mappings} mappings"),
        Holder::List(Owner::Batch { cpu, batch }) => format!("the {batch} of {cpu}"),
        Holder::List(_) => "the swap cache".to_owned(),
        Holder::Pins(1) => "1 pin".to_owned(),
        Holder::Pins(pins) => format!("{pins} pins"),
        Holder::Others(others) => format!("{others} more (GUP, or a fault at work)"),
    });
    said.collect::<Vec<_>>().join(", ")
}

/// What is told of one row, in parts.
#[derive(Debug, Default)]
struct Parts {
    parts: Vec<Part>,
    /// Where the parts of the kernel's present visit begin.
    visit: usize,
}

impl Parts {
    /// Functions stand in the order in which they do the first of what they do. What user space does stands between
    /// what the kernel does before and after.
    fn add(&mut self, place: String, by_user: bool, lines: Vec<String>) {
        if lines.is_empty() {
            return;
        }
        if by_user && self.parts.last().is_some_and(|part| part.place != place) {
            self.visit = self.parts.len();
        }
        match self.parts[self.visit..].iter_mut().find(|part| part.place == place) {
            Some(part) => part.lines.extend(lines),
            None => self.parts.push(Part { place, lines }),
        }
    }
}

/// A function as the era's kernel spells it, with its file and the release; empty for what no kernel does.
pub fn place(era: &Era, function: &str) -> String {
    era.spelling(function).map(|it| format!("{}, {}, {}", it.name, it.file, it.tree)).unwrap_or_default()
}

/// A word that events change, from before the first of them to after the last.
#[derive(Debug)]
struct Net<'t> {
    word: &'t Word,
    from: &'t Value,
    to: &'t Value,
    /// The last event that changes it.
    at: usize,
}

fn net<'t>(trace: &'t Trace, events: &[usize]) -> Vec<Net<'t>> {
    let mut words: Vec<Net<'t>> = Vec::new();
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
                Some(&place) => (words[place].to, words[place].at) = (to, index),
                None => {
                    places.insert(word, words.len());
                    words.push(Net { word, from, to, at: index });
                }
            }
        }
    }
    // What comes back to what it was is no change, and the counts of a page that is new go without saying.
    let counts = |word: &Word| matches!(word.kind, Kind::References | Kind::Mappings);
    let is_new = |word: &Word| matches!(&word.of, Owner::Page(page) if new.contains(&page));
    words.retain(|net| net.from != net.to && !(counts(net.word) && is_new(net.word)));
    words
}

impl Net<'_> {
    /// The change in words; none if it is of no use to people.
    fn line(&self) -> Option<String> {
        let what = word(self.word);
        let (Value::Flags(before), Value::Flags(after)) = (self.from, self.to) else {
            return Some(format!("{what}: {} -> {}", value(self.from), value(self.to)));
        };
        let telling = |flag: &&Cow<'static, str>| !DULL.contains(&flag.as_ref());
        let new = after.iter().filter(telling).filter(|flag| !before.contains(flag));
        let gone = before.iter().filter(telling).filter(|flag| !after.contains(flag));
        let both = new.map(|flag| format!("+{flag}")).chain(gone.map(|flag| format!("-{flag}")));
        let both: Vec<String> = both.collect();
        (!both.is_empty()).then(|| format!("{what}: {}", both.join(" ")))
    }
}
