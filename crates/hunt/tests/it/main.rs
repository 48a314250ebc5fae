//! Tests of hunts.

mod levels;
mod whole;
