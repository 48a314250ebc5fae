//! Checks races between copy-on-write and page pinning in Linux mm, from a test.
//!
//! A scenario is a race diagram as kernel developers draw it in their mails. cowrace runs it on a small model of
//! the kernel's memory management, explores every interleaving, and answers with a proof or with the bad
//! interleaving.
//!
//! # First steps
//!
//! 1. Give your crate the dependency:
//!
//!    ```toml
//!    [dev-dependencies]
//!    cowrace = "0.1" # or path = "COWRACE/crates/cowrace", from a checkout
//!    ```
//!
//! 2. Draw the race, in a string or in a file such as `races/pin-vs-fork.race`. Columns run at the same time, `===
//!    all ===` is a barrier, and the last line says what must be true.
//!
//! 3. Ask. Which interleavings are possible depends on the kernel:
//!
//! ```
//! use cowrace::Class;
//!
//! // In a test of yours: include_str!("../races/pin-vs-fork.race")
//! let race = "
//! race pin-vs-fork
//! mm A { buf: anon }
//!
//! thread0 @A                                  thread1 @A
//! ========================================    ==========
//!                                             B = fork()
//! h = pin_user_pages_fast(buf, FOLL_WRITE)
//! === all ===
//! buf[1] = 2
//! dma_write(h[0], 1)
//! r = buf[0]
//!
//! always r == 1 else lost-read
//! ";
//!
//! // Every interleaving was explored, and none is bad.
//! cowrace::check(race).kernel("v6.12").assert_holds();
//!
//! // Without "mm/gup: prevent gup_fast from racing with COW during fork", the value that the device writes is lost.
//! cowrace::check(race).kernel("v6.12").without("57efa1fe5957").assert_violated(Class::LostRead);
//! ```
//!
//! 4. Run `cargo test`. A test that fails prints the diagram of what went wrong, why the kernel took the branches
//!    that it took, and the command that replays it.
//!
//! # A directory of scenarios
//!
//! The crate `cowrace-harness` makes a test of each scenario under each kernel. The files say what is expected, for
//! example `expect v5.4..v5.10 lost-read; else holds`. It needs an entry in `Cargo.toml` and one file:
//!
//! ```toml
//! [dev-dependencies]
//! cowrace-harness = "0.1"
//!
//! [[test]]
//! name = "races"
//! harness = false
//! ```
//!
//! ```text
//! // tests/races.rs
//! fn main() -> std::process::ExitCode {
//!     cowrace_harness::main("races/")
//! }
//! ```
//!
//! `cargo test` runs all of them, `cargo test --test races pin-vs-fork::v6.12` some, and a new file needs no rebuild.
//! `examples/cargo-test` in the repository has both kinds of tests.
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
//! ```
//! use cowrace::{Scenario, Verdict};
//!
//! let scenario = Scenario::builder("two-stores")
//!     .memory("A", ["buf: anon"])
//!     .column("one", "A")
//!     .column("two", "A")
//!     .cell("one", "buf[0] = 1")
//!     .cell("two", "buf[0] = 2")
//!     .barrier()
//!     .cell("one", "r = buf[0]")
//!     .promise("never r == 0")
//!     .build()?;
//! let report = cowrace::check(scenario).kernel("v6.12").run()?;
//! assert_eq!(report.verdict(), Verdict::Holds);
//! # Ok::<(), cowrace::Error>(())
//! ```
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
