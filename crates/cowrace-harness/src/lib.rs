//! Every scenario of a directory, in every variant, under every kernel, as a test of its own.
//!
//! In the `Cargo.toml` of a crate:
//!
//! ```toml
//! [[test]]
//! name = "races"
//! harness = false
//! ```
//!
//! and in `tests/races.rs`:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     cowrace_harness::main("races/")
//! }
//! ```
//!
//! Files are read when the tests run, so a new one needs no rebuild. The tests check the expectations of the files;
//! under a kernel for which a file states no outcome, the scenario must hold. Tests are called `SCENARIO::KERNEL`,
//! or `SCENARIO:VARIANT::KERNEL`; names, filters, `--list`, `--exact`, `--ignored` and threads are those of
//! libtest, so they work with `cargo test` and `cargo nextest run` like any other test. A file that is not a
//! scenario becomes a failing test called `FILE::reads`.
//!
//! A test that fails prints the diagram of what went wrong, why, and the command that replays it.

mod names;
mod trials;

use std::path::PathBuf;
use std::process::ExitCode;

use cowrace::Kernel;
use libtest_mimic::Arguments;

/// Runs the scenarios of a directory, or of one file, under every preset kernel of the model.
///
/// A relative path starts at the directory of the crate, where Cargo runs its tests.
#[must_use]
pub fn main(path: impl Into<PathBuf>) -> ExitCode {
    Harness::new(path).main()
}

/// The tests to run: files and kernels.
#[derive(Clone, Debug)]
pub struct Harness {
    path: PathBuf,
    kernels: Vec<Kernel>,
}

impl Harness {
    /// The scenarios of a directory, or of one file, under every preset kernel of the model.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), kernels: Kernel::presets().collect() }
    }

    /// Uses these kernels instead.
    #[must_use]
    pub fn kernels<K: Into<Kernel>>(mut self, kernels: impl IntoIterator<Item = K>) -> Self {
        self.kernels = kernels.into_iter().map(Into::into).collect();
        self
    }

    /// Runs the tests that the arguments of the process select.
    #[must_use]
    pub fn main(&self) -> ExitCode {
        let arguments = Arguments::from_args();
        libtest_mimic::run(&arguments, trials::of(&self.path, &self.kernels, &arguments)).exit_code()
    }
}
