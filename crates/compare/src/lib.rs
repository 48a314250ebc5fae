//! What becomes of scenarios from kernel to kernel, and what makes the difference.
//!
//! [`diff`] puts two kernels side by side and [`against`] many beside one; [`timeline`] goes from one to the next and
//! says which commits made a change, which [`bisect`] finds out by searching in between; [`ablate`] takes a kernel's parts
//! out one by one; [`observed`] puts the model beside what real kernels did.

pub mod ablate;
pub mod against;
pub mod bisect;
pub mod diff;
pub mod observed;
pub mod timeline;
