//! The values of a scenario's variables, and their encoding as the bits of a word.

use cowrace_machine::Obj;

use crate::objects::Page;
use crate::world::{Errno, MmId};

const TAG: u32 = 56;
const NUMBER: u64 = 1;
const ERRNO: u64 = 2;
const HANDLE: u64 = 3;
const CHILD: u64 = 4;
const PIN: u64 = 1 << 16;
const WRITE: u64 = 1 << 17;
const RELEASED: u64 = 1 << 18;

/// The value of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing yet.
    Unset,
    /// A number.
    Number(u64),
    /// A failure.
    Errno(Errno),
    /// A page that is held.
    Handle(Handle),
    /// A child.
    Child(MmId),
}

/// A reference to a page that a call has returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Handle {
    /// The page.
    pub page: Obj,
    /// `FOLL_PIN` instead of `FOLL_GET`.
    pub pin: bool,
    /// Whether it may be used for writing.
    pub write: bool,
    /// Whether it has been released.
    pub released: bool,
}

impl Handle {
    /// The page.
    #[must_use]
    pub fn page(self) -> Page {
        self.page.into()
    }
}

impl Value {
    /// As the bits of a word; 0 is unset.
    #[must_use]
    pub const fn encode(self) -> u64 {
        match self {
            Self::Unset => 0,
            Self::Number(n) => (NUMBER << TAG) | n,
            Self::Errno(e) => (ERRNO << TAG) | e as u64,
            Self::Handle(h) => {
                (HANDLE << TAG)
                    | h.page.pfn()
                    | if h.pin { PIN } else { 0 }
                    | if h.write { WRITE } else { 0 }
                    | if h.released { RELEASED } else { 0 }
            }
            Self::Child(mm) => (CHILD << TAG) | mm as u64,
        }
    }

    /// From the bits of a word.
    #[must_use]
    pub const fn decode(bits: u64) -> Self {
        let rest = bits & ((1 << TAG) - 1);
        match bits >> TAG {
            NUMBER => Self::Number(rest),
            ERRNO => Self::Errno(match rest {
                1 => Errno::Sigsegv,
                2 => Errno::Efault,
                4 => Errno::Einval,
                _ => Errno::Eagain,
            }),
            HANDLE => Self::Handle(Handle {
                page: Obj::from_pfn(rest & 0xffff),
                pin: rest & PIN != 0,
                write: rest & WRITE != 0,
                released: rest & RELEASED != 0,
            }),
            CHILD => Self::Child(rest as usize),
            _ => Self::Unset,
        }
    }
}
