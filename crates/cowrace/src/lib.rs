//! Checks races between copy-on-write and page pinning in Linux mm, from a test.
//!
//! A scenario is a race diagram as kernel developers draw it in their mails. cowrace runs it on a small model of
//! the kernel's memory management, explores every interleaving, and answers with a proof or with the bad
//! interleaving.
//!
//! ```
//! use cowrace::Class;
//!
//! // fork() and pin_user_pages_fast() at the same time: the pin must not end up on a page that the child shares.
//! let race = include_str!("../../../scenarios/fork-vs-gup-fast-seqcount.race");
//!
//! // Every interleaving was explored, and none is bad.
//! cowrace::check(race).kernel("v6.12").assert_holds();
//!
//! // Without "mm/gup: prevent gup_fast from racing with COW during fork", the value that the device writes is lost.
//! cowrace::check(race).kernel("v6.12").without("57efa1fe5957").assert_violated(Class::LostRead);
//! ```
//!
//! A test that fails prints the diagram of what went wrong, why the kernel took the branches that it took, and the command
//! that replays it.
//!
//! # In a crate of your own
//!
//! ```toml
//! [dev-dependencies]
//! cowrace = "0.1"
//! cowrace-harness = "0.1"
//!
//! [[test]]
//! name = "races"
//! harness = false
//! ```
//!
//! Tests that ask one question are functions with `#[test]`, as above; [`check_file`] reads a file. For a directory
//! of scenarios, `cowrace-harness` makes a test of each scenario under each kernel, with the expectations of the
//! files. With `tests/races.rs` being
//!
//! ```text
//! fn main() -> std::process::ExitCode {
//!     cowrace_harness::main("races/")
//! }
//! ```
//!
//! `cargo test` runs all of them, `cargo test --test races fork-vs::v6.12` some, and a new file needs no rebuild.
//! `examples/cargo-test` in the repository is such a crate.
//!
//! # Questions
//!
//! [`check`] and [`check_file`] begin a question. A [`Kernel`] is a release, a stable version, a tree, a proposal,
//! or an era file, with commits removed or added. [`Scenario::builder`] builds a scenario from data. An [`Engine`]
//! other than the project's own gives a second opinion: loom and shuttle are features of this crate, off by
//! default.
//!
//! # Answers
//!
//! [`Check::run`] returns a [`Report`] with a [`Verdict`]; [`Report::data`] has everything, for other programs.
//! `holds` means that every interleaving was explored; if a limit ended the search the verdict is `bounded`, and if
//! the window of the race never opened it is `vacuous`. An [`Error`] is for questions that are not valid.
//!
//! # Logs
//!
//! The crates emit [`tracing`](https://docs.rs/tracing) spans and events for what they decide, and install no subscriber.

#![cfg_attr(docsrs, feature(doc_cfg))]

mod check;
mod engine;
mod error;
mod kernel;
mod report;
mod scenario;

pub use check::{Check, Source, check, check_file};
pub use cowrace_machine::Arch;
pub use cowrace_report::{self as data, Class, Verdict};
pub use engine::Engine;
pub use error::Error;
pub use kernel::Kernel;
pub use report::Report;
pub use scenario::{Scenario, ScenarioBuilder};
