//! The model's own source: which of its lines make requests.

use std::panic::Location;

/// A function of the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// The kernel function that it follows; its own name if it is a part of one, or of several.
    pub name: &'static str,
    /// Its file, from the root of the repository.
    pub file: &'static str,
    /// The lines that make requests, in order.
    pub lines: &'static [u32],
}

/// Every function of the model that makes requests itself. What reads the arguments of calls and keeps their results
/// follows no kernel function and is left out.
pub const SOURCE: &[Function] = include!(concat!(env!("OUT_DIR"), "/source.rs"));

/// The file and the line of a place in the model's source, as [`SOURCE`] has them; `None` for a place elsewhere.
#[must_use]
pub fn place(site: &Location<'_>) -> Option<(String, u32)> {
    let here = file!().strip_suffix("source.rs")?;
    let file = site.file().strip_prefix(here)?.replace('\\', "/");
    Some((format!("crates/mm/src/{file}"), site.line()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_told_from_the_root_of_the_repository() {
        let here = Location::caller();
        assert_eq!(place(here), Some(("crates/mm/src/source.rs".to_owned(), here.line())));
    }
}
