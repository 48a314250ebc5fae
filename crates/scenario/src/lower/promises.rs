//! Promises: calls for which more is promised than for their kind.

use cowrace_mm::syscall::{self, Syscall};

use super::points::Finder;
use super::substitute;
use crate::diagnostic::{Diagnostic, Report};
use crate::nearest::{choose, quote};
use crate::syntax::{File, VariantDecl};
use crate::text::Text;

/// The names of all promises.
const PROMISES: [&str; 1] = ["coherent"];

/// Lowers every promise to the call that it is made for.
pub(super) fn lower(
    file: &File,
    decl: Option<&VariantDecl>,
    finder: &Finder<'_>,
    report: &mut Report,
) -> Vec<u16> {
    let mut calls = Vec::new();
    for text in &file.footer.promises {
        let call =
            substitute::replace(text, decl, &file.header.variants).and_then(|text| coherent(&text, finder));
        calls.extend(report.ok(call));
    }
    calls.sort_unstable();
    calls.dedup();
    calls
}

fn coherent(text: &Text, finder: &Finder<'_>) -> Result<u16, Diagnostic> {
    let (word, point) = parts(text)?;
    if !PROMISES.contains(&word.as_str()) {
        return Err(Diagnostic::new(word.whole(), format!("unknown promise {}", quote(word.as_str())))
            .maybe_help(choose(word.as_str(), "known promises:", PROMISES)));
    }
    let named = finder.find(&point)?;
    let shown = &named.call.shown;
    if !named.call.row.is_some_and(Syscall::takes_hold) {
        let calls: Vec<_> =
            syscall::named().filter(|row| row.takes_hold()).map(|row| format!("`{}`", row.name())).collect();
        return Err(Diagnostic::new(point.whole(), format!("{shown} does not get or pin a page"))
            .help(format!("`coherent` can be promised for {}", calls.join(", "))));
    }
    // A promise is made for a whole call; `read.gup` would look like a promise for a part of it.
    if let Some(step) = named.step {
        return Err(Diagnostic::new(point.whole(), "a promise is made for a call, not for a step of a call")
            .help(format!("name only the call: {} is a step of {shown}", quote(&step))));
    }
    Ok(named.call.id)
}

/// The word and the point of `WORD(POINT)`.
fn parts(text: &Text) -> Result<(Text, Text), Diagnostic> {
    let malformed = || {
        Diagnostic::new(text.whole(), "a promise is a word, followed by a call in parentheses")
            .help("for example, `promise coherent(h)`")
    };
    let whole = text.as_str();
    let open = whole.find('(').ok_or_else(malformed)?;
    let close = whole.strip_suffix(')').ok_or_else(malformed)?.len();
    let (word, point) = (text.trimmed(0..open), text.trimmed(open + 1..close));
    if word.as_str().is_empty() || point.as_str().is_empty() {
        return Err(malformed());
    }
    Ok((word, point))
}
