//! A row of the table.

use crate::subject::{self, Treatment};
use crate::verdict::Observed;

/// What all kernels did in one scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name in the table, such as `vmsplice(R,GET)|excl|none`.
    pub name: String,
    /// What was observed, in the order of [`KERNELS`](crate::KERNELS).
    pub cells: Vec<Observed>,
}

impl Row {
    /// What the model can do with the row.
    #[must_use]
    pub fn treatment(&self) -> Treatment {
        subject::treatment(&self.name)
    }

    /// The name in a form that is valid for scenarios and files, such as `real-vmsplice-r-get-excl-none`.
    #[must_use]
    pub fn slug(&self) -> String {
        let words = self.name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        words.fold("real".to_owned(), |slug, word| slug + "-" + &word.to_ascii_lowercase())
    }
}
