//! The commands.

pub(crate) mod ablate;
pub(crate) mod calls;
pub(crate) mod check;
pub(crate) mod diff;
pub(crate) mod eras;
pub(crate) mod explain;
mod gate;
pub(crate) mod hunt;
pub(crate) mod list;
pub(crate) mod manual;
pub(crate) mod matrix;
pub(crate) mod merge;
pub(crate) mod oracle;
pub(crate) mod own_tree;
mod pages;
mod printing;
pub(crate) mod real_kernels;
pub(crate) mod replay;
pub(crate) mod reproduce;
pub(crate) mod resume;
mod selftest;
pub(crate) mod witness;
