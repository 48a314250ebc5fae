//! Tests of hunts.

mod families;
mod guided;
mod levels;
mod whole;
