//! The driver of loom.

mod traps;
mod weak;
