//! The corpus that finds are named by.

use std::path::{Path, PathBuf};

use cowrace_hunt::corpus::Corpus;
use cowrace_hunt::judge::Judge;
use cowrace_scenario::{Scenario, load, parse};

use crate::batch;

/// Where the corpus is if the command line does not say.
const USUAL: &str = "scenarios";

/// Reads the corpus. What cannot be read is told and left out: a hunt does not fail for it.
pub(super) fn read(dir: Option<&Path>, judge: &Judge) -> Option<Corpus> {
    let dir = match dir {
        Some(dir) => dir.to_owned(),
        None => Some(PathBuf::from(USUAL)).filter(|usual| usual.is_dir())?,
    };
    let sources = match load(&[dir]) {
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
    Some(Corpus::of(&scenarios, judge))
}
