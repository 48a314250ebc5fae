//! `cowrace list --calls`: the calls of the language, with the steps that can be drawn within them.

use std::fmt::Write as _;

use crate::Exit;
use cowrace_mm::syscall::{self, Syscall};
use cowrace_render::wrap;
use cowrace_scenario::phrases;
use serde_json::{Value, json};

use crate::args::Format;
use crate::{Failure, Out};

/// Carries out the command.
///
/// # Errors
///
/// If the output cannot be written.
pub(crate) fn run(format: Format, out: &mut Out<'_>) -> Result<Exit, Failure> {
    for call in syscall::rows() {
        match format {
            Format::Text => out.line(&text(call))?,
            Format::Json => out.line(&object(call).to_string())?,
        }
    }
    if format == Format::Text {
        if syscall::rows().any(|call| call.steps().is_none()) {
            out.line(&wrap(
                "The model was changed; run `cargo xtask model` to list the functions and primitives of \
                 calls again.",
            ))?;
        }
        let mut words = "The words of mails, and what to write instead:\n".to_owned();
        for (mail, cell) in phrases() {
            // Writing to a string cannot fail.
            let _ = write!(words, "\n{mail}\n{}", indented(cell));
        }
        out.text(&words)?;
    }
    Ok(Exit::Ok)
}

fn text(call: &Syscall) -> String {
    let mut text = format!("{}\n", call.about.form.replace(['`', '\\'], ""));
    text += &indented(&format!("{}; result: {}", call.about.meaning, call.about.gives));
    let list = |names: &[&str]| names.join(", ");
    let kinds = [
        ("marks", list(call.marks)),
        ("functions", list(call.steps().map_or(&[], |steps| steps.functions))),
        ("primitives", list(&primitives(call).unwrap_or_default())),
    ];
    for (kind, names) in kinds.iter().filter(|(_, names)| !names.is_empty()) {
        text += &indented(&format!("{kind}: {names}"));
    }
    text
}

/// Their names, if they are known.
fn primitives(call: &Syscall) -> Option<Vec<&'static str>> {
    call.steps().map(|steps| steps.primitives().map(|primitive| primitive.name()).collect())
}

fn indented(text: &str) -> String {
    wrap(text).lines().map(|line| format!("  {line}\n")).collect()
}

fn object(call: &Syscall) -> Value {
    json!({
        "call": call.about.usage,
        "form": call.about.form.replace('\\', ""),
        "meaning": call.about.meaning,
        "result": call.about.gives,
        "marks": call.marks,
        "functions": call.steps().map(|steps| steps.functions),
        "primitives": primitives(call),
    })
}
