//! Helpers of the tests.

use std::fmt::Write;

use cowrace_scenario::{Diagnostic, Scenario, parse};

/// Reads a scenario without errors.
pub(crate) fn good(text: &str) -> Scenario {
    parse(text).unwrap_or_else(|errors| panic!("{}", show(text, &errors)))
}

/// Errors as text: the line, the span underlined, the message.
pub(crate) fn show(text: &str, errors: &[Diagnostic]) -> String {
    let mut out = String::new();
    for error in errors {
        let start = text[..error.span.start].rfind('\n').map_or(0, |n| n + 1);
        let end = text[start..].find('\n').map_or(text.len(), |n| start + n);
        let number = text[..start].matches('\n').count() + 1;
        let under = text[start..error.span.start].chars().count();
        let width =
            text[error.span.start..error.span.end.min(end).max(error.span.start)].chars().count().max(1);
        writeln!(out, "error: {}", error.message).unwrap();
        writeln!(out, "{number:3} | {}", &text[start..end]).unwrap();
        writeln!(out, "    | {}{} {}", " ".repeat(under), "^".repeat(width), error.label).unwrap();
        if let Some(help) = &error.help {
            writeln!(out, "    = help: {help}").unwrap();
        }
    }
    out.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}
