//! Words of memory and their values, as text: `X._refcount`, `1 + 1 pin`.

use cowrace_report::{Handle, Lock, Maps, Owner, Page, Pte, References, Value, Word};

/// A page: `X` for the initial page of an area (`X.buf` if there are several areas), `Y.thread1` for the first page
/// that the actor `thread1` allocates, `Y2.thread1` for its second.
#[must_use]
pub fn page(page: &Page) -> String {
    match page {
        Page::Initial { area: None } => "X".to_owned(),
        Page::Initial { area: Some(area) } => format!("X.{area}"),
        Page::Allocated { actor, nth: 0 } => format!("Y.{}", one_word(actor)),
        Page::Allocated { actor, nth } => format!("Y{}.{}", nth + 1, one_word(actor)),
        Page::Zero => "zero page".to_owned(),
        Page::File { area } => format!("file page of {area}"),
        Page::Numbered(number) => format!("object {number}"),
    }
}

/// A mapping.
pub(crate) fn vma(mm: &str, area: &str) -> String {
    format!("{mm}.vma({area})")
}

fn one_word(name: &str) -> String {
    name.replace(' ', "_")
}

/// A word.
#[must_use]
pub fn word(word: &Word) -> String {
    let field = &word.field;
    match (&word.of, word.nth) {
        (Owner::PageTable { mm, area }, _) => format!("{mm}.{field}({area})"),
        (Owner::Vma { mm, area }, _) => format!("{}.{field}", vma(mm, area)),
        (Owner::Tlb { cpu, area }, _) => format!("TLB of {cpu} ({area})"),
        (Owner::Page(of), Some(nth)) => format!("{}[{nth}]", page(of)),
        (Owner::Page(of), None) => format!("{}.{field}", page(of)),
        (Owner::Mm(mm), _) => format!("{mm}.{field}"),
        (Owner::Cpu(cpu), _) => format!("{field} of {cpu}"),
        (Owner::Batch { cpu, batch }, Some(nth)) => format!("{batch} of {cpu}[{nth}]"),
        (Owner::Batch { cpu, batch }, None) => format!("{field} of the {batch} of {cpu}"),
        (Owner::Slot(slot), Some(nth)) => format!("swap slot {slot}[{nth}]"),
        (Owner::Slot(slot), None) => format!("{field}[{slot}]"),
        (Owner::Variable(name), _) => name.clone(),
        (Owner::Call(call), _) => format!("{field} of call {call}"),
        (Owner::Object(object), Some(nth)) => format!("{object}[{nth}]"),
        (Owner::Kernel, _) | (Owner::Object(_), None) => field.to_string(),
    }
}

/// The value of a word.
#[must_use]
pub fn value(value: &Value) -> String {
    match value {
        Value::Number(number) => number.to_string(),
        Value::Pte(entry) => pte(entry),
        Value::Flags(flags) if flags.is_empty() => "none".to_owned(),
        Value::Flags(flags) => flags.join("|"),
        Value::References(count) => references(*count),
        Value::Mappings(mappings) => match mappings.inactive {
            0 => mappings.active.to_string(),
            inactive => format!("{} active, {inactive} inactive", mappings.active),
        },
        Value::Page(Some(of)) => page(of),
        Value::Page(None) => "empty".to_owned(),
        Value::Flushes { put_off, made: 0 } => put_off.to_string(),
        Value::Flushes { put_off, made } => format!("{put_off} put off, {made} made"),
        Value::Lock(Lock::Held) => "held".to_owned(),
        Value::Lock(Lock::Readers(1)) => "1 reader".to_owned(),
        Value::Lock(Lock::Readers(readers)) => format!("{readers} readers"),
        Value::Lock(Lock::Writer) => "write-locked".to_owned(),
        Value::Lock(Lock::Free) => "free".to_owned(),
        Value::Interrupts { off } => if *off { "off" } else { "on" }.to_owned(),
        Value::Alive(alive) => if *alive { "allocated" } else { "free" }.to_owned(),
        Value::Unset => "unset".to_owned(),
        Value::Errno(errno) => errno.to_string(),
        Value::Handle(Handle { pin, page: of, given_back }) => {
            let kind = if *pin { "pin" } else { "reference" };
            format!("{kind} of {}{}", page(of), if *given_back { ", given back" } else { "" })
        }
        Value::Child(mm) => mm.clone(),
    }
}

/// An entry of a page table or a TLB.
#[must_use]
pub fn pte(pte: &Pte) -> String {
    let mut text = maps(&pte.maps);
    let bits = [
        (matches!(pte.maps, Maps::Page(_)), if pte.writable { "RW" } else { "RO" }),
        (pte.dirty, "dirty"),
        (pte.exclusive, "exclusive"),
        (pte.soft_dirty, "soft-dirty"),
        (pte.uffd_wp, "uffd-wp"),
    ];
    for (_, bit) in bits.iter().filter(|(set, _)| *set) {
        text.push(' ');
        text.push_str(bit);
    }
    text
}

/// What an entry of a page table maps.
#[must_use]
pub fn maps(maps: &Maps) -> String {
    match maps {
        Maps::Page(of) => page(of),
        Maps::Swap(slot) => format!("swap({slot})"),
        Maps::Migration(of) => format!("migration({})", page(of)),
        Maps::Marker => "marker".to_owned(),
        Maps::Table => "page table".to_owned(),
        Maps::Invalid(of) => format!("invalid({})", page(of)),
        Maps::Nothing => "none".to_owned(),
    }
}

/// References to a page, with pins told apart.
#[must_use]
pub fn references(count: References) -> String {
    match count {
        References { plain, pins: 0 } => plain.to_string(),
        References { plain, pins: 1 } => format!("{plain} + 1 pin"),
        References { plain, pins } => format!("{plain} + {pins} pins"),
    }
}

#[cfg(test)]
mod tests {
    use cowrace_report::Kind;

    use super::*;

    fn named(of: Owner, field: &'static str, nth: Option<u8>) -> String {
        word(&Word { of, field: field.into(), nth, kind: Kind::Other })
    }

    #[test]
    fn words_are_named_by_what_they_belong_to() {
        let (mm, area, cpu) = ("A".to_owned(), "buf".to_owned(), "thread0".to_owned());
        let x = || Owner::Page(Page::Initial { area: None });
        let batch = || Owner::Batch { cpu: cpu.clone(), batch: "LRU batch".into() };
        let table = Owner::PageTable { mm: mm.clone(), area: area.clone() };
        assert_eq!(named(table, "pte", Some(0)), "A.pte(buf)");
        assert_eq!(named(Owner::Vma { mm, area: area.clone() }, "vm_flags", None), "A.vma(buf).vm_flags");
        assert_eq!(named(Owner::Tlb { cpu: cpu.clone(), area }, "entry", None), "TLB of thread0 (buf)");
        assert_eq!(named(x(), "_refcount", None), "X._refcount");
        assert_eq!(named(x(), "data", Some(2)), "X[2]");
        assert_eq!(named(batch(), "page", Some(1)), "LRU batch of thread0[1]");
        assert_eq!(named(batch(), "length", None), "length of the LRU batch of thread0");
        assert_eq!(named(Owner::Slot(0), "swap cache", None), "swap cache[0]");
        assert_eq!(named(Owner::Slot(0), "data", Some(1)), "swap slot 0[1]");
    }

    #[test]
    fn pages_are_named_by_who_allocates_them() {
        let allocated = |nth| Page::Allocated { actor: "other process".to_owned(), nth };
        assert_eq!(page(&allocated(0)), "Y.other_process");
        assert_eq!(page(&allocated(1)), "Y2.other_process");
        assert_eq!(page(&Page::Initial { area: Some("buf".to_owned()) }), "X.buf");
    }

    #[test]
    fn entries_are_what_they_map_and_their_bits() {
        let x = Maps::Page(Page::Initial { area: None });
        let entry = Pte { maps: x.clone(), writable: true, dirty: true, ..Pte::default() };
        assert_eq!(pte(&entry), "X RW dirty");
        assert_eq!(pte(&Pte { maps: x, uffd_wp: true, ..Pte::default() }), "X RO uffd-wp");
        assert_eq!(pte(&Pte { maps: Maps::Swap(0), exclusive: true, ..Pte::default() }), "swap(0) exclusive");
        assert_eq!(pte(&Pte::default()), "none");
    }

    #[test]
    fn pins_are_told_apart_from_references() {
        let counted = |plain, pins| references(References { plain, pins });
        assert_eq!([counted(2, 0), counted(1, 1), counted(0, 2)], ["2", "1 + 1 pin", "0 + 2 pins"]);
    }
}
