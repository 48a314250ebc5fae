//! The kernels, and the eras that stand for them.

/// A kernel that was observed: a column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// As the table calls it.
    pub name: &'static str,
    /// The preset that stands for it.
    pub base: &'static str,
    /// The commits that it has more than the preset.
    pub with: &'static [&'static str],
}

impl Kernel {
    /// Whether it is a reconstruction of a kernel, not that kernel.
    #[must_use]
    pub fn is_reconstruction(&self) -> bool {
        self.name.ends_with('*')
    }

    /// The era as the language of scenarios names it, as `v5.12 with 9348b73c2e1b`.
    #[must_use]
    pub fn era(&self) -> String {
        let with = self.with.iter().map(|id| format!(" with {id}"));
        std::iter::once(self.base.to_owned()).chain(with).collect()
    }
}

const fn kernel(name: &'static str, base: &'static str) -> Kernel {
    Kernel { name, base, with: &[] }
}

/// Every kernel of the table, oldest first; reconstructions are starred.
pub const KERNELS: &[Kernel] = &[
    kernel("5.7-like*", "v5.7"),
    kernel("5.8-like*", "v5.8"),
    kernel("5.9-rc5-like*", "v5.9-rc5"),
    kernel("5.9-like*", "v5.9"),
    kernel("full-accuracy*", "aa-revert"),
    // What stable took after the v5.10.7 that the preset stands for, as far as it matters.
    Kernel {
        name: "5.10.262",
        base: "v5.10.y",
        with: &[
            "29a951dfb3c3",
            "9348b73c2e1b",
            "feb889fb40fa",
            "912efa17e512",
            "6ce64428d620",
            "6c8e2a256915",
        ],
    },
    kernel("6.1.192", "v6.1"),
    kernel("6.12.117", "v6.12"),
    kernel("6.18.15", "v6.15"),
    kernel("7.2.12", "v6.15"),
];
