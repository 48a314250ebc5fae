//! Errors in scenario files, drawn as rustc draws its own.

use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use cowrace_scenario::Diagnostic;

/// Draws errors in a file one below the other.
pub(crate) fn draw(path: &Path, text: &str, diagnostics: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let path = path.display().to_string();
    let drawn = diagnostics.iter().map(|diagnostic| {
        let mut mark = AnnotationKind::Primary.span(diagnostic.span.clone());
        if !diagnostic.label.is_empty() {
            mark = mark.label(&diagnostic.label);
        }
        let mut group: Group<'_> = Level::ERROR
            .primary_title(&diagnostic.message)
            .element(Snippet::source(text).path(&path).annotation(mark));
        if let Some(help) = &diagnostic.help {
            group = group.element(Level::HELP.message(help));
        }
        renderer.render(&[group]).trim_end().to_owned()
    });
    drawn.collect::<Vec<_>>().join("\n\n")
}
