//! A trace row by row: what each row changes, and why it goes on as it does.

use std::collections::HashMap;

use cowrace_machine::Prim;
use cowrace_mm::Era;
use cowrace_render::{Part, Told};
use cowrace_trace::{Change, Event, Kind, Trace};

use crate::rows::Drawn;

/// The function of what is outside of the kernel.
const USER: &str = "user";

/// What is told of the rows of a trace.
pub(super) fn told(
    era: &Era,
    trace: &Trace,
    drawn: &[Drawn],
    heading: impl Fn(&Drawn) -> String,
) -> Vec<Told> {
    let row = |drawn: &Drawn| Told { heading: heading(drawn), parts: parts(era, trace, &drawn.events) };
    drawn.iter().map(row).collect()
}

/// What events come to together, by the functions that do it, in the order in which they do the first of it. What user
/// space does stands between what the kernel does before and after.
fn parts(era: &Era, trace: &Trace, events: &[usize]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    // Where the parts of the kernel's present visit begin.
    let mut visit = 0;
    let net = net(trace, events);
    for &index in events {
        let event = &trace.events[index];
        let changes = net.iter().filter(|net| net.at == index).map(Net::line);
        let mut lines: Vec<String> = event.why.iter().cloned().chain(changes).collect();
        if speaks(event) && !(event.primitive == Prim::DmaWrite.name() && !lines.is_empty()) {
            lines.insert(0, event.text.clone());
        }
        if lines.is_empty() {
            continue;
        }
        let place = place(era, &event.function);
        if event.function == USER && parts.last().is_some_and(|part| part.place != place) {
            visit = parts.len();
        }
        match parts[visit..].iter_mut().find(|part| part.place == place) {
            Some(part) => part.lines.extend(lines),
            None => parts.push(Part { place, lines }),
        }
    }
    parts
}

/// A function as the era's kernel spells it, with its file and the release; empty for what no kernel does.
pub(super) fn place(era: &Era, function: &str) -> String {
    era.spelling(function).map(|it| format!("{}, {}, {}", it.name, it.file, it.tree)).unwrap_or_default()
}

/// Whether an event is told by itself: what user space and devices do, and where pages come from and go to.
fn speaks(event: &Event) -> bool {
    let told = [Prim::DmaWrite, Prim::DmaRead, Prim::AllocPage, Prim::FreePage];
    event.function == USER
        && event.primitive != Prim::Wait.name()
        && event.changes.iter().all(|change| change.kind != Kind::Variable)
        || told.iter().any(|prim| prim.name() == event.primitive)
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
    // A page that comes and goes within a row is as good as none.
    words.retain(|net| net.from != net.change.to);
    words
}

impl Net<'_> {
    fn line(&self) -> String {
        let (what, from, to) = (&self.change.what, self.from, &self.change.to);
        if self.change.kind != Kind::Flags {
            return format!("{what}: {from} -> {to}");
        }
        let flags = |text: &str| -> Vec<String> {
            text.split('|').filter(|&flag| flag != "none").map(str::to_owned).collect()
        };
        let (before, after) = (flags(from), flags(to));
        let gone = before.iter().filter(|flag| !after.contains(flag)).map(|flag| format!("-{flag}"));
        let new = after.iter().filter(|flag| !before.contains(flag)).map(|flag| format!("+{flag}"));
        format!("{what}: {}", new.chain(gone).collect::<Vec<_>>().join(" "))
    }
}
