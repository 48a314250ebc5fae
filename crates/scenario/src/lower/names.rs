//! What the names of a file stand for.

use std::iter;

use cowrace_mm::objects::Batch;
use cowrace_mm::syscall::{self, Gives, Kind, Syscall, Way};
use cowrace_mm::world::{
    Area, Backing, MAX_AREAS, MAX_MMS, MAX_VARIABLES, Mm, MmId, Origin, PAGES, Populate, Target, Thp, Va,
    VarId,
};

use super::scope::word;
use super::{Found, Read};
use crate::area::{HAS_OWN_TABLE, is_thp};
use crate::cell::{self, Cell, Item, which_word};
use crate::diagnostic::{Diagnostic, Report, Span};
use crate::grammar::Place;
use crate::heading::key;
use crate::lex::Name;
use crate::nearest::{choose, did_you_mean, quote};
use crate::syntax::{AreaDecl, AreaText, Attr, File, MmDecl};

/// Words that mean something wherever they stand.
const RESERVED: [&str; 12] = [
    "SIGSEGV", "EFAULT", "EAGAIN", "copies", "wait", "always", "never", "promise", "window", "expect",
    "else", "all",
];

/// A column.
#[derive(Debug)]
pub(super) struct Column {
    /// The spelling that all spellings share.
    pub(super) key: String,
    /// As it is written.
    pub(super) name: String,
    pub(super) at: Span,
    pub(super) mm: Option<MmId>,
    /// Its mm could not be found, which has been said.
    pub(super) lost: bool,
}

/// A variable.
#[derive(Debug)]
pub(super) struct Variable {
    pub(super) name: String,
    /// What the handles are that cells put into it.
    pub(super) handles: Vec<Taken>,
    /// Some cell puts a number into it.
    pub(super) number: bool,
}

/// How a handle was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    /// As a pin or a get; `None` if the era says which.
    pub(super) pin: Option<bool>,
    pub(super) write: bool,
    /// The page of a range that it is of, which has that word alone.
    pub(super) word: Option<u8>,
}

impl Variable {
    /// Whether something is so of every handle that it can hold.
    fn all(&self, is: impl Fn(&Taken) -> bool) -> bool {
        !self.handles.is_empty() && self.handles.iter().all(is)
    }
}

/// What a call takes, if it gives a handle.
fn taken(row: &Syscall, args: &[cell::Arg], is_thp: impl Fn(&str) -> bool) -> Option<Taken> {
    let holds = row.holds.filter(|_| row.gives == Gives::Handle)?;
    let asked = || {
        args.iter().flat_map(|arg| &arg.items).any(|item| match item {
            Item::Place(place) => place.name.text == "FOLL_WRITE",
            Item::Number(..) => false,
        })
    };
    let pin = match holds.kind {
        Kind::Pin => Some(true),
        Kind::Get => Some(false),
        Kind::ByEra => None,
    };
    let write = match holds.way {
        Way::Read => false,
        Way::Write => true,
        Way::Asked => asked(),
    };
    let word = args.iter().flat_map(|arg| &arg.items).find_map(|item| match item {
        Item::Place(Place { name, word: Some((word, _)), .. }) if is_thp(&name.text) => {
            u8::try_from(*word).ok()
        }
        Item::Place(_) | Item::Number(..) => None,
    });
    Some(Taken { pin, write, word })
}

/// The areas of an mm. Words are replaced before names are looked for.
fn read_areas(decl: &MmDecl) -> impl Iterator<Item = &AreaDecl> {
    decl.areas.iter().filter_map(|area| match area {
        AreaText::Read(area) => Some(area),
        AreaText::Words(_) => None,
    })
}

/// What the areas are that a declared area becomes: itself, or a range and its pages.
fn parts(area: &AreaDecl) -> impl Iterator<Item = Option<Thp>> {
    let pages = (0..PAGES as u8).map(Thp::Page).filter(|_| is_thp(&area.kind.text)).map(Some);
    iter::once(is_thp(&area.kind.text).then_some(Thp::Range)).chain(pages)
}

/// How many areas a declared area becomes.
fn size(area: &AreaDecl) -> usize {
    parts(area).count()
}

fn label(name: &str, thp: Option<Thp>) -> String {
    match thp {
        Some(Thp::Page(nth)) => format!("{name}[{nth}]"),
        Some(Thp::Range) | None => name.to_owned(),
    }
}

/// All names of a variant.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) mms: Vec<Mm>,
    pub(super) columns: Vec<Column>,
    pub(super) variables: Vec<Variable>,
    /// Name, mm and backing of each area, and what it is of a huge page. Those of the pages of a range have names that
    /// nobody can write.
    areas: Vec<(String, MmId, Backing, Option<Thp>)>,
    /// Names that broken cells would set.
    ghosts: Vec<String>,
    /// Some mms or areas could not be read.
    damaged: bool,
    /// Some cells could not be read.
    torn: bool,
}

impl Names {
    pub(super) fn collect(file: &File, cells: &[Read<'_>], report: &mut Report) -> Self {
        let mut names = Self {
            damaged: file.header.damaged || file.grid.damaged,
            torn: file.grid.damaged,
            ..Self::default()
        };
        names.declared(file, report);
        names.columns_and_children(file, cells, report);
        names.assigned(cells, report);
        names
    }

    fn declared(&mut self, file: &File, report: &mut Report) {
        for decl in &file.header.mms {
            let parent = decl.parent.as_ref().and_then(|p| self.mms.iter().position(|m| m.name == p.text));
            let origin = parent.map_or(Origin::Boot, Origin::ForkedAtBoot);
            let id = self.mms.len();
            self.mms.push(Mm { name: decl.name.text.clone(), origin });
            for area in read_areas(decl) {
                let name = &area.name;
                if self.areas.iter().any(|a| a.0 == name.text) || RESERVED.contains(&name.text.as_str()) {
                    let message = format!("the name {} is taken", quote(&name.text));
                    report.push(
                        Diagnostic::new(name.at.clone(), message)
                            .help("an area has one name in the whole file: it is an address"),
                    );
                } else if self.areas.len() + size(area) > MAX_AREAS {
                    let most = format!("a scenario has at most {MAX_AREAS}, of one page each");
                    let thp = format!("{most}; one of a transparent huge page counts as {}", 1 + PAGES);
                    let help = if is_thp(&area.kind.text) { thp } else { most };
                    report.push(Diagnostic::new(name.at.clone(), "too many areas").help(help));
                    return;
                } else {
                    let parts = parts(area).map(|thp| (label(&name.text, thp), id, area.backing, thp));
                    self.areas.extend(parts);
                }
            }
        }
        for decl in &file.header.mms {
            if self.areas.iter().any(|a| a.0 == decl.name.text) {
                let message = format!("{} is both an mm and an area", quote(&decl.name.text));
                report.push(Diagnostic::new(decl.name.at.clone(), message));
            }
        }
    }

    /// Children are made in columns, and columns run in children: goes round until nothing new is found.
    fn columns_and_children(&mut self, file: &File, cells: &[Read<'_>], report: &mut Report) {
        for head in &file.grid.columns {
            let mm = head.mm.as_ref().and_then(|mm| self.mms.iter().position(|m| m.name == mm.text));
            let name = head.name.text.clone();
            self.columns.push(Column {
                key: key(&name),
                name,
                at: head.name.at.clone(),
                mm,
                lost: mm.is_none() && head.mm.is_some(),
            });
        }
        let mut forks: Vec<(usize, &Name)> = Vec::new();
        for read in cells {
            let Some(Cell::Call { dest: Some(dest), op, .. }) = &read.cell else { continue };
            if !syscall::find(&op.text).is_some_and(|row| row.gives == Gives::Child) {
                continue;
            }
            let taken = self.mms.iter().any(|m| m.name == dest.text) || forks.iter().any(|f| f.1 == dest);
            if taken || self.areas.iter().any(|a| a.0 == dest.text) || RESERVED.contains(&dest.text.as_str())
            {
                report.push(
                    Diagnostic::new(dest.at.clone(), format!("the name {} is taken", quote(&dest.text)))
                        .help("a child needs a name of its own"),
                );
            } else if self.mms.len() + forks.len() >= MAX_MMS {
                report.push(
                    Diagnostic::new(dest.at.clone(), "too many mms")
                        .help(format!("a scenario has at most {MAX_MMS}")),
                );
                return;
            } else {
                forks.push((read.raw.column, dest));
            }
        }
        let mut left = forks.clone();
        loop {
            let before = left.len();
            left.retain(|(column, child)| {
                let Some(parent) = self.columns[*column].mm else { return true };
                self.mms.push(Mm { name: child.text.clone(), origin: Origin::Fork(parent) });
                let id = self.mms.len() - 1;
                for (head, column) in file.grid.columns.iter().zip(&mut self.columns) {
                    if head.mm.as_ref() == Some(*child) {
                        column.mm = Some(id);
                        column.lost = false;
                    }
                }
                false
            });
            if left.len() == before {
                break;
            }
        }
        // A fork without an mm to fork is reported where the call is.
        self.ghosts.extend(left.iter().map(|(_, child)| child.text.clone()));
        self.lost_columns(file, &forks, report);
    }

    fn lost_columns(&self, file: &File, forks: &[(usize, &Name)], report: &mut Report) {
        for (head, column) in file.grid.columns.iter().zip(&self.columns) {
            let Some(mm) = head.mm.as_ref().filter(|_| column.lost && !self.damaged) else { continue };
            let made_by = forks.iter().find(|f| f.1 == mm).map(|f| f.0);
            let diagnostic = Diagnostic::new(mm.at.clone(), format!("unknown mm {}", quote(&mm.text)));
            report.push(match made_by {
                None => {
                    let help = choose(&mm.text, "there are", self.mms.iter().map(|m| m.name.as_str()));
                    diagnostic.help("declare it in the header, as `mm A { buf: anon }`").maybe_help(help)
                }
                Some(by) if self.columns[by].lost => {
                    Diagnostic::new(mm.at.clone(), format!("no column can fork {}", quote(&mm.text)))
                        .help("the column that forks it does not run before it is there")
                }
                // The forking column has no mm, which is said at its call.
                Some(_) => continue,
            });
        }
    }

    fn assigned(&mut self, cells: &[Read<'_>], report: &mut Report) {
        for read in cells {
            let Some(cell) = &read.cell else {
                // Whatever a broken cell sets is not called unset elsewhere.
                if let Some((name, _)) = read.text.as_str().split_once(" = ") {
                    self.ghosts.push(name.to_owned());
                }
                continue;
            };
            let (dest, handle) = match cell {
                Cell::Load { dest: Some(dest), .. } | Cell::Set { dest, .. } => (dest, None),
                Cell::Call { dest: Some(dest), op, args } => match syscall::find(&op.text) {
                    Some(row) if row.gives == Gives::Child => continue,
                    Some(row) => (dest, taken(row, args, |name| self.names_thp(name))),
                    // That there is no such call is told in its place.
                    None => {
                        self.ghosts.push(dest.text.clone());
                        continue;
                    }
                },
                _ => continue,
            };
            if let Err(diagnostic) = self.assign(dest, handle) {
                self.ghosts.push(dest.text.clone());
                report.push(diagnostic);
            }
        }
    }

    /// Whether a name is that of an area that a transparent huge page may back.
    fn names_thp(&self, name: &str) -> bool {
        self.areas.iter().any(|area| area.0 == name && area.3 == Some(Thp::Range))
    }

    fn assign(&mut self, dest: &Name, handle: Option<Taken>) -> Result<(), Diagnostic> {
        let name = dest.text.as_str();
        let wrong = |message: String| Diagnostic::new(dest.at.clone(), message);
        if self.mms.iter().any(|m| m.name == name) {
            return Err(wrong(format!("{} is an mm, not a variable", quote(name)))
                .help("give the variable another name"));
        }
        if self.areas.iter().any(|a| a.0 == name) {
            return Err(wrong(format!("{} is an area, not a variable", quote(name)))
                .help(format!("a store names the word: `{name}[0] = 1`")));
        }
        if RESERVED.contains(&name) {
            return Err(
                wrong(format!("the name {} is taken", quote(name))).help("give the variable another name")
            );
        }
        let id = match self.variables.iter().position(|v| v.name == name) {
            Some(id) => id,
            None if self.variables.len() == MAX_VARIABLES => {
                return Err(wrong("too many variables".to_owned())
                    .help(format!("a scenario has at most {MAX_VARIABLES}")));
            }
            None => {
                self.variables.push(Variable { name: name.to_owned(), handles: Vec::new(), number: false });
                self.variables.len() - 1
            }
        };
        let variable = &mut self.variables[id];
        variable.number |= handle.is_none();
        variable.handles.extend(handle);
        Ok(())
    }

    /// A variable.
    pub(super) fn variable(&self, name: &Name) -> Found<VarId> {
        self.variable_like(name, "1` or `{} = buf[0]")
    }

    /// A variable, with what could set it if no cell does.
    fn variable_like(&self, name: &Name, value: &str) -> Found<VarId> {
        if let Some(id) = self.variables.iter().position(|v| v.name == name.text) {
            return Ok(id);
        }
        if self.torn || self.ghosts.contains(&name.text) {
            return Err(None);
        }
        let wrong = |message: String| Diagnostic::new(name.at.clone(), message);
        let shown = quote(&name.text);
        if let Some((area, mm, ..)) = self.areas.iter().find(|a| a.0 == name.text) {
            let mm = &self.mms[*mm].name;
            return Err(Some(wrong(format!("{shown} is an area, not a variable")).help(format!(
                "a word of it is `{area}[0]` in a cell, and `{mm}.{area}[0]` in a predicate"
            ))));
        }
        if self.mms.iter().any(|m| m.name == name.text) {
            return Err(Some(wrong(format!("{shown} is an mm, not a variable"))));
        }
        let help = choose(&name.text, "cells set", self.variables.iter().map(|v| v.name.as_str()))
            .unwrap_or_else(|| {
                format!("a cell sets it, as `{} = {}`", name.text, value.replace("{}", &name.text))
            });
        Err(Some(wrong(format!("no cell sets {shown}")).help(help)))
    }

    /// A variable that holds a handle.
    pub(super) fn handle(&self, name: &Name) -> Found<VarId> {
        let id = self.variable_like(name, "pin_user_pages(buf, FOLL_WRITE)")?;
        if !self.variables[id].handles.is_empty() {
            return Ok(id);
        }
        Err(Some(Diagnostic::new(name.at.clone(), format!("{} holds no handle", quote(&name.text))).help(
            "a handle comes from a get, a pin, `vmsplice`, `fuse_dev_splice_read` or `io_uring_register`",
        )))
    }

    /// A word of a handle: that of a page of a range has one. Every page that the handle may be of must have it.
    pub(super) fn handle_word(&self, id: VarId, place: &Place) -> Found<u8> {
        let handles = &self.variables[id].handles;
        let name = &place.name.text;
        let mut own = handles.iter().filter_map(|taken| taken.word);
        let Some(only) = own.next() else { return Ok(word(place)?) };
        if own.any(|other| other != only) {
            let message = format!("{} may be a handle of either page of a huge page", quote(name));
            let help = "each page has one word, so no word is there in every execution: assign the handles of the two \
                        pages to different variables";
            return Err(Some(Diagnostic::new(place.at.clone(), message).help(help)));
        }
        let help =
            format!("its word is `{name}[{only}]`: each of the {PAGES} pages of a huge page has one word");
        if place.word.is_none() {
            return Err(Some(which_word(place).help(help)));
        }
        let word = word(place)?;
        if word == only {
            return Ok(word);
        }
        Err(Some(
            Diagnostic::new(
                place.at.clone(),
                format!("{} is a handle of one page, which has no word {word}", quote(name)),
            )
            .help(help),
        ))
    }

    /// A handle that is given back, as a pin or as a get.
    pub(super) fn given_back(&self, name: &Name, as_pin: bool) -> Found<VarId> {
        let id = self.handle(name)?;
        if !self.variables[id].all(|taken| taken.pin == Some(!as_pin)) {
            return Ok(id);
        }
        let (is, right) = if as_pin { ("get", "put_page") } else { ("pin", "unpin_user_page") };
        let message = format!("{} is a {is}", quote(&name.text));
        Err(Some(
            Diagnostic::new(name.at.clone(), message)
                .help(format!("it is given back by `{right}({})`", name.text)),
        ))
    }

    /// A handle that a device writes through.
    pub(super) fn writable(&self, name: &Name) -> Found<VarId> {
        let id = self.handle(name)?;
        if !self.variables[id].all(|taken| !taken.write) {
            return Ok(id);
        }
        let message = format!("{} was taken to read, so it must not be written through", quote(&name.text));
        Err(Some(
            Diagnostic::new(name.at.clone(), message)
                .help("take it with `FOLL_WRITE`, or read: `s = dma_read(..)`"),
        ))
    }

    /// An mm.
    pub(super) fn mm(&self, name: &Name) -> Found<MmId> {
        if let Some(id) = self.mms.iter().position(|m| m.name == name.text) {
            return Ok(id);
        }
        if self.damaged || self.ghosts.contains(&name.text) {
            return Err(None);
        }
        let help = choose(&name.text, "there are", self.mms.iter().map(|m| m.name.as_str()));
        Err(Some(
            Diagnostic::new(name.at.clone(), format!("unknown mm {}", quote(&name.text)))
                .help("declare it in the header, as `mm A { buf: anon }`")
                .maybe_help(help),
        ))
    }

    /// Whether an mm has an area, of its own or inherited.
    fn has(&self, mm: MmId, va: Va) -> bool {
        let owner = self.areas[va].1;
        let mut at = mm;
        loop {
            if at == owner {
                return true;
            }
            match self.mms[at].origin {
                Origin::Boot => return false,
                Origin::ForkedAtBoot(parent) | Origin::Fork(parent) => at = parent,
            }
        }
    }

    /// Whether an mm is a boot child of another, or is it.
    fn boots_from(&self, mm: MmId, ancestor: MmId) -> bool {
        let mut at = mm;
        loop {
            if at == ancestor {
                return true;
            }
            match self.mms[at].origin {
                Origin::ForkedAtBoot(parent) => at = parent,
                _ => return false,
            }
        }
    }

    /// An area of an mm.
    pub(super) fn area(&self, name: &Name, mm: MmId) -> Found<Va> {
        let wrong = |message: String| Diagnostic::new(name.at.clone(), message);
        match self.areas.iter().position(|a| a.0 == name.text) {
            Some(va) if self.has(mm, va) => Ok(va),
            Some(va) => Err(Some(
                wrong(format!("mm `{}` has no {}", self.mms[mm].name, quote(&name.text)))
                    .help(format!("it belongs to mm `{}`", self.mms[self.areas[va].1].name)),
            )),
            None if self.damaged => Err(None),
            None => {
                let here = self
                    .areas
                    .iter()
                    .enumerate()
                    .filter(|(va, _)| self.has(mm, *va))
                    .map(|(_, a)| a.0.as_str());
                let here: Vec<&str> = here.collect();
                let help = choose(&name.text, &format!("mm `{}` has", self.mms[mm].name), here);
                Err(Some(
                    wrong(format!("unknown area {}", quote(&name.text)))
                        .help("declare it in the header, as `mm A { buf: anon }`")
                        .maybe_help(help),
                ))
            }
        }
    }

    /// Memory of any mm, named from a column or from a predicate.
    pub(super) fn target(&self, place: &Place, column: Option<usize>) -> Found<Target> {
        if let Some(mm) = &place.mm {
            let mm = self.mm(mm)?;
            return Ok(Target { mm, va: self.area(&place.name, mm)? });
        }
        let own = column.map(|c| &self.columns[c]);
        if own.is_some_and(|c| c.lost) {
            return Err(None);
        }
        if let Some(mm) = own.and_then(|c| c.mm) {
            return Ok(Target { mm, va: self.area(&place.name, mm)? });
        }
        let Some((area, mm, ..)) = self.areas.iter().find(|a| a.0 == place.name.text) else {
            if self.damaged {
                return Err(None);
            }
            let help = did_you_mean(&place.name.text, self.areas.iter().map(|a| a.0.as_str()));
            return Err(Some(
                Diagnostic::new(place.at.clone(), format!("unknown area {}", quote(&place.name.text)))
                    .help("memory is named with its mm, as `A.buf`")
                    .maybe_help(help),
            ));
        };
        let index = place.word.as_ref().map_or_else(String::new, |w| format!("[{}]", w.0));
        Err(Some(
            Diagnostic::new(place.at.clone(), format!("whose {}?", quote(area)))
                .help(format!("write `{}.{area}{index}`", self.mms[*mm].name)),
        ))
    }

    /// Whether an area is one that a transparent huge page may back.
    pub(super) fn is_thp(&self, va: Va) -> bool {
        self.areas[va].3 == Some(Thp::Range)
    }

    /// The page that has a word of an area.
    pub(super) fn page_of_word(&self, va: Va, word: u8) -> Va {
        if self.is_thp(va) { va + 1 + usize::from(word) } else { va }
    }

    /// Whether an area is of huge pages.
    pub(super) fn is_huge(&self, va: Va) -> bool {
        self.areas[va].2 == Backing::Hugetlb
    }

    /// What an area is that `mremap` does not move here.
    pub(super) fn unmoved(&self, va: Va) -> Option<&'static str> {
        match self.areas[va].2 {
            Backing::Anon => None,
            Backing::Hugetlb => Some("hugetlb"),
            Backing::PrivateFile => Some("a file"),
        }
    }

    /// What an area is of a huge page.
    pub(super) fn thp(&self, va: Va) -> Option<Thp> {
        self.areas[va].3
    }

    /// A column by any spelling of its name.
    pub(super) fn column(&self, name: &Name) -> Result<usize, Diagnostic> {
        let wanted = key(&name.text);
        self.columns.iter().position(|c| c.key == wanted).ok_or_else(|| {
            if wanted.eq_ignore_ascii_case("all") {
                return Diagnostic::new(name.at.clone(), format!("unknown column {}", quote(&name.text)))
                    .help("a barrier of all columns is written `=== all ===`, alone and in small letters");
            }
            let help = choose(&wanted, "the columns are", self.columns.iter().map(|c| c.key.as_str()));
            Diagnostic::new(name.at.clone(), format!("unknown column {}", quote(&name.text))).maybe_help(help)
        })
    }

    /// The areas with everything that their words say.
    pub(super) fn areas(&self, file: &File, report: &mut Report) -> Vec<Area> {
        let is_huge = |area: &Area| area.thp.is_some() || area.backing == Backing::Hugetlb;
        let mut areas: Vec<Area> = Vec::new();
        for (mm, decl) in file.header.mms.iter().enumerate() {
            for (nth, area) in read_areas(decl).enumerate() {
                let has = |name: &str| area.attrs.iter().any(|a| a.name.text == name);
                let mut lowered = Area {
                    name: area.name.text.clone(),
                    mm,
                    backing: area.backing,
                    thp: is_thp(&area.kind.text).then_some(Thp::Range),
                    populate: area.populate,
                    wrprotected: has("wrprotected"),
                    previously_shared: has("prevshared"),
                    clean: has("clean") || has("lazyfree"),
                    soft_clean: has("soft_clean"),
                    lazyfree: has("lazyfree"),
                    read_only: has("read_only"),
                    uffd_wp: has("uffd_wp"),
                    adjacent: has("adjacent"),
                    wp_unpopulated: has("wp_unpopulated"),
                    lru_batch: None,
                    warm: Vec::new(),
                    words: area.words,
                };
                for attr in &area.attrs {
                    match attr.name.text.as_str() {
                        "adjacent" if nth == 0 => report.push(
                            Diagnostic::new(
                                attr.name.at.clone(),
                                format!("there is no area before {} in this mm", quote(&area.name.text)),
                            )
                            .help("`adjacent` puts an area into the page table of the one before it"),
                        ),
                        "adjacent" if areas.last().is_some_and(is_huge) => report.push(
                            Diagnostic::new(
                                attr.name.at.clone(),
                                format!("{} is of huge pages", quote(&areas[areas.len() - 1].name)),
                            )
                            .help(HAS_OWN_TABLE),
                        ),
                        "lru_batch" => {
                            let columns = report.ok(self.named(attr));
                            lowered.lru_batch = columns.and_then(|c| c.first().copied());
                            report.ok(has_room(attr, lowered.lru_batch, &areas));
                        }
                        "warm" => lowered.warm = report.ok(self.warm(attr, mm)).unwrap_or_default(),
                        _ => {}
                    }
                }
                let pages = parts(area).skip(1).enumerate().map(|(nth, thp)| Area {
                    thp,
                    // Where they are mapped is the range's; they have a table of their own.
                    populate: if area.populate == Populate::None { Populate::None } else { Populate::Mapped },
                    adjacent: nth > 0,
                    warm: Vec::new(),
                    ..lowered.clone()
                });
                let pages: Vec<_> = pages.collect();
                areas.push(lowered);
                areas.extend(pages);
            }
        }
        areas
    }

    fn named(&self, attr: &Attr) -> Result<Vec<usize>, Diagnostic> {
        let mut columns = Vec::new();
        for name in attr.columns.iter().flatten() {
            let column = self.column(name)?;
            if columns.contains(&column) {
                return Err(Diagnostic::new(
                    name.at.clone(),
                    format!("{} is named twice", quote(&name.text)),
                ));
            }
            columns.push(column);
        }
        Ok(columns)
    }

    fn warm(&self, attr: &Attr, mm: MmId) -> Result<Vec<usize>, Diagnostic> {
        if attr.columns.is_none() {
            let all: Vec<usize> =
                (0..self.columns.len()).filter(|&c| self.columns[c].mm == Some(mm)).collect();
            if all.is_empty() {
                let message = format!("no column runs in mm `{}`", self.mms[mm].name);
                return Err(Diagnostic::new(attr.name.at.clone(), message).help("a TLB is that of a column"));
            }
            return Ok(all);
        }
        let columns = self.named(attr)?;
        for (&column, name) in columns.iter().zip(attr.columns.iter().flatten()) {
            let column = &self.columns[column];
            if !column.lost && !column.mm.is_some_and(|own| self.boots_from(own, mm)) {
                let message = format!(
                    "column `{}` does not run in mm `{}` from the start",
                    column.name, self.mms[mm].name
                );
                return Err(Diagnostic::new(name.at.clone(), message).help("its TLB cannot have the entry"));
            }
        }
        Ok(columns)
    }
}

/// A batch that is full is drained, so one that waits is not.
fn has_room(attr: &Attr, column: Option<usize>, areas: &[Area]) -> Result<(), Diagnostic> {
    let most = usize::from(Batch::SIZE) - 1;
    let others = areas.iter().filter(|area| column.is_some() && area.lru_batch == column).count();
    if others < most {
        return Ok(());
    }
    Err(Diagnostic::new(attr.name.at.clone(), "too many pages in one batch")
        .help(format!("a batch is drained when it is full, so at most {most} pages wait in it")))
}
