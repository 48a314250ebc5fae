//! `cowrace eras --from-git` and `--from-list`: an era file for a kernel tree.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use cowrace_mm::Era;
use cowrace_mm::era::{COMMITS, Landed, Version};

use crate::args::ErasArgs;
use crate::git_history::History;
use crate::{Failure, Out, batch};
use cowrace_check::kernel;

/// Separators between commits, and between the parts of a commit.
const RECORD: u8 = 0x1e;
const PART: char = '\u{1f}';

/// Prints the era file.
///
/// # Errors
///
/// If the tree or the list cannot be read, or the release that it is based on is not known.
pub(crate) fn run(args: &ErasArgs, out: &mut Out<'_>) -> Result<(), Failure> {
    let tree = match (&args.from_git, &args.from_list) {
        (Some(dir), _) => Tree::of_git(dir, args.base.as_deref())?,
        (None, Some(list)) => Tree::of_list(list, args.base.as_deref())?,
        (None, None) => return Err(Failure::tool("no tree was named")),
    };
    batch::print_notes(&tree.notes);
    out.text(&tree.file())
}

/// What is known of a tree.
struct Tree {
    name: String,
    base: Version,
    history: History,
    /// Whether the history is complete, so that a commit that is not in it is not in the tree.
    is_whole: bool,
    notes: Vec<String>,
}

impl Tree {
    fn of_git(dir: &Path, base: Option<&str>) -> Result<Self, Failure> {
        let version = version(&git(dir, &["show", "HEAD:Makefile"]).unwrap_or_default());
        let shallow = git(dir, &["rev-parse", "--is-shallow-repository"])?;
        let history = read_log(dir)?;
        let mut notes = Vec::new();
        let whole = |version: &MakefileVersion| {
            history.reaches(&version.release()) && history.reaches(&version.to_string())
        };
        let is_shallow = shallow.trim() == "true";
        let is_whole = !is_shallow && version.as_ref().is_some_and(whole);
        if !is_whole {
            let why = match (is_shallow, &version) {
                (true, _) => "the history is shallow".to_owned(),
                (false, None) => "there is no kernel's Makefile".to_owned(),
                (false, Some(version)) => {
                    format!("the history lacks the commit `Linux {}` or `Linux {version}`", version.release())
                }
            };
            notes.push(format!(
                "{why}: it is not known whether the tree has the commits that its history does not show"
            ));
        }
        let named = match (base, &version) {
            (Some(base), _) => base.to_owned(),
            (None, Some(version)) if is_whole => version.release(),
            (None, Some(version)) => known(version),
            (None, None) => {
                return Err(Failure::usage(format!(
                    "{} has no kernel Makefile at HEAD: name the release that the tree is based on, for \
                     example --base v5.15",
                    dir.display()
                )));
            }
        };
        let name = version.map_or_else(|| "own".to_owned(), |version| format!("own-{version}"));
        let base = Era::version(&named).map_err(|error| Failure::usage(kernel::explain(&error, None)))?;
        Ok(Self { name, base, history, is_whole, notes })
    }

    fn of_list(list: &Path, base: Option<&str>) -> Result<Self, Failure> {
        let Some(base) = base else {
            return Err(Failure::usage(
                "a list does not tell the release that the tree is based on: add it, for example --base \
                 v5.15",
            ));
        };
        let mut text = String::new();
        let shown = list.display();
        let fail = |error: std::io::Error| Failure::usage(format!("cannot read the list `{shown}`: {error}"));
        match list.as_os_str() == "-" {
            true => std::io::stdin().read_to_string(&mut text).map_err(fail)?,
            false => {
                std::fs::File::open(list).and_then(|mut file| file.read_to_string(&mut text)).map_err(fail)?
            }
        };
        let mut history = History::default();
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let (id, title) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
            let is_id = (7..=40).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
            if !is_id {
                return Err(Failure::usage(format!(
                    "line {} of the list `{shown}` does not begin with the id of a commit; \
                     `git log --format='%H %s'` prints such a list",
                    at + 1
                )));
            }
            // A list may have short ids.
            let id = cowrace_mm::era::commit(id).map_or(id, |commit| commit.id);
            history.read_commit(id, title.trim(), "");
        }
        let base = Era::version(base).map_err(|error| Failure::usage(kernel::explain(&error, None)))?;
        let notes =
            vec!["it is not known whether the tree has the commits that are not in the list".to_owned()];
        Ok(Self { name: "own".to_owned(), base, history, is_whole: false, notes })
    }

    /// The era file, with unknown commits as comments.
    fn file(&self) -> String {
        let (mut with, mut without, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
        for commit in COMMITS.iter().filter(|commit| matches!(commit.landed, Landed::In(_))) {
            let is_in_base = self.base.era.has(commit.id);
            match self.history.has(commit.id) {
                Some(true) if !is_in_base => with.push(commit),
                Some(false) if is_in_base => without.push(commit),
                Some(_) => {}
                // The history need not show the commits of the release.
                None if !is_in_base && !self.is_whole => unknown.push(commit),
                None => {}
            }
        }
        let mut text = format!("name = \"{}\"\nbase = \"{}\"\n", self.name, self.base.era.name());
        for (key, commits) in [("with", with), ("without", without)] {
            let _ = writeln!(text, "{key} = [");
            for commit in commits {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "  \"{}\", # {}", commit.id, commit.title);
            }
            text.push_str("]\n");
        }
        if !unknown.is_empty() {
            text.push_str("# Not known, and assumed to be missing:\n");
            for commit in unknown {
                let _ = writeln!(text, "# {}  {}", commit.id, commit.title);
            }
        }
        text
    }
}

/// The version as an era, if the tables know that version of its stable tree; otherwise its release.
fn known(version: &MakefileVersion) -> String {
    let whole = version.to_string();
    if Era::version(&whole).is_ok() { whole } else { version.release() }
}

/// The version in a kernel's Makefile.
#[derive(Debug)]
struct MakefileVersion {
    version: u16,
    patchlevel: u16,
    sublevel: u16,
}

impl MakefileVersion {
    fn release(&self) -> String {
        format!("{}.{}", self.version, self.patchlevel)
    }
}

impl std::fmt::Display for MakefileVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.sublevel {
            0 => f.write_str(&self.release()),
            sublevel => write!(f, "{}.{sublevel}", self.release()),
        }
    }
}

fn version(makefile: &str) -> Option<MakefileVersion> {
    let value = |key: &str| {
        let mut lines = makefile.lines().take(50);
        lines.find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('=')?.trim().parse().ok())
    };
    Some(MakefileVersion {
        version: value("VERSION")?,
        patchlevel: value("PATCHLEVEL")?,
        sublevel: value("SUBLEVEL")?,
    })
}

fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(dir).args(args).stdin(Stdio::null()).env("LC_ALL", "C");
    command
}

fn no_git(error: &std::io::Error) -> Failure {
    Failure::usage(format!("cannot run `git`: {error}"))
}

/// The output of a git command.
fn git(dir: &Path, args: &[&str]) -> Result<String, Failure> {
    let done = command(dir, args).output().map_err(|error| no_git(&error))?;
    match done.status.success() {
        true => Ok(String::from_utf8_lossy(&done.stdout).into_owned()),
        false => Err(failed(dir, args, &String::from_utf8_lossy(&done.stderr))),
    }
}

fn failed(dir: &Path, args: &[&str], said: &str) -> Failure {
    let said = said.lines().next().unwrap_or("it printed no message");
    Failure::usage(format!("`git {}` fails in {}: {said}", args[0], dir.display()))
}

/// The history, oldest first. The history of a kernel is large, so it is read commit by commit.
fn read_log(dir: &Path) -> Result<History, Failure> {
    let format = format!("--format=%x1e%H{PART}%s{PART}%b");
    let args = ["log", "--reverse", "--no-color", format.as_str()];
    let mut child = command(dir, &args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| no_git(&error))?;
    let mut history = History::default();
    if let Some(stdout) = child.stdout.take() {
        for record in BufReader::new(stdout).split(RECORD) {
            let record = record.map_err(|error| no_git(&error))?;
            let text = String::from_utf8_lossy(&record);
            let mut parts = text.splitn(3, PART);
            if let (Some(own), Some(title), Some(body)) = (parts.next(), parts.next(), parts.next()) {
                history.read_commit(own, title, body);
            }
        }
    }
    let done = child.wait_with_output().map_err(|error| no_git(&error))?;
    match done.status.success() {
        true => Ok(history),
        false => Err(failed(dir, &args, &String::from_utf8_lossy(&done.stderr))),
    }
}
