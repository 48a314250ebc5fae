//! `cowrace list --calls`: what a cell can be, with the steps that can be drawn within it.

use std::fmt::Write as _;

use crate::Exit;
use cowrace_render::wrap;
use cowrace_scenario::{CallInfo, calls, phrases};
use serde_json::{Value, json};

use crate::args::Format;
use crate::{Failure, Out};

/// Carries out the command.
///
/// # Errors
///
/// If the output cannot be written.
pub(crate) fn run(format: Format, out: &mut Out<'_>) -> Result<Exit, Failure> {
    for call in calls() {
        match format {
            Format::Text => out.line(&text(&call))?,
            Format::Json => out.line(&object(&call).to_string())?,
        }
    }
    if format == Format::Text {
        let mut words = "What mails write, and what is written for it:\n".to_owned();
        for (mail, cell) in phrases() {
            // Writing to a string cannot fail.
            let _ = write!(words, "\n{mail}\n{}", indented(cell));
        }
        out.text(&words)?;
    }
    Ok(Exit::Ok)
}

fn text(call: &CallInfo) -> String {
    let mut text = format!("{}\n", call.form.replace(['`', '\\'], ""));
    text += &indented(&format!("{}; result: {}", call.meaning, call.result));
    let list = |names: &[&str]| names.join(", ");
    let primitives: Vec<&str> = call.steps.primitives.iter().map(|primitive| primitive.name()).collect();
    let kinds = [
        ("marks", list(call.marks)),
        ("functions", list(call.steps.functions)),
        ("primitives", list(&primitives)),
    ];
    for (kind, names) in kinds.iter().filter(|(_, names)| !names.is_empty()) {
        text += &indented(&format!("{kind}: {names}"));
    }
    text
}

fn indented(text: &str) -> String {
    wrap(text).lines().map(|line| format!("  {line}\n")).collect()
}

fn object(call: &CallInfo) -> Value {
    json!({
        "call": call.usage,
        "form": call.form.replace('\\', ""),
        "meaning": call.meaning,
        "result": call.result,
        "marks": call.marks,
        "functions": call.steps.functions,
        "primitives": call.steps.primitives.iter().map(|primitive| primitive.name()).collect::<Vec<_>>(),
    })
}
