//! The memory that user space was promised, and what it allows.
//!
//! A scenario runs a second time, on memory without copy-on-write: every mm has pages of its own. What an execution
//! of the model of the kernel shows (every value read, every failure, memory at the end, where each handle leads)
//! is allowed if some execution of the specification shows all of it. Barriers, waits and joins are part of the scenario,
//! so the specification keeps the order that they give; columns that run side by side may go either way.
//!
//! What is looked at is a function of memory at the end, where variables and failures lie as well. Executions of
//! one trace end in the same memory, so a reduction that explores one execution of each trace keeps it.

mod call;
mod class;
mod cpu;
mod discard;
mod evict;
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
mod program;
mod promises;

pub use follow::shows_in_order;
pub use needed::needed;
pub use oracle::{Oracle, Unknown};
pub use program::program;
pub use promises::{Promises, Rule};
