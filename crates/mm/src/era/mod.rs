//! Kernel eras: presets of commits, each a toggle over [`Rules`].

mod commits;
mod difference;
mod orderings;
mod presets;
mod reading;
mod release;
mod rules;
mod spelling;

use std::collections::BTreeSet;
use std::fmt;

pub use commits::{COMMITS, Commit, Effect, Provenance};
pub use orderings::{KEPT, NONE, Ordering, OrderingKind, Orderings, Removal};
pub use presets::{PRESETS, Preset};
pub use reading::{Noted, Reading, Rule};
pub use release::Release;
pub use rules::*;
pub use spelling::{SPELLINGS, Since, Spelling};

/// Every key for `--set`, each with its values: rules, then the switches of orderings.
#[must_use]
pub fn settings() -> Vec<(&'static str, Vec<&'static str>)> {
    let switches = Ordering::ALL.iter().filter_map(|ordering| ordering.switch());
    Rules::keys().into_iter().chain(switches.map(|key| (key, vec![KEPT, NONE]))).collect()
}

/// A kernel to check under: a preset, possibly with toggles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Era {
    name: String,
    /// The preset that it is, or departs from.
    preset: &'static str,
    /// The release whose tree it is, or departs from.
    tree: Release,
    commits: BTreeSet<usize>,
    /// What an era that was given a name of its own differs in from its base.
    inherent: Vec<Toggle>,
    toggles: Vec<Toggle>,
    rules: Rules,
}

/// One deviation from a preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Toggle {
    /// A commit more.
    With(&'static str),
    /// A commit less.
    Without(&'static str),
    /// A rule picked by hand: key and value.
    Set(&'static str, &'static str),
}

/// Why an era cannot be had. `near` holds what the user may have meant, best first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EraError {
    /// No preset of that name.
    Preset(String),
    /// No commit of that id.
    Commit(String),
    /// The commit is in the era already.
    Has(&'static str),
    /// The commit is not in the era.
    HasNot(&'static str),
    /// No rule of that key.
    Key(String),
    /// No such value for the rule; the values that there are.
    Value(&'static str, String, Vec<&'static str>),
}

impl fmt::Display for EraError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preset(name) => write!(f, "there is no era `{name}`"),
            Self::Commit(id) => write!(f, "there is no commit `{id}` among the toggles"),
            Self::Has(id) => write!(f, "the era has commit {id} already"),
            Self::HasNot(id) => write!(f, "the era does not have commit {id}"),
            Self::Key(key) => write!(f, "there is no rule `{key}`"),
            Self::Value(key, value, values) => {
                write!(f, "rule `{key}` has no value `{value}`; it takes {}", values.join(", "))
            }
        }
    }
}

impl std::error::Error for EraError {}

/// The commit whose id begins with `id` (at least seven characters), or is it.
fn commit(id: &str) -> Result<usize, EraError> {
    COMMITS
        .iter()
        .position(|c| c.id == id || (id.len() >= 7 && (c.id.starts_with(id) || id.starts_with(c.id))))
        .ok_or_else(|| EraError::Commit(id.to_owned()))
}

impl Era {
    /// A preset by name.
    ///
    /// # Errors
    ///
    /// If there is none of that name.
    pub fn preset(name: &str) -> Result<Self, EraError> {
        let preset =
            PRESETS.iter().find(|p| p.name == name).ok_or_else(|| EraError::Preset(name.to_owned()))?;
        let commits = preset.commits().into_iter().map(commit).collect::<Result<_, _>>()?;
        let mut era = Self {
            name: name.to_owned(),
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

    /// Every preset, oldest first, proposals last.
    #[must_use]
    pub fn presets() -> Vec<Self> {
        PRESETS.iter().filter_map(|p| Self::preset(p.name).ok()).collect()
    }

    /// Gives the era a name of its own, as an era file does. Its toggles so far belong to the name.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self.inherent.append(&mut self.toggles);
        self
    }

    /// The era with one commit more.
    ///
    /// # Errors
    ///
    /// If there is no such commit, or the era has it.
    pub fn with(mut self, id: &str) -> Result<Self, EraError> {
        let index = commit(id)?;
        if !self.commits.insert(index) {
            return Err(EraError::Has(COMMITS[index].id));
        }
        self.toggles.push(Toggle::With(COMMITS[index].id));
        self.apply();
        Ok(self)
    }

    /// The era with one commit less.
    ///
    /// # Errors
    ///
    /// If there is no such commit, or the era lacks it.
    pub fn without(mut self, id: &str) -> Result<Self, EraError> {
        let index = commit(id)?;
        if !self.commits.remove(&index) {
            return Err(EraError::HasNot(COMMITS[index].id));
        }
        self.toggles.push(Toggle::Without(COMMITS[index].id));
        self.apply();
        Ok(self)
    }

    /// The era with one rule picked by hand, as `wp_reuse` and `mapswap`, or an ordering taken out, as `zap_flush`
    /// and `none`.
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
        // a7f226604170 and 5535be309971 ask for a mark that nothing sets without 6c287605fd56: every read pin would
        // unshare, and every forced write break COW, for ever.
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

    /// The preset that it departs from; `None` if it is one.
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

    /// What differs from the preset.
    #[must_use]
    pub fn toggles(&self) -> &[Toggle] {
        &self.toggles
    }

    /// The name with toggles, as `v5.12 --without 57efa1fe5957`.
    #[must_use]
    pub fn label(&self) -> String {
        let mut label = self.name.clone();
        for toggle in &self.toggles {
            label.push(' ');
            label.push_str(&toggle.to_string());
        }
        label
    }

    /// The rules. Kernel code reads them by a [`Reading`] only.
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
        commit(id).is_ok_and(|i| self.commits.contains(&i))
    }
}

impl fmt::Display for Toggle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::With(id) => write!(f, "--with {id}"),
            Self::Without(id) => write!(f, "--without {id}"),
            Self::Set(key, value) => write!(f, "--set {key}={value}"),
        }
    }
}
