//! `cowrace list`: what scenarios there are.

use std::fmt::Write as _;

use cowrace_mm::Era;
use cowrace_scenario::{Column, Scenario, Variant, environment};
use cowrace_trace::Exit;
use serde_json::{Value, json};

use crate::cli::{Format, ListArgs};
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
    for (index, loaded) in input::checked(input::files(&args.paths)?)?.iter().enumerate() {
        match args.format {
            Format::Text => {
                let gap = if index == 0 { "" } else { "\n" };
                out.text(&format!("{gap}{}", text(&loaded.scenario, &eras)))?;
            }
            Format::Json => out.line(&object(loaded, &eras).to_string())?,
        }
    }
    Ok(Exit::Ok)
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
        let _ = writeln!(text, "  env: {environment}");
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
        "links": scenario.links(),
        "columns": scenario.columns().iter().map(column).collect::<Vec<_>>(),
        "environment": world.map(|w| environment(w.environment)),
        "variants": scenario.variants().iter().map(variant).collect::<Vec<_>>(),
    })
}

/// What the file says of each preset.
fn expectations<'e>(
    scenario: &Scenario,
    variant: &Variant,
    eras: &'e [Era],
) -> Vec<(&'e str, Option<String>)> {
    eras.iter().map(|era| (era.name(), scenario.expectation(era, variant).map(|e| e.to_string()))).collect()
}

/// The same in a line, as `lost-read v5.9..v5.18; else holds`.
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
    // The first of the most frequent, so that the line is short.
    let most = words.iter().map(|w| w.1).max().unwrap_or(0);
    let Some(&(rest, _)) = words.iter().find(|w| w.1 == most) else { return "nothing".to_owned() };
    let mut parts = Vec::new();
    for &(each, _) in words.iter().filter(|w| w.0 != rest) {
        let mut ranges: Vec<(usize, usize)> = Vec::new();
        for at in all.iter().enumerate().filter(|(_, w)| *w == each).map(|(at, _)| at) {
            match ranges.last_mut() {
                Some((_, to)) if *to + 1 == at => *to = at,
                _ => ranges.push((at, at)),
            }
        }
        let ranges = ranges.into_iter().map(|(from, to)| match to - from {
            0 => expectations[from].0.to_owned(),
            1 => format!("{}, {}", expectations[from].0, expectations[to].0),
            _ => format!("{}..{}", expectations[from].0, expectations[to].0),
        });
        parts.push(format!("{each} {}", ranges.collect::<Vec<_>>().join(", ")));
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
        assert_eq!(of(&[("a", None)]), "nothing");
        assert_eq!(
            of(&[
                ("a", None),
                ("b", lost),
                ("c", lost),
                ("d", lost),
                ("e", None),
                ("f", None),
                ("g", None),
                ("h", lost)
            ]),
            "lost-read b..d, h; else nothing"
        );
        assert_eq!(of(&[]), "nothing");
    }
}
