//! Calls that do not do what they are for.

use std::path::PathBuf;

use crate::cowrace;

/// A file with these areas, columns and rows.
fn file(dir: &tempfile::TempDir, areas: &str, rows: &str) -> PathBuf {
    let path = dir.path().join("effects.race");
    let columns = "a @A                       b @A\n=========================  ===================\n";
    std::fs::write(&path, format!("race effects\nmm A {{ {areas} }}\n\n{columns}{rows}")).expect("a file");
    path
}

/// What is told of a file, in text and in JSON.
#[track_caller]
fn told(areas: &str, rows: &str, era: &str) -> (String, serde_json::Value) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = file(&dir, areas, rows);
    let check = ["check", path.to_str().expect("text"), "--era", era];
    let text = cowrace(&check).exits(0).quiet().out;
    let json = cowrace(&[&check[..], &["--format", "json"]].concat()).exits(0).objects().remove(0);
    (text, json["ineffective"].clone())
}

#[track_caller]
fn is_told(areas: &str, rows: &str, era: &str, line: &str, (aim, reasons): (&str, &[&str])) {
    let (text, json) = told(areas, rows, era);
    assert!(text.contains(&format!("\n  {line}\n")), "no `{line}` in:\n{text}");
    assert_eq!((&json[0]["aim"], &json[0]["reasons"]), (&aim.into(), &reasons.into()), "{json}");
    assert_eq!(json.as_array().map(Vec::len), Some(1), "{json}");
}

#[test]
fn what_never_does_what_it_is_for_is_told_beside_the_verdict() {
    is_told(
        "buf: anon lru_batch(b)",
        "madvise(buf, MADV_PAGEOUT)\n                           x = buf[0]\n",
        "v6.1",
        "`madvise(buf, MADV_PAGEOUT)` of a pages nothing out in any execution: the page is not on an LRU list, but in the \
         batch of a CPU, isolated, or free",
        ("page-out", &["not-on-lru"]),
    );
    is_told(
        "buf: hugetlb",
        "reclaim(A.buf)\n",
        "v6.1",
        "`reclaim(A.buf)` of a pages nothing out in any execution: the page is one of hugetlb, and those are on no LRU list",
        ("page-out", &["never-on-lru"]),
    );
    is_told(
        "buf: anon",
        "UFFDIO_WRITEPROTECT(A.buf, WP)\nbuf[0] = 1\n",
        "v6.1",
        "`UFFDIO_WRITEPROTECT(A.buf, WP)` of a changes no write-protection in any execution: the area is not registered \
         for write-protection (`uffd_wp`), so the call fails with ENOENT",
        ("write-protect", &["not-registered"]),
    );
    is_told(
        "buf: none uffd_wp",
        "UFFDIO_WRITEPROTECT(A.buf, WP)\n",
        "v6.1",
        "`UFFDIO_WRITEPROTECT(A.buf, WP)` of a changes no write-protection in any execution: no page is mapped",
        ("write-protect", &["nothing-mapped"]),
    );
    is_told(
        "buf: anon",
        "mprotect(buf, PROT_READ|PROT_WRITE)\n",
        "v6.1",
        "`mprotect(buf, PROT_READ|PROT_WRITE)` of a changes no protection in any execution: the area already has that protection",
        ("protect", &["same-protection"]),
    );
    is_told(
        "buf: file",
        "madvise(buf, MADV_FREE)\n",
        "v6.1",
        "`madvise(buf, MADV_FREE)` of a marks nothing to be freed in any execution: the area is a file mapping, so \
         the call fails with EINVAL",
        ("mark-free", &["file-mapping"]),
    );
    is_told(
        "buf: none",
        "madvise(buf, MADV_DONTNEED)\n",
        "v6.1",
        "`madvise(buf, MADV_DONTNEED)` of a discards nothing in any execution: no page is mapped",
        ("discard", &["nothing-mapped"]),
    );
}

/// Reasons of all executions are told, and a kernel that lacks the test for pins does page out.
#[test]
fn every_reason_is_told_and_it_depends_on_the_kernel() {
    let rows = "h = pin(buf, FOLL_WRITE)\nmadvise(buf, MADV_PAGEOUT)\n";
    is_told(
        "buf: anon",
        rows,
        "v5.11",
        "`madvise(buf, MADV_PAGEOUT)` of a pages nothing out in any execution: the page may be pinned",
        ("page-out", &["maybe-pinned"]),
    );
    assert_eq!(told("buf: anon", rows, "v5.8").1, serde_json::json!([]));
    let either = "madvise(buf, MADV_PAGEOUT)\n                           munmap(buf)\n";
    let (_, json) = told("buf: anon lru_batch(b)", either, "v6.15");
    assert_eq!(json[0]["reasons"], serde_json::json!(["no-vma", "not-on-lru"]));
}

/// One execution in which the call does what it is for is enough.
#[test]
fn what_has_an_effect_once_is_not_told() {
    let rows = "madvise(buf, MADV_PAGEOUT)\n                           lru_add_drain_all()\n";
    let (text, json) = told("buf: anon lru_batch(b)", rows, "v6.1");
    assert!(!text.contains("in any execution") && json == serde_json::json!([]), "{text}");
}

/// What legs before have seen counts.
#[test]
fn legs_of_a_search_tell_the_same() {
    let dir = tempfile::tempdir().expect("a directory");
    let rows = "madvise(buf, MADV_PAGEOUT)\n                           lru_add_drain_all()\n";
    let path =
        file(&dir, "buf: anon lru_batch(b); low: none", &format!("{rows}madvise(low, MADV_PAGEOUT)\n"));
    let state = dir.path().join("state");
    let (path, state) = (path.to_str().expect("text"), state.to_str().expect("text"));
    let check = ["check", path, "--era", "v6.1", "--format", "json", "--jobs", "1"];
    let whole = cowrace(&check).exits(0).objects().remove(0);
    assert_eq!(whole["ineffective"].as_array().map(Vec::len), Some(1), "{whole}");
    for limit in 1.. {
        let limit = limit.to_string();
        let leg = cowrace(&[&check[..], &["--resume", state, "--max-executions", &limit]].concat());
        let report = leg.objects().remove(0);
        if leg.code == 0 {
            assert_eq!(report["ineffective"], whole["ineffective"]);
            assert!(limit != "1", "one leg is no test");
            break;
        }
        assert_eq!(report["ineffective"], serde_json::json!([]), "half a search tells nothing");
    }
}

/// The row is told although nothing is different behind it.
#[test]
fn explain_tells_a_row_that_changes_nothing() {
    let dir = tempfile::tempdir().expect("a directory");
    let rows = "madvise(buf, MADV_PAGEOUT)\nbuf[0] = 1\nUFFDIO_WRITEPROTECT(A.buf, WP)\n";
    let path =
        file(&dir, "buf: anon lru_batch(b)", &format!("{rows}                           x = buf[0]\n"));
    let explain = ["explain", path.to_str().expect("text"), "--era", "v6.1", "--as-written"];
    let told = cowrace(&explain).exits(0).prints(&[
        "1  a: madvise(buf, MADV_PAGEOUT)\n",
        "pages nothing out: the page is not on an LRU list",
        "3  a: UFFDIO_WRITEPROTECT(A.buf, WP)\n",
        "changes no write-protection: the area is not registered",
    ]);
    assert!(!told.out.contains("in any execution"), "this is one");
    let verbose = cowrace(&[&explain[..], &["--verbose"]].concat()).exits(0);
    verbose.prints(&["pages nothing out: the page is not on an LRU list"]);
}
