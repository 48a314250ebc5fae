//! The corpus that finds are named by.

use std::path::{Path, PathBuf};

use cowrace_hunt::corpus::Corpus;
use cowrace_hunt::judge::Judge;
use cowrace_hunt::watch::Watch;
use cowrace_scenario::{Scenario, load, parse};

use crate::batch;

/// Where the corpus is if the command line does not say.
const USUAL: &str = "scenarios";

/// Where the corpus is, if there is one. A hunt may take long, so it is told before if what the command line names is not
/// there; but that does not end the hunt.
pub(super) fn place(named: Option<&Path>) -> Option<PathBuf> {
    let Some(named) = named else { return Some(PathBuf::from(USUAL)).filter(|usual| usual.is_dir()) };
    if named.exists() {
        return Some(named.to_owned());
    }
    batch::print_notes(&[format!("finds will not be named: there is no {}", named.display())]);
    None
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
