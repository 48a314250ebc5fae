//! Writes the files of the repository that are made from others, or says which of them are no longer what they are made
//! from: `cargo xtask`.

mod model;

use std::path::Path;
use std::process::ExitCode;

/// A file that is made from others.
struct Made {
    /// What it is called on the command line.
    verb: &'static str,
    /// What is made.
    about: &'static str,
    /// Where it is, from the root of the repository.
    file: &'static str,
    /// Makes its text, or says what hinders that.
    make: fn(root: &Path) -> Result<String, String>,
}

/// All of them.
const MADE: &[Made] = &[Made {
    verb: "model",
    about: "the lines of the model that make requests, under which rules, and the steps of calls",
    file: model::TABLE,
    make: model::table,
}];

fn usage() -> String {
    let rows: String =
        MADE.iter().map(|m| format!("  {:8}{}\n          {}\n", m.verb, m.file, m.about)).collect();
    format!("usage: cargo xtask WHAT [--check]\n\nWrites a file, or compares it with --check:\n{rows}")
}

fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here)
}

/// Compares a file with what it should be.
fn check(made: &Made) -> Result<(), String> {
    let due = (made.make)(root())?;
    // A checkout may change the ends of lines.
    let there = std::fs::read_to_string(root().join(made.file)).unwrap_or_default().replace('\r', "");
    match there == due {
        true => Ok(()),
        false => Err(format!("{} is out of date: type `cargo xtask {}`", made.file, made.verb)),
    }
}

fn write(made: &Made) -> Result<(), String> {
    let due = (made.make)(root())?;
    std::fs::write(root().join(made.file), due).map_err(|error| format!("{}: {error}", made.file))
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (verb, how): (&str, fn(&Made) -> Result<(), String>) = match args[..] {
        [verb] => (verb, write),
        [verb, "--check"] | ["--check", verb] => (verb, check),
        _ => ("", check),
    };
    let Some(made) = MADE.iter().find(|made| made.verb == verb) else {
        eprint!("{}", usage());
        return ExitCode::from(2);
    };
    match how(made) {
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

    #[test]
    fn what_is_checked_in_is_what_is_made() {
        let wrong: Vec<String> = MADE.iter().filter_map(|made| check(made).err()).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
