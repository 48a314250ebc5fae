//! What the specification needs, rule by rule.

use cowrace_machine::Limits;
use cowrace_report::Needed;
use cowrace_spec::needed;

/// The fewest copies and faults.
#[track_caller]
fn check(mms: &str, diagram: &str, copies: u64, faults: u64) {
    let text = format!("race r\n{mms}\n\n{diagram}\n");
    let scenario = cowrace_scenario::parse(&text).unwrap_or_else(|errors| panic!("{text}{errors:#?}"));
    let needed = needed(scenario.variants()[0].world(), &Limits::default(), &|| false).expect("it is small");
    assert_eq!(needed, Needed { copies, faults }, "{mms}\n{diagram}");
}

/// One column.
#[track_caller]
fn column(mms: &str, rows: &str, copies: u64, faults: u64) {
    check(mms, &format!("a @A\n================================================\n{rows}"), copies, faults);
}

const ANON: &str = "mm A { buf: anon }";
const CHILD: &str = "mm A { buf: anon }\nmm B = fork(A)";

#[test]
fn a_single_holder_needs_nothing() {
    column(ANON, "buf[0] = 1\nx = buf[0]", 0, 0);
    column("mm A { buf: anon wrprotected }", "buf[0] = 1", 0, 0);
    column("mm A { buf: anon prevshared }", "buf[0] = 1", 0, 0);
    column(ANON, "clear_refs(A)\nbuf[0] = 1", 0, 0);
}

#[test]
fn the_last_sharer_needs_no_copy() {
    column(CHILD, "x = buf[0]", 0, 0);
    column(CHILD, "buf[0] = 1\nbuf[1] = 1", 1, 1);
    let both = "a @A        b @B\n==========  ==========\nbuf[0] = 1  buf[0] = 2";
    check(CHILD, both, 1, 1);
    let three = "mm A { buf: anon }\nmm B = fork(A)\nmm C = fork(A)";
    check(three, both, 2, 2);
    let after = "a @A        b @B\n==========  ===========\n            munmap(buf)\n=== all ===\nbuf[0] = 1";
    check(CHILD, after, 0, 0);
    // The munmap may come first, so the smallest number of copies is zero.
    let beside = "a @A        b @B\n==========  ===========\nbuf[0] = 1  munmap(buf)";
    check(CHILD, beside, 0, 0);
}

#[test]
fn a_fork_shares_and_copies_nothing() {
    column(ANON, "B = fork()\nx = buf[0]", 0, 0);
    column(ANON, "B = fork()\nbuf[0] = 1", 1, 1);
    column(ANON, "madvise(buf, MADV_DONTFORK)\nB = fork()\nbuf[0] = 1", 0, 0);
}

#[test]
fn no_page_takes_a_fault_and_no_copy() {
    for empty in ["none", "swapped", "swapcached"] {
        column(&format!("mm A {{ buf: {empty} }}"), "buf[0] = 1\nx = buf[0]", 0, 1);
        column(&format!("mm A {{ buf: {empty} }}"), "x = buf[0]\nbuf[0] = 1", 0, 1);
    }
    column("mm A { buf: zero }", "x = buf[0]\nbuf[0] = 1\nbuf[1] = 1", 0, 1);
    column(ANON, "madvise(buf, MADV_DONTNEED)\nx = buf[0]\nbuf[0] = 1", 0, 1);
    // Each mm can read its page from the slot.
    let both = "a @A        b @B\n==========  ==========\nbuf[0] = 1  buf[0] = 2";
    check("mm A { buf: swapped }\nmm B = fork(A)", both, 0, 2);
}

#[test]
fn the_page_of_a_file_is_copied_when_it_is_written() {
    column("mm A { buf: file }", "x = buf[0]", 0, 0);
    column("mm A { buf: file }", "buf[0] = 1\nbuf[1] = 1", 1, 1);
    column("mm A { buf: file }", "madvise(buf, MADV_DONTNEED)\nbuf[0] = 1", 1, 1);
    column("mm A { buf: file }", "madvise(buf, MADV_DONTNEED)\nx = buf[0]\nbuf[0] = 1", 1, 2);
}

#[test]
fn gup_to_write_and_devices_write() {
    column(CHILD, "h = pin_user_pages_fast(buf)", 0, 0);
    column(CHILD, "h = pin_user_pages_fast(buf, FOLL_WRITE)\ndma_write(h[0], 1)\nbuf[0] = 1", 1, 1);
    column(ANON, "h = pin_user_pages_fast(buf, FOLL_WRITE)\nB = fork()", 0, 0);
    column("mm A { buf: none }", "h = pin_user_pages_fast(buf)\nbuf[0] = 1", 0, 1);
}

#[test]
fn a_fork_may_copy_for_a_handle_so_no_fault_is_needed() {
    let pinned = "h = pin_user_pages_fast(buf, FOLL_WRITE)\nB = fork()\n";
    column(ANON, &format!("{pinned}buf[0] = 1\ndma_write(h[0], 1)"), 1, 0);
    column(ANON, &format!("{pinned}dma_write(h[0], 1)\nbuf[0] = 1"), 1, 0);
    let given_back = "h = pin_user_pages_fast(buf, FOLL_WRITE)\nunpin_user_page(h)\nB = fork()\nbuf[0] = 1";
    column(ANON, given_back, 1, 1);
}

#[test]
fn a_handle_holds_its_page() {
    let columns = "a @A        b @B\n==========  ===================\n";
    let gone = "            p = vmsplice(buf)\n            munmap(buf)\n=== all ===\nbuf[0] = 1";
    check(CHILD, &format!("{columns}{gone}"), 1, 1);
    let back = "            p = get_user_pages(buf)\n            put_page(p)\n            munmap(buf)\n\
                === all ===\nbuf[0] = 1";
    check(CHILD, &format!("{}{back}", columns.replace("===\n", "=======\n")), 0, 0);
    // An mm's own handle is no reason to copy.
    column(ANON, "p = vmsplice(buf)\nbuf[0] = 1", 0, 0);
}

#[test]
fn a_get_may_become_the_memory_of_the_remaining_holder() {
    let columns = "a @A                                          b @B\n\
                   ============================================  ============\n";
    let get = |how: &str| {
        format!(
            "{columns}h = {how}(buf, FOLL_WRITE)\nB = fork()\nmunmap(buf)\ndma_write(h[0], 1)\n{}r = buf[0]",
            " ".repeat(46)
        )
    };
    check(ANON, &get("get_user_pages_fast"), 0, 0);
    check(ANON, &get("pin_user_pages_fast"), 1, 0);
}

#[test]
fn what_userfaultfd_holds_up_may_come_later() {
    let columns = "a @A        other\n==========  ===============================\n";
    let protects = "            UFFDIO_WRITEPROTECT(A.buf, WP)\n=== all ===\n";
    let rest = "buf[0] = 1\n            UFFDIO_WRITEPROTECT(A.buf, 0)";
    check("mm A { buf: anon uffd_wp }", &format!("{columns}{protects}{rest}"), 0, 0);
}
