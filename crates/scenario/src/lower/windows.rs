//! Windows: orders of points.

use cowrace_machine::{Point, Window};

use super::points::Finder;
use super::substitute;
use crate::diagnostic::{Diagnostic, Report};
use crate::syntax::{File, VariantDecl};
use crate::text::Text;

/// The largest number of points in a window.
const MAX_POINTS: usize = 16;

/// Lowers every window.
pub(super) fn lower(
    file: &File,
    decl: Option<&VariantDecl>,
    finder: &Finder<'_>,
    report: &mut Report,
) -> Vec<Window> {
    let mut windows = Vec::new();
    for text in &file.footer.windows {
        let window =
            substitute::replace(text, decl, &file.header.variants).and_then(|text| window(&text, finder));
        windows.extend(report.ok(window));
    }
    windows
}

fn window(text: &Text, finder: &Finder<'_>) -> Result<Window, Diagnostic> {
    let parts = text.split(&['<']);
    if parts.len() < 2 || parts.len() > MAX_POINTS {
        let message = if parts.len() < 2 { "a window needs at least two points" } else { "too many points" };
        return Err(Diagnostic::new(text.whole(), message)
            .help("for example, `window gup < clear_refs < thread1.buf[1] < dma`"));
    }
    let points = parts.iter().map(|p| point(p, finder)).collect::<Result<_, _>>()?;
    Ok(Window { text: text.as_str().to_owned(), points })
}

fn point(text: &Text, finder: &Finder<'_>) -> Result<Point, Diagnostic> {
    if text.as_str().is_empty() {
        return Err(Diagnostic::new(text.whole(), "expected a point here")
            .help("for example, `window gup < clear_refs`"));
    }
    let named = finder.find(text)?;
    Ok(Point { call: named.call.id, step: named.step })
}
