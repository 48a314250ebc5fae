//! The Markdown files of the repository show what the tool prints, and name only commands that there are.
//!
//! An example is a line `$ cowrace ..` in a block of code, and what stands below it; `...` in a line of its own stands for
//! lines that are left out. `$ cat FILE` shows a file, which the examples behind it on the page can use.

use std::fs;
use std::path::Path;
use std::process::Command;

use clap::Parser as _;
use clap::error::ErrorKind;
use cowrace_cli::Cli;
use cowrace_testkit::repository;

use crate::documents::{markdown, prose, spans};

/// Pages whose examples need the results of hunts that take minutes.
const LONG: [&str; 1] = ["docs/hunting.md"];

/// A command that may take minutes.
const MINUTES: &str = "hunt";

/// A command that may take hours where it finds nothing: its examples are not run.
const HOURS: &str = "witness";

/// What stands in prose for an argument, and an argument.
const PLACEHOLDERS: [(&str, &str); 9] = [
    ("COMMAND", "check"),
    ("N", "2"),
    ("OLD", "v6.6"),
    ("...", "wp_reuse=count"),
    ("KEY=VALUE", "wp_reuse=count"),
    ("SHELL", "bash"),
    ("SIZE", "4G"),
    ("SECONDS", "60"),
    ("S", "1:c867c0ed:0*5"),
];

/// A command and what it prints.
#[derive(Debug, Default)]
struct Example {
    command: String,
    shown: Vec<String>,
}

/// A Markdown file, by its path in the repository.
struct Page {
    name: String,
    text: String,
}

fn pages() -> Vec<Page> {
    let root = repository("");
    let mut files = Vec::new();
    markdown(&root, &mut files);
    let of = |file: std::path::PathBuf| {
        let name = file.strip_prefix(&root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        Page { name, text: fs::read_to_string(&file).expect("a text").replace('\r', "") }
    };
    files.into_iter().map(of).collect()
}

impl Page {
    fn examples(&self) -> Vec<Example> {
        let mut examples: Vec<Example> = Vec::new();
        // How deep the block is in which the last example stands.
        let mut margin = None;
        let mut lines = self.text.lines();
        while let Some(line) = lines.next() {
            let indent = line.len() - line.trim_start().len();
            if let Some(command) = line.trim_start().strip_prefix("$ ") {
                let mut command = command.to_owned();
                while let Some(first) = command.strip_suffix('\\') {
                    command = format!("{}{}", first, lines.next().unwrap_or_default().trim());
                }
                margin = Some(indent);
                examples.push(Example { command, shown: Vec::new() });
            } else if let (Some(margin), Some(example)) = (margin, examples.last_mut())
                && !line.starts_with("```")
                && (indent >= margin || line.trim().is_empty())
            {
                example.shown.push(line.get(margin..).unwrap_or_default().trim_end().to_owned());
            } else {
                margin = None;
            }
        }
        for example in &mut examples {
            let is_blank = |line: &String| line.is_empty();
            let end = example.shown.iter().rposition(|line| !is_blank(line)).map_or(0, |at| at + 1);
            example.shown.truncate(end);
        }
        examples
    }
}

/// The words of a command line, without quotes.
fn words(command: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in command.chars() {
        match c {
            '\'' => is_quoted ^= true,
            ' ' if !is_quoted => words.push(String::new()),
            c => words.last_mut().expect("a word").push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A text in which the time that something takes does not count.
fn steady(text: &str) -> Vec<String> {
    let steady = |line: &str| {
        let mut words: Vec<&str> = line.trim_end().split(' ').collect();
        for at in 1..words.len() {
            let is_unit = words[at].trim_end_matches([')', ',', ';', '.']) == "s";
            if is_unit && words[at - 1].parse::<f64>().is_ok() {
                words[at - 1] = "T";
            }
        }
        words.join(" ")
    };
    text.lines().map(steady).collect()
}

/// Whether a text has what is shown of it, and nothing else where nothing is left out.
fn shows(printed: &[String], shown: &[String]) -> bool {
    let mut rest = printed;
    let parts: Vec<&[String]> = shown.split(|line| line == "...").collect();
    for (nth, part) in parts.iter().enumerate() {
        let at = match (nth == 0, nth + 1 == parts.len()) {
            (true, true) => (rest == *part).then_some(0),
            (true, false) => rest.starts_with(part).then_some(0),
            (false, true) => rest.ends_with(part).then(|| rest.len() - part.len()),
            // Of nothing at all, every place is one.
            (false, false) => (0..=rest.len()).find(|&at| rest[at..].starts_with(part)),
        };
        let Some(at) = at else { return false };
        rest = &rest[at + part.len()..];
    }
    true
}

/// Runs the examples of a page, one after the other in a directory of their own. Returns how many there are, and what is
/// wrong.
fn run(page: &Page, at_length: bool) -> (usize, Vec<String>) {
    let directory = tempfile::tempdir().expect("a directory");
    copy(&repository("scenarios"), &directory.path().join("scenarios"));
    let (mut ran, mut wrong) = (0, Vec::new());
    for Example { command, shown } in page.examples() {
        let words = words(&command);
        match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["cat", file] => fs::write(directory.path().join(file), shown.join("\n") + "\n").expect("a file"),
            ["cowrace", verb, ..] if !shown.is_empty() && verb != HOURS && (at_length || verb != MINUTES) => {
                let done = Command::new(env!("CARGO_BIN_EXE_cowrace"))
                    .args(&words[1..])
                    .current_dir(directory.path())
                    .output()
                    .expect("the tool runs");
                // Only one of them has something to say in most cases, and a terminal shows both.
                let printed = String::from_utf8([done.stdout, done.stderr].concat()).expect("text");
                if !shows(&steady(&printed), &steady(&shown.join("\n"))) {
                    wrong.push(format!(
                        "{}: `{command}` does not print what is shown, but\n{printed}",
                        page.name
                    ));
                }
                ran += 1;
            }
            _ => {}
        }
    }
    (ran, wrong)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory of the repository").flatten() {
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to.join(entry.file_name())),
            false => drop(fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy")),
        }
    }
}

fn run_all(pages: &[Page], at_length: bool) {
    let (ran, wrong): (Vec<_>, Vec<_>) = pages.iter().map(|page| run(page, at_length)).unzip();
    let wrong = wrong.concat();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ran.iter().sum::<usize>() > 3);
}

#[test]
fn what_is_shown_is_what_is_printed() {
    let mut pages = pages();
    pages.retain(|page| !LONG.contains(&page.name.as_str()));
    run_all(&pages, false);
}

/// The same with the searches that take minutes.
#[test]
#[ignore = "minutes of hunts"]
fn at_length_what_is_shown_is_what_is_printed() {
    run_all(&pages(), true);
}

#[test]
fn the_readme_shows_an_explanation() {
    let pages = pages();
    let readme = pages.iter().find(|page| page.name == "README.md").expect("the README is there");
    let is_shown = |example: &Example| words(&example.command)[1] == "explain" && example.shown.len() > 10;
    assert!(readme.examples().iter().any(is_shown));
}

/// Whether there is such a command, whose arguments need not be complete.
fn is_accepted(words: &[String]) -> Result<(), String> {
    match Cli::try_parse_from(words) {
        Ok(_) => Ok(()),
        Err(error) if error.exit_code() == 0 || error.kind() == ErrorKind::MissingRequiredArgument => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn every_command_that_is_named_is_there() {
    let mut wrong = Vec::new();
    for page in pages() {
        let examples = page.examples().into_iter().map(|example| example.command);
        let text = prose(&page.text);
        let named = spans(&text).map(str::to_owned);
        for command in examples.chain(named).filter(|command| command.starts_with("cowrace ")) {
            let mut words = words(&command);
            for word in &mut words {
                let known = PLACEHOLDERS.iter().find(|(placeholder, _)| placeholder == word);
                known.iter().for_each(|(_, argument)| (*argument).clone_into(word));
            }
            if let Err(error) = is_accepted(&words) {
                wrong.push(format!("{}: `{command}`: {error}", page.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What help texts say of commands is true as well.
#[test]
fn every_command_that_help_names_is_there() {
    fn texts(command: &clap::Command, found: &mut Vec<String>) {
        found.push(command.clone().render_long_help().to_string());
        command.get_subcommands().for_each(|sub| texts(sub, found));
    }
    let mut found = Vec::new();
    texts(&<Cli as clap::CommandFactory>::command(), &mut found);
    let named = found.iter().flat_map(|text| spans(text)).filter(|span| span.starts_with("cowrace "));
    let wrong: Vec<String> = named.filter_map(|command| is_accepted(&words(command)).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
