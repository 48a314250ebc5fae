//! The commits, as toggles.

use super::Rules;

/// Where a row's statement comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// Read in the kernel's source or in the commit.
    Read,
    /// Inferred from neighbouring trees, mails or memory.
    Inferred,
}

/// What a commit does to the races.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It closes a race that shows under sequential consistency: the scenario that shows it.
    Closes(&'static str),
    /// It opens one: the scenario.
    Opens(&'static str),
    /// It matters under weak memory only.
    WeakMemory,
    /// It saves copies: the scenario.
    Saves(&'static str),
    /// It changes how a rule works without closing or opening anything of its own.
    Prepares,
}

/// One commit.
#[derive(Clone, Copy, Debug)]
pub struct Commit {
    /// Its id, twelve digits, or a name for a proposal that has none.
    pub id: &'static str,
    /// The release that has it first.
    pub release: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it closes, in a sentence.
    pub closes: &'static str,
    /// What it does to the races.
    pub effect: Effect,
    /// Where this is known from.
    pub provenance: Provenance,
    rule: fn(&mut Rules),
}

impl Commit {
    pub(super) fn apply(&self, rules: &mut Rules) {
        (self.rule)(rules);
    }
}

/// Every commit, oldest first: the order in which an era applies them.
pub const COMMITS: &[Commit] = &[];
