//! A race diagram as a C program that does the same on a running kernel.
//!
//! [`Execution::choose`] finds an execution of a scenario that user space can order: one whose calls run one after the
//! other, except for I/O that a device holds back, or, if there is none, calls that run side by side and are tried often.
//! [`Plan::of`] says what stands for each call, by which facility of the kernel, and where it runs; what cannot be done is a
//! typed [`Refusal`]. [`program`] writes the plan down. The pieces of C that it needs are files of `src/runtime`.
//!
//! This crate writes programs. It compiles and runs none.

mod areas;
mod calls;
mod control;
mod device;
mod emit;
mod execution;
mod facility;
mod judge;
mod order;
mod plan;
mod refusal;
mod value;
mod words;

pub use device::{Device, Handle};
pub use emit::program;
pub use execution::{Control, Damage, Execution};
pub use facility::Facility;
pub use judge::Judge;
pub use order::{Move, Order, Part};
pub use plan::{Action, Plan, Step};
pub use refusal::{Refusal, Why};
