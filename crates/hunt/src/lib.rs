//! Campaigns over generated scenarios: the races that nobody drew.
//!
//! A scenario begins in a state of an area and consists of parts ([`part`]); the calls of a part run side by side, and all of
//! them have ended before the next part begins. So where the first parts have led ([`step::Situation`]) decides what
//! follows: the state of the kernel, and the states that the specification may be in after what was observed. Scenarios
//! that lead to the same are continued once.

pub mod alphabet;
pub mod campaign;
mod choice;
pub mod confirm;
pub mod corpus;
pub mod costs;
pub mod decided;
mod draw;
pub mod family;
pub mod guided;
pub mod hunt;
pub mod judge;
pub mod kind;
pub mod moves;
mod mutate;
pub mod outcome;
pub mod part;
mod plan;
mod pool;
mod reduce;
mod seeds;
pub mod setting;
mod side_by_side;
pub mod signature;
pub mod stage;
pub mod start;
pub mod step;
pub mod text;
mod unit;
pub mod unseen;
pub mod watch;
pub mod witness;
