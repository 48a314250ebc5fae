//! What a story comes to: which damage, whose value it is about, and where it went.

use std::collections::HashMap;

use cowrace_machine::Prim;
use cowrace_render::{maps, page, reason, word};
use cowrace_report::{
    Access, Change, Class, Cow, Event, Finding, Handle, Kind, Maps, Owner, Page, Then, Trace, Translation,
    UserAccess, UserOutcome, Value, Word,
};
use cowrace_spec::{Author, Blame, Shown};

use crate::rows::Drawn;

/// The kind of copy-on-write mistake behind the damage of an execution. The class alone does not say: what goes through
/// a TLB entry that should be gone, or is lost with a page that was discarded, no copy would have helped.
pub fn cow(trace: &Trace, class: Class) -> Option<Cow> {
    let is = |primitive: Prim| trace.events.iter().any(|event| event.primitive == primitive.name());
    class.cow().filter(|cow| match cow {
        Cow::Wrong => is(Prim::CopyUserHighpage) || class == Class::StalePin,
        Cow::Missed => !(class == Class::PrivateWrite && stores_by_tlb(trace)),
        Cow::Unnecessary => true,
    })
}

/// Whether a store goes through a TLB entry that says what no page table does any more.
fn stores_by_tlb(trace: &Trace) -> bool {
    // What the page tables say that have changed: which of them are writable, by areas.
    let mut writable: HashMap<&Owner, bool> = HashMap::new();
    trace.events.iter().any(|event| {
        for change in event.changes.iter().filter(|change| change.word.kind == Kind::Pte) {
            writable.insert(&change.word.of, matches!(&change.to, Value::Pte(pte) if pte.writable));
        }
        let Access::User(UserAccess { pte, store: Some(_), outcome, .. }) = &event.access else {
            return false;
        };
        let mut mapped = writable.iter().filter(|(of, _)| area(of) == area(&pte.of)).peekable();
        matches!(outcome, UserOutcome::Done { by: Translation::Tlb, .. })
            && event.changes.iter().any(|change| change.word.kind == Kind::Content)
            && mapped.peek().is_some()
            && mapped.all(|(_, writable)| !writable)
    })
}

/// The area that a page table is of.
fn area(of: &Owner) -> Option<&str> {
    match of {
        Owner::PageTable { area, .. } => Some(area),
        _ => None,
    }
}

/// Finds things in a trace and says in which row they are.
pub struct Moral<'t> {
    /// The execution.
    pub trace: &'t Trace,
    /// Its rows.
    pub drawn: &'t [Drawn],
    /// The place of a function, as the era has it.
    pub place: &'t dyn Fn(&str) -> String,
}

impl Moral<'_> {
    /// The closing words.
    pub fn text(&self, finding: &Finding, blame: Option<&Blame>) -> String {
        let class = finding.class;
        let cow = cow(self.trace, class).map(|cow| format!(" ({cow})")).unwrap_or_default();
        let blame = blame.filter(|blame| blame.finding().class == class);
        let detail = blame.map_or_else(|| cowrace_render::finding(finding), |blame| blame.plain.clone());
        let mut sentences = vec![format!("{class}{cow}: {detail}.")];
        match blame {
            Some(blame) => match (&blame.author, &blame.shown) {
                (Some(author), _) if author.missed => self.missed(blame, author, &mut sentences),
                (Some(author), _) => self.seen(blame, author, &mut sentences),
                (None, Shown::Handle(handle)) => self.cut_off(blame, handle, &mut sentences),
                (None, _) => sentences.extend(self.read(blame, None)),
            },
            None if class == Class::SpuriousCopy => sentences.extend(self.copied()),
            None => sentences.extend(self.last().map(|row| format!("It shows in row {row}."))),
        }
        sentences.join(" ")
    }

    /// Why a page was copied, the last time.
    fn copied(&self) -> Option<String> {
        let copies = |event: &Event| event.why.iter().any(|why| why.then == Some(Then::Copy));
        let last = self.trace.events.iter().rposition(copies)?;
        let (why, place) = self.why(last)?;
        Some(format!("Row {}: {why}{place}.", self.row(last)))
    }

    /// Somebody's value is gone.
    fn missed(&self, blame: &Blame, author: &Author, sentences: &mut Vec<String>) {
        let Some((event, word)) = self.written(blame, author) else {
            sentences.extend(self.read(blame, None));
            return;
        };
        // Whoever writes to a page that is no longer mapped has a translation from before.
        let is_cached = matches!(
            &self.trace.events[event].access,
            Access::User(UserAccess { outcome: UserOutcome::Done { by: Translation::Tlb, .. }, .. })
        );
        let Owner::Page(page) = &word.of else { return };
        let is_late = self.left_at(blame, page).is_some_and(|(left, _)| left < event);
        let stale = if is_cached && is_late { ", through a stale TLB entry" } else { "" };
        sentences.push(format!("{} in row {}{stale}.", wrote(author, word), self.row(event)));
        let left = self.left(blame, page, event);
        // Whoever still holds the page of before does not see what is written to the one that took its place.
        let held = || self.left(blame, self.looked_into(blame)?, usize::MAX);
        sentences.extend(left.or_else(held));
        sentences.extend(self.read(blame, Some(author)));
    }

    /// Somebody's value is where it must not be.
    fn seen(&self, blame: &Blame, author: &Author, sentences: &mut Vec<String>) {
        if let Some((event, to)) = self.written(blame, author) {
            let why = self.why(event).map(|(why, place)| format!(": {why}{place}")).unwrap_or_default();
            sentences.push(format!("{} in row {}{why}.", wrote(author, to), self.row(event)));
        }
        sentences.extend(self.read(blame, Some(author)));
    }

    /// A handle no longer is the memory that it was taken on.
    fn cut_off(&self, blame: &Blame, handle: &str, sentences: &mut Vec<String>) {
        let value = self.trace.variables.iter().find(|(name, _)| name == handle);
        let Some((_, Value::Handle(Handle { page: on, .. }))) = value else { return };
        if let Some(taken) = self.set(handle) {
            sentences.push(format!("{handle} is on {} since row {}.", page(on), self.row(taken)));
        }
        sentences.extend(self.left(blame, on, usize::MAX));
    }

    /// The last event by which the author's value came to be in a page, and the page.
    fn written(&self, blame: &Blame, author: &Author) -> Option<(usize, &Word)> {
        let nth = blame.memory.as_ref().and_then(|(_, _, word)| *word);
        let value = Value::Number(author.value);
        self.trace.events.iter().enumerate().rev().find_map(|(at, event)| {
            if self.trace.actors.get(usize::from(event.actor)) != Some(&author.actor) {
                return None;
            }
            let change = event.changes.iter().find(|change| {
                change.word.kind == Kind::Content
                    && (nth.is_none() || change.word.nth == nth)
                    && change.to == value
            })?;
            Some((at, &change.word))
        })
    }

    /// When the memory that the damage is about ceased to be a page for good, and what it became.
    fn left_at(&self, blame: &Blame, page: &Page) -> Option<(usize, &Maps)> {
        let (mm, area, _) = blame.memory.as_ref()?;
        let table = Owner::PageTable { mm: mm.clone(), area: area.clone() };
        let is_it = |maps: &Maps| matches!(maps, Maps::Page(other) if other == page);
        // Breaking COW clears the entry first and sets it later; what counts is what comes of it.
        let (mut left, mut now) = (None, None);
        for (at, event) in self.trace.events.iter().enumerate() {
            for change in event.changes.iter().filter(|change| change.word.of == table) {
                let (Value::Pte(from), Value::Pte(to)) = (&change.from, &change.to) else { continue };
                if is_it(&from.maps) && !is_it(&to.maps) {
                    left = Some(at);
                }
                now = Some(&to.maps);
            }
        }
        left.zip(now.filter(|now| !is_it(now)))
    }

    /// The same in a sentence, with the reason.
    fn left(&self, blame: &Blame, was: &Page, written: usize) -> Option<String> {
        let (at, now) = self.left_at(blame, was)?;
        let why = self.why(at).map(|(why, place)| format!(": {why}{place}")).unwrap_or_default();
        let puts = if at < written { "had put" } else { "puts" };
        // A write that comes first, and one that never comes, are in the present.
        let puts = if written == usize::MAX { "puts" } else { puts };
        let now = if *now == Maps::Nothing { "nothing".to_owned() } else { maps(now) };
        Some(format!("Row {} {puts} {now} in the place of {}{why}.", self.row(at), page(was)))
    }

    /// Who looks at the value, where.
    fn read(&self, blame: &Blame, author: Option<&Author>) -> Option<String> {
        let it = match author {
            Some(author) if author.missed => "misses it",
            Some(_) => "sees it",
            None => "sees that",
        };
        match &blame.shown {
            Shown::Variable(variable) => {
                let event = self.set(variable)?;
                let actor = &self.trace.actors[usize::from(self.trace.events[event].actor)];
                Some(format!("{actor} {it} in row {}.", self.row(event)))
            }
            Shown::Memory => {
                let (mm, area, _) = blame.memory.as_ref()?;
                Some(format!("{mm} {it} whenever it reads {area}."))
            }
            Shown::Failure | Shown::Handle(_) => None,
        }
    }

    /// The page that a device read from when it missed the value.
    fn looked_into(&self, blame: &Blame) -> Option<&Page> {
        let Shown::Variable(variable) = &blame.shown else { return None };
        let set = self.set(variable)?;
        let mut before = self.trace.events[..=set].iter().rev();
        let read = before.find(|event| {
            event.actor == self.trace.events[set].actor && event.primitive == Prim::DmaRead.name()
        })?;
        match &read.access {
            Access::Load { word: Word { of: Owner::Page(page), .. }, .. } => Some(page),
            _ => None,
        }
    }

    /// The event that sets a variable.
    fn set(&self, variable: &str) -> Option<usize> {
        let sets = |change: &Change| matches!(&change.word.of, Owner::Variable(name) if name == variable);
        self.trace.events.iter().position(|event| event.changes.iter().any(sets))
    }

    /// Why the call of an event did what it did: the last reason given up to there, and where.
    fn why(&self, at: usize) -> Option<(String, String)> {
        let event = &self.trace.events[at];
        let own = self.trace.events[..=at].iter().rev();
        let given = own
            .filter(|other| other.actor == event.actor && other.call == event.call)
            // Only a reason that says what follows from it is one for what came of it.
            .find_map(|other| Some((other.why.iter().rfind(|why| why.then.is_some())?, &other.function)));
        given.map(|(why, function)| {
            let place = (self.place)(function);
            (reason(why), if place.is_empty() { String::new() } else { format!(" ({place})") })
        })
    }

    /// The row of an event, from 1.
    fn row(&self, event: usize) -> usize {
        // An event outside of calls has no row; what comes next has.
        let row = self.drawn.iter().position(|drawn| drawn.events.iter().any(|&at| at >= event));
        let exact = self.drawn.iter().position(|drawn| drawn.events.contains(&event));
        exact.or(row).map_or(self.drawn.len(), |row| row + 1)
    }

    fn last(&self) -> Option<usize> {
        (!self.trace.events.is_empty()).then(|| self.row(self.trace.events.len() - 1))
    }
}

fn wrote(author: &Author, to: &Word) -> String {
    let who = if author.device { format!("The device of {}", author.actor) } else { author.actor.clone() };
    format!("{who} wrote {} to {}", author.value, word(to))
}
