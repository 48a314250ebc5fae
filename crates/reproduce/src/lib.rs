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
mod orders;
mod plan;
mod refusal;
mod value;
mod words;

pub use device::{Device, Handle};
pub use emit::{is_program, program};
pub use execution::{Control, Damage, Execution};
pub use facility::Facility;
pub use judge::Judge;
pub use order::{Move, Order, Part};
pub use plan::{Action, Forecast, Plan, Step};
pub use refusal::{Refusal, Why};

use cowrace_check::{Bounds, Task};

/// Plans a program for a task, within bounds: an execution is chosen, and what stands for its calls.
///
/// # Errors
///
/// What user space cannot do, the first of it.
///
/// ```
/// use cowrace_check::{Bounds, Task};
/// use cowrace_mm::Era;
/// use cowrace_reproduce::{Forecast, plan, program};
///
/// let scenario = cowrace_scenario::parse(
///     "race r\nmm A { buf: anon }\n\na @A\n======\nbuf[0] = 1\nx = buf[0]\n\nalways x == 1\n",
/// )
/// .map_err(|errors| errors[0].to_string())?;
/// let variant = &scenario.variants()[0];
/// let era = Era::preset("v6.18").map_err(|error| error.to_string())?;
/// let task = Task { scenario: &scenario, variant, era: &era, arch: Default::default(), specification: None };
/// let plan = plan(task, &Bounds::default()).map_err(|refusal| refusal.to_string())?;
/// assert_eq!(plan.forecast(), Forecast::Clean);
/// assert!(program(task, &plan).contains("store(area_buf, 0, 1ULL)"));
/// # Ok::<(), String>(())
/// ```
pub fn plan(task: Task<'_>, bounds: &Bounds) -> Result<Plan, Refusal> {
    Plan::of(task, Execution::choose(task, bounds)?)
}
