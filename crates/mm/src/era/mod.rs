//! Kernel eras: presets of commits, each a toggle over [`Rules`].

mod answers;
mod commits;
mod difference;
pub(crate) mod features;
mod ids;
mod lacks;
mod presets;
mod reading;
mod release;
mod rules;
mod safeguards;
mod spelling;
mod stable;
mod version;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

pub use answers::Answers;
pub use commits::{COMMITS, Commit, Effect, Landed, Provenance};
pub use features::{FEATURES, Feature};
pub use ids::{IdError, commit};
pub use presets::{PRESETS, Preset};
pub use reading::{Noted, Reading, Rule};
pub use release::{ParseReleaseError, Release};
pub use rules::*;
pub use safeguards::{KEPT, NONE, Removal, Safeguard, SafeguardKind, Safeguards};
pub use spelling::{SPELLINGS, Since, Spelling};
pub use stable::{BRANCHES, Backport, Branch, First, Taken};
pub use version::{NotKnown, Version};

/// Every key for `--set`, each with its values: rules, then the switches of safeguards.
#[must_use]
pub fn settings() -> Vec<(&'static str, Vec<&'static str>)> {
    let switches = Safeguard::ALL.iter().filter_map(|safeguard| safeguard.switch());
    Rules::keys().into_iter().chain(switches.map(|key| (key, vec![KEPT, NONE]))).collect()
}

/// A kernel to check under: a preset, possibly with toggles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Era {
    name: String,
    /// The preset that it is, or from which it departs.
    preset: &'static str,
    /// The release whose tree it is, or from which it departs.
    tree: Release,
    commits: BTreeSet<usize>,
    /// The toggles by which an era with a name of its own differs from its base.
    inherent: Vec<Toggle>,
    toggles: Vec<Toggle>,
    rules: Rules,
}

/// The presets as eras, which are cached: looking up their commits takes longer than most uses of an era.
static ERAS: LazyLock<Vec<Era>> = LazyLock::new(|| {
    let eras = PRESETS.iter().map(Era::of).collect::<Result<_, _>>();
    eras.expect("presets are made of commits that there are")
});

/// One deviation from a preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Toggle {
    /// An additional commit.
    With(&'static str),
    /// A commit that is left out.
    Without(&'static str),
    /// A rule picked by hand: key and value.
    Set(&'static str, &'static str),
}

/// Why there is no such era.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EraError {
    /// No preset of that name, and no release or version either.
    Preset(String),
    /// A release or version whose commits are not known, the reason, and the nearest era.
    NotKnown(Release, NotKnown, String),
    /// No commit of that id.
    Commit(IdError),
    /// The commit is in the era already.
    Has(&'static str),
    /// The commit is not in the era.
    HasNot(&'static str),
    /// The commit is named twice.
    Twice(&'static str),
    /// The rule is set twice.
    SetTwice(String),
    /// No rule of that key.
    Key(String),
    /// No such value for the rule, and the values that it has.
    Value(&'static str, String, Vec<&'static str>),
}

impl fmt::Display for EraError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preset(name) => write!(f, "there is no era `{name}`"),
            Self::NotKnown(release, why, nearest) => {
                write!(f, "{release} is not known: {why}; the nearest era is `{nearest}`")
            }
            Self::Commit(error) => error.fmt(f),
            Self::Has(id) => write!(f, "the era has commit {id} already"),
            Self::HasNot(id) => write!(f, "the era does not have commit {id}"),
            Self::Twice(id) => write!(f, "commit {id} is named twice"),
            Self::SetTwice(key) => write!(f, "rule `{key}` is set twice"),
            Self::Key(key) => write!(f, "there is no rule `{key}`"),
            Self::Value(key, value, values) => {
                write!(f, "rule `{key}` has no value `{value}`; it takes {}", values.join(", "))
            }
        }
    }
}

impl std::error::Error for EraError {}

impl From<IdError> for EraError {
    fn from(error: IdError) -> Self {
        Self::Commit(error)
    }
}

impl Era {
    /// A preset by name.
    ///
    /// # Errors
    ///
    /// If there is none of that name.
    pub fn preset(name: &str) -> Result<Self, EraError> {
        let era = ERAS.iter().find(|era| era.name == name);
        era.cloned().ok_or_else(|| EraError::Preset(name.to_owned()))
    }

    /// Every preset, oldest first, proposals last.
    #[must_use]
    pub fn presets() -> Vec<Self> {
        ERAS.clone()
    }

    fn of(preset: &Preset) -> Result<Self, IdError> {
        let commits = preset.commits().into_iter().map(ids::place).collect::<Result<_, _>>()?;
        let mut era = Self {
            name: preset.name.to_owned(),
            preset: preset.name,
            tree: preset.tree,
            commits,
            inherent: Vec::new(),
            toggles: Vec::new(),
            rules: Rules::default(),
        };
        era.apply();
        Ok(era)
    }

    /// Gives the era a name of its own, as an era file does. Its toggles so far become a part of the named era.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self.inherent.append(&mut self.toggles);
        self
    }

    /// The kernel of a release or version that has some commits in addition to those of the preset.
    fn of_tree(mut self, tree: Release, more: &[&'static str]) -> Result<Self, EraError> {
        for id in more {
            self.commits.insert(ids::place(id)?);
        }
        (self.name, self.tree) = (tree.to_string(), tree);
        self.apply();
        Ok(self)
    }

    /// The era with one additional commit.
    ///
    /// # Errors
    ///
    /// If there is no such commit, or the era has it.
    pub fn with(mut self, id: &str) -> Result<Self, EraError> {
        let index = ids::place(id)?;
        let id = COMMITS[index].id;
        if self.toggles.contains(&Toggle::With(id)) {
            return Err(EraError::Twice(id));
        }
        if !self.commits.insert(index) {
            return Err(EraError::Has(id));
        }
        self.toggles.push(Toggle::With(id));
        self.apply();
        Ok(self)
    }

    /// The era without one of its commits.
    ///
    /// # Errors
    ///
    /// If there is no such commit, or the era lacks it.
    pub fn without(mut self, id: &str) -> Result<Self, EraError> {
        let index = ids::place(id)?;
        let id = COMMITS[index].id;
        if self.toggles.contains(&Toggle::Without(id)) {
            return Err(EraError::Twice(id));
        }
        if !self.commits.remove(&index) {
            return Err(EraError::HasNot(id));
        }
        self.toggles.push(Toggle::Without(id));
        self.apply();
        Ok(self)
    }

    /// The era with one rule picked by hand (such as `wp_reuse` and `mapswap`), or with a safeguard taken out (such as
    /// `zap_flush` and `none`).
    ///
    /// # Errors
    ///
    /// If there is no such rule or value.
    pub fn set(mut self, key: &str, value: &str) -> Result<Self, EraError> {
        let (key, value) = Rules::lookup(key, value)?;
        self.toggles.push(Toggle::Set(key, value));
        self.apply();
        Ok(self)
    }

    fn apply(&mut self) {
        let mut rules = Rules::default();
        for &index in &self.commits {
            COMMITS[index].apply(&mut rules);
        }
        for toggle in self.inherent.iter().chain(&self.toggles) {
            if let Toggle::Set(key, value) = *toggle {
                rules.set(key, value);
            }
        }
        // a7f226604170 and 5535be309971 test a mark that is never set without 6c287605fd56: every read pin would
        // unshare, and every forced write would break COW, for ever.
        if rules.anon_exclusive == AnonExclusive::No {
            if rules.gup_read == GupRead::UnshareExclusive {
                rules.gup_read = GupRead::Share;
            }
            if rules.gup_force == GupForce::AnonExclusive {
                rules.gup_force = GupForce::CowFlag;
            }
        }
        self.rules = rules;
    }

    /// The preset from which it departs; `None` if it is a preset.
    #[must_use]
    pub fn base(&self) -> Option<Self> {
        let departs = self.name != self.preset || !self.toggles.is_empty();
        departs.then(|| Self::preset(self.preset).ok()).flatten()
    }

    /// The name, without toggles.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The release or release candidate of the mainline, if the era is one.
    #[must_use]
    pub fn release(&self) -> Option<Release> {
        Some(self.tree).filter(|tree| !tree.is_stable() && self.name == tree.to_string())
    }

    /// The preset that it is, by its own name or by that of a release or version with the same commits. Toggles that
    /// were added to it do not count.
    #[must_use]
    pub fn like(&self) -> Option<&'static str> {
        let preset = |name: &str| PRESETS.iter().find(|preset| preset.name == name);
        if let Some(preset) = preset(&self.name) {
            return Some(preset.name);
        }
        let version = Self::version(&self.name).ok().filter(|version| version.unknown.is_empty())?;
        let presets = Some(version.preset).into_iter().chain(PRESETS.iter().map(|preset| preset.name));
        let same = |name: &str| Self::preset(name).is_ok_and(|preset| preset.commits == version.era.commits);
        presets.into_iter().find(|name| same(name))
    }

    /// The differences from the preset.
    #[must_use]
    pub fn toggles(&self) -> &[Toggle] {
        &self.toggles
    }

    /// The name with toggles, such as `v5.12 --without 57efa1fe5957`.
    #[must_use]
    pub fn label(&self) -> String {
        let mut label = self.name.clone();
        for toggle in &self.toggles {
            label.push(' ');
            label.push_str(&toggle.to_string());
        }
        label
    }

    /// The rules. Kernel code reads them only through a [`Reading`].
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The commits of the era, oldest first.
    pub fn commits(&self) -> impl Iterator<Item = &'static Commit> + '_ {
        self.commits.iter().map(|&i| &COMMITS[i])
    }

    /// Whether the era has a commit.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        ids::place(id).is_ok_and(|i| self.commits.contains(&i))
    }
}

impl From<Toggle> for cowrace_report::Toggle {
    fn from(toggle: Toggle) -> Self {
        match toggle {
            Toggle::With(id) => Self::With(id.to_owned()),
            Toggle::Without(id) => Self::Without(id.to_owned()),
            Toggle::Set(key, value) => Self::Set(key.to_owned(), value.to_owned()),
        }
    }
}

impl fmt::Display for Toggle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        cowrace_report::Toggle::from(*self).fmt(f)
    }
}
