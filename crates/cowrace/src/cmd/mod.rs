//! The commands.

pub(crate) mod eras;
