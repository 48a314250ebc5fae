//! The scenarios that a command line names.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use cowrace_real_kernels::{Generated, TableError};
use cowrace_scenario::{Diagnostic, LoadError, Scenario, Source, Variant, load, near, parse};

use cowrace_check::{Specification, suggest};
use cowrace_render::diagnostic;

use crate::Failure;
use crate::args::ColourName;

/// A scenario and the file that it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) source: Source,
    pub(crate) scenario: Scenario,
    /// The specification of each variant.
    pub(crate) specification: Vec<Specification>,
}

impl Loaded {
    fn new(source: Source, scenario: Scenario) -> Self {
        let specification = vec![Specification::default(); scenario.variants().len()];
        Self { source, scenario, specification }
    }

    /// The variants, each with its specification.
    pub(crate) fn variants(&self) -> impl Iterator<Item = (&Variant, &Specification)> {
        self.scenario.variants().iter().zip(&self.specification)
    }
}

/// The path that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// Reads the scenario files of the paths, each once. `-` is standard input.
pub(crate) fn files(paths: &[PathBuf]) -> Result<Vec<Source>, Failure> {
    let (input, paths): (Vec<PathBuf>, Vec<PathBuf>) =
        paths.iter().cloned().partition(|path| path.as_os_str() == STANDARD_INPUT);
    let mut sources = load(&paths).map_err(|error| unreadable(&error))?;
    if let Some(path) = input.into_iter().next() {
        let text = io::read_to_string(io::stdin())
            .map_err(|error| Failure::scenario(format!("error: cannot read standard input: {error}")))?;
        sources.push(Source { path, text });
    }
    // A file may be named and also be in a directory that is named.
    let mut seen = HashSet::new();
    sources.retain(|s| seen.insert(s.path.canonicalize().unwrap_or_else(|_| s.path.clone())));
    Ok(sources)
}

/// The scenarios of experiments on real kernels. Their paths are names for `cowrace real-kernels`.
pub(crate) fn real_kernels() -> Result<Vec<Source>, Failure> {
    let generated = cowrace_real_kernels::scenarios().map_err(|error| damaged(&error))?;
    let source = |g: Generated| Source { path: PathBuf::from(g.name), text: g.text };
    Ok(generated.into_iter().map(source).collect())
}

/// The built-in table cannot be read, which is a defect.
pub(crate) fn damaged(error: &TableError) -> Failure {
    Failure::tool(format!("the table of real kernels cannot be read: {error}"))
}

/// Checks scenarios from any source: a path need not exist, it is only used in messages. The errors of all
/// scenarios are reported together.
pub(crate) fn checked(sources: Vec<Source>) -> Result<Vec<Loaded>, Failure> {
    let mut loaded: Vec<Loaded> = Vec::new();
    let mut wrong = Vec::new();
    let mut told = HashSet::new();
    for source in sources {
        match parse(&source.text) {
            Ok(scenario) => loaded.push(Loaded::new(source, scenario)),
            Err(mut diagnostics) => {
                without_repetition(&mut diagnostics, &mut told);
                wrong.push(diagnostic::draw(&source.path, &source.text, &diagnostics, colour()));
            }
        }
    }
    if !wrong.is_empty() {
        return Err(Failure::scenario(wrong.join("\n\n")));
    }
    // Reports refer to scenarios by name, so names must be unique.
    let mut names: HashMap<&str, &Source> = HashMap::new();
    for Loaded { source, scenario, .. } in &loaded {
        if let Some(other) = names.insert(scenario.name(), source) {
            return Err(Failure::scenario(format!(
                "error: {} and {} are both called `{}`\n  names of scenarios must be unique: change the \
                 `race` line of one of them, or name files one by one",
                other.path.display(),
                source.path.display(),
                scenario.name()
            )));
        }
    }
    Ok(loaded)
}

/// The length of advice that is printed only once, such as a list of all calls.
const LONG: usize = 240;

/// Removes long advice that was given before.
fn without_repetition(diagnostics: &mut [Diagnostic], told: &mut HashSet<String>) {
    for diagnostic in diagnostics {
        let is_new = |help: &String| help.len() <= LONG || told.insert(help.clone());
        diagnostic.help = diagnostic.help.take().filter(is_new);
    }
}

/// Reads the one scenario of a path.
pub(crate) fn one(path: &PathBuf) -> Result<Loaded, Failure> {
    let mut loaded = checked(files(std::slice::from_ref(path))?)?;
    match loaded.pop() {
        Some(one) if loaded.is_empty() => Ok(one),
        _ => Err(Failure::usage(format!("{} holds several scenarios; name one file", path.display()))),
    }
}

/// The selected variant of a scenario. It may be left out if there is only one.
pub(crate) fn variant<'s>(scenario: &'s Scenario, name: Option<&str>) -> Result<&'s Variant, Failure> {
    let names = || scenario.variants().iter().filter_map(Variant::name);
    match (name, scenario.variants()) {
        (None, [one]) => Ok(one),
        (None, _) => Err(Failure::usage(format!(
            "`{}` has the variants {}; choose one with --variant",
            scenario.name(),
            names().collect::<Vec<_>>().join(", ")
        ))),
        (Some(name), _) => scenario.variant(Some(name)).ok_or_else(|| {
            let all: Vec<&str> = names().collect();
            let there = match all.as_slice() {
                [] => "\n  the scenario has no variants".to_owned(),
                all => format!("\n  there are {}", all.join(", ")),
            };
            Failure::usage(format!(
                "`{}` has no variant `{name}`{}{there}",
                scenario.name(),
                suggest::hint(name, names())
            ))
        }),
    }
}

/// Whether messages may be coloured: by convention, not if `NO_COLOR` is set.
pub(crate) fn colour() -> bool {
    ColourName::default().is_wanted(&io::stderr())
}

fn unreadable(error: &LoadError) -> Failure {
    let hint = match error {
        LoadError::Unreadable { path, .. } if !path.exists() => match beside(path) {
            Some(other) => format!("\n  did you mean {}?", other.display()),
            None if path.extension().is_none() => {
                "\n  name a file, usually with the suffix `.race`, or a directory of such files".to_owned()
            }
            None => String::new(),
        },
        _ => String::new(),
    };
    Failure::scenario(format!("error: {error}{hint}"))
}

/// A file or directory beside a missing one that is called nearly the same.
fn beside(path: &Path) -> Option<PathBuf> {
    let parent = path.parent()?;
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    let entries = parent.read_dir().ok()?.flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    let missing = path.file_name()?.to_str()?;
    // A link may be there and lead nowhere.
    let others = names.iter().map(String::as_str).filter(|name| *name != missing);
    let found = near(missing, others);
    Some(path.with_file_name(found.first()?))
}
