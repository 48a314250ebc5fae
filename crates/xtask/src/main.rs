//! Generates the files of the repository that are made from others, or tells which of them are out of date: `cargo
//! xtask`.

mod model;

use std::path::Path;
use std::process::{Command, ExitCode};

/// A generated file.
struct Made {
    /// The name on the command line.
    verb: &'static str,
    /// The path from the root of the repository.
    file: &'static str,
    /// The contents of the file, in words.
    about: &'static str,
    by: By,
}

/// How the file is made.
enum By {
    /// A function that returns the text, or the reason why it cannot.
    Function(fn(root: &Path) -> Result<String, String>),
    /// Tests of this name, which write the file instead of comparing it if [`BLESS`] is set.
    Tests { binary: &'static str, name: &'static str },
}

/// The environment variable that tells tests to write.
const BLESS: &str = "COWRACE_BLESS";

/// All generated files.
const MADE: &[Made] = &[
    Made {
        verb: "model",
        file: model::TABLE,
        about: "the lines of the model that make requests, under which rules, and the steps of calls",
        by: By::Function(model::table),
    },
    Made {
        verb: "counts",
        file: "scenarios/counts.txt",
        about: "what is found in each scenario under each kernel, and how large the searches are",
        by: By::Tests { binary: "corpus", name: "cells::" },
    },
];

fn usage() -> String {
    let rows = MADE.iter().map(|made| format!("  {:8}{}\n          {}\n", made.verb, made.file, made.about));
    let rows: String = rows.collect();
    format!("usage: cargo xtask WHAT [--check]\n\nWrites a file; with --check, compares it:\n{rows}")
}

fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}

impl Made {
    fn write(&self) -> Result<(), String> {
        match self.by {
            By::Function(make) => std::fs::write(root().join(self.file), make(root())?)
                .map_err(|error| format!("{}: {error}", self.file)),
            By::Tests { binary, name } => tests(binary, name, true),
        }
    }

    fn check(&self) -> Result<(), String> {
        match self.by {
            By::Function(make) => self.compare(&make(root())?),
            By::Tests { binary, name } => tests(binary, name, false),
        }
    }

    fn compare(&self, due: &str) -> Result<(), String> {
        // A checkout may change line endings.
        let there = std::fs::read_to_string(root().join(self.file)).unwrap_or_default().replace('\r', "");
        match there == due {
            true => Ok(()),
            false => Err(format!("{} is out of date: type `cargo xtask {}`", self.file, self.verb)),
        }
    }
}

/// Runs tests in the test profile, so that the build is shared with `cargo test`.
fn tests(binary: &str, name: &str, bless: bool) -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["test", "--workspace", "--test", binary, "--", "--quiet", name]).current_dir(root());
    if bless {
        command.env(BLESS, "1");
    }
    let status = command.status().map_err(|error| format!("cargo cannot be run: {error}"))?;
    if status.success() { Ok(()) } else { Err("some tests failed".to_owned()) }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (verb, only_check) = match args[..] {
        [verb] => (verb, false),
        [verb, "--check"] | ["--check", verb] => (verb, true),
        _ => ("", true),
    };
    let Some(made) = MADE.iter().find(|made| made.verb == verb) else {
        eprint!("{}", usage());
        return ExitCode::from(2);
    };
    match if only_check { made.check() } else { made.write() } {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("{what}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tests that write a file also compare it.
    #[test]
    fn what_is_checked_in_is_what_is_made() {
        let made = MADE.iter().filter(|made| matches!(made.by, By::Function(_)));
        let wrong: Vec<String> = made.filter_map(|made| made.check().err()).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
