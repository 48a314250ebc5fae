//! A pattern that Rust compiles wrongly, and that nothing of the workspace has.
//!
//! `match pages[nth] { Some(page) if test(page).await => .. }`: in Rust 1.95, and in a nightly of 1.97, the index is not kept across the await of the
//! guard, so that the arm has another element, or none. A verdict would be wrong, or the process would crash.

use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

/// Whether something indexes, and whether something awaits.
#[derive(Default)]
struct Has {
    index: bool,
    awaits: bool,
}

impl<'a> Visit<'a> for Has {
    fn visit_expr_index(&mut self, index: &'a syn::ExprIndex) {
        self.index = true;
        visit::visit_expr_index(self, index);
    }

    fn visit_expr_await(&mut self, awaits: &'a syn::ExprAwait) {
        self.awaits = true;
        visit::visit_expr_await(self, awaits);
    }
}

impl Has {
    fn of(look: impl FnOnce(&mut Self)) -> Self {
        let mut has = Self::default();
        look(&mut has);
        has
    }
}

/// Counts the matches of a file on an element, with an await in a guard.
#[derive(Default)]
struct Matches {
    wrong: usize,
}

impl<'a> Visit<'a> for Matches {
    fn visit_expr_match(&mut self, expr: &'a syn::ExprMatch) {
        let awaits = |arm: &syn::Arm| Has::of(|has| has.visit_pat(&arm.pat)).awaits;
        if Has::of(|has| has.visit_expr(&expr.expr)).index && expr.arms.iter().any(awaits) {
            self.wrong += 1;
        }
        visit::visit_expr_match(self, expr);
    }
}

fn wrong(text: &str) -> usize {
    let mut matches = Matches::default();
    matches.visit_file(&syn::parse_file(text).expect("Rust"));
    matches.wrong
}

/// The files of a directory and those below it.
fn files(directory: &Path) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn no_match_on_an_element_awaits_in_a_guard() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crates");
    let mut seen = 0;
    for file in files(crates) {
        if file.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&file).expect("a file");
            assert_eq!(wrong(&text), 0, "{}: bind the element before the match", file.display());
            seen += 1;
        }
    }
    assert!(seen > 300, "{seen}");
}

#[test]
fn such_a_match_is_seen() {
    let function = |of: &str, guard: &str| {
        format!("async fn f() {{ match {of} {{ Some(x) if {guard} => {{}} _ => {{}} }} }}")
    };
    assert_eq!(wrong(&function("a[i]", "g(x).await")), 1);
    assert_eq!(wrong(&function("a[i].b", "!g(x).await")), 1);
    assert_eq!(wrong(&function("a", "g(x).await")), 0);
    assert_eq!(wrong(&function("a[i]", "g(x)")), 0);
}
