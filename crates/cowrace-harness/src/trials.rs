//! Tests of files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cowrace::{Kernel, Scenario, check_file};
use cowrace_scenario::{LoadError, Source, load};
use libtest_mimic::{Arguments, Failed, Trial};

use crate::names;

/// The tests of the scenarios of a path under kernels. Tests that the arguments certainly exclude are left
/// out.
pub(crate) fn of(path: &Path, kernels: &[Kernel], arguments: &Arguments) -> Vec<Trial> {
    let sources = match load(&[path.to_owned()]) {
        Ok(sources) => sources,
        Err(error) => return vec![unreadable(path, &error)],
    };
    let only = names::only(arguments);
    let kernels: Arc<[Kernel]> = kernels.into();
    let is_due = |source: &Source| only.is_none_or(|test| names::may_be_of(test, &stem(&source.path)));
    sources.into_iter().filter(is_due).flat_map(|source| of_source(&source, &kernels)).collect()
}

/// The name of a file without its suffix.
fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

fn unreadable(path: &Path, error: &LoadError) -> Trial {
    let message = error.to_string();
    Trial::test(format!("{}::reads", stem(path)), move || Err(message.into()))
}

/// Tests are named after the file, so that it can be found; a scenario must have the name of its file.
fn of_source(source: &Source, kernels: &Arc<[Kernel]>) -> Vec<Trial> {
    let name = stem(&source.path);
    let broken = |why: String| vec![Trial::test(format!("{name}::reads"), move || Err(why.into()))];
    match Scenario::parse(&source.text) {
        Err(error) => broken(format!("{}\n{error}", source.path.display())),
        Ok(scenario) if scenario.name() != name => broken(format!(
            "{} has the name `{}` in its `race` line: the two names must be the same",
            source.path.display(),
            scenario.name()
        )),
        Ok(scenario) => {
            let variants: Vec<Option<String>> =
                match scenario.variants().map(str::to_owned).collect::<Vec<_>>() {
                    none if none.is_empty() => vec![None],
                    names => names.into_iter().map(Some).collect(),
                };
            let cells =
                variants.iter().flat_map(|variant| kernels.iter().map(move |kernel| (variant, kernel)));
            cells
                .map(|(variant, kernel)| trial(&name, &source.path, variant.clone(), kernel.clone()))
                .collect()
        }
    }
}

fn trial(name: &str, path: &Path, variant: Option<String>, kernel: Kernel) -> Trial {
    let path = PathBuf::from(path);
    Trial::test(names::of(name, variant.as_deref(), &kernel), move || one(path, variant, kernel))
}

fn one(path: PathBuf, variant: Option<String>, kernel: Kernel) -> Result<(), Failed> {
    let check = check_file(path).kernel(kernel);
    let check = match variant {
        Some(variant) => check.variant(variant),
        None => check,
    };
    let report = check.run().map_err(|error| error.to_string())?;
    if report.is_expected() { Ok(()) } else { Err(report.to_string().into()) }
}
