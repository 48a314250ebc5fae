//! `cowrace eras`: the kernels, and the commits and rules that they consist of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use cowrace_mm::Era;
use cowrace_mm::era::{
    About, BRANCHES, Branch, COMMITS, Commit, Effect, EraError, First, Landed, PRESETS, Provenance, Rules,
    SPELLINGS, Safeguard, Taken, commit, settings,
};
use cowrace_render::fold;
use serde_json::{Value, json};

use super::own_tree;
use crate::args::{ErasArgs, Format};
use crate::{Failure, Out, batch};
use cowrace_check::{kernel, suggest};
use cowrace_compare::ranges::ranges;

/// Carries out the command.
///
/// # Errors
///
/// If there is no era of the name, or the output cannot be written.
pub(crate) fn run(args: &ErasArgs, out: &mut Out<'_>) -> Result<(), Failure> {
    if args.from_git.is_some() || args.from_list.is_some() {
        return own_tree::run(args, out);
    }
    if args.base.is_some() {
        return Err(Failure::usage("`--base` is for --from-git and --from-list"));
    }
    match (&args.name, args.format) {
        (None, Format::Text) => out.text(&every_era()),
        (None, Format::Json) => every_era_json().iter().try_for_each(|object| out.line(&object.to_string())),
        (Some(name), format) => {
            let mut notes = Vec::new();
            let told = Told::find(name, &mut notes)?;
            batch::print_notes(&notes);
            if args.functions {
                let Told::Era(era) = told else {
                    return Err(Failure::usage(format!("`--functions` is for an era, and `{name}` is none")));
                };
                return functions(&era, format, out);
            }
            match format {
                Format::Text => out.text(&told.text()),
                Format::Json => out.line(&told.json().to_string()),
            }
        }
    }
}

/// The kernel functions that the model follows under an era, by file.
fn functions(era: &Era, format: Format, out: &mut Out<'_>) -> Result<(), Failure> {
    let all = SPELLINGS.iter().filter_map(|(function, _)| era.spelling(function));
    let all: BTreeSet<(&str, &str)> = all.map(|spelling| (spelling.file, spelling.name)).collect();
    match format {
        Format::Text => {
            let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
            all.iter().for_each(|(file, name)| files.entry(file).or_default().push(name));
            files.iter().try_for_each(|(file, names)| {
                out.text(&fold(&format!("{file}: {}", names.join(", ")), "  ").join("\n"))?;
                out.line("")
            })
        }
        Format::Json => all.iter().try_for_each(|(file, name)| {
            let object = json!({ "kind": "function", "era": era.label(), "name": name, "file": file });
            out.line(&object.to_string())
        }),
    }
}

/// What a name refers to.
enum Told {
    Era(Box<Era>),
    Commit(&'static Commit),
    Rule(About),
    Safeguard(Safeguard),
}

impl Told {
    fn find(name: &str, notes: &mut Vec<kernel::Note>) -> Result<Self, Failure> {
        if let Ok(commit) = commit(name) {
            return Ok(Self::Commit(commit));
        }
        // The form of `--set` works as well.
        let key = name.split_once('=').map_or(name, |(key, _)| key);
        if let Some(rule) = Rules::about(key) {
            return Ok(Self::Rule(rule));
        }
        if let Some(&safeguard) = Safeguard::ALL.iter().find(|safeguard| safeguard.switch() == Some(key)) {
            return Ok(Self::Safeguard(safeguard));
        }
        if Path::new(name).is_file()
            || Era::version(name).is_ok()
            || name.contains('/')
            || name.ends_with(".toml")
        {
            return Ok(Self::Era(Box::new(kernel::named(name, notes)?)));
        }
        match Era::version(name) {
            Err(EraError::Preset(_)) => {
                let names =
                    PRESETS.iter().map(|preset| preset.name).chain(COMMITS.iter().map(|commit| commit.id));
                let hint = suggest::hint(name, names.chain(settings().into_iter().map(|(key, _)| key)));
                Err(Failure::usage(format!(
                    "there is no era, commit or rule `{}`{hint}\n  `cowrace eras` lists them; a commit takes at least 7 digits",
                    name.escape_default().take(60).collect::<String>()
                )))
            }
            Err(error) => Err(Failure::usage(kernel::explain(&error, None))),
            Ok(version) => Ok(Self::Era(Box::new(version.era))),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Era(era) => one_era(era),
            Self::Commit(commit) => one_commit(commit),
            Self::Rule(rule) => one_rule(rule),
            Self::Safeguard(safeguard) => one_safeguard(*safeguard),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Era(era) => one_era_json(era),
            Self::Commit(commit) => one_commit_json(commit),
            Self::Rule(rule) => one_rule_json(rule),
            Self::Safeguard(safeguard) => safeguard_json(*safeguard),
        }
    }
}

/// Presets that have a commit.
fn having(commit: &Commit) -> Vec<Era> {
    Era::presets().into_iter().filter(|era| era.has(commit.id)).collect()
}

fn names(eras: &[Era]) -> impl Iterator<Item = &str> {
    eras.iter().map(Era::name)
}

/// The rules that a commit sets, each with its values without and with the commit, in the first preset in which it
/// makes a difference, and that preset.
fn sets(commit: &Commit) -> Option<(&'static str, Vec<[&'static str; 3]>)> {
    having(commit).iter().find_map(|era| {
        let without = era.clone().without(commit.id).ok()?;
        let pairs = without.rules().entries().into_iter().zip(era.rules().entries());
        let set: Vec<_> = pairs
            .filter(|((_, before), (_, after))| before != after)
            .map(|((key, before), (_, after))| [key, before, after])
            .collect();
        let preset = PRESETS.iter().find(|preset| preset.name == era.name())?;
        (!set.is_empty()).then_some((preset.name, set))
    })
}

/// The stable trees that branched before a commit landed, and whether they have it.
fn stable(commit: &Commit) -> Vec<(&'static Branch, String)> {
    let Landed::In(_) = commit.landed else { return Vec::new() };
    let later = BRANCHES.iter().filter(|branch| !commit.landed.by(branch.base));
    later
        .map(|branch| {
            let took = branch.has.iter().find(|backport| backport.id == commit.id);
            let words = match took.map(|backport| backport.first) {
                Some(First::Is(first)) => format!("since {first}"),
                Some(First::Between(last, first)) => {
                    format!("not yet in {last}, since {first} at the latest")
                }
                None => match branch.taken(commit.id, branch.read) {
                    Taken::Unknown => "not known".to_owned(),
                    _ => format!("not in {}", branch.read),
                },
            };
            (branch, words)
        })
        .collect()
}

fn one_commit(commit: &Commit) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{}  {}", commit.id, commit.title);
    let _ = writeln!(text, "  landed in {}", commit.landed);
    let _ = writeln!(text, "  {}: {}", consequence(commit), commit.about);
    match sets(commit) {
        Some((era, set)) => {
            for [key, before, after] in set {
                let _ = writeln!(text, "  sets {key}={after}; without it, {era} has {key}={before}");
            }
        }
        None => text.push_str("  sets no rule that the other commits of these eras do not set as well\n"),
    }
    let _ = writeln!(text, "  eras that have it: {}", ranges(names(&having(commit))));
    for (branch, words) in stable(commit) {
        let _ = writeln!(text, "  {}.y: {words}", branch.base);
    }
    text
}

fn one_commit_json(commit: &Commit) -> Value {
    let (effect, _, scenario) = effect(commit.effect);
    let set = sets(commit);
    let rules = set.iter().flat_map(|(_, set)| set);
    let rules = rules.map(|[key, before, after]| json!({ "key": key, "without": before, "with": after }));
    let branches: serde_json::Map<String, Value> = stable(commit)
        .into_iter()
        .map(|(branch, words)| (format!("{}.y", branch.base), words.into()))
        .collect();
    json!({
        "kind": "commit",
        "id": commit.id,
        "release": commit.landed.to_string(),
        "title": commit.title,
        "about": commit.about,
        "effect": effect,
        "scenario": scenario,
        "provenance": provenance(commit.provenance),
        "rules": rules.collect::<Vec<_>>(),
        "rules_in": set.as_ref().map(|(era, _)| era),
        "eras": having(commit).iter().map(Era::name).collect::<Vec<_>>(),
        "stable": branches,
    })
}

/// Presets in which a rule has a value.
fn valued(key: &str, value: &str) -> Vec<Era> {
    Era::presets().into_iter().filter(|era| era.rules().entries().contains(&(key, value))).collect()
}

/// Commits that set a rule in some preset.
fn setting_it(key: &str) -> impl Iterator<Item = &'static Commit> {
    let sets_it =
        move |commit: &&Commit| sets(commit).is_some_and(|(_, set)| set.iter().any(|[set, ..]| *set == key));
    COMMITS.iter().filter(sets_it)
}

fn one_rule(rule: &About) -> String {
    let mut text = format!("{}  {}\n", rule.key, rule.about);
    for (value, about) in &rule.values {
        let eras = ranges(names(&valued(rule.key, value)));
        let eras = if eras.is_empty() { "no preset".to_owned() } else { eras };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {}={value}  {about}\n      {eras}", rule.key);
    }
    let commits: Vec<&Commit> = setting_it(rule.key).collect();
    if !commits.is_empty() {
        text.push_str("commits that set it:\n");
        commits.iter().for_each(|commit| describe(&mut text, commit));
    }
    text
}

fn one_rule_json(rule: &About) -> Value {
    let value = |(value, about): &(&str, &str)| {
        let eras = valued(rule.key, value);
        json!({ "value": value, "about": about, "eras": names(&eras).collect::<Vec<_>>() })
    };
    json!({
        "kind": "rule",
        "key": rule.key,
        "about": rule.about,
        "values": rule.values.iter().map(value).collect::<Vec<_>>(),
        "commits": setting_it(rule.key).map(|commit| commit.id).collect::<Vec<_>>(),
    })
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
                let _ = writeln!(text, "      {}: {}", consequence(commit), commit.about);
            }
        }
        text.push('\n');
    }
    text.push_str(
        "`cowrace eras NAME` describes one era, commit or rule; any release or stable version is an era, \
         too\n\n",
    );
    text.push_str("rules for --set, each with its values:\n");
    for (key, values) in Rules::keys() {
        let _ = writeln!(text, "  {key}={}", values.join("|"));
    }
    text.push_str(
        "\nsafeguards, each with the setting that takes it out, for --set; `cowrace ablate` takes them out \
         one by one:\n",
    );
    let width = Safeguard::ALL.iter().map(|&safeguard| setting(safeguard).len()).max().unwrap_or(0);
    for &safeguard in Safeguard::ALL {
        let (kind, primitive) = (safeguard.kind().name(), safeguard.primitive());
        let (function, setting) = (safeguard.function(), setting(safeguard));
        let _ = writeln!(text, "  {setting:width$}  {kind:<7}  {primitive} in {function}");
    }
    text
}

/// The setting that takes a safeguard out, for `--set`.
fn setting(safeguard: Safeguard) -> String {
    let (key, value) = safeguard.toggle();
    format!("{key}={value}")
}

/// The effect of a commit on a scenario, and that this is not read in the kernel's source, if so.
fn consequence(commit: &Commit) -> String {
    let (_, effect, scenario) = effect(commit.effect);
    let scenario = scenario.map(|s| format!(" {s}")).unwrap_or_default();
    let source = match commit.provenance {
        Provenance::Read => "",
        Provenance::Inferred => " (inferred, not read in the kernel's source)",
    };
    format!("{effect}{scenario}{source}")
}

fn every_era_json() -> Vec<Value> {
    let eras = PRESETS.iter().map(|p| {
        json!({ "kind": "era", "name": p.name, "about": p.about, "mainline": p.mainline, "commits": p.commits() })
    });
    let rules = Rules::keys();
    let rules = rules.iter().map(|(key, values)| json!({ "kind": "rule", "key": key, "values": values }));
    let safeguards = Safeguard::ALL.iter().map(|&safeguard| safeguard_json(safeguard));
    eras.chain(rules).chain(safeguards).collect()
}

fn safeguard_json(safeguard: Safeguard) -> Value {
    json!({
        "kind": "safeguard",
        "set": setting(safeguard),
        "safeguard": safeguard.kind().name(),
        "primitive": safeguard.primitive(),
        "function": safeguard.function(),
        "file": safeguard.file(),
        "about": safeguard.about(),
    })
}

fn one_safeguard(safeguard: Safeguard) -> String {
    format!(
        "{}  takes out a {}: {} in {} ({})\n  {}\n",
        setting(safeguard),
        safeguard.kind().name(),
        safeguard.primitive(),
        safeguard.function(),
        safeguard.file(),
        safeguard.about(),
    )
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
        let _ = writeln!(text, "\nsafeguards taken out:\n  {}", lacks.join("\n  "));
    }
    text
}

/// The safeguards that are taken out.
fn lacking(era: &Era) -> Vec<String> {
    let lacks = Safeguard::ALL.iter().filter(|&&safeguard| era.rules().lacks.has(safeguard));
    lacks.map(|&safeguard| setting(safeguard)).collect()
}

fn about(era: &Era) -> Option<&'static str> {
    PRESETS.iter().find(|p| p.name == era.name()).map(|p| p.about).filter(|about| !about.is_empty())
}

fn describe(text: &mut String, commit: &Commit) {
    let _ = writeln!(text, "  {:<12}  {:<8}  {}", commit.id, commit.landed, commit.title);
    let _ = writeln!(text, "    {}", consequence(commit));
    if !commit.about.is_empty() {
        let _ = writeln!(text, "    {}", commit.about);
    }
}

fn one_era_json(era: &Era) -> Value {
    let commit = |commit: &Commit| {
        let (effect, _, scenario) = effect(commit.effect);
        json!({
            "id": commit.id,
            "release": commit.landed.to_string(),
            "title": commit.title,
            "about": commit.about,
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

/// The effect of a commit, for JSON and for text, and the scenario that shows it.
fn effect(effect: Effect) -> (&'static str, &'static str, Option<&'static str>) {
    match effect {
        // It may take other commits as well to close it: `matrix --why` names them.
        Effect::Closes(scenario) => ("closes", "helps to close", Some(scenario)),
        Effect::ClosesOnArm64 => ("closes", "closes violations on arm64", None),
        Effect::Opens(scenario) => ("opens", "opens", Some(scenario)),
        Effect::Saves(scenario) => ("saves", "saves copies in", Some(scenario)),
        Effect::WeakMemory => ("weak-memory", "matters only under weak memory", None),
        Effect::Prepares => ("prepares", "changes how a rule works", None),
    }
}

const fn provenance(provenance: Provenance) -> &'static str {
    match provenance {
        Provenance::Read => "read",
        Provenance::Inferred => "inferred",
    }
}
