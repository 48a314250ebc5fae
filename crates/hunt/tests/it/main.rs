//! Tests of hunts.

mod divided;
mod families;
mod guided;
mod levels;
mod whole;
