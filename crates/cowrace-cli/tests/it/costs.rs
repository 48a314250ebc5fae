//! What scenarios of the corpus cost, as the mails that they come from tell it.

use std::process::Command;

use cowrace_report::{Costs, Needed, Report, Span, Verdict};
use cowrace_testkit::repository;

/// What `cowrace matrix --costs` says of these files and directories of the tree, under these kernels or all.
fn reports(paths: &[&str], eras: &[&str]) -> Vec<Report> {
    let root = repository("");
    // 12 if of some scenario it is not known what is needed.
    let output = Command::new(env!("CARGO_BIN_EXE_cowrace"))
        .args(["matrix", "--costs", "--format", "json"])
        .args(paths)
        .args(eras.iter().flat_map(|era| ["--era", era]))
        .current_dir(root)
        .output()
        .expect("the tool runs");
    assert!(matches!(output.status.code(), Some(0 | 12)), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(|line| serde_json::from_str(line).expect("a report")).collect()
}

fn costs(report: &Report) -> (Costs, Needed) {
    let costs = report.costs.expect("no limit ended the search");
    (costs, costs.needed.expect("the specification is small enough"))
}

/// Copies under eras, and how many are needed.
#[track_caller]
fn check(scenario: &str, needed: u64, due: &[(&str, u64, u64)]) {
    let reports = reports(&[&format!("scenarios/{scenario}.race")], &[]);
    for &(era, fewest, most) in due {
        let (costs, least) = costs(reports.iter().find(|report| report.era == era).expect("it was run"));
        assert_eq!((costs.copies, least.copies), (Span { fewest, most }, needed), "{scenario} under {era}");
    }
}

/// Page faults of a scenario that has one execution.
fn check_faults(scenario: &str, due: &[(&str, u64)]) {
    let reports = reports(&[&format!("scenarios/{scenario}.race")], &[]);
    for &(era, faults) in due {
        let (costs, _) = costs(reports.iter().find(|report| report.era == era).expect("it was run"));
        assert_eq!(costs.faults, Span { fewest: faults, most: faults }, "{scenario} under {era}");
    }
}

/// 09854ba94c6a (v5.9) copies whatever somebody refers to, an LRU-add batch as well; d4c470970d45 (v5.18) drains it.
#[test]
fn an_lru_batch() {
    let due =
        [("v5.7", 0, 0), ("v5.8", 0, 0), ("v5.9", 1, 1), ("v5.12", 1, 1), ("v5.18", 0, 0), ("v5.19", 0, 0)];
    check("lru-batch-spurious-copy", 0, &due);
}

/// A lookup that holds a reference for a moment makes v5.9 to v5.18 copy if it comes then; v5.19 asks no count
/// (6c287605fd56).
#[test]
fn a_speculative_reference() {
    let due = [("v5.8", 0, 0), ("v5.9", 0, 1), ("v5.18", 0, 1), ("v5.19", 0, 0), ("v6.15", 0, 0)];
    check("speculative-ref-spurious-copy", 0, &due);
}

/// A read pin of a page whose other owner is gone: counts copy it at the next store; v5.19 keeps it.
#[test]
fn a_read_pin_of_a_page_that_was_shared() {
    check("vfio-ro-pin-six-step", 0, &[("v5.8", 0, 0), ("v5.9", 1, 1), ("v5.18", 1, 1), ("v5.19", 0, 0)]);
}

/// Parent and child write. One copy is enough, as the last may keep the page; but who looks while the other copies
/// copies as well, under every era.
#[test]
fn both_sides_of_a_fork_write() {
    let eras = ["v5.7", "v5.8", "v5.9", "v5.18", "v5.19", "v6.15"];
    check("basic-cow", 1, &eras.map(|era| (era, 1, 2)));
}

/// What v5.7 saves is the copy that it misses; v5.8 makes it when the pipe gets the page, v5.9 at the store.
#[test]
fn a_copy_that_is_missed() {
    check(
        "vmsplice-child-munmap-leak",
        1,
        &[("v5.7", 0, 0), ("v5.8", 1, 1), ("v5.9", 1, 1), ("v6.15", 1, 1)],
    );
}

/// A read brings an exclusive page back from swap; the store behind it faults again until c18160dba5ff (v6.11) maps the
/// page writable at once.
#[test]
fn a_store_behind_a_read_that_swaps_in() {
    check_faults("swapin-read-then-write", &[("v5.8", 2), ("v5.19", 2), ("v6.4", 2), ("v6.12", 1)]);
}

/// mprotect back to read-write leaves a clean page read-only up to v6.1; 7ea7e333842e (v6.2) wants no dirty PTE any more.
#[test]
fn a_store_behind_two_mprotects() {
    check_faults("mprotect-back-and-forth", &[("v5.8", 1), ("v6.1", 1), ("v6.2", 0), ("v6.15", 0)]);
}

/// What is needed is needed: no execution of an era that gives what was promised has less.
#[test]
fn nothing_sound_costs_less_than_is_needed() {
    // One for each way in which a write fault decides, and those that decide otherwise when a page comes back from swap.
    compare(&["v5.7", "v5.8", "v5.9", "v5.18", "v5.19", "v6.12", "active-inactive"]);
}

#[test]
#[ignore = "all kernels"]
fn nothing_sound_costs_less_than_is_needed_at_length() {
    compare(&[]);
}

fn compare(eras: &[&str]) {
    let (mut sound, mut exact) = (0, 0);
    // Those beside the corpus are judged by the specification alone.
    let reports = reports(&["scenarios", "crates/spec/tests/scenarios"], eras);
    let has_costs = |report: &&Report| !matches!(report.verdict, Verdict::Violated | Verdict::NotApplicable);
    // What is needed is not counted where memory is moved, or where pages become huge ones.
    let is_uncounted =
        |report: &&Report| ["mremap", "collapse"].iter().any(|word| report.scenario.contains(word));
    for report in reports.iter().filter(has_costs) {
        if is_uncounted(&report) {
            assert!(report.costs.is_none_or(|costs| costs.needed.is_none()), "{}", report.scenario);
            continue;
        }
        let (Costs { copies, faults, .. }, needed) = costs(report);
        let name = format!("{} {:?} under {}", report.scenario, report.variant, report.era);
        assert!(copies.fewest >= needed.copies && faults.fewest >= needed.faults, "{name}");
        assert!(copies.fewest <= copies.most && faults.fewest <= faults.most, "{name}");
        sound += 1;
        exact += usize::from((copies.fewest, faults.fewest) == (needed.copies, needed.faults));
    }
    assert!(sound > 1000 && exact > 200, "{sound} are sound, {exact} cost at best what is needed");
}
