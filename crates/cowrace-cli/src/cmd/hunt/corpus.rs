//! The corpus that finds are named by.

use std::path::{Path, PathBuf};

use cowrace_hunt::corpus::Corpus;
use cowrace_hunt::judge::Judge;
use cowrace_hunt::watch::Watch;
use cowrace_scenario::{Scenario, load, parse};

use crate::Failure;
use crate::batch;

/// Where the corpus is if the command line does not say.
const USUAL: &str = "scenarios";

/// Where the corpus is, if there is one.
///
/// # Errors
///
/// If the command line names something in which there is no scenario. A hunt may take long, so it does not begin then.
pub(super) fn place(named: Option<&Path>) -> Result<Option<PathBuf>, Failure> {
    let Some(named) = named else { return Ok(Some(PathBuf::from(USUAL)).filter(|usual| usual.is_dir())) };
    let refused = |why: String| {
        Failure::usage(format!(
            "{why}\n  `--corpus` takes a directory with scenarios, such as `{USUAL}` in the repository of cowrace; without it, finds \
             are named by `{USUAL}` in the current directory, if that is there"
        ))
    };
    let sources = load(&[named.to_owned()]).map_err(|error| refused(error.to_string()))?;
    if !sources.iter().any(|source| parse(&source.text).is_ok()) {
        let files = if let [only] = sources.as_slice() { only.path.as_path() } else { named };
        return Err(refused(format!("there is no scenario in {}", files.display())));
    }
    Ok(Some(named.to_owned()))
}

/// Reads the corpus, until the watch ends that. What cannot be read is told and left out.
pub(super) fn read(place: PathBuf, judge: &Judge, watch: &dyn Watch) -> Option<Corpus> {
    let sources = match load(&[place]) {
        Ok(sources) => sources,
        Err(error) => {
            batch::print_notes(&[format!("finds are not named: {error}")]);
            return None;
        }
    };
    let mut scenarios: Vec<Scenario> = Vec::new();
    for source in sources {
        match parse(&source.text) {
            Ok(scenario) => scenarios.push(scenario),
            Err(errors) => {
                let reason = errors.first().map(|error| format!(": {error}")).unwrap_or_default();
                let path = source.path.display();
                batch::print_notes(&[format!("{path} is not a scenario, and names no find{reason}")]);
            }
        }
    }
    Some(Corpus::of(&scenarios, judge, watch))
}
