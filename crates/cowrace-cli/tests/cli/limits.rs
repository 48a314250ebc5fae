//! Limits hold for every search that a command makes.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::{Done, cowrace};

/// Much longer than anything here takes on a busy machine, and much less than it would take without limits.
const AT_ONCE: Duration = Duration::from_secs(300);

fn written(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name).with_extension("race");
    std::fs::write(&path, text).expect("a file");
    path
}

/// Two columns of plain stores to one word: the specification has one execution for each order of them.
fn stores(rows: usize) -> String {
    let mut text = format!("race rows{rows}\nmm A {{ buf: anon }}\n\na @A          b @A\n");
    text.push_str("============  ============\n");
    for row in 0..rows {
        let indent = if row % 2 == 0 { "" } else { "              " };
        text.push_str(&format!("{indent}buf[0] = {}\n", row % 200 + 1));
    }
    text
}

/// What each column does is independent in the specification for a few steps only.
const MADVISE: &str = "race madvise
mm A { buf: anon }

c0 @A      c1 @A                    c2 @A          c3 @A
=========  =======================  =============  ========================
buf[0] = 1
           madvise(buf, MADV_FREE)
                                    clear_refs(A)
                                                   mprotect(buf, PROT_READ)
           madvise(buf, MADV_FREE)
                                    clear_refs(A)
                                                   mprotect(buf, PROT_READ)
buf[0] = 2
           madvise(buf, MADV_FREE)
                                    clear_refs(A)
                                                   mprotect(buf, PROT_READ)
";

#[track_caller]
fn at_once(args: &[&str]) -> Done {
    let started = Instant::now();
    let done = cowrace(args);
    assert!(started.elapsed() < AT_ONCE, "{args:?} took {:?}", started.elapsed());
    done
}

#[test]
fn the_specification_has_no_more_executions_than_a_limit_allows() {
    let dir = tempfile::tempdir().expect("a directory");
    for rows in [40, 160, 400] {
        let path = written(dir.path(), "rows", &stores(rows));
        let path = path.to_str().expect("text");
        let done = at_once(&["check", path, "--era", "v6.1", "--max-executions", "1", "--format", "json"]);
        let report = done.exits(12).objects().remove(0);
        assert_eq!((&report["verdict"], &report["stopped"]), (&"bounded".into(), &"executions".into()));
        assert_eq!(report["complete"], false);
    }
}

#[test]
fn time_and_memory_end_the_search_of_ideal_memory() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = written(dir.path(), "madvise", MADVISE);
    let path = path.to_str().expect("text");
    for (limit, stopped) in [(["--max-time", "1"], "time"), (["--max-memory", "1M"], "memory")] {
        let check = [&["check", path, "--era", "v6.1", "--format", "json"], &limit[..]].concat();
        let report = at_once(&check).exits(12).objects().remove(0);
        assert_eq!((&report["verdict"], &report["stopped"]), (&"bounded".into(), &stopped.into()));
        // Counting what the specification needs is a search of it as well.
        let matrix = [&["matrix", path, "--era", "v6.1", "--costs"], &limit[..]].concat();
        at_once(&matrix).exits(12);
        let explain = [&["explain", path, "--era", "v6.1"], &limit[..]].concat();
        at_once(&explain).exits(12).prints(&["BOUNDED"]);
    }
}

/// Some hundred thousand executions, and as many states as take more than 32 MiB.
pub(crate) const LARGE: &str = "race large
mm A { buf: anon }

a @A        other           pinner @A                      reader @A
==========  ==============  =============================  ==========
buf[0] = 1  reclaim(A.buf)  p = pin_fast(buf, FOLL_WRITE)  r = buf[0]
";

/// With a bound on preemptions that is the end of the search, which does not depend on how fast the machine is.
#[test]
fn states_that_are_given_up_are_told() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = written(dir.path(), "large", LARGE);
    let check = ["check", path.to_str().expect("text"), "--era", "v6.15", "--preemptions", "9"];
    let check = [&check[..], &["--max-memory", "16M"]].concat();
    let done = at_once(&[&check[..], &["--log", "debug"]].concat()).exits(12);
    done.says(&["states are given up", "room=8388608"]).prints(&[
        " states given up  stopped by --max-memory",
        "  states were given up when they took ",
        " and could take 8.0 MiB: with a --max-memory of more than twice that",
    ]);
    let told = at_once(&[&check[..], &["--format", "json"]].concat()).exits(12).objects().remove(0);
    assert_eq!(told["states_given_up"], 8 << 20, "{told}");
    assert!(told["states"].as_u64() > Some(10_000) && told["state_bytes"].as_u64() > Some(8 << 20), "{told}");
}

#[test]
fn a_search_that_is_complete_holds_nothing_if_ideal_memory_was_cut_short() {
    let dir = tempfile::tempdir().expect("a directory");
    // In the kernel columns on CPUs of their own that store to different words are independent, and in the specification the
    // order in which they read makes a difference to nobody either; but it has more executions than the limit.
    let path = written(dir.path(), "rows", &stores(8));
    let path = path.to_str().expect("text");
    let whole = cowrace(&["check", path, "--era", "v6.1", "--format", "json"]).exits(0).objects().remove(0);
    let kernel = whole["executions"].as_u64().expect("a number");
    assert!(kernel > 1);
    for limit in [1, kernel / 2, kernel + 1] {
        let limit = limit.to_string();
        let check = ["check", path, "--era", "v6.1", "--format", "json", "--max-executions", &limit];
        let report = cowrace(&check).objects().remove(0);
        let is_whole = limit == (kernel + 1).to_string();
        assert_eq!(report["verdict"] == "holds", is_whole && report["complete"] == true, "{report}");
    }
}

#[test]
fn a_replay_costs_what_an_execution_costs() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = written(dir.path(), "rows", &stores(80));
    let path = path.to_str().expect("text");
    let replay = ["replay", path, "--era", "v6.1", "--as-written", "--format", "json"];
    let one = at_once(&replay).exits(0).objects().remove(0);
    assert_eq!(one["verdict"], "clean");
    let schedule = one["schedule"].as_str().expect("text");
    at_once(&["replay", path, "--era", "v6.1", "--schedule", schedule]).exits(0).prints(&["HOLDS in this"]);
    at_once(&["explain", path, "--era", "v6.1", "--as-written"]).exits(0).prints(&["HOLDS in this"]);
}
