//! `cowrace witness`.

use crate::cowrace;

/// A pinned page that clear_refs write-protects is copied by the next store.
const PINNED: &[&str] = &[
    "witness",
    "--era",
    "v5.12",
    "--commit",
    "9348b73c2e1b",
    "--calls",
    "2",
    "--only",
    "pin_fast,clear_refs",
];

#[test]
fn a_commit_has_a_smallest_witness() {
    let done = cowrace(PINNED).exits(0).quiet();
    insta::assert_snapshot!(done.out);
    let same = cowrace(&[PINNED, &["--jobs", "3"]].concat()).exits(0);
    assert_eq!(same.out, done.out);
    let line = &cowrace(&[PINNED, &["--format", "json"]].concat()).exits(0).objects()[0];
    assert_eq!((&line["decided"], &line["witness"]["calls"]), (&2.into(), &2.into()));
    assert_eq!(line["witness"]["violated"], "v5.12 --without 9348b73c2e1b");
    assert_eq!(line["witness"]["holds"], "v5.12");
}

#[test]
fn a_commit_that_is_not_there_is_added() {
    let v5_10 = ["witness", "--era", "v5.10", "--commit", "9348b73c2e1b", "--calls", "2"];
    let done = cowrace(&[&v5_10[..], &["--only", "pin_fast,clear_refs"]].concat()).exits(0);
    done.prints(&["v5.10: stale-pin; v5.10 --with 9348b73c2e1b: holds"]);
}

#[test]
fn a_commit_that_concerns_only_some_files_has_a_witness() {
    let fuse = ["witness", "--era", "v6.12", "--commit", "738adade96b2", "--calls", "2"];
    let done = cowrace(&[&fuse[..], &["--only", "extract_pages,fork"]].concat()).exits(0);
    done.prints(&[
        "h1 = extract_pages(fuse, buf, FOLL_WRITE)",
        "v6.12 --without 738adade96b2: stale-pin; v6.12: holds",
    ]);
}

#[test]
fn a_safeguard_has_a_witness() {
    let done = cowrace(&["witness", "--safeguard", "zap_flush", "--calls", "2", "--only", "munmap"]).exits(0);
    done.prints(&[
        "--set zap_flush=none: use-after-free",
        "munmap(buf)",
        "no scenario of 1 call, one after the other, tells these kernels from each other",
    ]);
}

#[test]
fn that_there_is_none_is_told() {
    let batch =
        ["witness", "--era", "v6.15", "--safeguard", "batched_flush", "--calls", "1", "--only", "reclaim"];
    cowrace(&batch)
        .exits(0)
        .prints(&["no scenario of 1 call, one after the other, tells v6.15 from v6.15 --set"]);
    for barrier in [["--commit", "088b8aa537c2"], ["--safeguard", "ae_barriers"]] {
        let args = [&["witness", "--era", "v6.15"][..], &barrier].concat();
        cowrace(&args).exits(2).says(&["only under weak memory"]);
    }
    // Nothing is pinned that is not there at the start.
    let none = [PINNED, &["--start", "none", "--child", "no"]].concat();
    cowrace(&none).exits(0);
    cowrace(&[PINNED, &["--start", "nothing"]].concat()).exits(2).says(&["the first word is one of none"]);
    let overruled = ["witness", "--era", "v6.15", "--commit", "09854ba94c6a", "--calls", "16"];
    cowrace(&overruled).exits(0).prints(&["the model takes the same steps for both"]);
    let stopped = [PINNED, &["--max-time", "0.001"]].concat();
    cowrace(&stopped).exits(12).prints(&["no scenario was decided"]);
}

#[test]
fn parts_and_kernels_must_be_known() {
    cowrace(&["witness", "--calls", "1"]).exits(2).says(&["--commit <COMMIT>"]);
    cowrace(&["witness", "--commit", "9348b73c2e1b", "--safeguard", "zap_flush"]).exits(2);
    cowrace(&["witness", "--commit", "0123456789ab"]).exits(2).says(&["there is no commit `0123456789ab`"]);
    cowrace(&["witness", "--safeguard", "zap_flsh"]).exits(2).says(&["did you mean `zap_flush`"]);
    cowrace(&["witness", "--safeguard", "flush_ipi"]).exits(2).says(&["has no safeguard `flush_ipi`"]);
    let no_call = ["witness", "--era", "v5.12", "--commit", "9348b73c2e1b", "--only", "pipe_read"];
    cowrace(&no_call).exits(2).says(&["does not try `pipe_read`"]);
    cowrace(&["witness", "--era", "v9.15", "--commit", "9348b73c2e1b"]).exits(2);
}
