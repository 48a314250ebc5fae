//! Markdown files name only files that exist, and leave out no class of damage and no kernel.

use std::path::{Path, PathBuf};

use cowrace_mm::era::PRESETS;
use cowrace_report::{Class, Verdict};
use cowrace_testkit::repository;

/// What a path of the repository begins with, where it is not relative to the file that names it.
const TOP: [&str; 9] =
    [".ci/", "crates/", "docs/", "examples/", "fuzz/", "justfile", "peers/", "reproducers/", "scenarios/"];

/// The Markdown files below a directory; those that a build or a checker leaves there are not of the repository.
pub(crate) fn markdown(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).expect("a directory of the repository").flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && !name.starts_with('.') && name != "target" {
            markdown(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// The text without blocks of code, which quote commands, output and other people's files.
pub(crate) fn prose(text: &str) -> String {
    let mut is_code = false;
    let lines = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The name by which a link reaches a heading.
fn anchor(heading: &str) -> String {
    let lowercase = heading.to_lowercase();
    let kept = lowercase.chars().filter(|&c| c.is_alphanumeric() || " -_".contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn has_heading(file: &Path, name: &str) -> bool {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    prose(&text)
        .lines()
        .any(|line| line.starts_with('#') && anchor(line.trim_start_matches('#').trim()) == name)
}

/// Whether a link leads to a file, and to a heading of it if it names one.
fn leads(from: &Path, link: &str) -> bool {
    let (path, heading) = link.split_once('#').unwrap_or((link, ""));
    let to = if path.is_empty() { from.to_owned() } else { from.with_file_name(path) };
    to.exists() && (heading.is_empty() || has_heading(&to, heading))
}

/// The places that links lead to, as they stand in the text.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("](").filter_map(|(at, open)| text[at + open.len()..].split(')').next())
}

/// What stands between backticks on a line.
pub(crate) fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

#[test]
fn what_markdown_files_name_is_there() {
    let root = repository("");
    let mut files = Vec::new();
    markdown(&root, &mut files);
    assert!(files.iter().any(|file| file.ends_with("CONTRIBUTING.md")), "{files:?}");
    let mut missing = Vec::new();
    for file in &files {
        let text = prose(&std::fs::read_to_string(file).expect("a text"));
        let dead = links(&text).filter(|link| !link.contains("://") && !leads(file, link));
        missing.extend(dead.map(|link| (file.clone(), link.to_owned())));
        // A path with a placeholder, as `scenarios/NAME.race`, names no file.
        let is_path = |span: &&str| TOP.iter().any(|top| span.starts_with(top));
        let named = spans(&text).filter(is_path).filter(|path| !path.contains([' ', '*', '{', '<']));
        let named = named.filter(|path| !path.contains("NAME") && !root.join(path).exists());
        missing.extend(named.map(|path| (file.clone(), path.to_owned())));
    }
    assert!(missing.is_empty(), "these files name what is not there: {missing:#?}");
}

fn text_of(file: &str) -> String {
    std::fs::read_to_string(repository(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

#[test]
fn every_verdict_and_every_class_is_documented() {
    let text = text_of("docs/output.md");
    // A row may be of several classes.
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let first: Vec<&str> = rows.filter_map(|row| row.split(" | ").next()).collect();
    let verdicts = Verdict::ALL.iter().map(|verdict| verdict.name());
    for name in verdicts.chain(Class::ALL.iter().map(|class| class.name())) {
        let quoted = format!("`{name}`");
        assert!(
            first.iter().any(|cell| cell.contains(&quoted)),
            "no table of docs/output.md has a row for {quoted}"
        );
    }
}

/// Why a call has no effect: what the schema allows, the documentation lists.
#[test]
fn every_effect_and_every_obstacle_is_documented() {
    let schema: serde_json::Value =
        serde_json::from_str(&text_of("docs/schema/check.json")).expect("a schema");
    let text = text_of("docs/output.md");
    let row = text.lines().find(|line| line.starts_with("| `ineffective`")).expect("a row");
    for of in ["Aim", "Obstacle"] {
        let values = schema["$defs"][of]["oneOf"].as_array().expect("values");
        assert!(!values.is_empty());
        for value in values {
            let name = value["const"].as_str().expect("a name");
            assert!(spans(row).any(|span| span == name), "docs/output.md does not have `{name}`");
        }
    }
}

/// The pages of the book are those below `docs`, each once.
#[test]
fn every_page_is_in_the_summary_of_the_book() {
    let docs = repository("docs");
    let summary = docs.join("SUMMARY.md");
    let mut pages = Vec::new();
    markdown(&docs, &mut pages);
    pages.retain(|page| *page != summary);
    pages.sort();
    let text = std::fs::read_to_string(&summary).expect("the summary");
    let mut listed: Vec<PathBuf> = links(&text).map(|link| docs.join(link)).collect();
    listed.sort();
    assert_eq!(listed, pages);
}

/// Where a link of a page leads, from the directory of the book; `None` if it leads out of it.
fn within(page: &Path, link: &str) -> Option<PathBuf> {
    let mut place = page.parent()?.to_owned();
    for part in link.split('/').filter(|part| !matches!(*part, "" | ".")) {
        match part {
            ".." if place.pop() => {}
            ".." => return None,
            part => place.push(part),
        }
    }
    Some(place)
}

/// The built book stands without the repository: a link leads to a page of it, or to a file that is copied with it.
#[test]
fn links_of_the_book_lead_to_what_it_has() {
    assert_eq!(within(Path::new("a/b.md"), "../c.md"), Some(PathBuf::from("c.md")));
    assert_eq!(within(Path::new("a/b.md"), "../../scenarios/x.race"), None);
    let docs = repository("docs");
    let mut pages = Vec::new();
    markdown(&docs, &mut pages);
    let mut dead = Vec::new();
    for page in &pages {
        let text = prose(&std::fs::read_to_string(page).expect("a text"));
        let page = page.strip_prefix(&docs).expect("it is below");
        for link in links(&text).filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let path = link.split('#').next().unwrap_or_default();
            if !within(page, path).is_some_and(|path| docs.join(path).is_file()) {
                dead.push((page.to_owned(), link.to_owned()));
            }
        }
    }
    assert!(dead.is_empty(), "name files outside of `docs` by their paths, without a link: {dead:#?}");
}

#[test]
fn the_readme_names_the_first_kernel_and_the_last() {
    let mut releases = PRESETS.iter().filter(|preset| preset.mainline).map(|preset| preset.name);
    let (first, last) = (releases.next().expect("a preset"), releases.next_back().expect("another"));
    let due = format!("from {first} to {last}");
    assert!(text_of("README.md").contains(&due), "the README does not say `{due}`");
}
