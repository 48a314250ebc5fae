//! The command line, end to end, on a few tiny scenarios of its own.

mod ablate;
mod check;
mod diff;
mod effects;
mod engines;
mod eras;
mod execution;
mod gate;
mod hunt;
mod input;
#[cfg(unix)]
mod interrupt;
#[cfg(unix)]
mod kernel_tree;
mod limits;
mod logs;
mod manual;
mod matrix;
mod own_tree;
mod pages;
mod parts;
mod real_kernels;
mod reproduce;
mod resume;
mod schema;
mod witness;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// What a command line did.
struct Done {
    code: i32,
    out: String,
    err: String,
}

impl Done {
    /// The exit code must be this one.
    #[track_caller]
    fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\nstdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Nothing may be on standard error.
    #[track_caller]
    fn quiet(self) -> Self {
        assert_eq!(self.err, "");
        self
    }

    /// Standard error must have these words.
    #[track_caller]
    fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.err.contains(word), "no `{word}` in:\n{}", self.err);
        }
        self
    }

    /// Standard output must have these words.
    #[track_caller]
    fn prints(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.out.contains(word), "no `{word}` in:\n{}", self.out);
        }
        self
    }

    /// Standard output as JSON, one object a line.
    #[track_caller]
    fn objects(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect()
    }

    /// Standard output without what changes with the model and the machine.
    fn stable(&self) -> String {
        let words = |line: &str| {
            let mut out: Vec<String> = Vec::new();
            for word in line.split(' ') {
                let counted = out.last().is_some_and(|w| w.replace(',', "").parse::<u64>().is_ok());
                match word {
                    word if word.starts_with("1:") => out.push("SCHEDULE".to_owned()),
                    word if counted && (word.starts_with("execution") || word.starts_with("request")) => {
                        out.pop();
                        let (what, mark) = word.split_at(word.trim_end_matches([',', ';']).len());
                        out.push(format!("N {}s{mark}", what.trim_end_matches('s')));
                    }
                    "s" if out.last().is_some_and(|w| w.parse::<f64>().is_ok()) => {
                        out.pop();
                        out.push("T s".to_owned());
                    }
                    word => out.push(word.to_owned()),
                }
            }
            out.join(" ")
        };
        self.out.lines().map(words).collect::<Vec<_>>().join("\n")
    }
}

/// Runs a command line in the directory of the fixtures.
fn cowrace(args: &[&str]) -> Done {
    let Output { status, stdout, stderr } = command(args).output().expect("it starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Done { code: status.code().expect("an exit code"), out: text(stdout), err: text(stderr) }
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cowrace"));
    command.args(args).current_dir(fixtures());
    command
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}
