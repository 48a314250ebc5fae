//! Generates scenarios from rows.

use std::fmt::Write as _;

use crate::draw::Diagram;
use crate::kernel::KERNELS;
use crate::row::Row;
use crate::subject::{Attack, Device, Event, Held, Leak, LeakedPage, State, Subject, Treatment};
use crate::table::{TableError, table};
use crate::title::{held_back, title};
use crate::verdict::Verdict;

/// The scenario generated from a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// Its name, which is also the name of its file.
    pub name: String,
    /// The contents of its file.
    pub text: String,
}

/// The scenario of a row; `None` if the row is not modelled.
///
/// The observations are its expectations. For other eras it expects nothing.
#[must_use]
pub fn generate(row: &Row) -> Option<Generated> {
    let Treatment::Modelled(subject) = row.treatment() else { return None };
    let name = row.slug();
    let sketch = sketch(subject);
    let mut text = format!("race {name}\ntitle \"{}\"\n", title(subject));
    // Writing to a string cannot fail.
    let _ = writeln!(text, "from  \"Observed on real kernels: {}\"", row.name);
    for note in sketch.notes.iter().copied().map(str::to_owned).chain([observed(row)]) {
        let _ = writeln!(text, "note  \"{note}\"");
    }
    let _ = writeln!(text, "\nmm A {{ buf: {} }}", sketch.area);
    if sketch.shared {
        text.push_str("mm S = fork(A)\n");
    }
    text.push('\n');
    for line in sketch.diagram.lines() {
        let _ = writeln!(text, "{line}");
    }
    text.push('\n');
    for predicate in sketch.predicates {
        let _ = writeln!(text, "{predicate}");
    }
    let _ = writeln!(text, "\n{}", expectations(subject, row));
    Some(Generated { name, text })
}

/// The scenarios of all rows that are modelled, in the order of the table.
///
/// # Errors
///
/// If the table has been damaged.
pub fn scenarios() -> Result<Vec<Generated>, TableError> {
    Ok(table()?.rows().iter().filter_map(generate).collect())
}

/// The parts in which scenarios differ.
struct Sketch {
    notes: Vec<&'static str>,
    area: String,
    /// Whether a second process maps all of it from the start.
    shared: bool,
    diagram: Diagram,
    /// The predicates; the first is the one that the row is about.
    predicates: Vec<&'static str>,
}

const DRAINED: &str =
    "Other pages are touched after each step, so that the page is in no LRU-add batch: lru_add_drain_all().";

fn sketch(subject: Subject) -> Sketch {
    match subject {
        Subject::Held(held) => of_held(held),
        Subject::Leak(leak) => of_leak(leak),
        Subject::Reuse { exited } => of_reuse(exited),
    }
}

fn of_held(held: Held) -> Sketch {
    let Held { device, state, event } = held;
    let area = match state {
        State::Excl | State::Shared => "anon",
        State::PrevShared => "anon prevshared",
        State::SwappedOut => "swapped",
        State::ZeroPage => "zero",
        State::PrivFile => "file",
        State::Thp => "thp",
        State::Hugetlb => "hugetlb",
    };
    let registered = if event == Event::UffdWp { " uffd_wp" } else { "" };
    let mut heads = vec!["user @A"];
    if matches!(event, Event::ForkAlive | Event::ForkExit) {
        heads.push("child @C");
    }
    if held.living_child() == Some("S") {
        heads.push("sharer @S");
    }
    let last = heads.len() - 1;
    let mut diagram = Diagram::new(heads);
    // Of a huge page the device takes the first page, and the CPU writes to it.
    let (page, word) = if state == State::Thp { ("buf[0]", "buf[0]") } else { ("buf", "buf[1]") };
    diagram.cell(0, take(device, page)).cell(0, "lru_add_drain_all()");
    happen(&mut diagram, event);
    let mut predicates = vec![finish(&mut diagram, device, word)];
    if let Some(child) = Subject::Held(held).child() {
        // This barrier is not for all columns, since a child may have exited.
        let living = if held.living_child() == Some("S") { "sharer" } else { "child" };
        diagram.barrier(&format!("user {living}")).cell(last, format!("{child} = buf[0]"));
        predicates.push("always c == 0 else leak");
    }
    Sketch {
        notes: vec![held_back(device), DRAINED],
        area: format!("{area}{registered}"),
        shared: state == State::Shared,
        diagram,
        predicates,
    }
}

fn take(device: Device, page: &str) -> String {
    match device {
        Device::Vmsplice => format!("p = vmsplice({page})"),
        Device::ProcessVmReadv => format!("h = pin_user_pages_remote(A.{page})"),
        Device::ProcessVmWritev => format!("h = pin_user_pages_remote(A.{page}, FOLL_WRITE)"),
        Device::FuseRead | Device::BlockRead => format!("h = iov_iter_extract_pages({page}, FOLL_WRITE)"),
        Device::FuseWrite => format!("h = iov_iter_extract_pages({page})"),
        Device::FixedRead | Device::FixedWrite => format!("h = io_uring_register({page})"),
    }
}

fn happen(diagram: &mut Diagram, event: Event) {
    match event {
        Event::None => return,
        Event::SoftDirty => diagram.cell(0, "clear_refs(A)"),
        Event::Mprotect => {
            diagram.cell(0, "mprotect(buf, PROT_READ)").cell(0, "mprotect(buf, PROT_READ|PROT_WRITE)")
        }
        Event::UffdWp => {
            diagram.cell(0, "UFFDIO_WRITEPROTECT(A.buf, WP)").cell(0, "UFFDIO_WRITEPROTECT(A.buf, 0)")
        }
        Event::PageOut => diagram.cell(0, "madvise(buf, MADV_PAGEOUT)"),
        Event::PageOutRead => diagram.cell(0, "madvise(buf, MADV_PAGEOUT)").cell(0, "x = buf[1]"),
        Event::ForkAlive => diagram.cell(0, "C = fork()"),
        Event::ForkExit => diagram.cell(0, "C = fork()").cell(1, "exit()").cell(0, "wait C"),
    };
    diagram.cell(0, "lru_add_drain_all()");
}

/// Draws the store and the DMA, and returns the predicate that must hold after them. `word` is another word of the page than the
/// device's, if the page has two.
fn finish(diagram: &mut Diagram, device: Device, word: &str) -> &'static str {
    if device.writes() {
        diagram.cell(0, format!("{word} = 2")).cell(0, "dma_write(h[0], 1)").cell(0, "r = buf[0]");
        return "always r == 1 else lost-read";
    }
    let dma = if device == Device::Vmsplice { "s = pipe_read(p[0])" } else { "s = dma_read(h[0])" };
    diagram.cell(0, "buf[0] = 5").cell(0, dma);
    "always s == 5 else stale-pin"
}

/// One process takes the page into a pipe and unmaps it, and the other process writes.
fn of_leak(Leak { attack, page }: Leak) -> Sketch {
    let (pins, writes) = if attack == Attack::ChildPins { (1, 0) } else { (0, 1) };
    let take = take(Device::Vmsplice, if page == LeakedPage::Thp { "buf[0]" } else { "buf" });
    let mut diagram = Diagram::new(["parent @A", "child @C"]);
    let mut notes = vec![DRAINED];
    if page == LeakedPage::Swapped {
        notes.insert(0, "The page is swapped out before the fork.");
        diagram.cell(0, "madvise(buf, MADV_PAGEOUT)");
    }
    if attack == Attack::ParentPinsBeforeFork {
        diagram.cell(0, &take).cell(0, "lru_add_drain_all()").cell(0, "C = fork()");
    } else {
        diagram.cell(0, "C = fork()").cell(pins, &take).cell(pins, "lru_add_drain_all()");
    }
    diagram
        .cell(pins, "munmap(buf)")
        .barrier("all")
        .cell(writes, "buf[0] = 5")
        .barrier("all")
        .cell(pins, "s = pipe_read(p[0])");
    Sketch {
        notes,
        area: match page {
            LeakedPage::Thp => "thp",
            LeakedPage::Hugetlb => "hugetlb",
            LeakedPage::Excl | LeakedPage::Swapped => "anon",
        }
        .to_owned(),
        shared: false,
        diagram,
        predicates: vec!["always s == 0 else leak"],
    }
}

fn of_reuse(exited: bool) -> Sketch {
    let mut diagram = Diagram::new(["parent @A", "child @C"]);
    diagram.cell(0, "C = fork()");
    let predicate = if exited {
        diagram.cell(1, "exit()").cell(0, "wait C").cell(0, "buf[0] = 5");
        "always copies(A) == 0 else spurious-copy"
    } else {
        diagram.cell(0, "buf[0] = 5").barrier("all").cell(1, "s = buf[0]");
        "always s == 0 else leak"
    };
    Sketch { notes: Vec::new(), area: "anon".to_owned(), shared: false, diagram, predicates: vec![predicate] }
}

/// The observations by kernel, in a sentence.
fn observed(row: &Row) -> String {
    let mut verdicts: Vec<(Verdict, Vec<&str>)> = Vec::new();
    for (kernel, cell) in KERNELS.iter().zip(&row.cells) {
        match verdicts.iter_mut().find(|(verdict, _)| *verdict == cell.verdict) {
            Some((_, kernels)) => kernels.push(kernel.name),
            None => verdicts.push((cell.verdict, vec![kernel.name])),
        }
    }
    let parts =
        verdicts.iter().map(|(verdict, kernels)| format!("{} on {}", verdict.name(), kernels.join(", ")));
    format!("{}. A star is a reconstruction.", parts.collect::<Vec<_>>().join("; "))
}

/// The `expect` statement: for the era of each kernel, what was observed on it; for all other eras, nothing.
fn expectations(subject: Subject, row: &Row) -> String {
    let mut cases: Vec<(Vec<&str>, &[&str], &str)> = Vec::new();
    for (kernel, cell) in KERNELS.iter().zip(&row.cells) {
        let outcome = subject.outcome(cell.verdict).unwrap_or("unknown");
        let (era, without) = (subject.era(kernel), subject.without(kernel));
        match cases.last_mut() {
            Some((eras, lacks, last)) if (*lacks, *last) == (without, outcome) => {
                if !eras.contains(&era) {
                    eras.push(era);
                }
            }
            _ => cases.push((vec![era], without, outcome)),
        }
    }
    let without = |ids: &[&str]| ids.iter().map(|id| format!(" without {id}")).collect::<String>();
    let cases =
        cases.iter().map(|(eras, lacks, outcome)| format!("{}{} {outcome}", eras.join(", "), without(lacks)));
    let cases: Vec<String> = cases.chain(["else unknown".to_owned()]).collect();
    format!("expect {}", cases.join(";\n       "))
}
