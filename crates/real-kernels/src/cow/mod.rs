//! The kernel's own test of copy-on-write, `tools/testing/selftests/mm/cow.c` of v6.12, as data: its cases, the pages that it runs
//! them with, what it printed on real kernels, and a scenario for each.

mod case;
mod draw;
mod page;
mod results;

pub use case::{Case, RoPin, Shared};
pub use draw::{generate, scenarios};
pub use page::Page;
pub use results::{CowError, Outcome, RELEASES, Release, Results, results};
