//! Explains a violation: the execution that shows it best, without what it does not need, as a diagram and in
//! words.
//!
//! [`Counterexample`] picks the execution; [`diagram`] draws executions as scenarios of their own;
//! [`walkthrough()`] explains them row by row, with the [`diagnosis`] and the nearest execution that holds
//! ([`counterfactual`]).

pub mod command;
pub mod counterexample;
pub mod counterfactual;
pub mod diagnosis;
pub mod diagram;
pub mod entries;
mod execution;
pub mod explanation;
mod idle;
pub mod limits;
pub mod minimize;
pub mod narrate;
pub mod rows;
pub mod state_view;

pub mod walkthrough;

pub use counterexample::{Counterexample, spelled};
pub use diagram::{Drawing, picture};
pub use explanation::Explanation;
pub use rows::Detail;
pub use walkthrough::walkthrough;
