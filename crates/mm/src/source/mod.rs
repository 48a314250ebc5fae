//! Facts about the model's own source: which of its lines make requests, under which rules, and which steps the calls
//! of a scenario can have.
//!
//! `cargo xtask model` reads the source and writes the table. A model that was changed since then builds and runs all
//! the same; but the table does not describe it, and every function here returns `None`.

mod reach;
mod steps;
#[rustfmt::skip]
mod table;
mod when;

use std::panic::Location;

pub use reach::{Reach, entered};
pub use steps::Steps;

use when::When;

/// A function of the model.
#[derive(Debug)]
pub struct Function {
    /// The kernel function that it follows; its own name if it is a part of one, or of several.
    pub name: &'static str,
    /// Its file, from the root of the repository.
    pub file: &'static str,
    /// Its name in the source, with a leading dot if it is a method.
    ident: &'static str,
    /// The lines that make requests, in order, each with the condition on the rules.
    lines: &'static [(u32, When)],
    /// The functions that it may call, each with the condition on the rules. A name with a leading dot denotes a method
    /// of that name, a name without one any function of that name.
    calls: &'static [(&'static str, When)],
}

impl Function {
    /// The lines that make requests, in order.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = u32> + Clone {
        self.lines.iter().map(|&(line, _)| line)
    }
}

/// Whether the table describes this model.
fn is_current() -> bool {
    env!("COWRACE_MODEL_FILES").split(',').eq(table::SOURCES.iter().copied())
}

/// Every function of the model that makes requests itself. Functions that read the arguments of calls and keep their
/// results follow no kernel function and are left out. `None` if the table does not describe this source.
#[must_use]
pub fn functions() -> Option<Vec<&'static Function>> {
    is_current().then(|| table::FUNCTIONS.iter().filter(|function| !function.lines.is_empty()).collect())
}

/// The variants of [`Call`](crate::world::Call), by their names: each has an arm in `dispatch`. `None` if the table does
/// not describe this source.
#[must_use]
pub fn variants() -> Option<Vec<&'static str>> {
    is_current().then(|| table::STEPS.iter().flat_map(|(calls, _)| *calls).copied().collect())
}

/// The file and the line of a location in the model's source, as in [`functions`]; `None` for a location elsewhere.
#[must_use]
pub fn place(site: &Location<'_>) -> Option<(String, u32)> {
    let here = file!().replace('\\', "/");
    let here = here.strip_suffix("source/mod.rs")?;
    let site_file = site.file().replace('\\', "/");
    let file = site_file.strip_prefix(here)?;
    Some((format!("crates/mm/src/{file}"), site.line()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_from_the_root_of_the_repository() {
        let here = Location::caller();
        assert_eq!(place(here), Some(("crates/mm/src/source/mod.rs".to_owned(), here.line())));
    }

    #[test]
    fn the_table_is_of_this_model() {
        assert!(is_current(), "the model was changed: `cargo xtask model` writes its table");
    }
}
