//! What real kernels did in scenarios of copy-on-write and pinning, as data and as race diagrams.
//!
//! [`table()`] is the data: for each row and kernel, what was [`Observed`]. [`generate`] turns a row into a scenario in
//! the language of cowrace, with the observations as its expectations; [`NOT_MODELLED`] lists what cannot be turned
//! into one, and why. `data/README.md` tells where the data comes from.
//!
//! This crate knows no engine and no model: it makes text, and tells which era represents each kernel.
//!
//! ```
//! let table = cowrace_real_kernels::table()?;
//! let row = table.row("vmsplice(R,GET)|excl|softdirty").ok_or("no such row")?;
//! let kernel = table.kernels().position(|k| k.name == "5.10.262").ok_or("no such kernel")?;
//! assert_eq!(row.cells[kernel].verdict.name(), "STALE");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod cow;
mod draw;
mod generate;
mod kernel;
mod row;
mod subject;
mod table;
mod title;
mod verdict;

pub use generate::{Generated, generate, scenarios};
pub use kernel::{KERNELS, Kernel};
pub use row::Row;
pub use subject::{
    Attack, Device, Event, Held, Leak, LeakedPage, NOT_MODELLED, NotModelled, State, Subject, Treatment,
};
pub use table::{Table, TableError, table};
pub use verdict::{ChildView, Observed, Verdict};
