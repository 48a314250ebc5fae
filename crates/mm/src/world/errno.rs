//! Failures.

use cowrace_machine::encode;

/// A result that is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Errno {
    /// A signal: the access is not allowed.
    Sigsegv = 1,
    /// Bad address.
    Efault = 2,
    /// Try again.
    Eagain = 3,
    /// Invalid argument.
    Einval = 4,
    /// Device or resource busy.
    Ebusy = 5,
}
encode!(fieldless enum Errno);

impl Errno {
    /// The kernel's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sigsegv => "SIGSEGV",
            Self::Efault => "EFAULT",
            Self::Eagain => "EAGAIN",
            Self::Einval => "EINVAL",
            Self::Ebusy => "EBUSY",
        }
    }
}
