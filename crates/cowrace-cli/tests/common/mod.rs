//! The corpus, for binaries in which a scenario is a test, or many.

use std::path::Path;

use cowrace_scenario::{Source, load};
use libtest_mimic::Arguments;

/// The files of the corpus of which tests are asked for. Test runners may start a process for each test, and thousands
/// that each read the whole corpus take longer than the tests. A test is called as its file, `:` and more.
pub(crate) fn sources(arguments: &Arguments) -> Vec<Source> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    // The package alone, without the repository around it, has no corpus.
    let mut sources = load(std::slice::from_ref(&corpus)).unwrap_or_default();
    if let (true, Some(name)) = (arguments.exact, &arguments.filter) {
        let asked = name.split(':').next();
        sources.retain(|source| source.path.file_stem().and_then(|stem| stem.to_str()) == asked);
    }
    sources
}
