//! Deviations from an era.

use cowrace_mm::Era;
use cowrace_mm::era::{EraError, commit};

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
    /// If a toggle does not apply to it, or if two toggles contradict each other.
    pub fn apply(&self, mut era: Era) -> Result<Era, EraError> {
        let both = self.with.iter().filter_map(|id| commit(id).ok()).find(|with| {
            self.without.iter().filter_map(|id| commit(id).ok()).any(|without| without.id == with.id)
        });
        if let Some(both) = both {
            return Err(EraError::Twice(both.id));
        }
        for id in &self.without {
            era = era.without(id)?;
        }
        for id in &self.with {
            era = era.with(id)?;
        }
        for (place, (key, value)) in self.set.iter().enumerate() {
            era = era.set(key, value)?;
            if self.set[..place].iter().any(|(earlier, _)| earlier == key) {
                return Err(EraError::SetTwice(key.clone()));
            }
        }
        Ok(era)
    }
}
