//! Rows as scenarios: all of them are files of the language, and expect what was observed.

use cowrace_mm::Era;
use cowrace_real_kernels::{
    Device, Event, KERNELS, Kernel, Row, State, Subject, Treatment, generate, scenarios, table,
};
use cowrace_scenario::{Expectation, parse, print};

fn era(kernel: &Kernel, subject: Subject) -> Era {
    let era = Era::version(subject.era(kernel)).expect("a kernel").era;
    subject.without(kernel).iter().fold(era, |era, id| era.without(id).expect("a commit"))
}

/// Exactly what Debian's changelog and source of that version show.
#[test]
fn the_oldest_stable_kernel_is_what_its_tree_took() {
    let kernel = KERNELS.iter().find(|kernel| kernel.name == "5.10.262").expect("a kernel");
    let version = Era::version(kernel.era).expect("a version");
    assert_eq!(version.preset, "v5.10");
    let took = [
        "57efa1fe5957",
        "29a951dfb3c3",
        "9348b73c2e1b",
        "feb889fb40fa",
        "912efa17e512",
        "6ce64428d620",
        "c24d37322548",
        "cb185d5f1ebf",
        "0c4bcfdecb1a",
        "6c8e2a256915",
        "70cbc3cc78a9",
        "2ba99c5e0881",
        "dd47ac428c3f",
    ];
    assert_eq!((version.more, version.unknown.len(), version.read), (took.to_vec(), 0, None));
}

#[test]
fn every_scenario_reads_and_prints_back() {
    for scenario in scenarios().expect("the table") {
        let read = parse(&scenario.text).unwrap_or_else(|e| panic!("{}\n{e:#?}", scenario.text));
        assert_eq!(read.name(), scenario.name);
        let again = parse(&print(&read)).expect("the canonical form");
        assert_eq!(again, read, "{}", scenario.text);
    }
}

#[test]
fn a_scenario_expects_what_was_observed_and_nothing_else() {
    let table = table().expect("the table");
    for row in table.rows() {
        let (Treatment::Modelled(subject), Some(generated)) = (row.treatment(), generate(row)) else {
            continue;
        };
        let read = parse(&generated.text).expect("it parses");
        let expected = |era: &Era| read.expectation(era, &read.variants()[0]);
        for (kernel, cell) in KERNELS.iter().zip(&row.cells) {
            let word = expected(&era(kernel, subject)).expect("an expectation").to_string();
            assert_eq!(Some(word.as_str()), subject.outcome(cell.verdict), "{} {}", row.name, kernel.name);
            assert_eq!(subject.verdict(&word), Some(cell.verdict));
        }
        for era in Era::presets() {
            let is_there = era.lacks(read.variants()[0].world()).is_none();
            if is_there && !KERNELS.iter().any(|kernel| subject.era(kernel) == era.name()) {
                assert_eq!(expected(&era), Some(Expectation::Unknown), "{} {}", row.name, era.name());
            }
        }
    }
}

/// Rows that are not in the table have scenarios, too, so that the table can grow.
#[test]
fn every_combination_is_a_scenario() {
    let mut made = 0;
    for (device, state) in Device::ALL.iter().flat_map(|d| State::ALL.iter().map(move |s| (d, s))) {
        for event in Event::ALL {
            let name = format!("{}|{}|{}", device.name(), state.name(), event.name());
            let observed = table().expect("the table").row("uring_fixed(W,LT)dmaW|excl|pageout").cloned();
            let row = Row { name, ..observed.expect("a row") };
            let is_none = match state {
                State::PrivFile => *event == Event::UffdWp,
                State::Thp => matches!(event, Event::PageOut | Event::PageOutRead),
                State::Hugetlb => matches!(event, Event::UffdWp | Event::PageOut | Event::PageOutRead),
                _ => false,
            };
            if is_none {
                assert_eq!(generate(&row), None, "no kernel does that, or it is not modelled");
                continue;
            }
            let text = generate(&row).expect("a scenario").text;
            parse(&text).unwrap_or_else(|e| panic!("{text}\n{e:#?}"));
            made += 1;
        }
    }
    assert_eq!(made, 8 * (8 * 8 - 1 - 2 - 3));
}

#[test]
fn rows_that_are_not_modelled_have_no_scenario() {
    let table = table().expect("the table");
    let row = table.row("vmsplice(R,GET)|ksm|none").expect("a row");
    assert_eq!(generate(row), None);
    assert_eq!(generate(&Row { name: "vmsplice(R,GET)|excl|reboot".into(), ..row.clone() }), None);
}

fn text(row: &str) -> String {
    generate(table().expect("the table").row(row).expect("a row")).expect("a scenario").text
}

#[test]
fn a_device_that_writes() {
    insta::assert_snapshot!(text("fuse_dio_read(W)|excl|fork-exit"));
}

#[test]
fn a_device_that_reads() {
    insta::assert_snapshot!(text("pvm_readv(R,PIN)|shared|none"));
}

#[test]
fn a_leak() {
    insta::assert_snapshot!(text("leak-child-pins|excl+swap"));
}
