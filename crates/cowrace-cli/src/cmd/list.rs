//! `cowrace list`: the scenarios of files.

use std::fmt::Write as _;

use crate::Exit;
use cowrace_compare::ranges::ranges;
use cowrace_mm::Era;
use cowrace_scenario::{Column, Scenario, Subject, Variant, environment};
use serde_json::{Value, json};

use crate::args::{Format, ListArgs};
use crate::input::{self, Loaded};
use crate::{Failure, Out};

/// Carries out the command.
///
/// # Errors
///
/// If a scenario cannot be read, or the output cannot be written.
pub(crate) fn run(args: &ListArgs, out: &mut Out<'_>) -> Result<Exit, Failure> {
    if args.calls {
        return super::calls::run(args.format, out);
    }
    let eras = Era::presets();
    let loaded = input::checked(input::files(&args.paths)?)?;
    match args.format {
        Format::Text => out.text(&grouped(&loaded, &eras))?,
        Format::Json => {
            for loaded in &loaded {
                out.line(&object(loaded, &eras).to_string())?;
            }
        }
    }
    Ok(Exit::Ok)
}

/// The scenarios by subject. Those without a subject come last, below a heading only if there are others.
fn grouped(loaded: &[Loaded], eras: &[Era]) -> String {
    let subjects = Subject::ALL.into_iter().map(Some).chain([None]);
    let mut blocks = Vec::new();
    for subject in subjects {
        let of_it = loaded.iter().map(|loaded| &loaded.scenario).filter(|s| s.subject() == subject);
        let mut texts = of_it.map(|scenario| text(scenario, eras)).peekable();
        let has_heading = texts.peek().is_some() && (subject.is_some() || !blocks.is_empty());
        blocks.extend(has_heading.then(|| heading(subject)));
        blocks.extend(texts);
    }
    blocks.join("\n")
}

fn heading(subject: Option<Subject>) -> String {
    let heading = subject.map_or_else(
        || "without a subject".to_owned(),
        |subject| format!("{subject}: {}", subject.heading()),
    );
    format!("{heading}\n{}\n", "=".repeat(heading.len()))
}

fn text(scenario: &Scenario, eras: &[Era]) -> String {
    let mut text = format!("{}\n", scenario.name());
    // Writing to a string cannot fail.
    if let Some(title) = scenario.title() {
        let _ = writeln!(text, "  {title}");
    }
    let columns: Vec<String> = scenario.columns().iter().map(Column::head).collect();
    let _ = writeln!(text, "  columns: {}", columns.join(", "));
    let world = scenario.variants().first().map(Variant::world);
    let environment = world.map(|w| environment(w.environment)).unwrap_or_default();
    if !environment.is_empty() {
        let _ = writeln!(text, "  env: {}", environment.join(", "));
    }
    for variant in scenario.variants() {
        let expects = summary(&expectations(scenario, variant, eras));
        match variant.name() {
            Some(name) => {
                let _ = writeln!(text, "  variant {name} expects: {expects}");
            }
            None => {
                let _ = writeln!(text, "  expects: {expects}");
            }
        }
    }
    text
}

fn object(loaded: &Loaded, eras: &[Era]) -> Value {
    let scenario = &loaded.scenario;
    let variant = |variant: &Variant| {
        let expected: serde_json::Map<String, Value> = expectations(scenario, variant, eras)
            .into_iter()
            .map(|(era, e)| (era.to_owned(), e.into()))
            .collect();
        json!({ "name": variant.name(), "expected": expected })
    };
    let column = |column: &Column| json!({ "name": column.name, "mm": column.mm });
    let world = scenario.variants().first().map(Variant::world);
    json!({
        "scenario": scenario.name(),
        "path": loaded.source.path.display().to_string(),
        "title": scenario.title(),
        "subject": scenario.subject().map(Subject::name),
        "links": scenario.links(),
        "columns": scenario.columns().iter().map(column).collect::<Vec<_>>(),
        "environment": world.map(|w| environment(w.environment).join(", ")),
        "variants": scenario.variants().iter().map(variant).collect::<Vec<_>>(),
    })
}

/// The expectations of the file for each preset.
fn expectations<'e>(
    scenario: &Scenario,
    variant: &Variant,
    eras: &'e [Era],
) -> Vec<(&'e str, Option<String>)> {
    eras.iter().map(|era| (era.name(), scenario.expectation(era, variant).map(|e| e.to_string()))).collect()
}

/// The same in one line, such as `v5.9..v5.18 lost-read; else holds`, which `expect` accepts.
fn summary(expectations: &[(&str, Option<String>)]) -> String {
    let mut words: Vec<(&str, usize)> = Vec::new();
    let word = |e: &Option<String>| e.clone().unwrap_or_else(|| "nothing".to_owned());
    let all: Vec<String> = expectations.iter().map(|(_, e)| word(e)).collect();
    for each in &all {
        match words.iter_mut().find(|(w, _)| w == each) {
            Some((_, count)) => *count += 1,
            None => words.push((each, 1)),
        }
    }
    // The first of the most frequent outcomes becomes `else`, so that the line is short.
    let most = words.iter().map(|w| w.1).max().unwrap_or(0);
    let Some(&(rest, _)) = words.iter().find(|w| w.1 == most) else { return "nothing".to_owned() };
    let mut parts = Vec::new();
    for &(each, _) in words.iter().filter(|w| w.0 != rest) {
        let eras = expectations.iter().zip(&all).filter(|(_, word)| *word == each).map(|((era, _), _)| *era);
        parts.push(format!("{} {each}", ranges(eras)));
    }
    parts.push(if parts.is_empty() { rest.to_owned() } else { format!("else {rest}") });
    parts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expectations_are_put_briefly() {
        let of = |words: &[(&'static str, Option<&str>)]| -> String {
            summary(&words.iter().map(|(e, w)| (*e, w.map(str::to_owned))).collect::<Vec<_>>())
        };
        let lost = Some("lost-read");
        assert_eq!(of(&[("a", Some("holds")), ("b", Some("holds"))]), "holds");
        assert_eq!(of(&[("v5.7", None)]), "nothing");
        assert_eq!(
            of(&[
                ("v5.7", None),
                ("v5.8", lost),
                ("v5.9-rc5", lost),
                ("v5.9", lost),
                ("v5.10", None),
                ("v5.10.y", None),
                ("v5.11", None),
                ("aa-cor", lost)
            ]),
            "v5.8..v5.9, aa-cor lost-read; else nothing"
        );
        assert_eq!(of(&[]), "nothing");
    }
}
