//! Programs that were written by `cowrace-reproduce`, on a kernel.
//!
//! [`Compiler`] compiles them, [`host`] runs them here, [`Guest`] runs them on a kernel image under QEMU, in an
//! [`initramfs`] of their own, and [`tap`] reads what they say. This crate knows no model and no scenario.

pub mod compile;
pub mod guest;
pub mod host;
pub mod image;
pub mod initramfs;
pub mod tap;

pub use compile::{CompileError, Compiler};
pub use guest::{Guest, GuestError};
pub use tap::Seen;
