//! The ordering of primitives, by architecture.

use std::fmt;

/// The architectures that differ in a way that matters to the model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Arch {
    /// The conservative default: only what the kernel's documentation promises on every architecture. TLB flushes do
    /// not wait for lockless walkers, and there is a swap-exclusive bit.
    #[default]
    Generic,
    /// TLB shootdown by IPI, which waits for CPUs that have interrupts off; atomics are full barriers.
    X86,
    /// TLB shootdown by broadcast, many relaxed atomics.
    Arm64,
    /// Like generic, but without room for the exclusive bit in a swap PTE (most architectures before v6.3).
    NoSwapExclusive,
}

impl Arch {
    /// Every architecture.
    pub const ALL: &[Self] = &[Self::Generic, Self::X86, Self::Arm64, Self::NoSwapExclusive];

    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::X86 => "x86",
            Self::Arm64 => "arm64",
            Self::NoSwapExclusive => "no-swap-exclusive",
        }
    }

    /// Whether a TLB flush is an IPI, which a CPU with interrupts off (GUP-fast) does not acknowledge.
    #[must_use]
    pub const fn flush_waits_for_irq_off(self) -> bool {
        matches!(self, Self::X86)
    }
}

impl fmt::Display for Arch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The ordering of an access or a barrier, in the terms of the Linux kernel memory model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ordering {
    /// Atomic, and nothing more.
    Relaxed,
    /// Later accesses stay after it.
    Acquire,
    /// Earlier accesses stay before it.
    Release,
    /// Nothing passes in either direction.
    Full,
    /// Loads do not pass loads.
    ReadBarrier,
    /// Stores do not pass stores.
    WriteBarrier,
}
