//! The specification: the memory that user space was promised, and the observations that it allows.
//!
//! A scenario runs a second time, on memory without copy-on-write: every mm has pages of its own. The observations of
//! an execution of the model of the kernel (every value read, every failure, memory at the end, the memory to which
//! each handle leads) are allowed if some execution of the specification shows all of them together. Barriers, waits
//! and joins are part of the scenario, so the specification keeps the order that they give; columns that run
//! concurrently may be ordered either way.
//!
//! Observations are a function of memory at the end, which also contains variables and failures. Executions of one
//! trace end in the same memory, so a reduction that explores one execution of each trace keeps them.

mod call;
mod class;
mod cpu;
mod discard;
mod follow;
mod heir;
mod history;
mod keepers;
mod layout;
mod memory;
mod needed;
mod observation;
mod oracle;
mod order;
mod possible;
mod probe;
mod program;
mod promises;
mod pte;
mod start;
mod tlb_entries;

pub use follow::shows_in_order;
pub use needed::needed;
pub use oracle::{Oracle, Unknown};
pub use possible::{Allowed, Possible};
pub use program::program;
pub use promises::{Promises, Rule};
