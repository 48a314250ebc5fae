//! What happened and what was concluded, as plain data.
//!
//! This crate is the only stable machine-readable interface of cowrace. It holds no logic beyond
//! printing and parsing its own text forms, and depends on nothing else of the project.

pub mod ablation;
pub mod cell;
mod costs;
mod course;
mod coverage;
pub mod difference;
mod drawn;
mod effect;
mod event;
mod report;
mod schedule;
mod verdict;

pub use cell::Found;
pub use costs::{Costs, Needed, Span};
pub use course::{Alone, Course, Switch};
pub use coverage::{Called, Coverage, Functions, Order, Pair, Unreached};
pub use drawn::AsDrawn;
pub use effect::{Aim, Ineffective, Limit, NoEffect, Obstacle, Shown};
pub use event::{Change, Event, Kind, Step, Trace, Word};
pub use report::{Base, Report, Stop};
pub use schedule::{ParseScheduleError, Schedule, Turn};
pub use verdict::{Class, Cow, Finding, ParseVerdictError, Verdict};
