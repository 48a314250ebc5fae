//! One question and its answer: a scenario is checked under a kernel, by an engine, within limits.
//!
//! [`Task`] is the question, and an [`Engine`] answers it; [`Task::one`] runs a single execution. [`kernel`] finds
//! the kernels that names, files and toggles mean. The specification of a scenario is explored once for all kernels
//! ([`Specification`]), and kernels that do not differ in any rule that a search has read share its result
//! ([`ResultCache`]).

pub mod agreement;
pub mod as_drawn;
pub mod bounds;
pub mod by_base;
pub mod checkpoint;
pub mod costs;
pub mod coverage;
pub mod directives;
pub mod effects;
pub mod engine;
pub mod exploration;
pub mod interrupt;
pub mod kernel;
pub mod kernel_file;
mod logs;
pub mod outcomes;
pub mod result_cache;
pub mod shards;
pub mod side_findings;
pub mod single_run;
pub mod specification;
pub mod stored;
pub mod suggest;
pub mod task;
pub mod toggles;

pub use bounds::{Bounds, Interruptible};
pub use checkpoint::Checkpoint;
pub use engine::{Answer, Engine, Explore, Watch};
pub use exploration::{Exploration, Explored};
pub use interrupt::Interrupt;
pub use kernel::{KernelError, Selection, named, select};
pub use outcomes::Outcomes;
pub use result_cache::ResultCache;
pub use shards::ShardResults;
pub use single_run::Judged;
pub use specification::Specification;
pub use task::Task;
pub use toggles::Toggles;
