//! The kernels, and the eras that represent them.

/// A kernel that was observed: a column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// Its name in the table.
    pub name: &'static str,
    /// The era that represents it for base pages: a preset, or a release or version. [`Subject::era`](crate::Subject::era) is that of a
    /// row.
    pub era: &'static str,
    /// Why the era represents it, if the two names differ.
    pub because: Option<&'static str>,
    /// The commits that its code for transparent huge pages lacks, if it is a reconstruction: the change that was taken out to
    /// have fork share what is pinned took them with it.
    pub thp_without: &'static [&'static str],
}

impl Kernel {
    /// Whether it is a reconstruction of a kernel instead of that kernel.
    #[must_use]
    pub fn is_reconstruction(&self) -> bool {
        self.name.ends_with('*')
    }
}

const fn kernel(name: &'static str, era: &'static str) -> Kernel {
    Kernel { name, era, because: None, thp_without: &[] }
}

/// A reconstruction without the copies that fork makes of what may be pinned.
const fn sharing(name: &'static str, era: &'static str) -> Kernel {
    Kernel { thp_without: &["d042035eaf5f"], ..kernel(name, era) }
}

/// Every kernel of the table, oldest first; reconstructions are starred.
pub const KERNELS: &[Kernel] = &[
    sharing("5.7-like*", "v5.7"),
    sharing("5.8-like*", "v5.8"),
    sharing("5.9-rc5-like*", "v5.9-rc5"),
    kernel("5.9-like*", "v5.9"),
    kernel("full-accuracy*", "aa-revert"),
    kernel("5.10.262", "v5.10.262"),
    kernel("6.1.192", "v6.1.192"),
    kernel("6.12.117", "v6.12.117"),
    kernel("6.18.15", "v6.18.15"),
    Kernel {
        name: "7.2.12",
        era: "v6.15",
        because: Some("v7.0's order of do_swap_page is not modelled yet"),
        thp_without: &[],
    },
];
