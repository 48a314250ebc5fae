//! The subject of a row, derived from its name, and whether it can be modelled.

use crate::kernel::Kernel;
#[cfg(doc)]
use crate::verdict::ChildView;
use crate::verdict::Verdict;

/// What the model can do with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// It can be a scenario.
    Modelled(Subject),
    /// It concerns something that the model does not have.
    NotModelled(&'static NotModelled),
    /// Its name is not understood.
    Unknown,
}

/// The subject of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A device holds a page while something happens.
    Held(Held),
    /// A process takes a page into a pipe and unmaps it, and another process writes.
    Leak(Leak),
    /// A parent writes after a fork.
    Reuse {
        /// Whether the child has exited before.
        exited: bool,
    },
}

impl Subject {
    /// The two verdicts that a row of this kind can have, each with the result of `check` for its scenario: `holds`
    /// first, then the class of the damage.
    #[must_use]
    pub const fn verdicts(self) -> [(Verdict, &'static str); 2] {
        match self {
            Self::Held(Held { device, .. }) if device.writes() => {
                [(Verdict::Coherent, "holds"), (Verdict::Lost, "lost-read")]
            }
            Self::Held(_) => [(Verdict::Coherent, "holds"), (Verdict::Stale, "stale-pin")],
            Self::Leak(_) => [(Verdict::Safe, "holds"), (Verdict::Leak, "leak")],
            Self::Reuse { exited: true } => [(Verdict::Reuse, "holds"), (Verdict::Copy, "spurious-copy")],
            // If the page is reused while the child maps it, the child sees what its parent writes.
            Self::Reuse { exited: false } => [(Verdict::Copy, "holds"), (Verdict::Reuse, "leak")],
        }
    }

    /// The variable of the scenario that gets the value that a living child reads in the end, if there is such a child:
    /// 0 if it reads [`Clean`](ChildView::Clean).
    #[must_use]
    pub const fn child(self) -> Option<&'static str> {
        match self {
            Self::Held(held) if held.living_child().is_some() => Some("c"),
            _ => None,
        }
    }

    /// The era that represents a kernel in rows of this kind: a preset, or a release or version.
    ///
    /// A reconstruction is a 5.10.46 kernel with historic changes taken out, all of which were made in the code for base
    /// pages, so that its huge pages are those of v5.10.46.
    #[must_use]
    pub fn era(self, kernel: &Kernel) -> &'static str {
        let is_hugetlb = matches!(
            self,
            Self::Held(Held { state: State::Hugetlb, .. })
                | Self::Leak(Leak { page: LeakedPage::Hugetlb, .. })
        );
        if (is_hugetlb || self.is_thp()) && kernel.is_reconstruction() { "v5.10.46" } else { kernel.era }
    }

    /// The commits that the era lacks in rows of this kind: those of [`Kernel::thp_without`] for transparent huge pages.
    #[must_use]
    pub fn without(self, kernel: &Kernel) -> &'static [&'static str] {
        if self.is_thp() { kernel.thp_without } else { &[] }
    }

    const fn is_thp(self) -> bool {
        matches!(
            self,
            Self::Held(Held { state: State::Thp, .. }) | Self::Leak(Leak { page: LeakedPage::Thp, .. })
        )
    }

    /// The result of `check` for the scenario on a kernel on which this was observed.
    #[must_use]
    pub fn outcome(self, observed: Verdict) -> Option<&'static str> {
        self.verdicts().into_iter().find(|(verdict, _)| *verdict == observed).map(|(_, outcome)| outcome)
    }

    /// The observation that corresponds to a result of `check`: `holds`, or a class.
    #[must_use]
    pub fn verdict(self, outcome: &str) -> Option<Verdict> {
        self.verdicts().into_iter().find(|(_, word)| *word == outcome).map(|(verdict, _)| verdict)
    }
}

/// A device takes a page in some state and holds it; then come an event, a write by the CPU, and the DMA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The device.
    pub device: Device,
    /// The state of the page when it is taken.
    pub state: State,
    /// The event while it is held.
    pub event: Event,
}

/// An attack by `vmsplice`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leak {
    /// Who takes the page, and when.
    pub attack: Attack,
    /// The page.
    pub page: LeakedPage,
}

/// A word in the names of rows for which the model has no counterpart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotModelled {
    /// The word.
    pub state: &'static str,
    /// Why there is no scenario.
    pub reason: &'static str,
}

/// Everything in the table that is not modelled.
pub const NOT_MODELLED: &[NotModelled] = &[NotModelled { state: "ksm", reason: "pages that KSM has merged" }];

macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$item:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$item])* $variant,)* }

        impl $name {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name in the table.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|w| w.name() == word)
            }
        }
    };
}

words! {
    /// The call or the device that takes the page.
    Device {
        /// `vmsplice(2)`: a get, to read.
        Vmsplice = "vmsplice(R,GET)",
        /// `process_vm_readv(2)`: a short read pin.
        ProcessVmReadv = "pvm_readv(R,PIN)",
        /// `process_vm_writev(2)`: a short write pin.
        ProcessVmWritev = "pvm_writev(W,PIN)",
        /// `read(2)` of a FUSE file with direct I/O.
        FuseRead = "fuse_dio_read(W)",
        /// `write(2)` to a FUSE file with direct I/O.
        FuseWrite = "fuse_dio_write(R)",
        /// `read(2)` of a block device with `O_DIRECT`.
        BlockRead = "blk_odirect_read(W)",
        /// An io_uring fixed buffer that is written to.
        FixedRead = "uring_fixed(W,LT)dmaW",
        /// An io_uring fixed buffer that is read from.
        FixedWrite = "uring_fixed(W,LT)dmaR",
    }
}

words! {
    /// The state of the page when it is taken.
    State {
        /// Never forked.
        Excl = "excl",
        /// Shared with a child that has exited.
        PrevShared = "prevshared",
        /// Shared with a child that is alive.
        Shared = "shared",
        /// Out on swap.
        SwappedOut = "swappedout",
        /// The zero page.
        ZeroPage = "zeropage",
        /// The page cache's page in a private mapping of a file.
        PrivFile = "privfile",
        /// A transparent huge page, never forked.
        Thp = "thp",
        /// A huge page of hugetlb, never forked.
        Hugetlb = "hugetlb",
    }
}

words! {
    /// Who takes the page into a pipe and unmaps it, and when. The other process writes.
    Attack {
        /// A child.
        ChildPins = "leak-child-pins",
        /// A parent, before it forks.
        ParentPinsBeforeFork = "leak-parent-pins-before-fork",
        /// A parent, after it has forked.
        ParentPinsAfterFork = "leak-parent-pins-after-fork",
    }
}

words! {
    /// The page that leaks.
    LeakedPage {
        /// Exclusive before the fork.
        Excl = "excl",
        /// Exclusive, and swapped out before the fork.
        Swapped = "excl+swap",
        /// A transparent huge page.
        Thp = "thp",
        /// A huge page of hugetlb.
        Hugetlb = "hugetlb",
    }
}

words! {
    /// What happens while the page is held.
    Event {
        /// Nothing.
        None = "none",
        /// `clear_refs`.
        SoftDirty = "softdirty",
        /// `mprotect(2)`, read-only and back.
        Mprotect = "mprotect",
        /// Userfaultfd write-protection and back.
        UffdWp = "uffdwp",
        /// `MADV_PAGEOUT`.
        PageOut = "pageout",
        /// `MADV_PAGEOUT`, then a load.
        PageOutRead = "pageout+read",
        /// A fork whose child lives on.
        ForkAlive = "fork-alive",
        /// A fork whose child has exited.
        ForkExit = "fork-exit",
    }
}

impl Held {
    /// The mm of a child that lives to the end.
    pub(crate) const fn living_child(self) -> Option<&'static str> {
        match (self.state, self.event) {
            (_, Event::ForkAlive) => Some("C"),
            (State::Shared, _) => Some("S"),
            _ => None,
        }
    }
}

impl Device {
    /// Whether it writes into the page.
    #[must_use]
    pub const fn writes(self) -> bool {
        matches!(self, Self::ProcessVmWritev | Self::FuseRead | Self::BlockRead | Self::FixedRead)
    }
}

pub(crate) fn treatment(name: &str) -> Treatment {
    let words: Vec<&str> = name.split('|').collect();
    if let Some(missing) = NOT_MODELLED.iter().find(|n| words.get(1) == Some(&n.state)) {
        return Treatment::NotModelled(missing);
    }
    let subject = match *words.as_slice() {
        ["reuse", "fork-exit"] => Some(Subject::Reuse { exited: true }),
        ["reuse", "fork-alive"] => Some(Subject::Reuse { exited: false }),
        [attack, page] => leak(attack, page).map(Subject::Leak),
        [device, state, event] => held(device, state, event).map(Subject::Held),
        _ => None,
    };
    subject.map_or(Treatment::Unknown, Treatment::Modelled)
}

fn leak(attack: &str, page: &str) -> Option<Leak> {
    Some(Leak { attack: Attack::parse(attack)?, page: LeakedPage::parse(page)? })
}

fn held(device: &str, state: &str, event: &str) -> Option<Held> {
    let held =
        Held { device: Device::parse(device)?, state: State::parse(state)?, event: Event::parse(event)? };
    let is_possible = match (held.state, held.event) {
        // Userfaultfd write-protects no pages of private file mappings. Of hugetlb it does, which is not modelled.
        (State::PrivFile | State::Hugetlb, Event::UffdWp) => false,
        // Huge pages of hugetlb are not reclaimed. Transparent ones are, which is not modelled.
        (State::Thp | State::Hugetlb, Event::PageOut | Event::PageOutRead) => false,
        _ => true,
    };
    is_possible.then_some(held)
}
