//! What memory holds as a trace goes on, in words: who refers to a page, which TLB entries are stale.

use std::collections::BTreeMap;

use cowrace_report::{Event, Kind, Word};

/// Words that are not zero, by name.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    words: BTreeMap<String, (Kind, String)>,
}

impl Ledger {
    /// The words that are not zero at first.
    pub fn new(words: Vec<Word>) -> Self {
        Self { words: words.into_iter().map(|word| (word.what, (word.kind, word.value))).collect() }
    }

    /// Goes on by an event.
    pub fn note(&mut self, event: &Event) {
        for change in &event.changes {
            self.words.insert(change.what.clone(), (change.kind, change.to.clone()));
        }
    }

    /// Memory as people need to know it before anything happens: page tables, TLBs, and for each page that is mapped
    /// who refers to it.
    pub fn at_first(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (what, (kind, value)) in &self.words {
            match kind {
                Kind::Pte | Kind::Tlb => lines.push(format!("{what} is {value}")),
                Kind::Count => {
                    let used = |page: &&str| self.words.contains_key(&format!("{page}._mapcount"));
                    if let Some(page) = what.strip_suffix("._refcount").filter(used) {
                        lines.push(format!("page_count({page}) is {value}: {}", self.holders(page, value)));
                    }
                }
                _ => {}
            }
        }
        lines
    }

    /// Who holds the references of a page, as far as memory tells.
    pub fn holders(&self, page: &str, count: &str) -> String {
        let (plain, pins) =
            count.split_once(" + ").map_or((count, None), |(plain, pins)| (plain, Some(pins)));
        let mut left: u64 = plain.parse().unwrap_or(0);
        let mut holders = Vec::new();
        let mapped = self.words.get(&format!("{page}._mapcount")).and_then(|(_, n)| n.parse::<u64>().ok());
        let mapped = mapped.unwrap_or(0).min(left);
        if mapped > 0 {
            left -= mapped;
            holders.push(format!("{mapped} mapping{}", if mapped == 1 { "" } else { "s" }));
        }
        for (what, (_, value)) in &self.words {
            let is_list = what.starts_with("swap cache[") || self.is_in_batch(what);
            if is_list && value == page && left > 0 {
                left -= 1;
                holders.push(format!("the {}", what.split('[').next().unwrap_or(what)));
            }
        }
        holders.extend(pins.map(str::to_owned));
        if left > 0 {
            holders.push(format!("{left} more (GUP, or a fault at work)"));
        }
        holders.join(", ")
    }

    /// Whether it is a page of a batch that has not been drained since.
    fn is_in_batch(&self, what: &str) -> bool {
        let Some((batch, nth)) = what.strip_suffix(']').and_then(|what| what.split_once('[')) else {
            return false;
        };
        let length = self.words.get(&format!("{batch}, length")).and_then(|(_, n)| n.parse::<u64>().ok());
        batch.contains(" batch of ") && nth.parse::<u64>().is_ok_and(|nth| length.is_none_or(|n| nth < n))
    }

    /// The references that a reason counts, by holders: of `page_count(X) == 2, so copy` who the two are.
    pub fn counted(&self, why: &str) -> Option<String> {
        let (page, rest) = why.split_once("page_count(")?.1.split_once(") == ")?;
        let count = rest.split([',', ':']).next()?;
        Some(format!("held by {}", self.holders(page, count)))
    }

    /// What a TLB entry says that the page table no longer does.
    pub fn stale(&self, actor: &str, mm: &str, area: &str) -> Option<String> {
        let (_, entry) = self.words.get(&format!("TLB of {actor} ({area})"))?;
        let pte = self.words.get(&format!("{mm}.pte({area})")).map_or("none", |(_, pte)| pte.as_str());
        let page = |text: &str| text.split([' ']).next().map(str::to_owned);
        let writable = |text: &str| text.contains(" RW");
        if entry == "none" || page(entry) == page(pte) && writable(entry) == writable(pte) {
            return None;
        }
        Some(format!("through a stale TLB entry: it says {entry}, the page table {pte}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> Ledger {
        let word = |kind, what: &str, value: &str| Word { kind, what: what.into(), value: value.into() };
        Ledger::new(vec![
            word(Kind::Pte, "A.pte(buf)", "X RO dirty"),
            word(Kind::Tlb, "TLB of thread0 (buf)", "X RW dirty"),
            word(Kind::Count, "X._refcount", "4 + 1 pin"),
            word(Kind::Count, "X._mapcount", "1"),
            word(Kind::Swap, "swap cache[0]", "X"),
            word(Kind::Other, "LRU batch of thread1[0]", "X"),
        ])
    }

    #[test]
    fn a_batch_that_was_drained_holds_nothing() {
        let mut ledger = ledger();
        let length =
            Word { kind: Kind::Other, what: "LRU batch of thread1, length".into(), value: "0".into() };
        ledger.words.insert(length.what.clone(), (length.kind, length.value));
        let held = "held by 1 mapping, the swap cache";
        assert_eq!(ledger.counted("page_count(X) == 2, so copy").as_deref(), Some(held));
    }

    #[test]
    fn references_have_holders() {
        assert_eq!(
            ledger().counted("page_count(X) == 4 + 1 pin, so copy").as_deref(),
            Some(
                "held by 1 mapping, the LRU batch of thread1, the swap cache, 1 pin, 1 more (GUP, or a fault at work)"
            )
        );
        assert_eq!(ledger().counted("PageAnonExclusive(X), so reuse"), None);
    }

    #[test]
    fn entries_that_say_what_the_page_table_does_not_are_stale() {
        assert_eq!(
            ledger().stale("thread0", "A", "buf").as_deref(),
            Some("through a stale TLB entry: it says X RW dirty, the page table X RO dirty")
        );
        assert_eq!(ledger().stale("thread1", "A", "buf"), None);
    }

    #[test]
    fn what_memory_is_at_first_is_told() {
        let lines = ledger().at_first();
        assert_eq!(lines[0], "A.pte(buf) is X RO dirty");
        assert_eq!(lines[1], "TLB of thread0 (buf) is X RW dirty");
        assert!(lines[2].starts_with("page_count(X) is 4 + 1 pin: 1 mapping, "), "{lines:?}");
    }
}
