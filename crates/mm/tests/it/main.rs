//! Eras, orderings and the rules of each release.

mod eras;
mod frames;
mod functions;
mod safeguards;
mod seed;
mod spelling;
