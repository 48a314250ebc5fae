//! Verdicts and the classes of damage.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! names {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Every value, in the order of the documentation.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in scenario files and reports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.name())
            }
        }

        impl FromStr for $name {
            type Err = ParseVerdictError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL.iter().copied().find(|v| v.name() == text).ok_or_else(|| ParseVerdictError(text.to_owned()))
            }
        }
    };
}

/// A word that is not the name of a verdict or class.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a verdict or a class of damage")]
pub struct ParseVerdictError(pub String);

names! {
    /// The conclusion of a check of one scenario under one era.
    Verdict {
        /// Every interleaving was explored and none is bad.
        Holds = "holds",
        /// A bad interleaving was found.
        Violated = "violated",
        /// A limit ended the search before it was complete; nothing bad was seen until then.
        Bounded = "bounded",
        /// Every interleaving was explored, none is bad, and none opened the window of the race.
        Vacuous = "vacuous",
        /// The question could not be answered.
        Inconclusive = "inconclusive",
        /// The kernel lacks a call of the scenario, or an operation that its initial state requires.
        NotApplicable = "not-applicable",
    }
}

names! {
    /// A violation, named by the damage it does.
    Class {
        /// One mm, or a handle that belongs to it, sees what another wrote after they parted.
        Leak = "leak",
        /// A device wrote into memory and its owner never sees it.
        LostRead = "lost-read",
        /// A store by a CPU is gone.
        LostWrite = "lost-write",
        /// A pin no longer refers to the memory that it was taken on.
        StalePin = "stale-pin",
        /// Freed memory was used.
        UseAfterFree = "use-after-free",
        /// A page that was written is not marked dirty.
        LostDirty = "lost-dirty",
        /// A page that was written is not marked soft-dirty.
        LostSoftDirty = "lost-soft-dirty",
        /// A write went past userfaultfd write-protection.
        LostUffdWp = "lost-uffd-wp",
        /// A write reached memory that the mapping does not own.
        PrivateWrite = "private-write",
        /// References and their holders do not add up.
        Refcount = "refcount",
        /// Actors wait for each other for ever.
        Deadlock = "deadlock",
        /// A page was copied although it was not shared: a cost, not an error.
        SpuriousCopy = "spurious-copy",
        /// A predicate of the scenario without a class of its own failed.
        Assertion = "assertion",
    }
}

names! {
    /// The three ways in which copy-on-write goes wrong, as the mails name them.
    Cow {
        /// A copy that was needed was not made.
        Missed = "missed CoW",
        /// A copy was made that cut a holder off from its memory.
        Wrong = "wrong CoW",
        /// A copy was made that was not needed.
        Unnecessary = "unnecessary CoW",
    }
}

impl Class {
    /// The kind of copy-on-write mistake that causes a class of damage, if there is one.
    #[must_use]
    pub const fn cow(self) -> Option<Cow> {
        match self {
            Self::Leak | Self::PrivateWrite => Some(Cow::Missed),
            Self::LostRead | Self::LostWrite | Self::StalePin => Some(Cow::Wrong),
            Self::SpuriousCopy => Some(Cow::Unnecessary),
            _ => None,
        }
    }
}
