//! The memory access of an event and its result, in one line: `page_ref_add_unless(X._refcount, 1) succeeds`.

use std::borrow::Cow;

use cowrace_report::{Access, Amount, Event, Kind, Owner, Translation, UserAccess, UserOutcome, Word};

use crate::word::{page, pte, value, vma, word};

/// The access of an event and its result.
#[must_use]
pub fn event(event: &Event) -> String {
    access(&event.primitive, &event.access)
}

/// The access of a kernel primitive and its result.
#[must_use]
pub fn access(primitive: &str, access: &Access) -> String {
    let call = |arguments: &str| format!("{primitive}({arguments})");
    match access {
        Access::Load { word: of, value: read } => {
            // A primitive that reads a count is named after the value that it returns.
            let verb = if matches!(of.kind, Kind::References | Kind::Mappings) { "reads" } else { "=" };
            format!("{} {verb} {}", call(&word(of)), value(read))
        }
        Access::Store { word: of, value: new } | Access::Exchange { word: of, value: new, .. } => {
            call(&format!("{}, {}", word(of), value(new)))
        }
        Access::Add { word: of, amount: added } => call(&format!("{}, {}", word(of), amount(*added))),
        Access::SubtractAndTest { word: of, amount, .. } => call(&format!("{}, {amount}", word(of))),
        Access::AddUnless { word: of, amount, done: did } => {
            format!("{} {}", call(&format!("{}, {amount}", word(of))), done(*did))
        }
        Access::CompareExchange { word: of, old, new, done: did } => {
            format!("{} {}", call(&format!("{}, {} -> {}", word(of), value(old), value(new))), done(*did))
        }
        Access::Set { word: of, flags } | Access::Clear { word: of, flags } => call(&bits(of, flags)),
        Access::Lock { word: of } | Access::Unlock { word: of } => lock(primitive, of),
        Access::Trylock { word: of, done: did } => format!("{} {}", lock(primitive, of), done(*did)),
        Access::Downgrade { word: of }
        | Access::SectionBegin { word: of }
        | Access::SectionEnd { word: of } => call(&word(of)),
        Access::Await { word: of } => format!("{primitive} {}", awaited(of)),
        Access::Join { actor } => format!("{primitive} for {actor}"),
        Access::Allocate { page: of } | Access::Free { page: of } => call(&page(of)),
        Access::FreeVma { mm, area } => call(&vma(mm, area)),
        Access::Choose { choice, of } => format!("{primitive} {choice} of {of}"),
        Access::User(access) => user(primitive, access),
        Access::FlushTlb { entries } => call(&flushed(entries)),
        Access::Barrier | Access::Fence => primitive.to_owned(),
    }
}

/// The page that a word of flags belongs to, or else the word.
fn flagged(of: &Word) -> String {
    match &of.of {
        Owner::Page(of_page) if of.kind == Kind::Flags => page(of_page),
        _ => word(of),
    }
}

fn bits(of: &Word, flags: &[Cow<'static, str>]) -> String {
    match flags {
        [] => word(of),
        flags => format!("{}, {}", flagged(of), flags.join("|")),
    }
}

fn lock(primitive: &str, of: &Word) -> String {
    match &of.of {
        // The name of the primitive already says that it is the lock of a page table.
        Owner::PageTable { .. } => format!("{primitive}: {}", word(of)),
        _ => format!("{primitive}({})", flagged(of)),
    }
}

fn awaited(of: &Word) -> String {
    match &of.of {
        // Only un-protecting wakes a fault that waits in handle_userfault.
        Owner::Mm(mm) if of.field == "userfault_wakes" => format!("for UFFDIO_WRITEPROTECT({mm}, 0)"),
        _ => word(of),
    }
}

fn user(primitive: &str, access: &UserAccess) -> String {
    let area = match &access.pte.of {
        Owner::PageTable { area, .. } => area.clone(),
        _ => word(&access.pte),
    };
    let what = format!("{area}[{}]", access.nth);
    match &access.outcome {
        UserOutcome::PageFault { pte: found } => {
            format!("{primitive} {what}: page fault, {} {}", entry(&access.pte), pte(found))
        }
        UserOutcome::Table => {
            format!("{primitive} {what}: the {} refers to a page table", entry(&access.pte))
        }
        UserOutcome::Done { value, by } => {
            let by = match by {
                Translation::Walk => "walk",
                Translation::Tlb => "TLB",
            };
            match access.store {
                Some(stored) => format!("{what} = {stored} ({by})"),
                None => format!("{what} is {value} ({by})"),
            }
        }
    }
}

/// What the kernel calls an entry.
fn entry(of: &Word) -> &'static str {
    if of.field == "pmd" { "PMD" } else { "PTE" }
}

/// The entries of one TLB.
fn flushed(entries: &[Word]) -> String {
    let of = |entry: &Word| match &entry.of {
        Owner::Tlb { cpu, area } => (cpu.clone(), area.clone()),
        _ => (String::new(), word(entry)),
    };
    let (mut cpus, areas): (Vec<String>, Vec<String>) = entries.iter().map(of).unzip();
    cpus.truncate(1);
    let parts = cpus.into_iter().filter(|cpu| !cpu.is_empty()).chain(areas);
    parts.collect::<Vec<_>>().join(", ")
}

fn amount(amount: Amount) -> String {
    match amount {
        Amount { plain, inactive: 0 } => format!("{plain:+}"),
        Amount { plain, inactive } => format!("{plain:+} active, {inactive:+} inactive"),
    }
}

const fn done(done: bool) -> &'static str {
    if done { "succeeds" } else { "fails" }
}

#[cfg(test)]
mod tests {
    use cowrace_report::{Lock, Page, References, Value};

    use super::*;

    fn of(owner: Owner, field: &'static str, kind: Kind) -> Word {
        Word { of: owner, field: field.into(), nth: None, kind }
    }

    fn x(field: &'static str, kind: Kind) -> Word {
        of(Owner::Page(Page::Initial { area: None }), field, kind)
    }

    #[test]
    fn a_count_is_read_and_another_word_is_what_it_is() {
        let counted = Value::References(References { plain: 1, pins: 1 });
        let refcount = x("_refcount", Kind::References);
        let read = Access::Load { word: refcount.clone(), value: counted };
        assert_eq!(access("page_count", &read), "page_count(X._refcount) reads 1 + 1 pin");
        let mark = of(Owner::Mm("A".to_owned()), "has_pinned", Kind::Mark);
        let read = Access::Load { word: mark, value: Value::Number(1) };
        assert_eq!(access("mm_has_pinned", &read), "mm_has_pinned(A.has_pinned) = 1");
        let get = Access::AddUnless { word: refcount, amount: 1, done: false };
        assert_eq!(access("page_ref_add_unless", &get), "page_ref_add_unless(X._refcount, 1) fails");
    }

    #[test]
    fn flags_are_of_their_page() {
        let flags = x("flags", Kind::Flags);
        let set = Access::Set { word: flags.clone(), flags: vec!["anon_exclusive".into()] };
        assert_eq!(access("SetPageAnonExclusive", &set), "SetPageAnonExclusive(X, anon_exclusive)");
        assert_eq!(access("lock_page", &Access::Lock { word: flags }), "lock_page(X)");
        let table = Owner::PageTable { mm: "A".to_owned(), area: "buf".to_owned() };
        let ptl = Access::Lock { word: of(table.clone(), "ptl", Kind::Other) };
        assert_eq!(access("spin_lock(ptl)", &ptl), "spin_lock(ptl): A.ptl(buf)");
        let taken = Value::Lock(Lock::Held);
        let store = Access::Store { word: of(Owner::Kernel, "zone lock", Kind::Other), value: taken };
        assert_eq!(access("WRITE_ONCE", &store), "WRITE_ONCE(zone lock, held)");
    }

    #[test]
    fn user_space_goes_by_the_page_table_or_by_the_tlb() {
        let table = Owner::PageTable { mm: "A".to_owned(), area: "buf".to_owned() };
        let with = |store, outcome| {
            let pte = of(table.clone(), "pte", Kind::Pte);
            access("store", &Access::User(UserAccess { pte, nth: 1, store, outcome }))
        };
        let done = |by| UserOutcome::Done { value: 7, by };
        assert_eq!(with(Some(2), done(Translation::Tlb)), "buf[1] = 2 (TLB)");
        assert_eq!(with(None, done(Translation::Walk)), "buf[1] is 7 (walk)");
        let refused = UserOutcome::PageFault { pte: cowrace_report::Pte::default() };
        assert_eq!(with(Some(2), refused), "store buf[1]: page fault, PTE none");
    }

    #[test]
    fn a_flush_says_whose_entries_it_drops() {
        let entry = |area: &str| {
            of(Owner::Tlb { cpu: "thread0".to_owned(), area: area.to_owned() }, "entry", Kind::Tlb)
        };
        let flush = Access::FlushTlb { entries: vec![entry("a"), entry("b")] };
        assert_eq!(access("flush_tlb", &flush), "flush_tlb(thread0, a, b)");
    }
}
