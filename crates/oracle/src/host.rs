//! This machine.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// How long a program may take. It ends itself before that.
const LIMIT: Duration = Duration::from_secs(150);

/// How often is looked whether a program has ended.
const PAUSE: Duration = Duration::from_millis(2);

/// Whether this process is root's, by its effective user.
#[must_use]
pub fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let users = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    users.and_then(|users| users.split_whitespace().nth(1)) == Some("0")
}

/// The version of this machine's kernel, such as `6.12.117+deb12-cloud-amd64`.
///
/// # Errors
///
/// If it is not Linux, or `/proc` is not mounted.
pub fn version() -> io::Result<String> {
    fs::read_to_string("/proc/sys/kernel/osrelease").map(|text| text.trim_end().to_owned())
}

/// Why nothing may be run here, if so: a setting by which a warning of the kernel ends the machine.
#[must_use]
pub fn forbids() -> Option<&'static str> {
    let is_set = |file: &str| fs::read_to_string(file).is_ok_and(|text| text.trim() != "0");
    is_set("/proc/sys/kernel/panic_on_warn").then_some(
        "kernel.panic_on_warn is set, so a warning of the kernel that a program provokes would end this machine",
    )
}

/// Runs a program, and returns its output. A program that takes too long is killed.
///
/// # Errors
///
/// If it cannot be run.
pub fn run(binary: &Path) -> io::Result<String> {
    let mut child =
        Command::new(binary).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut from = child.stdout.take();
    let reader = thread::spawn(move || {
        let mut text = Vec::new();
        // What came before an error counts.
        let _ = from.as_mut().map(|from| from.read_to_end(&mut text));
        String::from_utf8_lossy(&text).into_owned()
    });
    let started = Instant::now();
    while child.try_wait()?.is_none() {
        if started.elapsed() > LIMIT {
            child.kill()?;
            child.wait()?;
            break;
        }
        thread::sleep(PAUSE);
    }
    Ok(reader.join().unwrap_or_default())
}
