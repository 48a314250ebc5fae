//! Deviations from an era.

use cowrace_mm::Era;
use cowrace_mm::era::EraError;

/// Deviations from an era, as given on the command line and in era files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Toggles {
    /// Commits to add.
    pub with: Vec<String>,
    /// Commits to remove.
    pub without: Vec<String>,
    /// Rules to set: keys and values.
    pub set: Vec<(String, String)>,
}

impl Toggles {
    /// The era with the toggles.
    ///
    /// # Errors
    ///
    /// If a toggle does not apply to it.
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
