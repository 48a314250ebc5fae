//! The content of memory at each point of a trace: the references to a page, and which TLB entries are stale.

use std::collections::{BTreeMap, BTreeSet};

use cowrace_report::explanation::{Holder, Memory};
use cowrace_report::{Access, Event, Fact, Kind, Maps, Owner, Page, Pte, Reason, References, Value, Word};

/// The values of the words that were not zero at the start, or have changed since.
#[derive(Clone, Debug, Default)]
pub struct StateView {
    words: BTreeMap<Word, Value>,
    /// Pages that were in use and are free.
    freed: BTreeSet<Page>,
}

impl StateView {
    /// The state at the start of a trace.
    #[must_use]
    pub fn new(words: Vec<(Word, Value)>) -> Self {
        Self { words: words.into_iter().collect(), freed: BTreeSet::new() }
    }

    /// Applies the changes of an event.
    pub fn note(&mut self, event: &Event) {
        match &event.access {
            Access::Allocate { page } => drop(self.freed.remove(page)),
            Access::Free { page } => drop(self.freed.insert(page.clone())),
            _ => {}
        }
        for change in &event.changes {
            self.words.insert(change.word.clone(), change.to.clone());
        }
    }

    /// All of memory. What a batch held before it was drained is no part of it.
    #[must_use]
    pub fn memory(&self) -> Memory {
        let is_held = |word: &Word| {
            !matches!(word.of, Owner::Batch { .. }) || word.nth.is_none() || self.is_in_use(word)
        };
        let words = self.words.iter().filter(|(word, _)| is_held(word));
        Memory {
            words: words.map(|(word, value)| (word.clone(), value.clone())).collect(),
            freed: self.freed.clone(),
        }
    }

    /// The entries of page tables and TLBs, with their values.
    pub fn entries(&self) -> impl Iterator<Item = (&Word, &Pte)> {
        self.words.iter().filter_map(|(word, value)| match value {
            Value::Pte(pte) => Some((word, pte)),
            _ => None,
        })
    }

    /// What the entry of a page table maps.
    #[must_use]
    pub fn maps(&self, table: &Owner) -> Maps {
        let entry = self.entries().find(|(word, _)| word.kind == Kind::Pte && word.of == *table);
        entry.map(|(_, pte)| pte.maps.clone()).unwrap_or_default()
    }

    /// The pages that have been mapped, with their references.
    pub fn pages(&self) -> impl Iterator<Item = (&Page, References)> {
        self.words.iter().filter_map(|(word, value)| match (&word.of, value) {
            (Owner::Page(page), Value::References(count)) if self.mappings(page).is_some() => {
                Some((page, *count))
            }
            _ => None,
        })
    }

    /// How many entries of page tables map the folio of which a page is the head; `None` if it was never mapped. Each page
    /// counts its PTEs, and the head the PMDs. While PMDs and PTEs map it, each page may count the PMDs as well, once
    /// (`PG_double_map`).
    fn mappings(&self, head: &Page) -> Option<u64> {
        let folio: Vec<&Page> = std::iter::once(head).chain(self.tails(head)).collect();
        let is_counted = |field: &str| field == "_mapcount" || field == "_entire_mapcount";
        let counts = self.words.iter().filter_map(|(word, value)| match (&word.of, value) {
            (Owner::Page(of), Value::Mappings(count)) if is_counted(&word.field) && folio.contains(&of) => {
                Some(count.active)
            }
            _ => None,
        });
        let total = counts.reduce(|a, b| a + b)?;
        let double = if self.is_double_mapped(head) { folio.len() as u64 } else { 0 };
        Some(total.saturating_sub(double))
    }

    /// The pages of a folio after its head, in their order.
    pub fn tails<'v>(&'v self, head: &Page) -> impl Iterator<Item = &'v Page> {
        let is_head = move |value: &Value| matches!(value, Value::Page(Some(page)) if page == head);
        self.words.iter().filter_map(move |(word, value)| match &word.of {
            Owner::Page(tail) if word.field == "compound_head" && is_head(value) => Some(tail),
            _ => None,
        })
    }

    /// The head of the folio of a page.
    #[must_use]
    pub fn head<'v>(&'v self, page: &'v Page) -> &'v Page {
        let head = self.words.iter().find_map(|(word, value)| match (&word.of, value) {
            (Owner::Page(tail), Value::Page(head)) if tail == page && word.field == "compound_head" => {
                head.as_ref()
            }
            _ => None,
        });
        head.unwrap_or(page)
    }

    fn is_double_mapped(&self, head: &Page) -> bool {
        self.words.iter().any(|(word, value)| match (&word.of, value) {
            (Owner::Page(of), Value::Flags(flags)) => {
                of == head && flags.iter().any(|flag| flag == "double_map")
            }
            _ => false,
        })
    }

    /// The holders of the references to a page, as far as memory shows them.
    #[must_use]
    pub fn holders(&self, page: &Page, count: References) -> Vec<Holder> {
        let mut left = count.plain;
        let mut holders = Vec::new();
        let mapped = self.mappings(self.head(page)).unwrap_or(0).min(left);
        if mapped > 0 {
            left -= mapped;
            holders.push(Holder::Mappings(mapped));
        }
        for (word, value) in &self.words {
            if left > 0 && *value == Value::Page(Some(page.clone())) && self.is_in_use(word) {
                left -= 1;
                holders.push(Holder::List(word.of.clone()));
            }
        }
        if count.pins > 0 {
            holders.push(Holder::Pins(count.pins));
        }
        if left > 0 {
            holders.push(Holder::Others(left));
        }
        holders
    }

    /// Whether a word that can hold a page belongs to the swap cache, or to a batch that has not been drained
    /// since.
    fn is_in_use(&self, word: &Word) -> bool {
        match (&word.of, word.nth) {
            (Owner::Slot(_), None) => true,
            (Owner::Batch { .. }, Some(nth)) => {
                let mut lengths =
                    self.words.iter().filter(|(other, _)| other.of == word.of && other.nth.is_none());
                lengths.next().is_none_or(|(_, length)| *length > Value::Number(nth.into()))
            }
            _ => false,
        }
    }

    /// The holders of the references that a reason counts: for `page_count(X) == 2, so copy`, which two these are.
    #[must_use]
    pub fn counted(&self, reason: &Reason) -> Option<Vec<Holder>> {
        match &reason.fact {
            Fact::PageCount { page, count } | Fact::Lazyfree { page, count, .. } => {
                Some(self.holders(page, *count))
            }
            _ => None,
        }
    }

    /// The TLB entry of a CPU and the page-table entry that it should agree with, if they differ.
    #[must_use]
    pub fn stale(&self, cpu: &str, pte: &Word) -> Option<(&Pte, Pte)> {
        let Owner::PageTable { area, .. } = &pte.of else { return None };
        let is_it = |of: &Owner| matches!(of, Owner::Tlb { cpu: c, area: a } if c == cpu && a == area);
        let (_, entry) = self.entries().find(|(word, _)| word.kind == Kind::Tlb && is_it(&word.of))?;
        let found = match self.words.get(pte) {
            Some(Value::Pte(pte)) => pte.clone(),
            _ => Pte::default(),
        };
        let agrees = entry.maps == found.maps && entry.writable == found.writable;
        (entry.maps != Maps::Nothing && !agrees).then_some((entry, found))
    }
}

#[cfg(test)]
mod tests {
    use cowrace_report::{Mappings, Then};

    use super::*;

    fn word(of: Owner, field: &'static str, nth: Option<u8>, kind: Kind) -> Word {
        Word { of, field: field.into(), nth, kind }
    }

    const X: Page = Page::Initial { area: None };

    fn batch() -> Owner {
        Owner::Batch { cpu: "thread1".into(), batch: "LRU batch".into() }
    }

    fn pte() -> Word {
        word(Owner::PageTable { mm: "A".into(), area: "buf".into() }, "pte", Some(0), Kind::Pte)
    }

    fn maps(writable: bool) -> Pte {
        Pte { maps: Maps::Page(X), writable, dirty: true, ..Pte::default() }
    }

    fn view() -> StateView {
        let tlb = Owner::Tlb { cpu: "thread0".into(), area: "buf".into() };
        let references = Value::References(References { plain: 4, pins: 1 });
        let mapped = Value::Mappings(Mappings { active: 1, inactive: 0 });
        StateView::new(vec![
            (pte(), Value::Pte(maps(false))),
            (word(tlb, "entry", None, Kind::Tlb), Value::Pte(maps(true))),
            (word(Owner::Page(X), "_refcount", None, Kind::References), references),
            (word(Owner::Page(X), "_mapcount", None, Kind::Mappings), mapped),
            (word(Owner::Slot(0), "swap cache", None, Kind::Swap), Value::Page(Some(X))),
            (word(batch(), "page", Some(0), Kind::Other), Value::Page(Some(X))),
        ])
    }

    fn counted(plain: u64, pins: u64) -> Reason {
        Fact::PageCount { page: X, count: References { plain, pins } }.so(Then::Copy)
    }

    #[test]
    fn a_batch_that_was_drained_holds_nothing() {
        let mut view = view();
        view.words.insert(word(batch(), "length", None, Kind::Other), Value::Number(0));
        let held = vec![Holder::Mappings(1), Holder::List(Owner::Slot(0))];
        assert_eq!(view.counted(&counted(2, 0)), Some(held));
    }

    #[test]
    fn references_have_holders() {
        let held = vec![
            Holder::Mappings(1),
            Holder::List(batch()),
            Holder::List(Owner::Slot(0)),
            Holder::Pins(1),
            Holder::Others(1),
        ];
        assert_eq!(view().counted(&counted(4, 1)), Some(held));
        let exclusive = Fact::AnonExclusive { page: X, exclusive: true };
        assert_eq!(view().counted(&exclusive.so(Then::Reuse)), None);
    }

    /// The mappings of a folio of two pages: by PTEs of either page, and by PMDs, which the pages count as well while
    /// there are both.
    #[test]
    fn the_references_of_a_large_folio_are_those_of_all_its_mappings() {
        let tail = || Page::Initial { area: Some("tail".into()) };
        let mapped = |of: Page, field, active| {
            (
                word(Owner::Page(of), field, None, Kind::Mappings),
                Value::Mappings(Mappings { active, inactive: 0 }),
            )
        };
        let folio = |entire, each, flags: &[&'static str]| {
            let flags = flags.iter().map(|&flag| flag.into()).collect();
            StateView::new(vec![
                (word(Owner::Page(X), "flags", None, Kind::Flags), Value::Flags(flags)),
                (word(Owner::Page(tail()), "compound_head", None, Kind::Other), Value::Page(Some(X))),
                mapped(X, "_entire_mapcount", entire),
                mapped(X, "_mapcount", each),
                mapped(tail(), "_mapcount", each),
                mapped(X, "_large_mapcount", 9),
            ])
        };
        let held = |view: StateView| view.holders(&tail(), References { plain: 4, pins: 0 });
        assert_eq!(held(folio(0, 1, &["head"])), [Holder::Mappings(2), Holder::Others(2)]);
        assert_eq!(held(folio(1, 1, &["head"])), [Holder::Mappings(3), Holder::Others(1)]);
        assert_eq!(held(folio(1, 2, &["head", "double_map"])), [Holder::Mappings(3), Holder::Others(1)]);
        assert_eq!(folio(0, 1, &[]).head(&tail()), &X);
    }

    #[test]
    fn entries_that_say_what_the_page_table_does_not_are_stale() {
        assert_eq!(view().stale("thread0", &pte()), Some((&maps(true), maps(false))));
        assert_eq!(view().stale("thread1", &pte()), None);
    }

    #[test]
    fn what_memory_is_at_first_is_known() {
        let view = view();
        let entries: Vec<&Pte> = view.entries().map(|(_, pte)| pte).collect();
        assert_eq!(entries, [&maps(false), &maps(true)]);
        let pages: Vec<_> = view.pages().collect();
        assert_eq!(pages, [(&X, References { plain: 4, pins: 1 })]);
    }
}
