//! What there can only be so many of: at the limit everything works, and one more is an error of the file.

use std::ops::RangeInclusive;

use cowrace_check::{Specification, Task};
use cowrace_explore::Limits;
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_report::{Report, Stop, Verdict};
use cowrace_scenario::{Scenario, parse};
use cowrace_testkit::properties::run::runs;

/// Where columns begin.
const WIDTH: usize = 32;

/// A file that is put together from what stands above the diagram, rows of cells, and what stands below.
fn file(header: &str, columns: usize, rows: &[Vec<(usize, String)>], footer: &str) -> String {
    let line = |cells: &[(usize, String)]| {
        let mut line = String::new();
        for (column, cell) in cells {
            line.push_str(&" ".repeat((column * WIDTH).saturating_sub(line.chars().count())));
            line.push_str(cell);
        }
        line + "\n"
    };
    let all = |text: &dyn Fn(usize) -> String| line(&(0..columns).map(|c| (c, text(c))).collect::<Vec<_>>());
    let rows: String = rows.iter().map(|row| line(row)).collect();
    let head = all(&|column| format!("t{column} @A"));
    let rule = all(&|_| "=".repeat(WIDTH - 2));
    format!("race limit\n{header}\n\n{head}{rule}{rows}\n{footer}\n")
}

/// Something so many times.
fn times(n: usize, text: impl Fn(usize) -> String) -> String {
    (0..n).map(text).collect()
}

const BUF: &str = "mm A { buf: anon }";

/// A file with one column of so many rows.
fn rows(n: usize, cell: impl Fn(usize) -> String) -> String {
    let rows: Vec<_> = (0..n).map(|row| vec![(0, cell(row))]).collect();
    file(BUF, 1, &rows, "")
}

/// A file with a store in each of so many columns.
fn columns(n: usize, environment: &str) -> String {
    let row = (0..n).map(|column| (column, "buf[0] = 1".to_owned())).collect();
    file(&format!("{BUF}\n{environment}"), n, &[row], "")
}

fn store() -> Vec<(usize, String)> {
    vec![(0, "x = buf[0]".to_owned())]
}

/// A file with so many areas, each with these words.
fn areas(n: usize, words: &str) -> String {
    let header = format!("mm A {{ {}}}", times(n, |area| format!("a{area}: anon {words}; ")));
    let stores: Vec<_> = (0..n).map(|area| vec![(area % 2, format!("a{area}[0] = 1"))]).collect();
    let fork = vec![vec![(0, "B = fork()".to_owned())], vec![(1, "a0[1] = 2".to_owned())]];
    file(&header, 2, &[stores, fork].concat(), "")
}

fn scenario(text: &str) -> Scenario {
    parse(text).unwrap_or_else(|errors| panic!("{:?} in\n{text}", errors[0]))
}

/// A report of a search with the specification, as far as a few executions go.
fn check(scenario: &Scenario, era: &Era) -> Report {
    let specification = Specification::default();
    let variant = &scenario.variants()[0];
    let task = Task { scenario, variant, era, arch: Arch::default(), specification: Some(&specification) };
    task.check(Limits { executions: Some(20), ..Limits::default() }, &mut ())
}

/// Whether all that is done with scenarios can be done with this one.
fn works(text: &str) {
    let scenario = scenario(text);
    for era in ["v5.4", "v5.10", "v6.18", "aa-cor"].map(|name| Era::preset(name).expect("a preset")) {
        runs(&scenario, &era);
        let report = check(&scenario, &era);
        let fine = [Verdict::Holds, Verdict::Bounded, Verdict::Vacuous].contains(&report.verdict);
        assert!(fine, "{}: {report:?}\n{text}", era.name());
    }
}

/// The text works with the first number and with the last, and with one more is refused in these words.
#[track_caller]
fn limited(numbers: RangeInclusive<usize>, refused: &str, text: impl Fn(usize) -> String) {
    let (first, last) = numbers.into_inner();
    works(&text(first));
    works(&text(last));
    let beyond = text(last + 1);
    let errors = parse(&beyond).err().unwrap_or_default();
    let told: Vec<String> = errors
        .iter()
        .map(|error| format!("{}: {}", error.message, error.help.as_deref().unwrap_or("")))
        .collect();
    assert!(told.iter().any(|told| told == refused), "{told:#?} in\n{beyond}");
}

#[test]
fn actors() {
    limited(1..=15, "too many columns: 16: a scenario has at most 15", |n| columns(n, ""));
    let full = |columns, word| {
        format!(
            "{columns} columns leave no room for the actor `{word}`: the columns and the environment have at most 15 actors together"
        )
    };
    limited(1..=14, &full(15, "lru_drain"), |n| columns(n, "env lru_drain"));
    limited(1..=12, &full(13, "kswapd"), |n| {
        columns(n, "env lru_drain, spec_ref, reclaim<=9, tlb_evict, page_reuse")
    });
}

#[test]
fn areas_and_mms() {
    limited(1..=15, "too many areas: a scenario has at most 15, of one page each", |n| areas(n, ""));
    limited(2..=32, "too many mms: a scenario has at most 32", |n| {
        let children = times(n - 1, |child| format!("mm B{child} = fork(A)\n"));
        file(&format!("{BUF}\n{children}"), 1, &[store()], "")
    });
    limited(1..=31, "too many mms: a scenario has at most 32", |n| rows(n, |row| format!("B{row} = fork()")));
}

/// Variables lie in several objects.
#[test]
fn variables() {
    limited(16..=240, "too many variables: a scenario has at most 240", |n| {
        rows(n, |row| format!("v{row} = buf[0]"))
    });
    limited(
        1..=4_294_967_295,
        "`4294967296` does not fit into 32 bits: words of memory and variables hold numbers up to 4294967295",
        |n| rows(2, |row| if row == 0 { format!("f = {n}") } else { "buf[0] = f".to_owned() }),
    );
}

#[test]
fn rows_and_barriers() {
    limited(1..=500, "the diagram is too long: a scenario has at most 500 rows", |n| {
        rows(n, |_| "buf[0] = 1".to_owned())
    });
    limited(1..=100, "too many barriers: a scenario has at most 100", |n| {
        let row = |row: usize| match row % 2 {
            0 => vec![(row / 2 % 2, "buf[0] = 1".to_owned())],
            _ => vec![(0, "=== all ===".to_owned())],
        };
        file(BUF, 2, &(0..2 * n + 1).map(row).collect::<Vec<_>>(), "")
    });
}

/// The largest scenario in every respect: its execution is too long, and the report says so.
#[test]
fn everything() {
    let header = format!("mm A {{ {}}}", times(15, |area| format!("a{area}: anon; ")));
    let row: Vec<_> = (0..15).map(|column| (column, format!("a{column}[0] = 1"))).collect();
    let text = file(&header, 15, &vec![row; 500], "");
    let report = check(&scenario(&text), &Era::preset("v6.18").expect("a preset"));
    assert_eq!((report.verdict, report.stopped), (Verdict::Bounded, Some(Stop::Steps)));
}

/// One actor allocates many pages, more than there are numbers for if executions could be arbitrarily long: copies for
/// every child, and new pages in place of those that were given up.
#[test]
fn allocations() {
    let header = format!("mm A {{ {}}}", times(15, |area| format!("a{area}: anon; ")));
    let pins = (0..15).map(|area| format!("h{area} = pin(a{area}, FOLL_WRITE)"));
    let round = |child: usize| {
        let give_up = (0..7).map(|area| format!("madvise(a{area}, MADV_DONTNEED)"));
        let stores = (0..7).map(|area| format!("a{area}[0] = 1"));
        std::iter::once(format!("B{child} = fork()")).chain(give_up).chain(stores)
    };
    let cells = pins.chain((0..31).flat_map(round));
    let rows: Vec<_> = cells.map(|cell| vec![(0, cell)]).collect();
    let text = file(&header, 1, &rows, "");
    for name in ["v5.4", "v5.10", "v6.18"] {
        runs(&scenario(&text), &Era::preset(name).expect("a preset"));
    }
}

/// Swap slots: a reclaimer may fill more than there are numbers for; the model then behaves as if swap were full.
#[test]
fn swap_slots() {
    works(&rows(400, |row| match row % 2 {
        0 => "buf[0] = 1".to_owned(),
        _ => "madvise(buf, MADV_PAGEOUT)".to_owned(),
    }));
}

#[test]
fn batches() {
    let batch = |n| areas(n, "lru_batch(t0)");
    limited(
        1..=14,
        "too many pages in one batch: a batch is drained when it is full, so at most 14 pages wait in it",
        batch,
    );
    // Two batches wait independently of each other.
    let words = |area| if area < 8 { "lru_batch(t0)" } else { "lru_batch(t1)" };
    let header = format!("mm A {{ {}}}", times(15, |area| format!("a{area}: anon {}; ", words(area))));
    works(&file(&header, 2, &[vec![(0, "a0[0] = 1".to_owned()), (1, "lru_add_drain_all()".to_owned())]], ""));
}

#[test]
fn words() {
    limited(1..=64, "this word is too long: a word has at most 64 characters", |n| {
        let area = "a".repeat(n);
        file(&format!("mm A {{ {area}: anon }}"), 1, &[vec![(0, format!("x = {area}[0]"))]], "")
    });
    limited(1..=9, "the limit of `reclaim` is not valid: for example, `reclaim<=1`; at most 9", |n| {
        columns(1, &format!("env reclaim<={n}"))
    });
    limited(1..=16, "too many variants: a file has at most 16", |n| {
        let variants = times(n, |variant| format!("variant v{variant} {{ $x = 1 }}\n"));
        file(&format!("{BUF}\n{variants}"), 1, &[vec![(0, "buf[0] = $x".to_owned())]], "")
    });
    limited(1..=32, "a variant replaces at most 32 words: ", |n| {
        let words = times(n, |word| format!("$w{word} = {word}; "));
        let rows: Vec<_> = (0..n).map(|word| vec![(0, format!("buf[0] = $w{word}"))]).collect();
        file(&format!("{BUF}\nvariant v {{ {words}}}"), 1, &rows, "")
    });
}

/// How often a call may reach the same step before its next row.
#[test]
fn steps_within_a_call() {
    let refused = "expected a number from 1 to 99 after `#`: for example, `page_count#2` is the second time since the row above";
    limited(1..=99, refused, |n| {
        let cells = ["buf[0] = 1 {".to_owned(), format!("  page_count #{n}"), "}".to_owned()];
        file(BUF, 1, &cells.map(|cell| vec![(0, cell)]), "")
    });
}

#[test]
fn footers() {
    let below = |footer: String| file(BUF, 2, &[store(), vec![(1, "buf[0] = 1".to_owned())]], &footer);
    limited(1..=64, "too many `always` lines: a file has at most 64 of each kind", |n| {
        below(times(n, |_| "always x < 2\n".to_owned()))
    });
    limited(2..=16, "too many points: for example, `window gup < clear_refs < thread1.buf[1] < dma`", |n| {
        let points: Vec<String> = (0..n).map(|point| format!("t{}.buf[0]", point % 2)).collect();
        below(format!("window {}", points.join(" < ")))
    });
}
