//! Errors in scenario files, in the style of rustc.

use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use cowrace_scenario::Diagnostic;

/// Draws the errors of a file one below the other.
pub fn draw(path: &Path, text: &str, diagnostics: &[Diagnostic], colour: bool) -> String {
    let text = &harmless(text);
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

/// A source with question marks in place of all characters that a terminal would interpret as a command. Byte
/// positions stay the same.
fn harmless(text: &str) -> String {
    let mark = |c: char| match c {
        '\n' | '\t' | '\r' => c.to_string(),
        c if c.is_control() => "?".repeat(c.len_utf8()),
        c => c.to_string(),
    };
    text.chars().map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_command_reaches_a_terminal_and_places_stay() {
        let text = "race r\u{1b}[31m\ntitle \u{9b}x\tß";
        let shown = harmless(text);
        assert_eq!(shown, "race r?[31m\ntitle ??x\tß");
        assert_eq!(shown.len(), text.len());
    }
}
