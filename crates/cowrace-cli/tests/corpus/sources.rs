//! The corpus, as far as tests of it are asked for.

use cowrace_scenario::{Source, load};
use cowrace_testkit::repository;
use libtest_mimic::Arguments;

/// The files of the corpus of which tests are asked for. Test runners may start a process for each test, and thousands
/// that each read the whole corpus take longer than the tests. A test is called by its kind, `::`, its file, `:` and more, or is
/// of the whole corpus.
pub(crate) fn sources(arguments: &Arguments) -> Vec<Source> {
    let corpus = repository("scenarios");
    // The package alone, without the repository around it, has no corpus.
    let mut sources = load(std::slice::from_ref(&corpus)).unwrap_or_default();
    if let (true, Some(name)) = (arguments.exact, &arguments.filter) {
        let asked = name.split("::").nth(1).and_then(|name| name.split(':').next());
        let is_asked_for = |source: &Source| source.path.file_stem().and_then(|stem| stem.to_str()) == asked;
        if sources.iter().any(is_asked_for) {
            sources.retain(is_asked_for);
        }
    }
    sources
}
