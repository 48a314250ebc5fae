//! Diagrams as mails write them.

use crate::common::{good, show};
use cowrace_scenario::{CellKind, Scenario, parse, print};
use cowrace_testkit::properties::scenario as properties;

/// The cells of a diagram: row, column, text; remarks marked.
fn cells(scenario: &Scenario) -> Vec<(usize, usize, String)> {
    let cell = |cell: &cowrace_scenario::Cell| {
        let mark = if cell.kind == CellKind::Remark { "remark: " } else { "" };
        (cell.row, cell.column, format!("{mark}{}", cell.text))
    };
    scenario.variants()[0].cells().iter().map(cell).collect()
}

fn texts(text: &str) -> Vec<String> {
    properties::reads(text);
    cells(&good(text)).into_iter().map(|(_, column, text)| format!("{column} {text}")).collect()
}

fn errors(text: &str) -> String {
    properties::reads(text);
    match parse(text) {
        Ok(_) => panic!("nothing is wrong with\n{text}"),
        Err(errors) => show(text, &errors),
    }
}

const DASHES: &str = "\
race mail-style-dashes

mm A { buf: anon }

        CPU0                            CPU1 @A
        ----                            ----
                                        buf[0] = 1
                                        [the entry is in CPU1's TLB now]
        reclaim(A.buf)
        ==> ptep_get_and_clear()
                                        mprotect(buf, PROT_READ)
                                        ==> [nothing to flush here]
        ...
                                        buf[0] = 2
";

#[test]
fn dashes_and_an_indented_heading() {
    let expected = [
        "1 buf[0] = 1",
        "1 remark: [the entry is in CPU1's TLB now]",
        "0 reclaim(A.buf)",
        "0 remark: ==> ptep_get_and_clear()",
        "1 mprotect(buf, PROT_READ)",
        "1 remark: ==> [nothing to flush here]",
        "0 remark: ...",
        "1 buf[0] = 2",
    ];
    assert_eq!(texts(DASHES), expected);
    // A remark is not executed, so it has no move.
    assert_eq!(good(DASHES).variants()[0].as_written().len(), 4);
}

#[test]
fn quoting_makes_no_difference() {
    for mark in ["> ", ">", "> > ", ">> "] {
        let quoted: String = DASHES.lines().map(|line| format!("{mark}{line}\n")).collect();
        assert_eq!(texts(&quoted), texts(DASHES), "{mark}");
        assert_eq!(print(&good(&quoted)), print(&good(DASHES)), "{mark}");
    }
}

#[test]
fn cells_right_of_short_underlines() {
    let text = "\
race mail-style-narrow

mm A { dst: none; src: swapped }

CPU1 @A                   CPU2
====                      ====
    x = dst[0]
                              reclaim(A.src)
                              <the page is in the swap cache now>
    // src's entry goes to dst
    y = src[0]  // and comes back
";
    let expected = [
        "0 x = dst[0]",
        "1 reclaim(A.src)",
        "1 remark: <the page is in the swap cache now>",
        "0 remark: // src's entry goes to dst",
        "0 y = src[0]",
        "0 remark: // and comes back",
    ];
    assert_eq!(texts(text), expected);
}

#[test]
fn tabs_and_no_underline() {
    let text = "\
race mail-style-tabs

mm A { buf: anon }

CPU A\t\t\tCPU B\t\t\tCPU C @A

\t\t\t\t\t\tx = buf[0]
reclaim(A.buf)
\t\t\tclear_refs(A)
\t\t\t\t\t\tbuf[0] = 1
";
    let scenario = good(text);
    let heads: Vec<String> = scenario.columns().iter().map(|column| column.head()).collect();
    assert_eq!(heads, ["CPU A", "CPU B", "CPU C @A"]);
    let rows = ["2 x = buf[0]", "0 reclaim(A.buf)", "1 clear_refs(A)", "2 buf[0] = 1"];
    assert_eq!(texts(text), rows);
    // Adding an mm to the name of a column moves the names after it.
    assert_eq!(texts(&text.replace("CPU B", "CPU B @A")), rows);
}

#[test]
fn a_heading_of_two_lines() {
    let text = "\
race two-lines
mm A { buf: anon }

thread0 @A\t\t\tthread1: @A\t\tother
\t\t\t\t\t\t\tprocess (or thread 3)
=============\t\t\t=============\t\t===========
x = buf[0]
\t\t\t\t\t\t\tclear_refs(A)
";
    let heads = |text: &str| good(text).columns().iter().map(|column| column.head()).collect::<Vec<_>>();
    let rows = ["2 remark: (or thread 3)", "0 x = buf[0]", "2 clear_refs(A)"];
    assert_eq!(heads(text), ["thread0 @A", "thread1 @A", "other process"]);
    assert_eq!(texts(text), rows);
    let text = text.replace("process (or", "(or");
    assert_eq!(heads(&text), ["thread0 @A", "thread1 @A", "other"]);
    assert_eq!(texts(&text), rows);
}

/// A remark in brackets ends with them, and any other remark runs over columns as long as no word of it can be taken for
/// an operation.
#[test]
fn a_remark_hides_no_operation() {
    let text = "\
race remarks
mm A { buf: anon }

a @A          b @A
============  ==========
[it is there] buf[0] = 3
// what b now reads from it
x = buf[0]    // and is as we said, x == 3
";
    let all =
        ["0 remark: [it is there]", "1 buf[0] = 3", "0 remark: // what b now reads from it", "0 x = buf[0]"];
    assert_eq!(texts(text)[..4], all);
}

/// As `explain` prints them.
#[test]
fn rows_may_have_numbers() {
    let text = "\
race numbers
mm A { buf: anon }

    a @A        b @A
    ==========  ==========
 1  buf[0] = 1
 2              x = buf[0] {
10              }
11  === all ===
";
    assert_eq!(texts(text), ["0 buf[0] = 1", "1 x = buf[0]", "1 }", "0 === all ==="]);
}

/// What the tool prints below a diagram is a comment, however long.
#[test]
fn comments_are_no_mail() {
    let text = format!(
        "{DASHES}\n# VIOLATED deadlock: somebody waits for somebody else and everybody waits for ever\n"
    );
    assert_eq!(texts(&text), texts(DASHES));
}

#[test]
fn a_whole_mail_is_one_error() {
    let mail = "\
Re: [PATCH] mm: COW: restore full accuracy in page reuse

From: Somebody Else
Date: Tue Jan 05 2021

> However, as shown in the example below, even short term GUP pins start
> exhibiting unexpected results with the page_count check.
>
> thread0\t\t\t\tthread1\t\t\tother process
> \t\t\t\t\t\t\t(or thread 3)
> =============\t\t\t=============\t\t===========
> read syscall
> O_DIRECT
> \t\t\t\t\t\t\tclear_refs
> \t\t\t\twrite vaddrA+512
> read syscall returns
>
> The above O_DIRECT read data corruption is also reproducible with only
> swap enabled without requiring clear_refs.

Thanks for looking at this,
";
    insta::assert_snapshot!(errors(mail));
    insta::assert_snapshot!(errors(&format!("race r\nmm A {{ buf: anon }}\n\n{mail}")));
    insta::assert_snapshot!(errors(
        "On Tue, Sep 15, 2020 at 03:13:46PM -0400, Peter Xu wrote:\n\
         > 1. Proc A gets a private anon page X for DMA, mapcount==refcount==1.\n\
         >\n\
         > 2. Proc A fork()s and gives birth to proc B, page X will now have\n\
         > mapcount==refcount==2, write-protected.\n"
    ));
}

/// The words of a diagram in a mail, with what to write instead.
#[test]
fn words_of_mails_lead_to_cells() {
    let text = "\
race odirect
mm A { buf: anon }

thread0\t\t\t\tthread1\t\t\tother process
\t\t\t\t\t\t\t(or thread 3)
=============\t\t\t=============\t\t===========
read syscall
O_DIRECT
read DMA to vaddr+0
len = 512 bytes
GUP(FOLL_WRITE)
DMA writing to RAM started
\t\t\t\t\t\t\tclear_refs
\t\t\t\t\t\t\tpte_wrprotect
\t\t\t\twrite vaddrA+512
\t\t\t\tpage_count == 2
\t\t\t\twp_copy_page
read syscall returns
read lost
";
    insta::assert_snapshot!(errors(text));
}

#[test]
fn functions_and_operations_of_the_kernel() {
    let text = "\
race mail-style
mm A { buf: anon }

CPU0                            CPU1
----                            ----
try_to_unmap_one(A.buf)
                                ptep_set_wrprotect
numa_scan(A)
                                migrate_pages(A.buf)
flush_tlb_range()
                                mremap(buf)
swapin_readahead()
                                process_vm_readv(A.buf)
ptrace(A.buf)
                                madvise(buf, MADV_COLD)
elephant(A.buf)
                                recvmsg(buf[0], 1) {
                                  elephants
                                  wp_copy_page
                                }
";
    insta::assert_snapshot!(errors(&text.replace("CPU1\n", "CPU1 @A\n")));
}
