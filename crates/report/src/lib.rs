//! Events and conclusions, as plain data.
//!
//! This crate is the only stable machine-readable interface of cowrace. It has no logic beyond printing and parsing
//! its own text forms, and does not depend on the rest of the project.

pub mod ablation;
mod access;
mod baseline;
pub mod cell;
mod costs;
mod course;
mod coverage;
pub mod difference;
mod drawn;
mod effect;
mod event;
pub mod explanation;
mod finding;
pub mod hunt;
mod promise;
mod reason;
mod replayed;
mod report;
mod schedule;
#[cfg(feature = "schema")]
pub mod schema;
mod toggle;
mod value;
mod verdict;
mod word;

pub use access::{Access, Amount, Translation, UserAccess, UserOutcome};
pub use baseline::{ByBaseline, Known, Standing};
pub use cell::Found;
pub use costs::{Costs, Needed, Span};
pub use course::{Alone, Course, Switch};
pub use coverage::{Called, Coverage, Functions, Order, Pair, Unreached};
pub use drawn::AsDrawn;
pub use effect::{Aim, Ineffective, Limit, NoEffect, Obstacle, Shown};
pub use event::{Change, Event, Step, Trace};
pub use finding::{Detail, Fault, Faulty, Finding, Holders, Term, Waiting, Waits};
pub use promise::{Author, Broken, Place, Seen, Subject, Through};
pub use reason::{Fact, Reason, Then};
pub use replayed::{Reached, Replayed};
pub use report::{Base, Report, Stop};
pub use schedule::{ParseScheduleError, Schedule, Turn};
pub use toggle::{ParseToggleError, Toggle};
pub use value::{Handle, Lock, Mappings, Maps, Pte, References, Value};
pub use verdict::{Class, Cow, ParseVerdictError, Verdict};
pub use word::{Kind, Owner, Page, Word};
