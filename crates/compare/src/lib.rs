//! How results change from kernel to kernel, and which commits cause the change.
//!
//! [`diff`] compares two kernels, and [`against`] many with one. [`timeline`] goes from one kernel to the next and
//! names the commits that caused a change, which [`bisect`] finds by searching in between. [`ablate`] takes the
//! parts of a kernel out one by one. [`lifetime`] says since when and until when
//! mainline kernels have a race. [`ranges`] names many kernels in few words. [`observed`] compares the model with what real kernels did,
//! and [`selftest`] with what a test of the kernel's own printed on them.

pub mod ablate;
pub mod against;
pub mod bisect;
pub mod diff;
pub mod lifetime;
pub mod observed;
pub mod ranges;
pub mod selftest;
pub mod timeline;
