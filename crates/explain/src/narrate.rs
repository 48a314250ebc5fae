//! A trace row by row: what each row changes, and why it goes on as it does.

use std::collections::HashMap;

use cowrace_machine::Prim;
use cowrace_mm::{Era, World};
use cowrace_render::{Part, Told, no_effect};
use cowrace_report::{Change, Event, Kind, Step, Trace};

use crate::state_view::Ledger;

/// The function of what is outside of the kernel.
const USER: &str = "user";

/// Flags that say nothing about who owns a page.
const DULL: [&str; 4] = ["locked", "lru", "swapbacked", "uptodate"];

/// Reads a trace from its beginning.
#[derive(Debug)]
pub struct Teller<'t> {
    /// The kernel.
    pub era: &'t Era,
    /// The scenario.
    pub world: &'t World,
    /// The execution.
    pub trace: &'t Trace,
    /// What memory holds by then.
    pub ledger: Ledger,
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
                lines.push(why.clone());
                lines.extend(self.ledger.counted(why));
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
            self.ledger.note(event);
        }
        self.next = self.next.max(index + 1);
    }

    /// What is told of an event itself: what user space and devices do, and where pages come from and go to.
    fn speech(&self, event: &Event) -> Vec<String> {
        let is = |prim: Prim| prim.name() == event.primitive;
        let inside = || event.text.split(['(', ')']).nth(1).unwrap_or_default();
        if is(Prim::AllocPage) {
            return vec![format!("{} is allocated", inside())];
        }
        if is(Prim::FreePage) {
            return vec![format!("{} is freed", inside())];
        }
        let sets = event.changes.iter().any(|change| change.kind == Kind::Variable);
        let by_user = event.function == USER && !is(Prim::Wait) && !sets;
        if is(Prim::DmaRead) || is(Prim::DmaWrite) && event.changes.is_empty() {
            return vec![event.text.clone()];
        }
        if !by_user || is(Prim::DmaWrite) {
            return Vec::new();
        }
        let actor = &self.world.actors[usize::from(event.actor)];
        let area = event.text.split('[').next().unwrap_or_default();
        let mm = actor.mm.map(|mm| self.world.mms[mm].name.as_str()).unwrap_or_default();
        let cached = event.text.ends_with("(TLB)");
        let stale = cached.then(|| self.ledger.stale(&actor.name, mm, area)).flatten();
        std::iter::once(event.text.clone()).chain(stale).collect()
    }
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

/// A word that events change, from before them to behind them.
#[derive(Debug)]
struct Net<'t> {
    change: &'t Change,
    from: &'t str,
    /// The last event that changes it.
    at: usize,
}

fn net<'t>(trace: &'t Trace, events: &[usize]) -> Vec<Net<'t>> {
    let mut words: Vec<Net<'t>> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for &index in events {
        for change in trace.events[index].changes.iter().filter(|change| change.kind != Kind::Other) {
            match places.get(change.what.as_str()) {
                Some(&place) => {
                    words[place].change = change;
                    words[place].at = index;
                }
                None => {
                    places.insert(&change.what, words.len());
                    words.push(Net { change, from: &change.from, at: index });
                }
            }
        }
    }
    // What comes back to what it was is no change, and the counts of a page that is new go without saying.
    let new = |what: &str| {
        let is_it = |event: &Event| {
            event.primitive == Prim::AllocPage.name()
                && event
                    .text
                    .split(['(', ')'])
                    .nth(1)
                    .is_some_and(|page| what.strip_prefix(page).is_some_and(|rest| rest.starts_with('.')))
        };
        events.iter().any(|&index| is_it(&trace.events[index]))
    };
    words.retain(|net| {
        net.from != net.change.to && !(net.change.kind == Kind::Count && new(&net.change.what))
    });
    words
}

impl Net<'_> {
    /// The change in words; none if it is of no use to people.
    fn line(&self) -> Option<String> {
        let (what, from, to) = (&self.change.what, self.from, &self.change.to);
        if self.change.kind != Kind::Flags {
            return Some(format!("{what}: {from} -> {to}"));
        }
        let flags = |text: &str| -> Vec<String> {
            let all = text.split('|').filter(|flag| *flag != "none" && !DULL.contains(flag));
            all.map(str::to_owned).collect()
        };
        let (before, after) = (flags(from), flags(to));
        let gone = before.iter().filter(|flag| !after.contains(flag)).map(|flag| format!("-{flag}"));
        let new = after.iter().filter(|flag| !before.contains(flag)).map(|flag| format!("+{flag}"));
        let both: Vec<String> = new.chain(gone).collect();
        (!both.is_empty()).then(|| format!("{what}: {}", both.join(" ")))
    }
}
