//! What `cow.c` printed, its scenarios, and errors in other tables.

use std::collections::BTreeSet;

use cowrace_real_kernels::cow::{
    Case, CowError, Outcome, Page, RELEASES, Results, generate, results, scenarios,
};

fn head() -> String {
    RELEASES.iter().fold("case\tpage".to_owned(), |head, release| head + "\t" + release.name)
}

fn line(case: &str, page: &str, outcome: &str) -> String {
    format!("{case}\t{page}{}", format!("\t{outcome}").repeat(RELEASES.len()))
}

/// Each case ran with each kind of page on some kernel, but for those that were skipped everywhere.
#[test]
fn the_table_is_all_there() {
    let results = results().expect("the table");
    for case in Case::ALL {
        for page in case.pages() {
            let ran = RELEASES
                .iter()
                .any(|release| results.outcome(release, case, *page).is_some_and(Outcome::is_decided));
            assert_eq!(ran, !matches!(case, Case::RoPin { .. }), "{} with {}", case.title(), page.title());
        }
    }
}

#[test]
fn names_are_unique() {
    let scenarios = scenarios(&results().expect("the table"));
    let names: BTreeSet<_> = scenarios.iter().map(|scenario| &scenario.name).collect();
    assert_eq!((names.len(), scenarios.len()), (167, 167));
    let titles: BTreeSet<_> = Case::ALL.into_iter().map(Case::title).collect();
    assert_eq!(titles.len(), Case::ALL.len());
}

#[test]
fn scenarios_are_drawn_as_the_program_makes_its_calls() {
    let results = results().expect("the table");
    let text = |case, page| generate(&results, case, page).expect("it is modelled").text;
    insta::assert_snapshot!(
        "partly_shared",
        text(Case::VmspliceInChild { mprotect: true }, Page::PartlyShared)
    );
    insta::assert_snapshot!("swapped", text(Case::FixedBufferReadOnly, Page::SwappedSinglePte));
    assert_eq!(generate(&results, Case::PrivateStore, Page::HugeZero), None);
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let parse = |lines: &[String]| Results::parse(&[&[head()], lines].concat().join("\n"));
    let fork = "Basic COW after fork()";
    assert_eq!(Results::parse("case\tpage\t1.0"), Err(CowError::Head));
    assert_eq!(Results::parse(""), Err(CowError::Head));
    assert_eq!(parse(&[format!("{fork}\tTHP")]), Err(CowError::Cells { line: 2, found: 2 }));
    for (case, page) in [("Basic COW", "THP"), ("Basic", "base page"), (fork, "memfd"), (fork, "thp")] {
        let wrong = CowError::Case { line: 2, case: case.to_owned(), page: page.to_owned() };
        assert_eq!(parse(&[line(case, page, "pass")]), Err(wrong));
    }
    let wrong = CowError::Outcome { line: 3, cell: "passes".to_owned() };
    assert_eq!(parse(&[line(fork, "base page", "pass"), line(fork, "THP", "passes")]), Err(wrong));
}

/// The model has one size of huge pages, so a kernel has to treat all of them alike, where it is known what it does.
#[test]
fn sizes_have_to_agree() {
    let parse = |lines: &[String]| Results::parse(&[&[head()], lines].concat().join("\n"));
    let fork = "Basic COW after fork()";
    let of = |outcomes: &[(&str, &str)]| {
        parse(
            &outcomes
                .iter()
                .map(|(size, outcome)| line(fork, &format!("THP ({size} kB)"), outcome))
                .collect::<Vec<_>>(),
        )
    };
    let wrong = CowError::Sizes { line: 4, kernel: RELEASES[0].name };
    assert_eq!(of(&[("1024", "skip"), ("2048", "pass"), ("16", "fail")]), Err(wrong));
    for undecided in ["skip", "varies", "-"] {
        for order in [["pass", undecided], [undecided, "pass"]] {
            let results = of(&[("2048", order[0]), ("16", order[1])]).expect("a table");
            let outcome = results.outcome(&RELEASES[0], Case::ALL[0], Page::Thp);
            assert_eq!(outcome, Some(Outcome::Pass), "{order:?}");
        }
    }
}
