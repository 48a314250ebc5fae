//! Random scenarios as data, and changes of them that must not change what is found: for tests.
//!
//! A [`Draft`] is a small scenario that refers to everything by number, so that names and orders can be changed
//! without a look at what cells say; its `Display` is the scenario language. [`drafts`] makes random ones, [`changes()`]
//! lists what can be done to one, and in which [`Relation`] the two then stand. [`columns`] reorders the columns of a
//! file.

pub mod changes;
pub mod columns;
mod draft;
mod random;
mod rounds;

pub use changes::{Change, Relation, changes};
pub use draft::{Area, Call, Column, Draft, Mm, Names, Row};
pub use random::drafts;
pub use rounds::{at_length, round, runner};
