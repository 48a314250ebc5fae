//! Scenarios: a case with a kind of page, drawn call by call as the program makes them, but for one thing: to have a huge page mapped by
//! PTEs, the program takes the right to write away from one of its 512 pages, and gives it back. Here a page is half of a huge page, so that these
//! scenarios begin with PTEs instead.

use std::fmt::Write as _;

use super::case::{Case, RoPin, Shared};
use super::page::Page;
use super::results::{Outcome, RELEASES, Results};
use crate::draw::Diagram;
use crate::generate::Generated;

/// The scenario of a case with a kind of page; `None` if the model has no such page. What the program printed on real kernels is what it
/// expects; for other eras it expects nothing.
#[must_use]
pub fn generate(results: &Results, case: Case, page: Page) -> Option<Generated> {
    if page.not_modelled().is_some() {
        return None;
    }
    let name = format!("cow-{}-{}", case.name(), page.name());
    let mut text = format!("race {name}\ntitle \"{} ... with {}\"\n", case.title(), page.title());
    let mut scene = Scene::new(case, page);
    scene.prepare();
    scene.carry_out();
    // Writing to a string cannot fail.
    let _ = writeln!(text, "from  \"tools/testing/selftests/mm/cow.c\"\n");
    let _ = writeln!(
        text,
        "mm A {{ buf: {}{} }}",
        area(case, page),
        if page == Page::PartlyMoved { "; buf2: thp_none" } else { "" }
    );
    if scene.has_other() {
        text.push_str("mm S = fork(A)\n");
    }
    text.push('\n');
    for line in scene.diagram.lines() {
        let _ = writeln!(text, "{line}");
    }
    let seen: Vec<String> = scene.seen.iter().map(|(name, value)| format!("{name} == {value}")).collect();
    let _ = writeln!(text, "\nalways {} else {}", seen.join(" && "), case.damage());
    let _ = writeln!(text, "\n{}", expectations(results, case, page));
    Some(Generated { name, text })
}

/// The scenarios of all cases with all pages that the model has, in the order of the program.
#[must_use]
pub fn scenarios(results: &Results) -> Vec<Generated> {
    Case::with_pages().filter_map(|(case, page)| generate(results, case, page)).collect()
}

/// The area at the start.
const fn area(case: Case, page: Page) -> &'static str {
    match page {
        _ if matches!(case, Case::Collapse(_)) => "thp_pte",
        Page::PteMapped | Page::SwappedPteMapped => "thp_pte",
        Page::Base | Page::SwappedBase => "anon",
        Page::Hugetlb => "hugetlb",
        Page::Zero => "zero",
        Page::Memfd | Page::TmpFile => "file",
        _ => "thp",
    }
}

/// A part of the memory that can be taken by one handle.
#[derive(Clone, Copy)]
struct Part {
    page: &'static str,
    word: &'static str,
    /// The letter that ends the names of its variables.
    letter: char,
    /// The number of its word.
    nth: usize,
}

/// A scenario that is being drawn.
struct Scene {
    case: Case,
    page: Page,
    diagram: Diagram,
    /// The memory that the case is about: all of the area, or its first page.
    memory: &'static str,
    parts: &'static [Part],
    /// The columns of the child, and of one that has shared part of the memory before.
    child: usize,
    sharer: usize,
    /// What has to be seen in the end.
    seen: Vec<(String, u8)>,
}

const ALL_OF_ONE: &[Part] = &[Part { page: "buf", word: "buf[0]", letter: 'x', nth: 0 }];
const FIRST_OF_TWO: &[Part] = &[Part { page: "buf[0]", word: "buf[0]", letter: 'x', nth: 0 }];
const BOTH: &[Part] = &[FIRST_OF_TWO[0], Part { page: "buf[1]", word: "buf[1]", letter: 'y', nth: 1 }];

impl Scene {
    fn new(case: Case, page: Page) -> Self {
        let (memory, parts) = match page {
            Page::SinglePte | Page::SwappedSinglePte | Page::PartlyMoved => ("buf[0]", FIRST_OF_TWO),
            _ if area(case, page).starts_with("thp") => ("buf", BOTH),
            _ => ("buf", ALL_OF_ONE),
        };
        let mut scene = Self {
            case,
            page,
            diagram: Diagram::new([]),
            memory,
            parts,
            child: 1,
            sharer: 1,
            seen: Vec::new(),
        };
        let mut heads = vec!["parent @A"];
        if scene.forks() {
            heads.push("child @C");
        }
        if scene.has_other() {
            heads.push("other @S");
        }
        if page == Page::PartlyShared {
            scene.sharer = heads.len();
            heads.push("sharer @D");
        }
        scene.diagram = Diagram::new(heads);
        scene
    }

    /// Whether the case forks.
    const fn forks(&self) -> bool {
        !matches!(
            self.case,
            Case::FixedBufferReadOnly
                | Case::RoPin { of: RoPin::Exclusive | RoPin::NotAnonymous, .. }
                | Case::PrivateStore
        )
    }

    /// Whether another process maps the same page.
    const fn has_other(&self) -> bool {
        matches!(self.case, Case::PrivateStore)
    }

    /// Brings the memory into the state that the kind of page stands for.
    fn prepare(&mut self) {
        let memory = self.memory;
        let parent = |text: &str| (0, text.to_owned());
        let mut cells = match self.page {
            Page::SinglePte | Page::SwappedSinglePte => vec![parent("madvise(buf[1], MADV_DONTNEED)")],
            Page::PartlyMoved => vec![parent("mremap(buf[1], buf2[1])")],
            Page::PartlyShared => vec![
                parent("madvise(buf[1], MADV_DONTFORK)"),
                parent("D = fork()"),
                (self.sharer, "exit()".to_owned()),
                parent("wait D"),
                parent("madvise(buf[1], MADV_DOFORK)"),
            ],
            _ => Vec::new(),
        };
        if matches!(
            self.page,
            Page::SwappedBase | Page::SwappedThp | Page::SwappedPteMapped | Page::SwappedSinglePte
        ) {
            cells.push((0, format!("madvise({memory}, MADV_PAGEOUT)")));
        }
        for (column, text) in cells {
            self.diagram.cell(column, text);
        }
    }

    fn carry_out(&mut self) {
        match self.case {
            Case::Fork { mprotect } => self.fork(mprotect),
            Case::VmspliceInChild { mprotect } => self.vmsplice_in_child(mprotect),
            Case::VmspliceInParent { before_fork } => self.vmsplice_in_parent(before_fork),
            Case::FixedBufferReadOnly => {
                self.take("io_uring_register", "");
                self.map_read_only();
                self.store_and_read_back();
            }
            Case::FixedBufferFork => {
                self.take("io_uring_register", "");
                self.diagram.cell(0, "C = fork()");
                self.store_and_read_back();
            }
            Case::RoPin { of, fast } => self.ro_pin(of, fast),
            Case::Collapse(shared) => self.collapse(shared),
            Case::PrivateStore => {
                self.store(0);
                self.both("parent", "other");
                self.load(self.child, "", Some(0));
            }
        }
    }

    fn fork(&mut self, mprotect: bool) {
        self.diagram.cell(0, "C = fork()");
        self.load(self.child, "old_", None);
        self.both("parent", "child");
        if mprotect {
            self.mprotect();
        }
        self.store(0);
        self.both("parent", "child");
        self.load(self.child, "", Some(0));
    }

    fn vmsplice_in_child(&mut self, mprotect: bool) {
        self.diagram.cell(0, "C = fork()");
        self.load(self.child, "old_", None);
        self.splice(self.child);
        self.unmap(self.child);
        self.both("parent", "child");
        if mprotect {
            self.mprotect();
        }
        self.store(0);
        self.both("parent", "child");
        self.read_pipes(self.child);
    }

    fn vmsplice_in_parent(&mut self, before_fork: bool) {
        self.load(0, "old_", None);
        if before_fork {
            self.splice(0);
        }
        self.diagram.cell(0, "C = fork()");
        if !before_fork {
            self.splice(0);
        }
        self.unmap(0);
        self.both("parent", "child");
        self.store(self.child);
        self.diagram.cell(self.child, "exit()").cell(0, "wait C");
        self.read_pipes(0);
    }

    fn ro_pin(&mut self, of: RoPin, fast: bool) {
        match of {
            RoPin::Shared => {
                self.diagram.cell(0, "C = fork()");
            }
            RoPin::PreviouslyShared => {
                self.diagram.cell(0, "C = fork()").cell(self.child, "exit()").cell(0, "wait C");
            }
            RoPin::Exclusive => self.map_read_only(),
            RoPin::NotAnonymous => {}
        }
        self.take(if fast { "pin_user_pages_fast" } else { "pin_user_pages" }, ", FOLL_LONGTERM");
        self.store_and_read_back();
    }

    fn collapse(&mut self, shared: Shared) {
        let kept = match shared {
            Shared::None | Shared::Fully => None,
            Shared::Lower => Some("buf[1]"),
            Shared::Upper => Some("buf[0]"),
        };
        if shared == Shared::None {
            self.diagram.cell(0, "madvise(buf, MADV_COLLAPSE)");
        }
        if let Some(half) = kept {
            self.diagram.cell(0, format!("madvise({half}, MADV_DONTFORK)"));
        }
        let all = self.parts;
        self.parts = match shared {
            Shared::None | Shared::Fully => all,
            Shared::Lower => &all[..1],
            Shared::Upper => &all[1..],
        };
        self.diagram.cell(0, "C = fork()");
        self.load(self.child, "old_", None);
        self.both("parent", "child");
        if let Some(half) = kept {
            self.diagram.cell(0, format!("madvise({half}, MADV_DOFORK)"));
        }
        if shared != Shared::None {
            self.diagram.cell(0, "madvise(buf, MADV_COLLAPSE)");
        }
        let of_child = std::mem::replace(&mut self.parts, all);
        self.store(0);
        self.both("parent", "child");
        self.parts = of_child;
        self.load(self.child, "", Some(0));
    }

    /// Two columns go on together.
    fn both(&mut self, one: &str, other: &str) {
        self.diagram.barrier(&format!("{one} {other}"));
    }

    fn mprotect(&mut self) {
        let memory = self.memory;
        self.diagram
            .cell(0, format!("mprotect({memory}, PROT_READ)"))
            .cell(0, format!("mprotect({memory}, PROT_READ|PROT_WRITE)"));
    }

    /// The entries become read-only, and so they stay, since stores are to be noticed.
    fn map_read_only(&mut self) {
        let memory = self.memory;
        self.diagram
            .cell(0, format!("mprotect({memory}, PROT_READ)"))
            .cell(0, "clear_refs(A)")
            .cell(0, format!("mprotect({memory}, PROT_READ|PROT_WRITE)"));
    }

    fn store(&mut self, column: usize) {
        for part in self.parts {
            self.diagram.cell(column, format!("{} = 5", part.word));
        }
    }

    /// Loads, each into a variable whose name begins so, and what they have to come to.
    fn load(&mut self, column: usize, prefix: &str, due: Option<u8>) {
        for part in self.parts {
            let name = format!("{prefix}{}", part.letter);
            self.diagram.cell(column, format!("{name} = {}", part.word));
            self.seen.extend(due.map(|due| (name, due)));
        }
    }

    fn take(&mut self, call: &str, flags: &str) {
        for part in self.parts {
            self.diagram.cell(0, format!("pin_{} = {call}({}{flags})", part.letter, part.page));
        }
    }

    fn store_and_read_back(&mut self) {
        self.store(0);
        for part in self.parts {
            let Part { letter, nth, .. } = part;
            self.diagram.cell(0, format!("{letter} = dma_read(pin_{letter}[{nth}])"));
            self.seen.push((letter.to_string(), 5));
        }
    }

    fn splice(&mut self, column: usize) {
        for part in self.parts {
            self.diagram.cell(column, format!("pipe_{} = vmsplice({})", part.letter, part.page));
        }
    }

    fn unmap(&mut self, column: usize) {
        self.diagram.cell(column, format!("munmap({})", self.memory));
    }

    fn read_pipes(&mut self, column: usize) {
        for part in self.parts {
            let Part { letter, nth, .. } = part;
            self.diagram.cell(column, format!("{letter} = pipe_read(pipe_{letter}[{nth}])"));
            self.seen.push((letter.to_string(), 0));
        }
    }
}

/// The `expect` statement: what was printed on each kernel on which the case was run.
fn expectations(results: &Results, case: Case, page: Page) -> String {
    let mut cases: Vec<String> = Vec::new();
    for release in RELEASES {
        let outcome = match results.outcome(release, case, page) {
            Some(Outcome::Pass) => "holds",
            Some(Outcome::Fail | Outcome::ExpectedFailure) => case.damage(),
            Some(Outcome::Skip | Outcome::Varies) | None => continue,
        };
        cases.push(format!("{} {outcome}", release.era));
    }
    cases.push("else unknown".to_owned());
    format!("expect {}", cases.join(";\n       "))
}
