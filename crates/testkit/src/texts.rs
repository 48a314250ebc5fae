//! Random valid scenarios.

use std::fmt::Write;

use proptest::prelude::*;

/// Areas that a scenario may have.
const MOST_AREAS: usize = 14;

/// Areas in addition to `a0: anon` and to one with words of a variant.
pub const AREAS: &[&str] = &[
    "anon",
    "anon wrprotected clean lru_batch(t0)",
    "anon prevshared, soft_clean uffd_wp = 7, 0x8",
    "anon lazyfree adjacent",
    "none read_only",
    "zero warm",
    "swapped prevshared",
    "swapcached uffd_wp wp_unpopulated = 1, 2",
    "file warm(t0, cpu-1)",
    "hugetlb prevshared, warm read_only",
    "thp wrprotected clean = 1, 2",
    "thp_pte prevshared soft_clean",
    "thp_none uffd_wp read_only",
];

/// Cells that are valid in every column of mm `A`, whatever is above them.
pub const CELLS: &[&str] = &[
    "x = a0[0]",
    "a0[1]",
    "a0[1]=3",
    "a0[0] = x",
    "f=1",
    "f = y",
    "wait x",
    "wait C",
    "y = read(O_DIRECT,a0[0], 1)",
    "write(O_DIRECT, a0[1])",
    "y = read(O_DIRECT, 9p, a0[0], 2)",
    "y = read(O_DIRECT,block, a0[1], 3)",
    "write(O_DIRECT , fuse, a0[1])",
    "q = fuse_dev_splice_read(h)",
    "h = iov_iter_extract_pages(nfs,a0, FOLL_WRITE)",
    "recvmsg(a0[0], 0x10)",
    "h = $grab(a0, FOLL_WRITE | FOLL_FORCE)",
    "h = get_user_pages(a0)",
    "h = get_user_pages_fast(a0, FOLL_WRITE)",
    "h = pin_user_pages_fast(a0, FOLL_LONGTERM, FOLL_WRITE)",
    "h = pin_user_pages(a0, FOLL_FORCE)",
    "h = get_user_pages_remote(A.a0, FOLL_WRITE)",
    "h = pin_user_pages_remote( A.a0 )",
    "h = iov_iter_extract_pages(a0,FOLL_WRITE)",
    "put_page(g)",
    "unpin_user_page(n)",
    "dma_write(n[0], x)",
    "z = dma_read(h[1])",
    "p = vmsplice(a0)",
    "pipe_read(p[0])",
    "h = io_uring_register(a0)",
    "munmap(a0)",
    "mremap(a0, m0)",
    "madvise(a0, MADV_DONTNEED)",
    "madvise(a0, MADV_DONTFORK)",
    "madvise(a0, MADV_DOFORK)",
    "madvise(a0, MADV_PAGEOUT)",
    "madvise(a0, MADV_FREE)",
    "mprotect(a0,PROT_READ | PROT_WRITE)",
    "mprotect(a0, PROT_READ)",
    "clear_refs(B)",
    "s = soft_dirty(B.a0)",
    "UFFDIO_WRITEPROTECT(A.a0, WP)",
    "UFFDIO_WRITEPROTECT(A.a0, 0)",
    "reclaim(A.a0)",
    "split_huge_page(A.a0)",
    "khugepaged_collapse(A.a0)",
    "madvise(a0, MADV_COLLAPSE)",
    "speculative_ref(A.a0)",
    "lru_add_drain_all()",
];

/// Cells with remarks, and cells that consist of a remark.
pub const REMARKS: &[&str] = &[
    "a0[1] = 4 // a remark [of (sorts)]",
    "clear_refs(B) ==> ptep_set_wrprotect()",
    "[the entry is in t0's TLB now]",
    "<nothing to flush here>",
    "==> ptep_get_and_clear()",
    "(page_count == 2)",
    "// $grab's entry, a0[0] = 1 {",
    "...",
];

/// The first rows, with the cells that may occur only once: variables that are read must be set somewhere.
const FIRST: &[&[(usize, &str)]] = &[
    &[(0, "x = a0[0]"), (1, "y = a0[1]"), (2, "h = $grab(a0)")],
    &[(0, "set = 0"), (1, "p = vmsplice(a0)"), (2, "C = fork()")],
    &[(0, "g = get_fast(a0)"), (1, "n = io_uring_register(a0)")],
    &[(0, "x = a0[0] {")],
    &[(0, "  $step")],
    &[(0, "}")],
];

const ANCHORS: &[&str] = &["gup", "page_count #2", "spin_lock(ptl)", "do_wp_page", "$step"];

/// Statements that can follow the diagram.
pub const FOOTERS: &[&str] = &[
    "always x==1 && !(y != SIGSEGV)||x<2",
    "always x >= 1 || (y == EFAULT && h != EAGAIN)",
    "never A.a0[0]   > 3 else lost-write",
    "always copies(A) <= 1\n   else spurious-copy",
    "promise  coherent( p#1 )",
    "promise coherent(other . $grab #1)\npromise coherent(other.h#1)",
    "window t0.set<t0.set",
    "window t0.set#1 < other.fork",
    "expect v5.9..v5.18, aa-cor leak; ..v5.8 holds  # a comment",
    "expect variant one: v6.1.. violated;\n  v5.9 without 57efa1f set wp_reuse=count vacuous",
    "expect \"my own\" lost-dirty",
    "expect variant two: v6.12 unknown; else holds",
    "expect  arch arm64 : v5.7..v5.9 lost-write; else holds",
    "expect variant one arch no-swap-exclusive: v6.1 leak",
    "# nothing",
];

#[derive(Clone, Debug)]
enum Row {
    Cells(Vec<(usize, String)>),
    /// A call over several rows.
    Span(usize, String, Vec<&'static str>),
    Barrier(&'static str),
    Blank,
}

fn row() -> impl Strategy<Value = Row> {
    let cell = prop::sample::select(CELLS).prop_map(str::to_owned);
    let remarked = prop::sample::select(REMARKS).prop_map(str::to_owned);
    let cells = prop_oneof![5 => cell.clone(), 1 => remarked.clone()];
    let cells = prop::collection::btree_map(0..3_usize, cells, 1..4);
    let anchors = prop::collection::vec(prop::sample::select([ANCHORS, &REMARKS[2..]].concat()), 0..3);
    let barriers = ["=== all ===", "=== t0 cpu_1 ===", "===  other cpu-1 t0 ====="];
    prop_oneof![
        6 => cells.prop_map(|c| Row::Cells(c.into_iter().collect())),
        2 => (0..3_usize, cell, anchors).prop_map(|(c, t, a)| Row::Span(c, t, a)),
        1 => prop::sample::select(barriers.to_vec()).prop_map(Row::Barrier),
        1 => Just(Row::Blank),
    ]
}

fn lay_out(rows: &[Row], widths: [usize; 4], tabs: bool, exits: bool, sign: &str) -> String {
    let mut out = String::new();
    let starts: Vec<usize> = (0..4).map(|column| widths[..column].iter().sum()).collect();
    let mut line = |cells: &[(usize, &str)]| {
        let mut line = String::new();
        let mut at = 0;
        for &(column, text) in cells {
            // Columns start at multiples of eight, so tabs also reach them.
            let gap =
                if tabs { "\t".repeat(starts[column] / 8 - at / 8) } else { " ".repeat(starts[column] - at) };
            line.push_str(&gap);
            line.push_str(text);
            at = starts[column] + text.chars().count();
        }
        out.push_str(&line);
        out.push('\n');
    };
    let runs: Vec<String> = widths.iter().map(|w| sign.repeat(w - 2)).collect();
    line(&[(0, "t0 @A"), (1, "cpu 1 @A"), (2, "other @A"), (3, "child @C")]);
    line(&[(0, &runs[0]), (1, &runs[1]), (2, &runs[2]), (3, &runs[3])]);
    for cells in FIRST {
        line(cells);
    }
    for row in rows {
        match row {
            Row::Cells(cells) => {
                let cells: Vec<_> = cells.iter().map(|(c, t)| (*c, t.as_str())).collect();
                line(&cells);
            }
            Row::Span(column, text, anchors) => {
                line(&[(*column, &format!("{text} {{"))]);
                for anchor in anchors {
                    line(&[(*column, &format!("  {anchor}"))]);
                }
                line(&[(*column, "}")]);
            }
            Row::Barrier(text) => line(&[(0, text)]),
            Row::Blank => line(&[]),
        }
    }
    line(&[(3, "a0[0] = 9")]);
    if exits {
        line(&[(1, "exit()"), (3, "exit()")]);
    }
    out
}

prop_compose! {
    /// A file with at most this many rows.
    pub fn file(most: usize)(
        areas in prop::collection::vec(prop::sample::select(AREAS), 0..7),
        env in prop::sample::subsequence(vec!["lru_drain", "spec_ref", "tlb_evict", "reclaim<=2", "page_reuse"], 0..=5).prop_shuffle(),
        rows in prop::collection::vec(row(), 0..most),
        footers in prop::sample::subsequence(FOOTERS.to_vec(), 0..=FOOTERS.len()).prop_shuffle(),
        title in "[ -~äß]{0,120}",
        widths in [8..11_usize, 8..11_usize, 8..11_usize],
        (tabs, exits, quoted_by_a_mail) in any::<(bool, bool, bool)>(),
        sign in prop::sample::select(vec!["=", "-", "~", ""]),
    ) -> String {
        // Nothing else is in a page table of huge pages.
        let (huge, others): (Vec<&str>, Vec<&str>) = areas.into_iter().partition(|area| is_huge(area));
        let mut left = MOST_AREAS - 2;
        let fits = |area: &&str| left.checked_sub(size(area)).map(|less| left = less).is_some();
        let areas: Vec<&str> = [others, huge].concat().into_iter().filter(fits).collect();
        let mut text = String::from("race a-race.1\n# made up\n");
        let quoted = title.replace('\\', "\\\\").replace('"', "\\\"");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "title \"{quoted}\"\nfrom \"{quoted}\"");
        text.push_str("subject soft-dirty\nlink http://example.org/#x  # why\nnote \"one\"\nnote \"two\"\nmm A { a0: anon\n  s0 : $kind $state\n  m0: none\n");
        for (i, area) in areas.iter().enumerate() {
            let _ = writeln!(text, "  a{}: {area}", i + 1);
        }
        text.push_str("}\nmm B = fork( A )\nvariant one { $grab = get_fast; $step=do_wp_page; $kind = anon; $state = prevshared clean }\nvariant two {\n  $grab = pin\n  $step = smp_mb\n  $kind = zero; $state = warm( t0 ,  cpu-1)\n}\n");
        if !env.is_empty() {
            let _ = writeln!(text, "env {}", env.join(" , "));
        }
        text.push('\n');
        let [a, b, c] = widths.map(|w| w * 8);
        text.push_str(&lay_out(&rows, [a, b, c, 24], tabs, exits, sign));
        text.push('\n');
        for footer in footers {
            let _ = writeln!(text, "{footer}");
        }
        if quoted_by_a_mail {
            text = text.lines().map(|line| format!("> {line}\n")).collect();
        }
        text
    }
}

/// How many of a scenario's areas it counts as.
fn size(area: &str) -> usize {
    if area.starts_with("thp") { 3 } else { 1 }
}

/// Whether an area is of huge pages, which are in page tables of their own.
fn is_huge(area: &str) -> bool {
    ["hugetlb", "thp"].iter().any(|kind| area.starts_with(kind))
}
