//! Checkers and compilers that are processes.

use std::env;
use std::io::{Read, pipe};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::peer::Reason;
use cowrace_testkit::common_problem::{Rule, Variant};

/// Whether programs can be found.
pub(crate) fn available(programs: &[&str]) -> Result<(), Reason> {
    let path = env::var_os("PATH").unwrap_or_default();
    let is_there = |program: &str| env::split_paths(&path).any(|dir| dir.join(program).is_file());
    let missing = programs.iter().find(|program| !is_there(program));
    missing.map_or(Ok(()), |program| Err(format!("{program} is not installed")))
}

/// The macros that select a variant in the texts for a C preprocessor.
pub(crate) fn definitions(variant: &Variant) -> Vec<String> {
    let mut all = vec![
        format!("-DNT={}", variant.actors),
        format!("-DPOL={}", u8::from(variant.rule == Rule::Mapcount)),
    ];
    let flags = [(!variant.seq, "-DNOSEQ"), (variant.twice, "-DTWICE"), (variant.frees, "-DFREES")];
    all.extend(flags.iter().filter(|flag| flag.0).map(|flag| flag.1.to_owned()));
    all
}

/// Runs a compiler and returns its time.
pub(crate) fn build(command: &mut Command) -> Result<Duration, Reason> {
    let started = Instant::now();
    let output = command.output().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if output.status.success() {
        return Ok(started.elapsed());
    }
    let text = [output.stdout, output.stderr].concat();
    Err(format!("{command:?} failed: {}", said(&String::from_utf8_lossy(&text))))
}

/// The end of what was printed.
pub(crate) fn said(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(5)..].join("\n    ")
}

/// The output of a checker, or `None` if it had to be stopped. The caller interprets its exit code.
pub(crate) fn run(mut command: Command, limit: Duration) -> Result<Option<String>, Reason> {
    let failed = |error| format!("cannot run a checker: {error}");
    let (mut output, input) = pipe().map_err(failed)?;
    command.stdin(Stdio::null()).stdout(input.try_clone().map_err(failed)?).stderr(input);
    let child = Mutex::new(command.spawn().map_err(failed)?);
    // The command holds the pipe open.
    drop(command);
    let (finished, waiting) = channel::<()>();
    let mut text = String::new();
    let (read, stopped) = thread::scope(|scope| {
        let child = &child;
        let guard = scope.spawn(move || {
            let late = waiting.recv_timeout(limit) == Err(RecvTimeoutError::Timeout);
            late && child.lock().unwrap_or_else(PoisonError::into_inner).kill().is_ok()
        });
        let read = output.read_to_string(&mut text);
        drop(finished);
        (read, guard.join().unwrap_or(true))
    });
    child.into_inner().unwrap_or_else(PoisonError::into_inner).wait().map_err(failed)?;
    read.map_err(failed)?;
    Ok((!stopped).then_some(text))
}

/// The first number in the first line that contains some words.
pub(crate) fn number(text: &str, words: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.contains(words))?;
    let rest = line.split_once(words).map_or("", |(_, rest)| rest);
    let digits = |text: &str| text.split(|c: char| !c.is_ascii_digit()).find(|d| !d.is_empty())?.parse().ok();
    digits(rest).or_else(|| digits(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_takes_too_long_is_stopped() {
        let started = Instant::now();
        let mut sleep = Command::new("sleep");
        sleep.arg("60");
        assert_eq!(run(sleep, Duration::from_millis(50)), Ok(None));
        assert!(started.elapsed() < Duration::from_secs(30));
        let mut echo = Command::new("echo");
        echo.arg("done");
        assert_eq!(run(echo, Duration::from_secs(60)), Ok(Some("done\n".to_owned())));
    }

    #[test]
    fn what_is_not_there() {
        assert_eq!(available(&["no-such-checker"]), Err("no-such-checker is not installed".to_owned()));
        assert!(run(Command::new("no-such-checker"), Duration::from_secs(1)).is_err());
        assert!(build(&mut Command::new("no-such-compiler")).is_err());
    }

    #[test]
    fn numbers_before_and_after_words() {
        let text = "State-vector 60 byte, errors: 1\n      168 states, stored\nTrace count: 12 (3 blocked)\n";
        assert_eq!(number(text, "errors:"), Some(1));
        assert_eq!(number(text, "states, stored"), Some(168));
        assert_eq!(number(text, "Trace count:"), Some(12));
        assert_eq!(number(text, "explored:"), None);
    }
}
