//! `cowrace eras`: what kernels there are, and what they are made of.

use std::fmt::Write as _;

use cowrace_mm::Era;
use cowrace_mm::era::{COMMITS, Commit, Effect, Ordering, PRESETS, Provenance, Rules};
use serde_json::{Value, json};

use crate::cli::{ErasArgs, Format};
use crate::{Failure, Out, eras};

/// Carries out the command.
///
/// # Errors
///
/// If there is no era of the name, or the output cannot be written.
pub(crate) fn run(args: &ErasArgs, out: &mut Out<'_>) -> Result<(), Failure> {
    match (&args.name, args.format) {
        (None, Format::Text) => out.text(&every_era()),
        (None, Format::Json) => every_era_json().iter().try_for_each(|object| out.line(&object.to_string())),
        (Some(name), format) => {
            let era = eras::named(name)?;
            match format {
                Format::Text => out.text(&one_era(&era)),
                Format::Json => out.line(&one_era_json(&era).to_string()),
            }
        }
    }
}

fn every_era() -> String {
    let mut text = String::new();
    for preset in PRESETS {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}  {}", preset.name, preset.about);
        if let Some(base) = preset.base {
            let more = if preset.with.is_empty() && preset.without.is_empty() { "" } else { ", and" };
            let _ = writeln!(text, "  {base}{more}");
        }
        for (sign, ids) in [('+', preset.with), ('-', preset.without)] {
            for commit in ids.iter().filter_map(|id| COMMITS.iter().find(|c| c.id == *id)) {
                let _ = writeln!(text, "  {sign} {}  {}", commit.id, commit.title);
                let _ = writeln!(text, "      {}: {}", consequence(commit), commit.closes);
            }
        }
        text.push('\n');
    }
    text.push_str("`cowrace eras NAME` lists all commits and rules of one era\n\n");
    text.push_str("rules for --set, each with its values:\n");
    for (key, values) in Rules::keys() {
        let _ = writeln!(text, "  {key}={}", values.join("|"));
    }
    text.push_str("\norderings, each with what takes it out by --set; `cowrace ablate` takes out one after the other:\n");
    let width = Ordering::ALL.iter().map(|&ordering| setting(ordering).len()).max().unwrap_or(0);
    for &ordering in Ordering::ALL {
        let (kind, primitive) = (ordering.kind().name(), ordering.primitive());
        let (function, setting) = (ordering.function(), setting(ordering));
        let _ = writeln!(text, "  {setting:width$}  {kind:<7}  {primitive} in {function}");
    }
    text
}

/// What takes an ordering out, for `--set`.
fn setting(ordering: Ordering) -> String {
    let (key, value) = ordering.toggle();
    format!("{key}={value}")
}

/// What a commit does to which scenario, and how that is known.
fn consequence(commit: &Commit) -> String {
    let (_, effect, scenario) = effect(commit.effect);
    let scenario = scenario.map(|s| format!(" {s}")).unwrap_or_default();
    format!("{effect}{scenario} ({})", provenance(commit.provenance))
}

fn every_era_json() -> Vec<Value> {
    let eras = PRESETS.iter().map(|p| {
        json!({ "kind": "era", "name": p.name, "about": p.about, "mainline": p.mainline, "commits": p.commits() })
    });
    let rules = Rules::keys();
    let rules = rules.iter().map(|(key, values)| json!({ "kind": "rule", "key": key, "values": values }));
    let orderings = Ordering::ALL.iter().map(|&ordering| {
        json!({
            "kind": "ordering",
            "set": setting(ordering),
            "ordering": ordering.kind().name(),
            "primitive": ordering.primitive(),
            "function": ordering.function(),
            "file": ordering.file(),
            "about": ordering.about(),
        })
    });
    eras.chain(rules).chain(orderings).collect()
}

fn one_era(era: &Era) -> String {
    let mut text = era.label();
    if let Some(about) = about(era) {
        let _ = write!(text, "  {about}");
    }
    text.push('\n');
    let has: Vec<&Commit> = era.commits().collect();
    let lacks: Vec<&Commit> = COMMITS.iter().filter(|c| !era.has(c.id)).collect();
    for (title, commits) in [("\ncommits, oldest first:", has), ("\nnot in it, for --with:", lacks)] {
        if commits.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{title}");
        for commit in commits {
            describe(&mut text, commit);
        }
    }
    text.push_str("\nrules:\n");
    for (key, value) in era.rules().entries() {
        let _ = writeln!(text, "  {key}={value}");
    }
    let lacks = lacking(era);
    if !lacks.is_empty() {
        let _ = writeln!(text, "\norderings taken out:\n  {}", lacks.join("\n  "));
    }
    text
}

/// The orderings that were taken out by their switches.
fn lacking(era: &Era) -> Vec<String> {
    let lacks = Ordering::ALL.iter().filter(|&&ordering| era.rules().lacks.has(ordering));
    lacks.map(|&ordering| setting(ordering)).collect()
}

fn about(era: &Era) -> Option<&'static str> {
    PRESETS.iter().find(|p| p.name == era.name()).map(|p| p.about).filter(|about| !about.is_empty())
}

fn describe(text: &mut String, commit: &Commit) {
    let _ = writeln!(text, "  {:<12}  {:<8}  {}", commit.id, commit.release, commit.title);
    let _ = writeln!(text, "    {}", consequence(commit));
    if !commit.closes.is_empty() {
        let _ = writeln!(text, "    {}", commit.closes);
    }
}

fn one_era_json(era: &Era) -> Value {
    let commit = |commit: &Commit| {
        let (effect, _, scenario) = effect(commit.effect);
        json!({
            "id": commit.id,
            "release": commit.release,
            "title": commit.title,
            "about": commit.closes,
            "effect": effect,
            "scenario": scenario,
            "provenance": provenance(commit.provenance),
        })
    };
    let rules: serde_json::Map<String, Value> =
        era.rules().entries().into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect();
    json!({
        "name": era.name(),
        "label": era.label(),
        "about": about(era),
        "commits": era.commits().map(commit).collect::<Vec<_>>(),
        "rules": rules,
        "taken_out": lacking(era),
    })
}

/// What a commit does, as JSON and as text have it, and the scenario that shows it.
fn effect(effect: Effect) -> (&'static str, &'static str, Option<&'static str>) {
    match effect {
        // It may take others as well to close it: `matrix --why` says so.
        Effect::Closes(scenario) => ("closes", "against", Some(scenario)),
        Effect::ClosesOnArm64 => ("closes", "against what arm64 shows", None),
        Effect::Opens(scenario) => ("opens", "opens", Some(scenario)),
        Effect::Saves(scenario) => ("saves", "saves copies in", Some(scenario)),
        Effect::WeakMemory => ("weak-memory", "matters under weak memory only", None),
        Effect::Prepares => ("prepares", "changes how a rule works", None),
    }
}

const fn provenance(provenance: Provenance) -> &'static str {
    match provenance {
        Provenance::Read => "read",
        Provenance::Inferred => "inferred",
    }
}
