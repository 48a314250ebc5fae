//! The content of memory as boxes with lines: which box a word belongs to, and what its line says.

use cowrace_report::explanation::Memory;
use cowrace_report::{Handle, Kind, Maps, Owner, Page, Pte, Value, Word};
use serde::Serialize;

use crate::word::{page, value, word};

/// What a box is, which decides its place and its look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Sort {
    /// The TLB of a CPU.
    Tlb,
    /// Page tables and other fields of an mm.
    Mm,
    /// A page.
    Page,
    /// A slot of a swap area.
    Slot,
    /// A batch of pages that a CPU has.
    Batch,
    /// What belongs to the whole kernel, or to a CPU.
    Kernel,
    /// The variables of the scenario: handles, and what was read.
    Variables,
}

/// A box, by what it shows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub(super) sort: Sort,
    pub(super) title: String,
}

impl Place {
    fn new(sort: Sort, title: String) -> Self {
        Self { sort, title }
    }

    /// The box of a page.
    pub(super) fn of_page(of: &Page) -> Self {
        Self::new(Sort::Page, page(of))
    }

    fn of_slot(slot: u16) -> Self {
        Self::new(Sort::Slot, format!("swap slot {slot}"))
    }

    /// The box that shows a word; `None` for words of use to the machinery only.
    pub(super) fn of(word: &Word) -> Option<Self> {
        let place = match &word.of {
            Owner::Batch { cpu, batch } if word.nth.is_some() => {
                return Some(Self::new(Sort::Batch, format!("{batch} of {cpu}")));
            }
            _ if word.kind == Kind::Other => return None,
            Owner::Tlb { cpu, .. } => Self::new(Sort::Tlb, format!("TLB of {cpu}")),
            Owner::PageTable { mm, .. } | Owner::Vma { mm, .. } | Owner::Mm(mm) => {
                Self::new(Sort::Mm, format!("mm {mm}"))
            }
            Owner::Page(of) => Self::of_page(of),
            Owner::Slot(slot) => Self::of_slot(*slot),
            Owner::Cpu(cpu) | Owner::Batch { cpu, .. } => Self::new(Sort::Kernel, format!("CPU of {cpu}")),
            Owner::Variable(_) | Owner::Call(_) => Self::new(Sort::Variables, "variables".to_owned()),
            Owner::Kernel | Owner::Object(_) => Self::new(Sort::Kernel, "kernel".to_owned()),
        };
        Some(place)
    }
}

/// The name of a word within its box.
pub(super) fn label(of: &Word) -> String {
    let Word { of: owner, field, nth, .. } = of;
    match (owner, nth) {
        (Owner::Tlb { area, .. }, _) => area.clone(),
        (Owner::PageTable { area, .. }, _) => format!("{field}({area})"),
        (Owner::Vma { area, .. }, _) => format!("vma({area}).{field}"),
        (Owner::Variable(name), _) => name.clone(),
        (Owner::Call(_) | Owner::Object(_), _) => word(of),
        (Owner::Page(_) | Owner::Slot(_) | Owner::Batch { .. }, Some(nth)) => format!("[{nth}]"),
        (_, Some(nth)) => format!("{field}[{nth}]"),
        (_, None) => field.to_string(),
    }
}

/// Flags that every page of an area has.
const DULL: [&str; 3] = ["lru", "swapbacked", "uptodate"];

/// What a word is at some moment, and the box that it refers to.
pub(super) fn content(memory: &Memory, word: &Word) -> (String, Option<Place>) {
    let Some(is) = memory.words.get(word) else {
        return (untouched(word).to_owned(), None);
    };
    let text = match is {
        Value::Flags(flags) => {
            let told = flags.iter().filter(|flag| !DULL.contains(&flag.as_ref())).cloned().collect();
            value(&Value::Flags(told))
        }
        other => value(other),
    };
    (text, target(is))
}

/// What a value refers to.
pub(super) fn target(value: &Value) -> Option<Place> {
    match value {
        Value::Pte(Pte { maps: Maps::Page(of) | Maps::Migration(of), .. })
        | Value::Page(Some(of))
        | Value::Handle(Handle { page: of, given_back: false, .. }) => Some(Place::of_page(of)),
        Value::Pte(Pte { maps: Maps::Swap(slot), .. }) => Some(Place::of_slot(*slot)),
        _ => None,
    }
}

/// What is said of a word that was zero at the start and has not changed.
const fn untouched(word: &Word) -> &'static str {
    match word.kind {
        _ if matches!(word.of, Owner::Batch { .. }) => "empty",
        Kind::Pte | Kind::Tlb | Kind::Flags => "none",
        Kind::Variable => "unset",
        Kind::References | Kind::Mappings | Kind::Content | Kind::Mark => "0",
        Kind::Swap | Kind::Other => match word.nth {
            Some(_) => "0",
            None => "none",
        },
    }
}

/// Whether something is there at some moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Presence {
    /// It is there.
    #[default]
    There,
    /// It is not there yet.
    Absent,
    /// It is free.
    Freed,
}

/// Whether a box is there at some moment.
pub(super) fn presence(memory: &Memory, place: &Place) -> Presence {
    if place.sort != Sort::Page {
        return Presence::There;
    }
    let is_it = |of: &Page| Place::of_page(of) == *place;
    if memory.freed.iter().any(is_it) {
        return Presence::Freed;
    }
    let is_known = memory.words.keys().any(|word| matches!(&word.of, Owner::Page(of) if is_it(of)));
    if is_known { Presence::There } else { Presence::Absent }
}
