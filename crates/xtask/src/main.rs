//! Generates the files of the repository that are made from others, or tells which of them are out of date: `cargo
//! xtask`.

#[cfg(test)]
mod guards;
mod model;

use std::path::Path;
use std::process::{Command, ExitCode};

use cowrace_report::schema;

/// A generated file.
struct Made {
    /// The name on the command line. Several files may have the same.
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
    /// From the types of `cowrace-report`: the schema of what a command prints.
    Schema(schema::Command),
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
    Made {
        verb: "gallery",
        file: "docs/gallery",
        about: "the pages of the book that show the races of the corpus",
        by: By::Tests { binary: "corpus", name: "gallery::" },
    },
    schema(schema::Command::Check, "docs/schema/check.json", "a line of `cowrace check --format json`"),
    schema(schema::Command::Matrix, "docs/schema/matrix.json", "a line of `cowrace matrix --format json`"),
    schema(schema::Command::Diff, "docs/schema/diff.json", "a line of `cowrace diff --format json`"),
    schema(schema::Command::Ablate, "docs/schema/ablate.json", "a line of `cowrace ablate --format json`"),
    schema(schema::Command::Replay, "docs/schema/replay.json", "a line of `cowrace replay --format json`"),
    schema(schema::Command::Hunt, "docs/schema/hunt.json", "a line of `cowrace hunt --format json`"),
    schema(schema::Command::Witness, "docs/schema/witness.json", "a line of `cowrace witness --format json`"),
];

/// The JSON schema of what a command prints.
const fn schema(of: schema::Command, file: &'static str, about: &'static str) -> Made {
    Made { verb: "schema", file, about, by: By::Schema(of) }
}

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
        let text = match self.by {
            By::Function(make) => make(root())?,
            By::Schema(command) => schema_of(command)?,
            By::Tests { binary, name } => return tests(binary, name, true),
        };
        std::fs::write(root().join(self.file), text).map_err(|error| format!("{}: {error}", self.file))
    }

    fn check(&self) -> Result<(), String> {
        match self.by {
            By::Function(make) => self.compare(&make(root())?),
            By::Schema(command) => self.compare(&schema_of(command)?),
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

fn schema_of(command: schema::Command) -> Result<String, String> {
    command.schema().map_err(|error| error.to_string())
}

/// Runs tests in the test profile, so that the build is shared with `cargo test`.
fn tests(binary: &str, name: &str, bless: bool) -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["test", "--workspace", "--test", binary, "--", "--quiet", "--include-ignored", name])
        .current_dir(root());
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
    let made: Vec<&Made> = MADE.iter().filter(|made| made.verb == verb).collect();
    if made.is_empty() {
        eprint!("{}", usage());
        return ExitCode::from(2);
    }
    let wrong =
        made.into_iter().filter_map(|made| if only_check { made.check() } else { made.write() }.err());
    let wrong: Vec<String> = wrong.collect();
    wrong.iter().for_each(|what| eprintln!("{what}"));
    if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tests that write a file also compare it.
    #[test]
    fn generated_files_are_up_to_date() {
        let made = MADE.iter().filter(|made| !matches!(made.by, By::Tests { .. }));
        let wrong: Vec<String> = made.filter_map(|made| made.check().err()).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn every_command_has_its_schema() {
        for command in schema::Command::ALL {
            let file = format!("docs/schema/{}.json", command.name());
            let is_it = |made: &Made| matches!(made.by, By::Schema(of) if of == command) && made.file == file;
            assert!(MADE.iter().any(is_it), "{file}");
        }
    }
}
