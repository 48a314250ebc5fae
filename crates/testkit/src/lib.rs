//! Code that tests, fuzz targets and benchmarks share; nothing that is released depends on it.
//!
//! Random input: [`Draft`] is a small scenario that refers to everything by number, so that names and orders can be
//! changed without reading the cells; its `Display` is the scenario language. [`drafts`] makes random ones, and
//! [`changes()`] lists changes of one, each with the [`Relation`] of the two drafts. [`columns`] reorders the columns
//! of a file. [`texts`] makes random valid files that use all of the language; [`scripts::random`] makes random
//! programs.
//!
//! Programs: [`scripts`] are programs whose actors are given line by line, [`common_problem`] is the problem on which
//! checkers are compared, and [`corpus`](mod@corpus) has the scenarios of the repository.
//!
//! Second opinions on the engine: searches that do not reduce, or that count without exploring ([`scripts::naive`],
//! [`scripts::memo`]), the search of states against that of traces ([`merging`]), an interpreter ([`scripts::walker`]), and the true sizes of searches for comparison with
//! estimates ([`estimates`]).
//!
//! [`properties`] has the properties that must be true of any input.

#[cfg(feature = "random")]
pub mod changes;
#[cfg(feature = "random")]
pub mod columns;
#[cfg(feature = "machine")]
pub mod common_problem;
#[cfg(feature = "explore")]
pub mod corpus;
#[cfg(feature = "random")]
mod draft;
#[cfg(feature = "explore")]
pub mod estimates;
#[cfg(feature = "explore")]
pub mod merging;
pub mod properties;
#[cfg(feature = "random")]
mod random;
#[cfg(feature = "random")]
mod rounds;
#[cfg(feature = "machine")]
pub mod scripts;
#[cfg(feature = "random")]
pub mod texts;

use std::path::PathBuf;

#[cfg(feature = "random")]
pub use {
    changes::{Change, Relation, changes},
    draft::{Area, Call, Column, Draft, Mm, Names, Row},
    random::drafts,
    rounds::{at_length, cases, fixed, round, runner},
};

/// A file or directory of the repository.
#[must_use]
pub fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}
