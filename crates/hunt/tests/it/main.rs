//! Tests of hunts.

mod families;
mod levels;
mod whole;
