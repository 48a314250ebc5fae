//! `cowrace real-kernels`.

use cowrace_real_kernels::{KERNELS, cow, scenarios, table};

use crate::cowrace;
use cowrace_testkit::repository;

/// The page on the model shows the table as it is printed, reasons and all.
#[test]
fn the_agreement_is_as_documented() {
    let done = cowrace(&["real-kernels"]).exits(0).quiet();
    let page = repository("docs/model.md");
    // The package alone, without the repository around it, has no pages.
    let Ok(page) = std::fs::read_to_string(page) else { return };
    let shown = page.split_once("$ cowrace real-kernels\n").and_then(|(_, rest)| rest.split_once("```"));
    assert_eq!(shown.map(|(shown, _)| shown), Some(done.out.as_str()));
}

#[test]
fn a_row_is_printed_as_a_scenario() {
    let done = cowrace(&["real-kernels", "vmsplice(R,GET)|excl|none"]).exits(0).quiet();
    assert!(done.out.starts_with("race real-vmsplice-r-get-excl-none\n"), "{}", done.out);
    let by_slug = cowrace(&["real-kernels", "real-vmsplice-r-get-excl-none"]).exits(0);
    assert_eq!(by_slug.out, done.out);
}

#[test]
fn scenarios_are_written_into_files_that_check() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("made/for/it");
    let path = path.to_str().expect("a name");
    let count = scenarios().expect("the table").len();
    cowrace(&["real-kernels", "--write", path])
        .exits(0)
        .quiet()
        .prints(&[&format!("{count} scenarios written to {path}")]);
    // Under a kernel of the table that stands for itself.
    let done = cowrace(&["check", path, "--era", "v5.10.262", "--format", "json"]).exits(0);
    assert_eq!(done.objects().len(), count);
    assert!(done.objects().iter().all(|o| o["as_expected"] == true));
}

#[test]
fn json_has_a_cell_a_line() {
    let objects = cowrace(&["real-kernels", "--format", "json"]).exits(0).quiet().objects();
    assert_eq!(objects.len(), scenarios().expect("the table").len() * KERNELS.len());
    let cell = |row: &str, kernel: &str| {
        objects.iter().find(|o| o["row"] == row && o["kernel"] == kernel).expect("a cell")
    };
    let stale = cell("vmsplice(R,GET)|excl|fork-exit", "6.1.192");
    for (field, value) in [
        ("observed", "STALE"),
        ("observed_detail", "page same at pin, COPIED at write"),
        ("model", "STALE"),
        ("expected", "stale-pin"),
        ("class", "stale-pin"),
        ("era", "v6.1.192"),
    ] {
        assert_eq!(stale[field], value, "{field}");
    }
    assert_eq!((&stale["agrees"], &stale["as_expected"]), (&true.into(), &true.into()));
    let safe = cell("leak-child-pins|excl", "5.10.262");
    assert!(safe["observed_detail"].is_null() && safe["class"].is_null());
    assert_eq!(safe["era"], "v5.10.262");
}

#[test]
fn what_there_is_not_is_said() {
    cowrace(&["real-kernels", "vmsplice(R,GET)|excl|nome"])
        .exits(2)
        .says(&["there is no row `vmsplice(R,GET)|excl|nome`", "did you mean `vmsplice(R,GET)|excl|none`"]);
    let table = table().expect("the table");
    let merged = table.rows().iter().find(|row| row.name.contains("|ksm|")).expect("a row");
    cowrace(&["real-kernels", &merged.name]).exits(2).says(&["is not modelled: pages that KSM has merged"]);
    cowrace(&["real-kernels", "x", "--format", "json"]).exits(2).says(&["cannot be used with"]);
    cowrace(&["real-kernels", "--write", "/dev/null/x"]).exits(1).says(&["cannot write /dev/null/x"]);
}

#[test]
fn nothing_of_others_is_overwritten() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().to_str().expect("text");
    cowrace(&["real-kernels", "--write", path]).exits(0);
    // What is the same may be there.
    cowrace(&["real-kernels", "--write", path]).exits(0);
    let first =
        std::fs::read_dir(dir.path()).expect("a directory").next().expect("a file").expect("a file").path();
    std::fs::write(&first, "mine").expect("a file");
    cowrace(&["real-kernels", "--write", path]).exits(2).says(&["already exists", "name another directory"]);
    assert_eq!(std::fs::read_to_string(&first).expect("it is there"), "mine");
}

/// The page on the model shows what the comparison with `cow.c` prints.
#[test]
fn the_selftest_is_as_documented() {
    let done = cowrace(&["real-kernels", "--selftest"]).exits(0).quiet();
    let Ok(page) = std::fs::read_to_string(repository("docs/model.md")) else { return };
    let shown = page.split_once("$ cowrace real-kernels --selftest\n");
    let shown = shown.and_then(|(_, rest)| rest.split_once("```"));
    assert_eq!(shown.map(|(shown, _)| shown), Some(done.out.as_str()));
}

#[test]
fn cases_of_the_selftest_are_scenarios() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().to_str().expect("a name");
    let scenarios = cow::scenarios(&cow::results().expect("the table"));
    let count = scenarios.len();
    cowrace(&["real-kernels", "--selftest", "--write", path])
        .exits(0)
        .quiet()
        .prints(&[&format!("{count} scenarios written to {path}")]);
    let name = &scenarios[count / 2].name;
    let file = std::fs::read_to_string(dir.path().join(format!("{name}.race"))).expect("a file");
    assert_eq!(cowrace(&["real-kernels", "--selftest", name]).exits(0).quiet().out, file);
    cowrace(&["real-kernels", "--selftest", "cow-fork-tph"])
        .exits(2)
        .says(&["there is no scenario `cow-fork-tph` of cow.c", "did you mean `cow-fork-thp`"]);
}

#[test]
fn json_has_a_case_a_line() {
    let objects = cowrace(&["real-kernels", "--selftest", "--format", "json"]).exits(0).quiet().objects();
    let leak = objects.iter().find(|o| o["observed"] == "xfail" && o["kernel"] == "6.18.44").expect("a case");
    for (field, value) in [
        ("case", "vmsplice() + unmap in child"),
        ("page", "hugetlb"),
        ("model", "leak"),
        ("expected", "leak"),
        ("class", "leak"),
        ("era", "v6.18.44"),
    ] {
        assert_eq!(leak[field], value, "{field}");
    }
    assert!(objects.iter().all(|o| o["agrees"] == true && o["as_expected"] == true));
}
