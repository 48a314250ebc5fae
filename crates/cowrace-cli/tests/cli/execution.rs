//! `cowrace replay` and `cowrace explain`.

use crate::{Done, cowrace};

fn schedule(file: &str, era: &str) -> String {
    let objects = cowrace(&["check", file, "--era", era, "--format", "json"]).objects();
    objects[0]["schedule"].as_str().expect("a schedule").to_owned()
}

#[test]
fn a_diagram_replays_as_written() {
    let done = cowrace(&["replay", "lost.race", "--era", "v5.9", "--as-written"]).exits(0).quiet();
    insta::assert_snapshot!(done.stable());
}

#[test]
fn a_clean_execution_says_so_and_promises_nothing() {
    let done = cowrace(&["replay", "lost.race", "--era", "v6.1", "--as-written"]).exits(0).quiet();
    assert!(done.out.starts_with("HOLDS in this execution  lost  era v6.1  as written"), "{}", done.out);
    assert!(!done.out.contains("VIOLATED"));
    // Where a violation is due, a clean execution as written is still just one execution.
    cowrace(&["replay", "lost.race", "--era", "v5.8", "--as-written"]).exits(0);
}

#[test]
fn a_schedule_replays() {
    let schedule = schedule("lost.race", "v5.9");
    let args = ["replay", "lost.race", "--era", "v5.9", "--schedule", &schedule];
    cowrace(&args).exits(0).quiet().prints(&["VIOLATED lost-read  lost  era v5.9  by schedule", "wrong CoW"]);
    let json = cowrace(&[&args[..], &["--format", "json"]].concat()).exits(0).objects();
    assert_eq!(json[0]["verdict"], "violated");
    assert_eq!(json[0]["schedule"], schedule);
    assert!(json[0]["trace"]["events"].as_array().expect("events").len() > 10);
}

#[test]
fn a_violation_that_no_line_expects_is_a_failure() {
    cowrace(&["replay", "lost.race", "--era", "v5.11", "--as-written"]).exits(10);
    cowrace(&["replay", "lost.race", "--era", "v5.10", "--as-written"]).exits(10);
}

#[test]
fn a_schedule_that_does_not_fit_is_no_answer() {
    let schedule = schedule("lost.race", "v5.9");
    let args = ["replay", "lost.race", "--era", "v6.1", "--schedule", &schedule];
    cowrace(&args).exits(12).says(&["recorded for another"]).prints(&["INCONCLUSIVE"]);
    let short = schedule.rsplit_once('.').expect("several steps").0;
    let args = ["replay", "lost.race", "--era", "v5.9", "--format", "json", "--schedule", short];
    let done = cowrace(&args).exits(12);
    assert_eq!(done.objects()[0]["verdict"], "inconclusive");
    assert!(done.objects()[0]["detail"].as_str().expect("a reason").contains("ends after"));
    let args = ["replay", "lost.race", "--era", "v5.9", "--schedule", "1:zz:0"];
    cowrace(&args).exits(2).says(&["hexadecimal"]);
}

#[test]
fn a_clean_schedule_where_a_violation_is_due_is_a_failure() {
    // What runs in the order of the columns harms nobody.
    let json =
        cowrace(&["replay", "lost.race", "--era", "v5.8", "--as-written", "--format", "json"]).objects();
    assert_eq!(json[0]["verdict"], "clean");
    let schedule = json[0]["schedule"].as_str().expect("a schedule");
    cowrace(&["replay", "lost.race", "--era", "v5.8", "--schedule", schedule]).exits(11);
}

#[test]
fn an_impossible_row_is_pointed_at() {
    let done = cowrace(&["replay", "stuck.race", "--era", "v5.9", "--as-written"]).exits(12);
    assert!(done.out.starts_with("INCONCLUSIVE  stuck  era v5.9"));
    insta::assert_snapshot!(done.err);
    cowrace(&["explain", "stuck.race", "--era", "v5.9", "--as-written"]).exits(12).says(&["row 1"]);
}

#[test]
fn variants_are_asked_for_where_there_are_several() {
    let base = ["replay", "silent.race", "--era", "v5.9", "--as-written"];
    cowrace(&base).exits(2).says(&["variants other, same"]);
    cowrace(&[&base[..], &["--variant", "sane"]].concat()).exits(2).says(&["did you mean `same`"]);
    cowrace(&[&base[..], &["--variant", "same"]].concat()).exits(0).prints(&["buf[0] = 2"]);
    let none = ["replay", "lost.race", "--era", "v5.9", "--as-written", "--variant", "x"];
    cowrace(&none).exits(2).says(&["the scenario has no variants"]);
}

#[test]
fn one_way_must_be_chosen() {
    cowrace(&["replay", "lost.race", "--era", "v5.9"]).exits(2).says(&["--as-written", "--schedule"]);
    cowrace(&["replay", "lost.race", "--as-written"]).exits(2).says(&["--era"]);
    let both = ["replay", "lost.race", "--era", "v5.9", "--as-written", "--schedule", "1:00000000:0"];
    cowrace(&both).exits(2).says(&["cannot be used with"]);
    cowrace(&["replay", ".", "--era", "v5.9", "--as-written"]).exits(3);
}

#[test]
fn a_violation_is_explained_row_by_row() {
    let done = cowrace(&["explain", "lost.race", "--era", "v5.9"]).exits(0).quiet();
    insta::assert_snapshot!(done.stable());
}

/// What is printed of a violation is a scenario, whichever command prints it, and comes to the same.
#[test]
fn what_is_printed_can_be_read_back() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("printed.race");
    let file = path.to_str().expect("a name");
    for command in ["check", "explain"] {
        let printed = cowrace(&[command, "lost.race", "--era", "v5.9"]).exits(0).quiet();
        std::fs::write(&path, &printed.out).expect("a file");
        let again = cowrace(&["replay", file, "--era", "v5.9", "--as-written"]).exits(0).quiet();
        again.prints(&["VIOLATED lost-read", "always r == 1 fails: r is 0"]);
        // A mail quotes it.
        let quoted: String = printed.out.lines().map(|line| format!("> {line}\n")).collect();
        std::fs::write(&path, quoted).expect("a file");
        cowrace(&["replay", file, "--era", "v5.9", "--as-written"]).exits(0).prints(&["VIOLATED lost-read"]);
    }
}

/// The diagram of a variant has its words, and no other variants.
#[test]
fn the_diagram_of_a_variant_stands_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("variants.race");
    let file = path.to_str().expect("a name");
    let text = "race variants\nmm A { buf: $kind }\nvariant mapped { $kind = anon; $word = 1 }\n\
                variant cold { $kind = none; $word = 1 }\n\na @A        b @A\n==========  ==========\n\
                buf[0] = 1  // first\n            x = buf[0]\n\nalways x == $word\n\
                expect variant cold: else assertion\nexpect else assertion\n";
    std::fs::write(&path, text).expect("a file");
    let printed = cowrace(&["explain", file, "--era", "v5.9", "--variant", "cold"]).exits(0);
    assert!(!printed.out.contains("mapped"), "{}", printed.out);
    let printed = printed.prints(&[
        "mm A { buf: none }",
        "variant cold { }",
        "always x == 1",
        "expect variant cold:",
        "// first",
    ]);
    std::fs::write(&path, &printed.out).expect("a file");
    cowrace(&["replay", file, "--era", "v5.9", "--as-written"]).exits(0).prints(&["VIOLATED assertion"]);
}

#[test]
fn every_access_is_told_to_those_who_ask() {
    let done = cowrace(&["explain", "lost.race", "--era", "v5.9", "--verbose"]).exits(0).quiet();
    done.prints(&["<- gup", "<- dma", "page_count(X) == 2, so copy", "X._refcount 1 -> 2", "spin_lock(ptl)"]);
}

#[test]
fn what_a_violation_does_not_need_is_left_out_and_named() {
    let explained = cowrace(&["explain", "padded.race", "--era", "v5.10"]).exits(10).quiet();
    insta::assert_snapshot!("explain_padded", explained.stable());
    let checked = cowrace(&["check", "padded.race", "--era", "v5.10"]).exits(10).quiet();
    insta::assert_snapshot!("check_padded", checked.stable());
}

/// The assertion needs the only writer of the value, and the damage does not: the diagram shows the damage.
#[test]
fn what_an_assertion_needs_is_not_taken_for_the_damage() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("three.race");
    let file = path.to_str().expect("a name");
    let text = "race three\nmm A { buf: anon }\n\n\
                parent @A                  T2 @A\n=========================  ==============\n\
                f = io_uring_register(buf)\nbuf[1] = 2\ndma_write(f[0], 1)\n\
                \x20                          reclaim(A.buf)\nr = buf[0]\n\nalways r == 1 else lost-read\n";
    std::fs::write(&path, text).expect("a file");
    let printed = cowrace(&["check", file, "--era", "v5.10"]).exits(10);
    let printed = printed.prints(&["# always r == 1", "# VIOLATED stale-pin", "# check: VIOLATED stale-pin"]);
    std::fs::write(&path, &printed.out).expect("a file");
    cowrace(&["replay", file, "--era", "v5.10", "--as-written"]).prints(&["VIOLATED stale-pin"]);
}

#[test]
fn diagrams_are_drawn_for_mails() {
    let written = ["replay", "lost.race", "--era", "v5.9", "--as-written"];
    cowrace(&[&written[..], &["--tabs"]].concat())
        .exits(0)
        .prints(&["\t\t\t\tbuf[1] = 2\n", "\nr = buf[0]\n"]);
    let verbose = cowrace(&[&written[..], &["--verbose"]].concat()).exits(0);
    verbose.prints(&["  page_ref_add_unless\n", "  ptep_modify_prot_start\n", "  page_count\n"]);
}

#[test]
fn where_nothing_is_bad_there_is_nothing_to_explain() {
    cowrace(&["explain", "lost.race", "--era", "v6.1"]).exits(0).prints(&[
        "HOLDS",
        "none to explain",
        "memory sc",
    ]);
    cowrace(&["explain", "lost.race", "--era", "v5.8"]).exits(11).prints(&["none to explain"]);
    cowrace(&["explain", "lost.race", "--era", "v5.11"]).exits(10).prints(&["VIOLATED"]);
    let written = ["explain", "lost.race", "--era", "v6.1", "--as-written"];
    cowrace(&written).exits(0).prints(&["Nothing is wrong with this execution."]);
}

#[test]
fn a_printed_diagram_is_a_scenario_that_replays() {
    let printed = cowrace(&["check", "lost.race", "--era", "v5.11"]).exits(10).out;
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("printed.race");
    std::fs::write(&file, &printed).expect("a file");
    let file = file.to_str().expect("a name");
    cowrace(&["replay", file, "--era", "v5.11", "--as-written"]).exits(10).prints(&["VIOLATED lost-read"]);
    cowrace(&["check", file, "--era", "v5.9"]).exits(0);
}

/// The diagram that a check draws, and how it replays as written.
fn redrawn(file: &str, era: &str) -> (String, Done) {
    let printed = cowrace(&["check", file, "--era", era]).exits(0).out;
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("redrawn.race");
    std::fs::write(&path, &printed).expect("a file");
    let path = path.to_str().expect("a name");
    let done = cowrace(&["replay", path, "--era", era, "--as-written"]);
    (printed, done)
}

#[test]
fn the_environment_is_drawn_with_columns_of_its_own() {
    let (diagram, done) = redrawn("surroundings.race", "v5.9");
    done.exits(0).prints(&["VIOLATED spurious-copy", "speculative_ref(A.buf)"]);
    assert!(diagram.contains("\nenv tlb_evict\n"), "{diagram}");
    let heads = diagram.lines().find(|l| l.starts_with("a @A")).expect("the columns");
    assert_eq!(heads.split_whitespace().collect::<Vec<_>>(), ["a", "@A", "lru_drain", "spec_ref"]);
}

#[test]
fn a_deadlock_is_drawn_up_to_where_everybody_waits() {
    let (diagram, done) = redrawn("deadlock.race", "v5.9");
    // The store has nothing to do with it, and what the file expects is of the whole.
    done.exits(10).prints(&["VIOLATED deadlock"]);
    assert!(
        diagram.contains("wait y") && diagram.contains("x = 1") && !diagram.contains("\nbuf[0]"),
        "{diagram}"
    );
}

/// The column of a child that nobody has forked yet comes to no barrier, even if nothing stands in it any more.
#[test]
fn the_diagram_of_a_deadlock_comes_to_the_same() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("deadlock.race");
    let text = "race deadlock
mm A { buf: anon }

c0 @A        c1 @C
===========  ==============================
             v2 = pin_fast(buf)
v1 = buf[1]
             v3 = read(O_DIRECT, buf[1], 11)
=== c1 c0 ===
C = fork()
";
    std::fs::write(&path, text).expect("a file");
    let path = path.to_str().expect("text");
    let check = ["check", path, "--era", "v6.1"];
    let drawn = cowrace(&check).exits(10).prints(&["# VIOLATED deadlock", "=== all ==="]);
    std::fs::write(path, &drawn.out).expect("a file");
    cowrace(&["replay", path, "--era", "v6.1", "--as-written"]).exits(10).prints(&["VIOLATED deadlock"]);
    cowrace(&check).exits(10).prints(&["# VIOLATED deadlock"]);
}

/// Colours are for terminals, and never where text is to be pasted.
#[test]
fn text_has_colours_where_they_are_wanted() {
    let explain = ["explain", "lost.race", "--era", "v5.11"];
    let plain = cowrace(&explain).exits(10).out;
    assert!(!plain.contains('\u{1b}'), "{plain}");
    let coloured = cowrace(&[&explain[..], &["--color", "always"]].concat()).exits(10).out;
    assert!(coloured.contains("\u{1b}[1m\u{1b}[31mlost-read (wrong CoW): "), "{coloured}");
    // Nothing else differs.
    let mut without = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        without.push_str(before);
        rest = after.split_once('m').expect("a colour ends").1;
    }
    assert_eq!(without + rest, plain);
    for format in ["mail", "svg", "html"] {
        let done = cowrace(&[&explain[..], &["--color", "always", "--format", format]].concat()).exits(10);
        assert!(!done.out.contains('\u{1b}'), "{format}");
    }
    let table = ["check", "lost.race", "plain.race", "--era", "v5.11", "--era", "v6.12", "--color", "always"];
    cowrace(&table).prints(&["\u{1b}[32mholds\u{1b}[0m", "\u{1b}[1m\u{1b}[31m!lost-read\u{1b}[0m"]);
    let json = cowrace(&["check", "lost.race", "--era", "v5.11", "--format", "json", "--color", "always"]);
    assert!(!json.out.contains('\u{1b}'));
}

/// Of a huge page that a PMD maps, the entry is a PMD, a walk that goes on is no fault, the references are those of its
/// mappings, each change stands under the function that makes it, and a page is replaced by what its own PTE has then.
#[test]
fn a_huge_page_is_told_by_its_entries_and_its_mappings() {
    let dir = tempfile::tempdir().expect("a directory");
    for (page, other) in [(0, 1), (1, 0)] {
        let path = dir.path().join(format!("page{page}.race")).display().to_string();
        let text = format!(
            "race page{page}\n\nmm A {{ buf: thp }}\n\nthread0 @A\n===========\n\
             h = pin_user_pages_fast(buf[{page}], FOLL_WRITE)\nB = fork()\nbuf[{page}] = 2\n\
             dma_write(h[{page}], 1)\nr = buf[{page}]\n\nalways r == 1 else lost-read\n"
        );
        std::fs::write(&path, text).expect("a file");
        let done = cowrace(&["explain", &path, "--era", "v5.9-rc5"]).exits(10);
        assert!(!done.out.contains("PTE page table"), "{}", done.out);
        let done = done.prints(&[
            &format!("store buf[{page}]: page fault, PMD X.buf[0] RO dirty soft-dirty"),
            &format!("A.pte(buf[{page}]): none -> X.buf[{page}] RO soft-dirty"),
            &format!("A.pte(buf[{other}]): none -> X.buf[{other}] RO soft-dirty"),
            &format!("A.pte(buf[{page}]): X.buf[{page}] RO soft-dirty -> Y.thread0 RW dirty soft-dirty"),
            "held by 3 mappings, 1 pin",
        ]);
        let told = done.out.split_whitespace().collect::<Vec<_>>().join(" ");
        let replaced = format!("Row 3 had put Y.thread0 in the place of X.buf[{page}]: page_count(");
        assert!(told.contains(&replaced), "{told}");
    }
}

#[test]
fn what_is_allocated_and_freed_has_a_name() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("named.race").display().to_string();
    let text = "race named\n\nmm A { buf: thp_none }\n\na @A\n==========\nbuf[0] = 1\nexit()\n";
    std::fs::write(&path, text).expect("a file");
    let done = cowrace(&["explain", &path, "--era", "v6.12", "--as-written"]).exits(0);
    assert!(!done.out.contains("object"), "{}", done.out);
    done.prints(&[
        "Y.a is allocated\n",
        "Y2.a is allocated, a further page of Y.a\n",
        "Y2.a is freed\n",
        "A.vma(buf) is freed\n",
        "A.vma(buf[1]) is freed\n",
    ]);
}
