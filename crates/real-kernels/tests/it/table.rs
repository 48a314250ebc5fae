//! The contents of the table, and errors in other tables.

use std::collections::BTreeSet;

use cowrace_real_kernels::{ChildView, KERNELS, NOT_MODELLED, Table, Treatment, Verdict, table};

#[test]
fn the_table_is_all_there() {
    let table = table().expect("the table");
    let count =
        |wanted: &dyn Fn(Treatment) -> bool| table.rows().iter().filter(|r| wanted(r.treatment())).count();
    assert_eq!(table.rows().len(), 103);
    assert_eq!(count(&|t| matches!(t, Treatment::Modelled(_))), 98);
    assert_eq!(count(&|t| t == Treatment::Unknown), 0);
    for missing in NOT_MODELLED {
        assert!(count(&|t| t == Treatment::NotModelled(missing)) > 0, "{} is in no row", missing.state);
    }
    let of = |verdict| table.rows().iter().flat_map(|r| &r.cells).filter(|c| c.verdict == verdict).count();
    assert_eq!(Verdict::ALL.map(of), [721, 69, 160, 25, 35, 10, 10]);
}

#[test]
fn slugs_are_unique() {
    let table = table().expect("the table");
    let mut slugs: Vec<String> = table.rows().iter().map(cowrace_real_kernels::Row::slug).collect();
    slugs.sort();
    slugs.dedup();
    assert_eq!(slugs.len(), table.rows().len());
}

#[test]
fn a_cell_keeps_its_brackets() {
    let table = table().expect("the table");
    let row = table.row("real-vmsplice-r-get-excl-fork-alive").expect("a row");
    assert_eq!(row.name, "vmsplice(R,GET)|excl|fork-alive");
    assert_eq!(row.cells[0].verdict, Verdict::Stale);
    assert_eq!(row.cells[0].detail.as_deref(), Some("page same at pin, COPIED at write child=clean"));
    assert_eq!(row.cells[0].child(), Some(ChildView::Clean));
    let lost = table.row("fuse_dio_read(W)|excl|fork-alive").expect("a row");
    assert_eq!(lost.cells[0].child(), Some(ChildView::SeesDma));
    let leak = table.row("leak-child-pins|excl").expect("a row");
    assert_eq!((&leak.cells[0].detail, leak.cells[0].child()), (&None, None));
}

/// What the project assumes about the brackets: whether the page was copied at the write follows from the verdict.
#[test]
fn a_copy_is_what_makes_a_page_stale() {
    for row in table().expect("the table").rows() {
        for cell in &row.cells {
            let copied =
                cell.detail.as_ref().filter(|d| d.contains(" at write")).map(|d| d.contains("COPIED"));
            let due = match cell.verdict {
                Verdict::Coherent => Some(false),
                Verdict::Lost | Verdict::Stale => Some(true),
                _ => None,
            };
            assert_eq!(copied, due, "{}: {cell:?}", row.name);
        }
    }
}

fn error(rows: &str) -> String {
    let head = KERNELS.iter().fold("scenario".to_owned(), |head, kernel| head + "\t" + kernel.name);
    Table::parse(&format!("{head}\n{rows}\n")).expect_err("it is wrong").to_string()
}

fn row(name: &str, cell: &str) -> String {
    name.to_owned() + &format!("\t{cell}").repeat(KERNELS.len())
}

#[test]
fn errors_are_explained() {
    let held = "vmsplice(R,GET)|excl|none";
    let first = "SAFE".to_owned() + &"\tSAFE".repeat(KERNELS.len() - 1);
    for (rows, words) in [
        ("x".to_owned(), "line 2 has 0 cells"),
        ("x\tSAFE".to_owned(), "line 2 has 1 cells after its name, not 10"),
        (row("x", "GOOD"), "line 2, column 2: `GOOD` is not an observation; write one of COHERENT, LOST"),
        (row("x", "SAFE was swapped"), "followed by anything else that was seen in brackets"),
        (row(held, "SAFE"), "`vmsplice(R,GET)|excl|none` cannot be SAFE, only COHERENT or STALE"),
        (format!("x\t{first}\nx\t{first}"), "line 3: there is a row `x` already"),
    ] {
        assert!(error(&rows).contains(words), "{}", error(&rows));
    }
    let empty = Table::parse("").expect_err("it is empty").to_string();
    assert!(empty.contains("`scenario`, then `5.7-like*`"), "{empty}");
}

#[test]
fn stars_are_reconstructions() {
    let stars: Vec<&str> = KERNELS.iter().filter(|k| k.is_reconstruction()).map(|k| k.name).collect();
    assert_eq!(stars.len(), 5);
    let eras: BTreeSet<&str> = KERNELS.iter().map(|kernel| kernel.era).collect();
    assert_eq!(eras.len(), KERNELS.len(), "each kernel has an era of its own");
}

/// A scenario has a child that reads exactly if a child was observed.
#[test]
fn a_child_that_was_seen_is_in_the_scenario() {
    for row in table().expect("the table").rows() {
        if let Treatment::Modelled(subject) = row.treatment() {
            let seen = row.cells.iter().all(|cell| cell.child().is_some());
            assert_eq!(subject.child().is_some(), seen, "{}", row.name);
        }
    }
}
