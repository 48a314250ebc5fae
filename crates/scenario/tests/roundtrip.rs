//! Whatever is read can be printed and read again.

mod common;

use std::fmt::Write;

use common::good;
use cowrace_scenario::print;
use proptest::prelude::*;

const AREAS: [&str; 8] = [
    "anon",
    "anon wrprotected clean lru_batch(t0)",
    "anon prevshared, soft_clean uffd_wp = 7, 0x8",
    "none read_only",
    "zero warm",
    "swapped prevshared",
    "swapcached uffd_wp = 1, 2",
    "file warm(t0, cpu-1)",
];

/// Cells that are right in every column of mm `A`, whatever stands above them.
const CELLS: [&str; 19] = [
    "x = a0[0]",
    "a0[1]",
    "a0[1]=3",
    "a0[0] = x",
    "f=1",
    "wait x",
    "y = read(O_DIRECT,a0[0], 1)",
    "h = $grab(a0, FOLL_WRITE | FOLL_FORCE)",
    "h = pin_user_pages_remote( A.a0 )",
    "h = iov_iter_extract_pages(a0,FOLL_WRITE)",
    "put_page(h)",
    "dma_write(h[0], x)",
    "madvise(a0, MADV_FREE)",
    "mprotect(a0,PROT_READ | PROT_WRITE)",
    "clear_refs(B)",
    "s = soft_dirty(B.a0)",
    "UFFDIO_WRITEPROTECT(A.a0, WP)",
    "reclaim(A.a0)",
    "lru_add_drain_all()",
];

const ANCHORS: [&str; 5] = ["gup", "page_count #2", "spin_lock(ptl)", "do_wp_page", "$step"];

const FOOTERS: [&str; 9] = [
    "always x==1 && !(y != SIGSEGV)||x<2",
    "never A.a0[0]   > 3 else lost-write",
    "always copies(A) <= 1\n   else spurious-copy",
    "window t0.set<t0.set",
    "expect v5.9..v5.18, aa-cor leak; ..v5.8 holds  # a comment",
    "expect variant one: v6.1.. violated;\n  v5.9 without 57efa1f set wp_reuse=count vacuous",
    "expect \"my own\" lost-dirty",
    "expect variant two: else holds",
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
    let cell = prop::sample::select(CELLS.to_vec()).prop_map(str::to_owned);
    let cells = prop::collection::btree_map(0..3_usize, cell.clone(), 1..4);
    let anchors = prop::collection::vec(prop::sample::select(ANCHORS.to_vec()), 0..3);
    let barriers = ["=== all ===", "=== t0 cpu_1 ===", "===  other cpu-1 t0 ====="];
    prop_oneof![
        6 => cells.prop_map(|c| Row::Cells(c.into_iter().collect())),
        2 => (0..3_usize, cell, anchors).prop_map(|(c, t, a)| Row::Span(c, t, a)),
        1 => prop::sample::select(barriers.to_vec()).prop_map(Row::Barrier),
        1 => Just(Row::Blank),
    ]
}

fn lay_out(rows: &[Row], widths: [usize; 3], tabs: bool) -> String {
    let mut out = String::new();
    let starts = [0, widths[0], widths[0] + widths[1]];
    let mut line = |cells: &[(usize, &str)]| {
        let mut line = String::new();
        let mut at = 0;
        for &(column, text) in cells {
            // Columns start at multiples of eight, so tabs lead there as well.
            let gap =
                if tabs { "\t".repeat(starts[column] / 8 - at / 8) } else { " ".repeat(starts[column] - at) };
            line.push_str(&gap);
            line.push_str(text);
            at = starts[column] + text.chars().count();
        }
        out.push_str(&line);
        out.push('\n');
    };
    let runs: Vec<String> = widths.iter().map(|w| "=".repeat(w - 2)).collect();
    line(&[(0, "t0 @A"), (1, "cpu 1 @A"), (2, "other @A")]);
    line(&[(0, &runs[0]), (1, &runs[1]), (2, &runs[2])]);
    // What is read from variables must be set somewhere.
    line(&[(0, "x = a0[0]"), (1, "y = a0[1]"), (2, "h = get(a0)")]);
    line(&[(0, "set = 0")]);
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
    out
}

prop_compose! {
    fn file()(
        areas in prop::collection::vec(prop::sample::select(AREAS.to_vec()), 0..7),
        env in prop::sample::subsequence(vec!["lru_drain", "spec_ref", "tlb_evict", "reclaim<=2", "page_reuse"], 0..=5).prop_shuffle(),
        rows in prop::collection::vec(row(), 0..12),
        footers in prop::sample::subsequence(FOOTERS.to_vec(), 0..=FOOTERS.len()).prop_shuffle(),
        title in "[ -~äß]{0,20}",
        widths in [6..9_usize, 6..9_usize, 6..9_usize],
        tabs in any::<bool>(),
    ) -> String {
        let mut text = String::from("race a-race.1\n# made up\n");
        writeln!(text, "title \"{}\"", title.replace('\\', "\\\\").replace('"', "\\\"")).unwrap();
        text.push_str("link http://example.org/#x  # why\nnote \"one\"\nnote \"two\"\nmm A { a0: anon\n");
        for (i, area) in areas.iter().enumerate() {
            writeln!(text, "  a{}: {area}", i + 1).unwrap();
        }
        text.push_str("}\nmm B = fork( A )\nvariant one { $grab = get_fast; $step=do_wp_page }\nvariant two {\n  $grab = pin\n  $step = smp_mb\n}\n");
        if !env.is_empty() {
            writeln!(text, "env {}", env.join(" , ")).unwrap();
        }
        text.push('\n');
        text.push_str(&lay_out(&rows, widths.map(|w| w * 8), tabs));
        text.push('\n');
        for footer in footers {
            writeln!(text, "{footer}").unwrap();
        }
        text
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn printing_keeps_the_meaning(text in file()) {
        let scenario = good(&text);
        let printed = print(&scenario);
        let again = good(&printed);
        prop_assert_eq!(&again, &scenario, "{}", printed);
        prop_assert_eq!(print(&again), printed);
        for (a, b) in scenario.variants().iter().zip(again.variants()) {
            prop_assert_eq!(a.as_written().len(), b.as_written().len());
        }
    }
}
