//! The rules of the specification, one by one: exactly the values that a variable may have at the end.

use cowrace_spec::{Oracle, Promises};

fn oracle(mms: &str, diagram: &str) -> Oracle {
    let text = format!("race r\n{mms}\n\n{diagram}\n");
    let scenario = cowrace_scenario::parse(&text).unwrap_or_else(|errors| panic!("{text}{errors:#?}"));
    Oracle::new(scenario.variants()[0].world(), &Promises::default()).expect("it is small")
}

/// Checks the values that `variable` may have at the end.
#[track_caller]
fn check(mms: &str, diagram: &str, variable: &str, values: &[&str]) {
    let all: Vec<String> = oracle(mms, diagram).values(variable).into_iter().collect();
    assert_eq!(all, values, "{diagram}");
}

const ANON: &str = "mm A { buf: anon }";
const CHILD: &str = "mm A { buf: anon }\nmm B = fork(A)";

#[test]
fn columns_may_go_either_way_unless_something_orders_them() {
    check(ANON, "a @A        b @A\n==========  ==========\nbuf[0] = 1  r = buf[0]", "r", &["0", "1"]);
    let ordered = "a @A        b @A\n==========  ==========\nbuf[0] = 1\n=== all ===\n            r = buf[0]";
    check(ANON, ordered, "r", &["1"]);
    let waits = "a @A        b @A\n==========  ==========\nbuf[0] = 1  wait f\nf = 1       r = buf[0]";
    check(ANON, waits, "r", &["1"]);
}

#[test]
fn a_child_has_what_the_parent_had_at_some_moment_of_the_fork() {
    let after = "a @A\n==========\nB = fork()\nbuf[0] = 1\nr = buf[0]";
    check(ANON, after, "r", &["1"]);
    let child = "a @A        b @B\n==========  ==========\nB = fork()\nbuf[0] = 1\n            r = buf[0]";
    check(ANON, child, "r", &["0"]);
    let beside = "a @A        b @B        c @A\n\
                  ==========  ==========  ==========\n\
                  B = fork()              buf[0] = 1\n\
                  \x20           r = buf[0]";
    check(ANON, beside, "r", &["0", "1"]);
    check(CHILD, "a @A        b @B\n==========  ==========\nbuf[0] = 1  r = buf[0]", "r", &["0"]);
}

#[test]
fn a_write_pin_is_the_owners_memory_both_ways_over_a_fork() {
    let pin = |rest: &str| {
        format!(
            "a @A\n========================================\n\
             h = pin_user_pages_fast(buf, FOLL_WRITE)\nB = fork()\n{rest}"
        )
    };
    check(ANON, &pin("dma_write(h[0], 1)\nr = buf[0]"), "r", &["1"]);
    check(ANON, &pin("buf[0] = 1\nr = dma_read(h[0])"), "r", &["1"]);
}

#[test]
fn a_read_under_way_over_a_fork_is_for_the_parent() {
    let read = "a @A                       b @A\n\
                =========================  ==========\n\
                read(O_DIRECT, buf[0], 1)  B = fork()\n\
                r = buf[0]";
    check(ANON, read, "r", &["1"]);
}

#[test]
fn a_write_get_may_be_the_childs_after_a_fork() {
    let line = "========================================";
    let (get, tail) = ("h = get_user_pages_fast(buf, FOLL_WRITE)\n", "dma_write(h[0], 1)\nr = buf[0]");
    check(ANON, &format!("a @A\n{line}\n{get}{tail}"), "r", &["1"]);
    check(ANON, &format!("a @A\n{line}\n{get}B = fork()\n{tail}"), "r", &["0", "1"]);
    check(ANON, &format!("a @A\n{line}\nB = fork()\n{get}{tail}"), "r", &["1"]);
    // Memory that the child does not inherit stays with the owner.
    let stays = format!("a @A\n{line}\n{get}madvise(buf, MADV_DONTFORK)\nB = fork()\n{tail}");
    check(ANON, &stays, "r", &["1"]);
}

#[test]
fn a_write_get_may_be_nobodys_once_all_have_parted_from_it() {
    let rows = |row: &str| {
        let columns = "a @A                      b @B\n\
                       ========================  ==================\n\
                       h = get(buf, FOLL_WRITE)\n\
                       B = fork()\n";
        let rest = "=== all ===\ndma_write(h[0], 1)\ng = dma_read(h[0])\n=== all ===\n\
                    r = buf[0]                s = buf[0]";
        oracle(ANON, &format!("{columns}{row}\n{rest}"))
    };
    let nobody = [("r", "0"), ("s", "0"), ("g", "1")];
    for parting in
        ["buf[1] = 5                buf[1] = 6", "buf[1] = 5                madvise(buf, MADV_DONTNEED)"]
    {
        assert!(rows(parting).shows(&nobody), "{parting}");
    }
    for row in ["buf[1] = 5", &format!("{:26}buf[1] = 6", "")] {
        assert!(!rows(row).shows(&nobody), "{row}");
    }
}

#[test]
fn a_write_get_is_the_childs_only_if_the_fork_is_not_over() {
    let columns = "a @A        b @B        c @A\n\
                   ==========  ==========  ========================\n\
                   B = fork()              y = buf[1]\n\
                   buf[1] = 5              h = get(buf, FOLL_WRITE)\n\
                   === all ===\n\
                   \x20                       dma_write(h[0], 1)\n\
                   === all ===\n\
                   \x20           s = buf[0]";
    let seen = oracle(ANON, columns);
    assert!(seen.shows(&[("y", "0"), ("s", "1")]));
    assert!(!seen.shows(&[("y", "5"), ("s", "1")]));
}

#[test]
fn a_write_get_may_be_the_memory_of_both_for_a_while() {
    let line = "========================================";
    let both = |rest: &str| {
        let get = "h = get_user_pages_fast(buf, FOLL_WRITE)\nB = fork()\ndma_write(h[0], 1)";
        format!("a @A{0:39}b @B\n{line}   ==========\n{get}\n=== all ===\n{rest}", "")
    };
    let pad = " ".repeat(43);
    // Both may see it, or either, but not neither.
    let seen = oracle(ANON, &both(&format!("r = buf[0]\n{pad}s = buf[0]")));
    assert_eq!((seen.values("r").len(), seen.values("s").len()), (2, 2));
    // The observation includes what the page is to the owner at the end: its own, its own until it stores, or not.
    assert_eq!(seen.observations(), 6, "1 0 and 1 1 its own, or until it stores; 0 1 and 1 1 not");
}

#[test]
fn a_write_get_may_be_the_memory_of_all_that_have_not_written() {
    let columns = "a @A                      b @B        c @C\n\
                   ========================  ==========  ==========\n\
                   h = get(buf, FOLL_WRITE)\n\
                   B = fork()\n\
                   C = fork()\n\
                   buf[1] = 5\n\
                   dma_write(h[0], 1)\n\
                   === all ===\n\
                   r = buf[0]                s = buf[0]  t = buf[0]";
    let seen = oracle(ANON, columns);
    let shows = |values: [&str; 3]| seen.shows(&[("r", values[0]), ("s", values[1]), ("t", values[2])]);
    for values in [["1", "0", "0"], ["0", "1", "0"], ["0", "0", "1"], ["0", "1", "1"]] {
        assert!(shows(values), "{values:?}");
    }
    // The owner has written, so it shares the page with no other mm. The others have not, so one of them sees what the device wrote.
    for values in [["0", "0", "0"], ["1", "1", "0"], ["1", "0", "1"], ["1", "1", "1"]] {
        assert!(!shows(values), "{values:?}");
    }
}

#[test]
fn who_takes_a_read_pin_may_part_from_the_page_of_a_get() {
    let with = |call: &str| {
        let columns = format!(
            "a @A                      b @B\n\
             ========================  =================\n\
             h = get(buf, FOLL_WRITE)\n\
             B = fork()\n\
             === all ===\n\
             .                         {call}\n\
             === all ===\n\
             buf[1] = 5\n\
             dma_write(h[0], 1)\n\
             === all ===\n\
             r = buf[0]                s = buf[0]"
        )
        .replace('.', " ");
        oracle(ANON, &columns).shows(&[("r", "0"), ("s", "0")])
    };
    // The child has a page of its own since its pin, and so has the parent since its store. Who loads has none.
    assert_eq!([with("p = pin(buf)"), with("x = buf[0]")], [true, false]);
}

#[test]
fn a_child_of_a_child_may_have_the_page_of_a_get() {
    let columns = "a @A                      b @B        c @C\n\
                   ========================  ==========  ==========\n\
                   h = get(buf, FOLL_WRITE)\n\
                   B = fork()\n\
                   \x20                         C = fork()\n\
                   \x20                         f = 1\n\
                   wait f\n\
                   dma_write(h[0], 1)\n\
                   === all ===\n\
                   r = buf[0]                s = buf[0]  t = buf[0]";
    let seen = oracle(ANON, columns);
    assert!(seen.shows(&[("r", "0"), ("s", "0"), ("t", "1")]));
    assert!(seen.shows(&[("r", "1"), ("s", "1"), ("t", "1")]));
    assert!(!seen.shows(&[("r", "0"), ("s", "0"), ("t", "0")]));
}

#[test]
fn a_file_refuses_to_be_given_up_as_long_as_it_is_mapped() {
    const FILE: &str = "mm A { buf: file = 1, 2 }";
    let free = "r = madvise(buf, MADV_FREE)";
    check(FILE, &format!("a @A\n===========================\n{free}"), "r", &["EINVAL"]);
    check(FILE, &format!("a @A\n===========================\nmunmap(buf)\n{free}"), "r", &["0"]);
}

#[test]
fn what_a_pipe_holds_is_a_history_of_its_own() {
    let column = |rest: &str| format!("a @A\n===================\n{rest}");
    let read = column("p = vmsplice(buf)\nbuf[0] = 1\nbuf[0] = 2\ns = pipe_read(p[0])");
    check(ANON, &read, "s", &["0", "1", "2"]);
    let twice = column("p = vmsplice(buf)\nbuf[0] = 1\ns = pipe_read(p[0])\nt = pipe_read(p[0])");
    check(ANON, &twice, "t", &["0", "1"]);
    assert_eq!(oracle(ANON, &twice).observations(), 3, "0 0, 0 1 and 1 1, and never back");
    // Nothing older than the handle.
    check(ANON, &column("buf[0] = 1\np = vmsplice(buf)\ns = pipe_read(p[0])"), "s", &["1"]);
    // Nothing that another process stored.
    let other = "a @A        b @B\n\
                 ==========  ===================\n\
                 \x20           p = vmsplice(buf)\n\
                 \x20           munmap(buf)\n\
                 === all ===\n\
                 buf[0] = 1\n\
                 === all ===\n\
                 \x20           s = pipe_read(p[0])";
    check(CHILD, other, "s", &["0"]);
}

#[test]
fn a_read_pin_of_what_a_store_replaces_may_keep_the_old() {
    let pin = |flags: &str| {
        format!(
            "a @A\n=========================================\n\
             h = pin_user_pages_fast(buf{flags})\nbuf[0] = 1\ns = dma_read(h[0])"
        )
    };
    check("mm A { buf: zero }", &pin(""), "s", &["0", "1"]);
    check("mm A { buf: zero }", &pin(", FOLL_LONGTERM"), "s", &["1"]);
    check(ANON, &pin(""), "s", &["1"]);
}

#[test]
fn what_is_unmapped_is_gone_when_the_call_returns() {
    // With a translation that is known.
    check(ANON, "a @A\n===========\nx = buf[0]\nmunmap(buf)\nr = buf[0]", "r", &["SIGSEGV"]);
    let beside = "a @A        b @A\n==========  ===========\nr = buf[0]  munmap(buf)";
    check(ANON, beside, "r", &["0", "SIGSEGV"]);
    let discard = "a @A\n===========================\nbuf[0] = 1\nmadvise(buf, MADV_DONTNEED)\nr = buf[0]";
    check(ANON, discard, "r", &["0"]);
    // The store fails.
    let protect = "a @A\n=============================\nmprotect(buf, PROT_READ)\nbuf[0] = 1\nr = buf[0]";
    check(ANON, protect, "r", &["0"]);
}

#[test]
fn what_was_given_up_is_there_or_zero_until_the_next_store() {
    let given = |rest: &str| {
        format!("a @A\n=======================\nbuf[0] = 1\nmadvise(buf, MADV_FREE)\n{rest}r = buf[0]")
    };
    check(ANON, &given(""), "r", &["0", "1"]);
    check(ANON, &given("buf[0] = 2\n"), "r", &["2"]);
    let other = "a @A\n=======================\nbuf[0] = 1\nmadvise(buf, MADV_FREE)\nbuf[1] = 2\nr = buf[0]";
    check(ANON, other, "r", &["0", "1"]);
}

#[test]
fn a_store_after_clear_refs_is_reported_and_others_may_be() {
    let told =
        |rest: &str| format!("a @A\n=====================\nclear_refs(A)\n{rest}s = soft_dirty(A.buf)");
    check(ANON, &told("buf[0] = 1\n"), "s", &["1"]);
    check(ANON, &told(""), "s", &["0", "1"]);
    let device = "a @A\n========================================\nh = pin_user_pages_fast(buf, FOLL_WRITE)\nclear_refs(A)\ndma_write(h[0], 1)\ns = soft_dirty(A.buf)";
    check(ANON, device, "s", &["0", "1"]);
}

#[test]
fn a_store_waits_for_userfaultfd() {
    let uffd = "mm A { buf: anon uffd_wp }";
    let waits = "a @A        m                              c @A\n\
                 ==========  =============================  ==========\n\
                 \x20           UFFDIO_WRITEPROTECT(A.buf, WP)\n\
                 === all ===\n\
                 buf[0] = 1                                 s = buf[0]\n\
                 \x20                                          g = 1\n\
                 \x20           wait g\n\
                 \x20           UFFDIO_WRITEPROTECT(A.buf, 0)\n\
                 r = buf[0]";
    check(uffd, waits, "r", &["1"]);
    check(uffd, waits, "s", &["0"]);
}

#[test]
fn a_pin_of_what_was_stored_to_is_the_owners() {
    let pin = "a @A\n============================\nbuf[0] = 3\nh = pin_user_pages_fast(buf)\nbuf[0] = 4\ns = dma_read(h[0])";
    check("mm A { buf: zero }", pin, "s", &["4"]);
    // Memory that was discarded is not.
    let discard = "a @A\n============================\nmadvise(buf, MADV_DONTNEED)\nh = pin_user_pages_fast(buf)\nbuf[0] = 4\ns = dma_read(h[0])";
    check(ANON, discard, "s", &["0", "4"]);
}

#[test]
fn what_was_given_up_before_a_fork_may_go_in_the_child_as_well() {
    let lazy = "mm A { buf: anon lazyfree = 3, 3 }\nmm B = fork(A)";
    check(lazy, "a @A        b @B\n==========  ==========\nr = buf[0]  s = buf[0]", "s", &["0", "3"]);
}

#[test]
fn a_fault_during_munmap_may_find_no_vma_while_the_page_is_there() {
    let both = "a @A        b @A\n==========  ===========\nr = buf[0]  munmap(buf)\ns = buf[0]";
    assert_eq!(oracle(ANON, both).values("s").len(), 2);
    // 0 0, 0 SIGSEGV, SIGSEGV 0 and SIGSEGV SIGSEGV.
    assert_eq!(oracle(ANON, both).observations(), 4);
}

#[test]
fn a_store_that_the_vma_forbids_does_not_wait_for_userfaultfd() {
    let forbidden = "a @A                      m\n\
                     ========================  ==============================\n\
                     \x20                         UFFDIO_WRITEPROTECT(A.buf, WP)\n\
                     === all ===\n\
                     mprotect(buf, PROT_READ)\n\
                     buf[0] = 1\n\
                     f = 1\n\
                     \x20                         wait f\n\
                     \x20                         UFFDIO_WRITEPROTECT(A.buf, 0)\n\
                     r = buf[0]";
    check("mm A { buf: anon uffd_wp }", forbidden, "r", &["0"]);
}

#[test]
fn protection_goes_with_the_page() {
    let line = "==============================";
    let column = |rest: &str| format!("a @A\n{line}\n{rest}r = buf[0]");
    let protect = "UFFDIO_WRITEPROTECT(A.buf, WP)\n";
    for area in ["anon uffd_wp", "anon uffd_wp wp_unpopulated"] {
        let mms = format!("mm A {{ buf: {area} = 5, 5 }}");
        let discarded = format!("{protect}madvise(buf, MADV_DONTNEED)\nbuf[0] = 1\n");
        check(&mms, &column(&discarded), "r", &["1"]);
    }
    // Memory that was given up may still be there, and then the store waits for ever.
    let given_up = format!("{protect}madvise(buf, MADV_FREE)\nbuf[0] = 1\n");
    check("mm A { buf: anon uffd_wp = 5, 5 }", &column(&given_up), "r", &["1", "unset"]);
}

#[test]
fn of_nothing_userfaultfd_protects_nothing_unless_it_was_asked_to() {
    let is_held_up = |area: &str, first: &str, held_up: bool| {
        let column = format!(
            "a @A\n==============================\n{first}UFFDIO_WRITEPROTECT(A.buf, WP)\nbuf[0] = 1\nr = buf[0]"
        );
        // The protection is never removed.
        let value = if held_up { "unset" } else { "1" };
        check(&format!("mm A {{ buf: {area} }}"), &column, "r", &[value]);
    };
    is_held_up("none uffd_wp", "", false);
    is_held_up("none uffd_wp wp_unpopulated", "", true);
    // The zero page is there, or the page is out on swap.
    is_held_up("none uffd_wp", "p = buf[0]\n", true);
    is_held_up("zero uffd_wp", "", true);
    is_held_up("swapped uffd_wp", "", true);
    let discard = "madvise(buf, MADV_DONTNEED)\n";
    is_held_up("anon uffd_wp", discard, false);
    is_held_up("anon uffd_wp wp_unpopulated", discard, true);
}

#[test]
fn what_is_given_up_again_may_go_again() {
    let twice = "a @A\n=======================\n\
                 madvise(buf, MADV_FREE)\n\
                 x = buf[0]\n\
                 buf[0] = 1\n\
                 madvise(buf, MADV_FREE)\n\
                 y = buf[0]";
    let oracle = oracle("mm A { buf: anon = 8, 9 }", twice);
    assert_eq!(oracle.values("x").into_iter().collect::<Vec<_>>(), ["0", "8"]);
    assert_eq!(oracle.values("y").into_iter().collect::<Vec<_>>(), ["0", "1"]);
    // Each time the memory may be discarded, and once more before the end.
    let once = "a @A\n=======================\nmadvise(buf, MADV_FREE)\nx = buf[0]\nbuf[0] = 1\ny = buf[0]";
    check("mm A { buf: anon = 8, 9 }", once, "y", &["1"]);
}

#[test]
fn what_was_stored_is_reported_though_it_is_given_up() {
    let told = |rest: &str| {
        format!(
            "a @A\n=======================\nclear_refs(A)\nbuf[0] = 1\n{rest}s = soft_dirty(A.buf)\nr = buf[0]"
        )
    };
    check(ANON, &told(""), "s", &["1"]);
    let given_up = told("madvise(buf, MADV_FREE)\n");
    // Memory that was discarded can no longer be reported.
    check(ANON, &given_up, "s", &["0", "1"]);
    let seen: Vec<_> = [("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")]
        .into_iter()
        .filter(|&(s, r)| oracle(ANON, &given_up).shows(&[("s", s), ("r", r)]))
        .collect();
    assert_eq!(seen, [("0", "0"), ("1", "0"), ("1", "1")], "a report of no store, and the store");
}

#[test]
fn a_discard_that_comes_later_excuses_no_pin() {
    let pin = |before: &str, after: &str| {
        format!(
            "a @A\n============================\n{before}h = pin_user_pages_fast(buf)\n{after}buf[0] = 4\ns = dma_read(h[0])"
        )
    };
    check(ANON, &pin("madvise(buf, MADV_DONTNEED)\n", ""), "s", &["0", "4"]);
    // It is exactly the earlier page.
    check("mm A { buf: anon = 5, 5 }", &pin("", "madvise(buf, MADV_DONTNEED)\n"), "s", &["5"]);
    let later = "a @A                          b @A\n\
                 ============================  ===========================\n\
                 h = pin_user_pages_fast(buf)\n\
                 buf[0] = 4\n\
                 s = dma_read(h[0])\n\
                 === all ===\n\
                 \x20                             madvise(buf, MADV_DONTNEED)";
    check(ANON, later, "s", &["4"]);
    let beside = later.replace("=== all ===\n", "");
    check(ANON, &beside, "s", &["0", "4"]);
}

/// Two CPUs with an entry each while a third flushes: either may be the first to see the new value.
#[test]
fn cpus_are_flushed_in_any_order() {
    let warm = "mm A { buf: anon warm = 5, 5 }";
    let seen = |first: &str, second: &str| {
        let columns = format!(
            "{first} @A        {second} @A        zap @A\n============  ============  ===========================\n\
             \x20                           madvise(buf, MADV_DONTNEED)\n"
        );
        let (new, old) = (["y = buf[0]", "f = 1"], ["wait f", "x = buf[0]"]);
        let rows = new.into_iter().map(|cell| (cell, first == "new"));
        let rows = rows.chain(old.into_iter().map(|cell| (cell, first == "old")));
        let rows: String = rows
            .map(|(cell, left)| if left { format!("{cell}\n") } else { format!("{:14}{cell}\n", "") })
            .collect();
        oracle(warm, &(columns + &rows))
    };
    for oracle in [seen("new", "old"), seen("old", "new")] {
        for (y, x) in [("0", "0"), ("0", "5"), ("5", "0"), ("5", "5")] {
            assert!(oracle.shows(&[("y", y), ("x", x)]), "y == {y}, x == {x}");
        }
    }
    // A flush that has returned has reached every CPU.
    let after = "a @A        b @A        zap @A\n\
                 ==========  ==========  ===========================\n\
                 \x20                       madvise(buf, MADV_DONTNEED)\n\
                 === all ===\n\
                 y = buf[0]  x = buf[0]";
    assert!(!oracle(warm, after).shows(&[("x", "5")]));
}

/// Each of four columns changes one PTE, and what was given up may be discarded at any moment: there are millions of
/// executions, and few states.
#[test]
fn calls_that_change_one_pte_are_explored_at_once() {
    let columns = "a @A        b @A                     c @A           d @A\n\
                   ==========  =======================  =============  ========================\n\
                   buf[0] = 1  madvise(buf, MADV_FREE)  clear_refs(A)  mprotect(buf, PROT_READ)";
    let seen = oracle(ANON, columns);
    assert_eq!(seen.effort(), 256 + 4349, "the executions before states are merged, and the states");
}

const HALVES: &str = "mm A { buf: thp_pte = 5, 6 }";

#[test]
fn the_halves_of_a_range_are_flushed_together() {
    // The second half is gone, and another CPU may have the first one still.
    let warm = "mm A { buf: thp warm(c) = 5, 6 }";
    let discard = "a @A                         b @A        c @A\n\
                   ===========================  ==========  ==========\n\
                   madvise(buf, MADV_DONTNEED)  x = buf[1]  wait f\n\
                   \x20                            f = 1       y = buf[0]";
    let seen = oracle(warm, discard);
    assert_eq!(seen.values("y").into_iter().collect::<Vec<_>>(), ["0", "5"]);
    // x and y: 0 0, 0 5, 6 0 and 6 5.
    assert_eq!(seen.observations(), 4);
}

#[test]
fn munmap_of_a_range_takes_the_vma_away_before_the_pages() {
    let store = "a @A        b @A\n==========  ===========\nx = buf[1]  munmap(buf)\ny = buf[0]";
    // x and y: 6 5, 6 SIGSEGV, SIGSEGV 5 and SIGSEGV SIGSEGV.
    assert_eq!(oracle(HALVES, store).observations(), 4);
}

#[test]
fn mprotect_of_a_range_fails_at_a_hole() {
    let first =
        "a @A\n========================\nmunmap(buf[0])\nmprotect(buf, PROT_READ)\nbuf[1] = 1\nr = buf[1]";
    check(HALVES, first, "r", &["1"]);
    let second =
        "a @A\n========================\nmunmap(buf[1])\nmprotect(buf, PROT_READ)\nbuf[0] = 1\nr = buf[0]";
    check(HALVES, second, "r", &["5"]);
}

#[test]
fn what_has_no_vma_any_more_is_not_discarded() {
    let five = "mm A { buf: anon = 5, 6 }";
    let beside = "a @A         b @A\n===========  ===========================\n\
                  munmap(buf)  madvise(buf, MADV_DONTNEED)\n\
                  \x20            r = buf[0]";
    check(five, beside, "r", &["0", "5", "SIGSEGV"]);
}
