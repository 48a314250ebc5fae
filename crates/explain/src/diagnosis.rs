//! What is wrong with an execution, which actor's value was damaged, and where that value went.

use std::collections::HashMap;

use cowrace_machine::Prim;
use cowrace_mm::{Era, World};
use cowrace_report::explanation::{Clue, Diagnosis, Finds, Given};
use cowrace_report::{
    Access, Author, Broken, Change, Class, Cow, Detail, Event, Finding, Handle, Kind, Maps, Owner, Page,
    Place, Subject, Then, Trace, Translation, UserAccess, UserOutcome, Value, Word,
};

use crate::entries::Entries;
use crate::narrate::function;
use crate::rows::Drawn;
use crate::state_view::StateView;

/// The kind of copy-on-write mistake that caused the damage of an execution. The class alone does not determine it:
/// a copy does not help against an access through a TLB entry that should have been flushed, or against a value
/// that is lost with a discarded page.
pub fn cow(trace: &Trace, class: Class) -> Option<Cow> {
    let is = |primitive: Prim| trace.events.iter().any(|event| event.primitive == primitive.name());
    class.cow().filter(|cow| match cow {
        Cow::Wrong => is(Prim::CopyUserHighpage) || class == Class::StalePin,
        Cow::Missed => !(class == Class::PrivateWrite && stores_by_tlb(trace)),
        Cow::Unnecessary => true,
    })
}

/// Whether a store goes through a TLB entry that no longer agrees with any page table.
fn stores_by_tlb(trace: &Trace) -> bool {
    // For each area whose page table entry has changed, whether the entry is writable.
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

/// The area that a page table belongs to.
fn area(of: &Owner) -> Option<&str> {
    match of {
        Owner::PageTable { area, .. } => Some(area),
        _ => None,
    }
}

/// Finds events in an execution, and the rows that they belong to.
#[derive(Clone, Copy, Debug)]
pub struct Evidence<'t> {
    /// The kernel.
    pub era: &'t Era,
    /// The scenario.
    pub world: &'t World,
    /// The content of memory at the start.
    pub start: &'t StateView,
    /// The execution.
    pub trace: &'t Trace,
    /// Its rows.
    pub drawn: &'t [Drawn],
}

impl Evidence<'_> {
    /// What is wrong with the execution, and how that happened. `promised` is the finding of the specification,
    /// which says more than a failed assertion.
    #[must_use]
    pub fn diagnosis(&self, found: &Finding, promised: Option<Finding>) -> Diagnosis {
        let finding =
            promised.filter(|promised| promised.class == found.class).unwrap_or_else(|| found.clone());
        let clues = match &finding.detail {
            Detail::Promise(broken) => self.clues(broken),
            _ if finding.class == Class::SpuriousCopy => self.copied().into_iter().collect(),
            _ => self.last().map(|row| Clue::Shows { row }).into_iter().collect(),
        };
        Diagnosis { cow: cow(self.trace, finding.class), finding, clues }
    }

    fn clues(&self, broken: &Broken) -> Vec<Clue> {
        match (&broken.author, &broken.subject) {
            (Some(author), _) if author.missed => self.missed(broken, author),
            (Some(author), _) => self.seen(broken, author),
            (None, Subject::Handle { variable, .. }) => self.cut_off(broken, variable),
            (None, _) => self.looked(broken).into_iter().collect(),
        }
    }

    /// Why a page was copied the last time.
    fn copied(&self) -> Option<Clue> {
        let copies = |event: &Event| event.why.iter().any(|why| why.then == Some(Then::Copy));
        let last = self.trace.events.iter().rposition(copies)?;
        Some(Clue::Copied { row: self.row(last), why: self.why(last)? })
    }

    /// The clues if a value is missing.
    fn missed(&self, broken: &Broken, author: &Author) -> Vec<Clue> {
        let written = self.written(broken, author);
        let Some((event, word, page)) = written else { return self.looked(broken).into_iter().collect() };
        // A write to a page that is no longer mapped uses an old translation.
        let is_cached = matches!(
            &self.trace.events[event].access,
            Access::User(UserAccess { outcome: UserOutcome::Done { by: Translation::Tlb, .. }, .. })
        );
        let is_late = self.left_at(broken, page).is_some_and(|(left, _)| left < event);
        let left = self.replaced(broken, page, Some(event));
        // A holder of the old page does not see what is written to the page that replaced it.
        let held = || self.replaced(broken, self.looked_into(broken)?, None);
        let wrote = self.wrote(author, (event, word), is_cached && is_late, None);
        std::iter::once(wrote).chain(left.or_else(held)).chain(self.looked(broken)).collect()
    }

    /// The clues if a value is where it must not be.
    fn seen(&self, broken: &Broken, author: &Author) -> Vec<Clue> {
        let written = self.written(broken, author);
        let wrote = written.map(|(event, word, _)| self.wrote(author, (event, word), false, self.why(event)));
        wrote.into_iter().chain(self.looked(broken)).collect()
    }

    fn wrote(&self, author: &Author, (event, word): (usize, &Word), stale: bool, why: Option<Given>) -> Clue {
        let Author { actor, device, value, .. } = author.clone();
        Clue::Wrote { row: self.row(event), actor, device, value, word: word.clone(), stale, why }
    }

    /// The clues if a handle is no longer the memory that it was taken on.
    fn cut_off(&self, broken: &Broken, handle: &str) -> Vec<Clue> {
        let value = self.trace.variables.iter().find(|(name, _)| name == handle);
        let Some((_, Value::Handle(Handle { page, .. }))) = value else { return Vec::new() };
        let taken = self.set(handle).map(|event| Clue::Taken {
            row: self.row(event),
            handle: handle.to_owned(),
            page: page.clone(),
        });
        taken.into_iter().chain(self.replaced(broken, page, None)).collect()
    }

    /// The last event that put the author's value into a page, with the word and the page.
    fn written(&self, broken: &Broken, author: &Author) -> Option<(usize, &Word, &Page)> {
        let nth = broken.memory.as_ref().and_then(|place| place.word);
        let value = Value::Number(author.value);
        self.trace.events.iter().enumerate().rev().find_map(|(at, event)| {
            if self.trace.actors.get(usize::from(event.actor)) != Some(&author.actor) {
                return None;
            }
            event.changes.iter().find_map(|Change { word, to, .. }| match &word.of {
                Owner::Page(page)
                    if word.kind == Kind::Content && (nth.is_none() || word.nth == nth) && *to == value =>
                {
                    Some((at, word, page))
                }
                _ => None,
            })
        })
    }

    /// The event after which the damaged memory was never this page again, and what was mapped instead.
    fn left_at(&self, broken: &Broken, page: &Page) -> Option<(usize, Maps)> {
        let entries = Entries::of(self.world, broken.memory.as_ref()?)?;
        let is_it = |maps: &Maps| matches!(maps, Maps::Page(other) if other == page);
        let mut view = self.start.clone();
        // Breaking COW clears the entry first and sets it later; only the later value counts.
        let (mut left, mut now) = (None, entries.maps(&view));
        for (at, event) in self.trace.events.iter().enumerate() {
            view.note(event);
            let before = std::mem::replace(&mut now, entries.maps(&view));
            if is_it(&before) && !is_it(&now) {
                left = Some(at);
            }
        }
        left.filter(|_| !is_it(&now)).map(|left| (left, now))
    }

    /// The same as a clue, with the reason. `written` is the event that wrote the missing value.
    fn replaced(&self, broken: &Broken, page: &Page, written: Option<usize>) -> Option<Clue> {
        let (at, now) = self.left_at(broken, page)?;
        Some(Clue::Replaced {
            row: self.row(at),
            page: page.clone(),
            by: now,
            before_write: written.is_some_and(|written| at < written),
            why: self.why(at),
        })
    }

    /// The event that looks at the value, and what it finds.
    fn looked(&self, broken: &Broken) -> Option<Clue> {
        let finds = match &broken.author {
            Some(author) if author.missed => Finds::Missing,
            Some(_) => Finds::Present,
            None => Finds::Other,
        };
        match &broken.subject {
            Subject::Variable(variable) => {
                let event = self.set(variable)?;
                let actor = self.trace.actors[usize::from(self.trace.events[event].actor)].clone();
                Some(Clue::Looked { row: self.row(event), actor, finds })
            }
            Subject::Memory(_) => {
                let Place { mm, area, .. } = broken.memory.clone()?;
                Some(Clue::Owns { mm, area, finds })
            }
            Subject::Call { .. } | Subject::Handle { .. } => None,
        }
    }

    /// The page that a device read from when it missed the value.
    fn looked_into(&self, broken: &Broken) -> Option<&Page> {
        let Subject::Variable(variable) = &broken.subject else { return None };
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

    /// Why the call of an event did what it did: the last reason given up to that event, and where it was given.
    fn why(&self, at: usize) -> Option<Given> {
        let event = &self.trace.events[at];
        let own = self.trace.events[..=at].iter().rev();
        own.filter(|other| other.actor == event.actor && other.call == event.call)
            // Only a reason with a consequence explains what happened next.
            .find_map(|other| Some((other.why.iter().rfind(|why| why.then.is_some())?, &other.function)))
            .map(|(why, name)| Given { reason: why.clone(), function: function(self.era, name) })
    }

    /// The row of an event, from 1.
    fn row(&self, event: usize) -> usize {
        // An event outside of calls has no row; the next event in a call does.
        let row = self.drawn.iter().position(|drawn| drawn.events.iter().any(|&at| at >= event));
        let exact = self.drawn.iter().position(|drawn| drawn.events.contains(&event));
        exact.or(row).map_or(self.drawn.len(), |row| row + 1)
    }

    fn last(&self) -> Option<usize> {
        (!self.trace.events.is_empty()).then(|| self.row(self.trace.events.len() - 1))
    }
}
