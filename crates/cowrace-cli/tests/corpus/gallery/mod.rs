//! The gallery of the book: a page for each subject, made from the files of the corpus and from what the checker finds.
//!
//! Every test run compares what pages say of files. What they say of results takes longer: `cargo xtask gallery`
//! writes all of it, and `cargo xtask gallery --check` compares it.

mod race;
mod text;

use std::collections::BTreeSet;
use std::path::PathBuf;

use cowrace_scenario::{Scenario, Subject, load, parse};
use cowrace_testkit::repository;
use libtest_mimic::{Arguments, Failed, Trial};

use crate::counts::BLESS;

/// The page that lists the others.
const INDEX: &str = "index.md";

pub(crate) fn trials(_: &Arguments) -> Vec<Trial> {
    let scenarios: &'static [Scenario] = Vec::leak(scenarios());
    if scenarios.is_empty() {
        return Vec::new();
    }
    let mut trials = vec![
        Trial::test("gallery::every_scenario_has_a_subject", move || every_scenario_has_a_subject(scenarios)),
        Trial::test("gallery::the_index_is_complete", move || compare(INDEX, &text::index(scenarios))),
        Trial::test("gallery::there_is_a_page_for_each_subject", there_is_a_page_for_each_subject),
    ];
    for subject in Subject::ALL {
        let races: Vec<&Scenario> = of(scenarios, subject).collect();
        let opened = races.clone();
        let name = format!("gallery::{subject}::is_of_the_files");
        trials.push(Trial::test(name, move || is_of_the_files(subject, &opened)));
        let name = format!("gallery::{subject}::at_length");
        let at_length = Trial::test(name, move || compare(&page(subject), &text::page(subject, &races)?));
        trials.push(at_length.with_ignored_flag(true));
    }
    trials
}

/// The races of the corpus, without their smaller forms. The package alone, without the repository around it, has none.
fn scenarios() -> Vec<Scenario> {
    let corpus = repository("scenarios");
    let sources = load(std::slice::from_ref(&corpus)).unwrap_or_default();
    let sources = sources.into_iter().filter(|source| source.path.parent() == Some(corpus.as_path()));
    sources.filter_map(|source| parse(&source.text).ok()).collect()
}

/// The scenarios of a subject.
fn of(scenarios: &[Scenario], subject: Subject) -> impl Iterator<Item = &Scenario> {
    scenarios.iter().filter(move |scenario| scenario.subject() == Some(subject))
}

/// The name of the page of a subject.
fn page(subject: Subject) -> String {
    format!("{subject}.md")
}

fn file(page: &str) -> PathBuf {
    repository("docs/gallery").join(page)
}

/// Compares a page with what it should be, or writes it if that is asked for.
fn compare(page: &str, due: &str) -> Result<(), Failed> {
    if std::env::var_os(BLESS).is_some() {
        return Ok(std::fs::write(file(page), due)?);
    }
    match read(page) == due {
        true => Ok(()),
        false => Err(format!("docs/gallery/{page} is out of date: type `cargo xtask gallery`").into()),
    }
}

fn read(page: &str) -> String {
    // A checkout may change line endings.
    std::fs::read_to_string(file(page)).unwrap_or_default().replace('\r', "")
}

fn every_scenario_has_a_subject(scenarios: &[Scenario]) -> Result<(), Failed> {
    let without = scenarios.iter().filter(|scenario| scenario.subject().is_none());
    let without: Vec<&str> = without.map(Scenario::name).collect();
    if without.is_empty() { Ok(()) } else { Err(format!("no `subject` in {without:?}").into()) }
}

fn there_is_a_page_for_each_subject() -> Result<(), Failed> {
    let due: BTreeSet<String> = Subject::ALL.into_iter().map(page).chain([INDEX.to_owned()]).collect();
    let there = std::fs::read_dir(repository("docs/gallery"))?;
    let there: BTreeSet<String> = there
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<_, Failed>>()?;
    if due == there { Ok(()) } else { Err(format!("docs/gallery has {there:?}, not {due:?}").into()) }
}

/// The page has the races of the subject and no others, each with what its file says.
fn is_of_the_files(subject: Subject, races: &[&Scenario]) -> Result<(), Failed> {
    if std::env::var_os(BLESS).is_some() {
        return Ok(());
    }
    let page = read(&page(subject));
    let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let due: Vec<&str> = races.iter().map(|race| race.name()).collect();
    let other = races.iter().find(|race| !page.contains(&text::opening(race)));
    match other {
        None if headings == due => Ok(()),
        None => Err(format!("the page has {headings:?}, not {due:?}: type `cargo xtask gallery`").into()),
        Some(race) => Err(format!("{} has changed: type `cargo xtask gallery`", race.name()).into()),
    }
}
