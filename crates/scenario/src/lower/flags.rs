//! Flags, advice and protection: words that calls are told.

use cowrace_mm::syscall::{Kind, Syscall};
use cowrace_mm::world::{Advice, GupFlags};

use super::Found;
use crate::cell::{self, Item};
use crate::diagnostic::{Diagnostic, Span};
use crate::known;
use crate::lex::Name;
use crate::nearest::{choose, quote};

const ADVICE: [(&str, Advice); 6] = [
    ("MADV_DONTNEED", Advice::DontNeed),
    ("MADV_DONTFORK", Advice::DontFork),
    ("MADV_DOFORK", Advice::DoFork),
    ("MADV_PAGEOUT", Advice::PageOut),
    ("MADV_FREE", Advice::Free),
    ("MADV_COLLAPSE", Advice::Collapse),
];

const FLAGS: [&str; 3] = ["FOLL_WRITE", "FOLL_FORCE", "FOLL_LONGTERM"];
const PROTECTION: [&str; 2] = ["PROT_READ", "PROT_WRITE"];

/// The word that an item is.
fn word(item: &Item) -> (&str, Span) {
    match item {
        Item::Place(place) => (place.name.text.as_str(), place.at.clone()),
        Item::Number(_, at) => ("a number", at.clone()),
    }
}

/// Flags of the GUP family.
pub(super) fn gup(row: &Syscall, name: &Name, args: &[cell::Arg]) -> Found<GupFlags> {
    let pins = row.holds.is_some_and(|holds| holds.kind == Kind::Pin);
    let mut flags = GupFlags::default();
    for (text, at) in args.iter().flat_map(|arg| &arg.items).map(word) {
        let slot = match text {
            "FOLL_WRITE" => &mut flags.write,
            "FOLL_FORCE" => &mut flags.force,
            "FOLL_LONGTERM" if pins => &mut flags.longterm,
            "FOLL_LONGTERM" => {
                return Err(Some(
                    Diagnostic::new(at, "`FOLL_LONGTERM` needs `FOLL_PIN`")
                        .help(format!("`{}` does not pin; its pin_* counterpart does", name.text)),
                ));
            }
            other => {
                return Err(Some(
                    Diagnostic::new(at, format!("unknown flag {}", quote(other))).maybe_help(choose(
                        other,
                        "flags are",
                        FLAGS,
                    )),
                ));
            }
        };
        if *slot {
            return Err(Some(Diagnostic::new(at, format!("{} is there already", quote(text)))));
        }
        *slot = true;
    }
    Ok(flags)
}

/// Advice of `madvise`.
pub(super) fn advice(name: &Name) -> Result<Advice, Diagnostic> {
    if let Some((advice, what, instead)) = known::ADVICE.iter().find(|(advice, ..)| *advice == name.text) {
        let message = format!("`{advice}` is known, not modelled: it {what}");
        return Err(Diagnostic::new(name.at.clone(), message).help(instead.help(advice)));
    }
    ADVICE.iter().find(|advice| advice.0 == name.text).map(|advice| advice.1).ok_or_else(|| {
        Diagnostic::new(name.at.clone(), format!("unknown advice {}", quote(&name.text))).maybe_help(choose(
            &name.text,
            "advice is",
            ADVICE.iter().map(|a| a.0),
        ))
    })
}

/// Whether protection of `mprotect` lets memory be written; `None` if it does not let it be read.
pub(super) fn protection(arg: &cell::Arg) -> Result<Option<bool>, Diagnostic> {
    let (mut read, mut write) = (false, false);
    for (text, at) in arg.items.iter().map(word) {
        match text {
            "PROT_READ" => read = true,
            "PROT_WRITE" => write = true,
            other => {
                return Err(Diagnostic::new(at, format!("unknown protection {}", quote(other)))
                    .maybe_help(choose(other, "protection is", PROTECTION)));
            }
        }
    }
    Ok(read.then_some(write))
}
