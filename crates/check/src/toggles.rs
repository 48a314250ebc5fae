//! Deviations from an era.

use cowrace_mm::Era;
use cowrace_mm::era::EraError;

/// Deviations from an era, as the command line and era files have them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Toggles {
    /// Commits to add.
    pub with: Vec<String>,
    /// Commits to take away.
    pub without: Vec<String>,
    /// Rules to pick by hand: keys and values.
    pub set: Vec<(String, String)>,
}

impl Toggles {
    /// The era with the toggles.
    ///
    /// # Errors
    ///
    /// If one does not apply to it.
    pub fn apply(&self, mut era: Era) -> Result<Era, EraError> {
        for id in &self.without {
            era = era.without(id)?;
        }
        for id in &self.with {
            era = era.with(id)?;
        }
        for (key, value) in &self.set {
            era = era.set(key, value)?;
        }
        Ok(era)
    }
}
