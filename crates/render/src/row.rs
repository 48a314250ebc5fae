//! What happens in a row of a diagram, line by line.

use cowrace_report::explanation::{Extent, Function, Holder, Known, Line, RowName};
use cowrace_report::{Change, Owner, Value};

use crate::access::access;
use crate::effect::no_effect;
use crate::reason::reason;
use crate::word::{page, pte, references, value, vma, word};

/// The initial content of memory.
pub(crate) fn known(known: &Known) -> String {
    match known {
        Known::Entry { word: of, pte: entry } => format!("{} is {}", word(of), pte(entry)),
        Known::References { page: of, count, holders: held } => {
            format!("page_count({}) is {}: {}", page(of), references(*count), holders(held))
        }
    }
}

/// The actor and the call of a row.
pub(crate) fn heading(RowName { actor, call, extent }: &RowName) -> String {
    match extent {
        Extent::Whole => format!("{actor}: {call}"),
        Extent::UpTo(step) => format!("{actor}: {call}, up to {step}"),
        Extent::Rest => format!("{actor}: the rest of {call}"),
    }
}

/// The name of a row within a sentence.
pub(crate) fn within_sentence(RowName { actor, call, extent }: &RowName) -> String {
    match extent {
        Extent::Whole => format!("{actor}'s `{call}`"),
        Extent::UpTo(step) => format!("{actor}'s `{call}` up to `{step}`"),
        Extent::Rest => format!("the end of {actor}'s `{call}`"),
    }
}

/// A kernel function, with its file and release.
pub(crate) fn function(Function { name, file, release }: &Function) -> String {
    format!("{name}, {file}, {release}")
}

/// One event or change in a row.
pub(crate) fn line(line: &Line) -> String {
    match line {
        Line::Access { access: cowrace_report::Access::Allocate { page: of }, .. } => {
            format!("{} is allocated", page(of))
        }
        Line::Access { access: cowrace_report::Access::Free { page: of }, .. } => {
            format!("{} is freed", page(of))
        }
        Line::Access { access: cowrace_report::Access::FreeVma { mm, area }, .. } => {
            format!("{} is freed", vma(mm, area))
        }
        Line::Tail { page: of, head } => {
            format!("{} is allocated, a further page of {}", page(of), page(head))
        }
        Line::Access { primitive, access: asked } => access(primitive, asked),
        Line::Stale { entry, page_table } => {
            format!(
                "through a stale TLB entry: it has {}, the page table has {}",
                pte(entry),
                pte(page_table)
            )
        }
        Line::Reason(why) => reason(why),
        Line::HeldBy(held) => format!("held by {}", holders(held)),
        Line::NoEffect(why) => no_effect(*why),
        Line::Change(change) => changed(change),
        Line::Nothing => "changes nothing".to_owned(),
    }
}

fn changed(Change { word: of, from, to }: &Change) -> String {
    let (Value::Flags(before), Value::Flags(after)) = (from, to) else {
        return format!("{}: {} -> {}", word(of), value(from), value(to));
    };
    let new = after.iter().filter(|flag| !before.contains(flag)).map(|flag| format!("+{flag}"));
    let gone = before.iter().filter(|flag| !after.contains(flag)).map(|flag| format!("-{flag}"));
    format!("{}: {}", word(of), new.chain(gone).collect::<Vec<_>>().join(" "))
}

/// The holders of references.
fn holders(holders: &[Holder]) -> String {
    let said = holders.iter().map(|holder| match holder {
        Holder::Mappings(1) => "1 mapping".to_owned(),
        Holder::Mappings(mappings) => format!("{mappings} mappings"),
        Holder::List(Owner::Batch { cpu, batch }) => format!("the {batch} of {cpu}"),
        Holder::List(_) => "the swap cache".to_owned(),
        Holder::Pins(1) => "1 pin".to_owned(),
        Holder::Pins(pins) => format!("{pins} pins"),
        Holder::Others(others) => format!("{others} more (GUP, or a fault under way)"),
    });
    said.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use cowrace_report::{Kind, Page, Word};

    use super::*;

    #[test]
    fn flags_are_told_by_what_comes_and_goes() {
        let of = Owner::Page(Page::Initial { area: None });
        let flags = Word { of, field: "flags".into(), nth: None, kind: Kind::Flags };
        let (from, to) = (Value::Flags(vec!["dirty".into()]), Value::Flags(vec!["writeback".into()]));
        assert_eq!(changed(&Change { word: flags, from, to }), "X.flags: +writeback -dirty");
    }

    #[test]
    fn references_are_told_by_what_holds_them() {
        let batch = Owner::Batch { cpu: "thread1".to_owned(), batch: "LRU batch".into() };
        let held =
            vec![Holder::Mappings(1), Holder::List(batch), Holder::List(Owner::Slot(0)), Holder::Pins(2)];
        assert_eq!(
            line(&Line::HeldBy(held)),
            "held by 1 mapping, the LRU batch of thread1, the swap cache, 2 pins"
        );
    }
}
