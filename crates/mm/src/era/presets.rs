//! The presets.

/// An era with a name.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Whether it is a release of the mainline; ranges in scenarios run over these.
    pub mainline: bool,
    base: Option<&'static str>,
    with: &'static [&'static str],
    without: &'static [&'static str],
}

impl Preset {
    /// The ids of its commits.
    #[must_use]
    pub fn commits(&self) -> Vec<&'static str> {
        let mut ids = match self.base {
            Some(base) => PRESETS.iter().find(|p| p.name == base).map(Self::commits).unwrap_or_default(),
            None => Vec::new(),
        };
        ids.retain(|id| !self.without.contains(id));
        ids.extend(self.with);
        ids
    }
}

const fn mainline(
    name: &'static str,
    about: &'static str,
    base: Option<&'static str>,
    with: &'static [&'static str],
) -> Preset {
    Preset { name, about, mainline: true, base, with, without: &[] }
}

/// Every preset: releases oldest first, then stable trees, then proposals.
pub const PRESETS: &[Preset] = &[
    mainline("v5.7", "", None, &[]),
    mainline("v5.8", "", None, &[]),
    mainline("v5.9-rc5", "", None, &[]),
    mainline("v5.9", "", None, &[]),
    mainline("v5.10", "", None, &[]),
    Preset { name: "v5.10.y", about: "", mainline: false, base: None, with: &[], without: &[] },
    mainline("v5.11", "", None, &[]),
    mainline("v5.12", "", None, &[]),
    mainline("v5.18", "", None, &[]),
    mainline("v5.19", "", None, &[]),
    mainline("v6.1", "", None, &[]),
    mainline("v6.2", "", None, &[]),
    mainline("v6.4", "", None, &[]),
    mainline("v6.12", "", None, &[]),
    mainline("v6.15", "", None, &[]),
    Preset { name: "aa-revert", about: "", mainline: false, base: None, with: &[], without: &[] },
    Preset { name: "aa-cor", about: "", mainline: false, base: None, with: &[], without: &[] },
    Preset { name: "unshare-v1", about: "", mainline: false, base: None, with: &[], without: &[] },
    Preset { name: "active-inactive", about: "", mainline: false, base: None, with: &[], without: &[] },
];
