//! Kernels by name.

use cowrace_check::{Toggles, kernel};
use cowrace_mm::Era;

use crate::Error;

/// A kernel: a release, a stable version, a tree or proposal that `cowrace eras` lists, or an era file, with
/// commits removed or added.
///
/// Names are looked up when a scenario is checked.
///
/// ```
/// use cowrace::Kernel;
///
/// let kernel = Kernel::new("v6.12").without("57efa1fe5957");
/// assert_eq!(kernel.to_string(), "v6.12 --without 57efa1fe5957");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kernel {
    name: String,
    toggles: Toggles,
}

impl Kernel {
    /// A kernel by its name, such as `v6.12`, `5.10.262` or `aa-revert`, or by the path of an era file.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), toggles: Toggles::default() }
    }

    /// All preset kernels of the model, in chronological order of the mainline releases.
    pub fn presets() -> impl Iterator<Item = Self> {
        Era::presets().into_iter().map(|era| Self::new(era.name()))
    }

    /// Adds a commit, by its id.
    #[must_use]
    pub fn with(mut self, commit: impl Into<String>) -> Self {
        self.toggles.with.push(commit.into());
        self
    }

    /// Takes a commit out, by its id.
    #[must_use]
    pub fn without(mut self, commit: impl Into<String>) -> Self {
        self.toggles.without.push(commit.into());
        self
    }

    /// Sets a rule, for example `wp_reuse` to `count`. `cowrace eras` lists the rules and their values.
    #[must_use]
    pub fn set(mut self, rule: impl Into<String>, value: impl Into<String>) -> Self {
        self.toggles.set.push((rule.into(), value.into()));
        self
    }

    pub(crate) fn era(&self) -> Result<Era, Error> {
        Ok(kernel::toggled(&self.name, &self.toggles, &mut Vec::new())?)
    }
}

impl From<&str> for Kernel {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for Kernel {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

/// As on a command line, after `--era`.
impl std::fmt::Display for Kernel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Toggles { with, without, set } = &self.toggles;
        f.write_str(&self.name)?;
        without.iter().try_for_each(|id| write!(f, " --without {id}"))?;
        with.iter().try_for_each(|id| write!(f, " --with {id}"))?;
        set.iter().try_for_each(|(rule, value)| write!(f, " --set {rule}={value}"))
    }
}
