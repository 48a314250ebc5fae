//! Which call, and which step of it, a point names.

use cowrace_mm::syscall::{self, Syscall};
use cowrace_mm::world::{ActorSpec, Step};

use super::Made;
use super::names::Names;
use crate::cell::Cell;
use crate::diagnostic::Diagnostic;
use crate::heading::key;
use crate::nearest::{did_you_mean, quote};
use crate::text::Text;
use crate::{anchors, unknown};

/// A call that a point may name.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) id: u16,
    actor: usize,
    /// The mm of its actor.
    mm: Option<usize>,
    pub(super) row: Option<&'static Syscall>,
    /// Its row, even if it is not called by a name: that of a load or a store.
    own: Option<&'static Syscall>,
    /// `buf[1]`, for loads and stores.
    place: Option<String>,
    store: bool,
    /// The variable that the result is assigned to.
    dest: Option<String>,
    anchors: Vec<String>,
    /// For messages: column and text.
    pub(super) shown: String,
}

/// Where a part of a point is looked up.
#[derive(Debug)]
pub(super) struct Finder<'n> {
    calls: Vec<Candidate>,
    actors: &'n [ActorSpec],
    names: &'n Names,
}

/// What a point names.
#[derive(Debug)]
pub(super) struct Named<'c> {
    pub(super) call: &'c Candidate,
    pub(super) step: Option<String>,
}

fn candidates(made: &[Made], actors: &[ActorSpec], texts: &[String]) -> Vec<Candidate> {
    let mut calls: Vec<Candidate> = made.iter().map(|m| of_cell(m, actors)).collect();
    // The calls of the environment, which have no cell.
    let drawn = calls.len();
    for (actor, spec) in actors.iter().enumerate() {
        for step in &spec.steps {
            let Step::Call(call) = step else { continue };
            if usize::from(call.id) < drawn {
                continue;
            }
            let row = call.call.syscall();
            calls.push(Candidate {
                id: call.id,
                actor,
                mm: None,
                row,
                own: row,
                place: None,
                store: false,
                dest: None,
                anchors: Vec::new(),
                shown: format!("`{}` in `{}`", texts[usize::from(call.id)], spec.name),
            });
        }
    }
    calls
}

fn of_cell(made: &Made, actors: &[ActorSpec]) -> Candidate {
    let spec = &actors[made.actor];
    let mut candidate = Candidate {
        id: made.spec.id,
        actor: made.actor,
        mm: spec.mm,
        row: None,
        own: made.spec.call.syscall(),
        place: None,
        store: false,
        dest: None,
        anchors: made.anchors.clone(),
        shown: format!("{} in `{}`", quote(made.text.as_str()), spec.name),
    };
    let place = |place: &crate::grammar::Place| {
        place.word.as_ref().map(|(word, _)| format!("{}[{word}]", place.name.text))
    };
    match &made.cell {
        Cell::Wait(_) => {}
        Cell::Set { dest, .. } => candidate.dest = Some(dest.text.clone()),
        Cell::Load { dest, place: from } => {
            candidate.place = place(from);
            candidate.dest = dest.as_ref().map(|d| d.text.clone());
        }
        Cell::Store { place: to, .. } => {
            candidate.place = place(to);
            candidate.store = true;
        }
        Cell::Call { dest, op, .. } => {
            candidate.row = syscall::find(&op.text);
            candidate.dest = dest.as_ref().map(|d| d.text.clone());
        }
    }
    candidate
}

/// The parts of a point between dots.
struct Parts {
    text: Text,
    list: Vec<Text>,
    nth: Option<usize>,
}

impl<'n> Finder<'n> {
    /// `texts` are those of all calls, by their ids.
    pub(super) fn new(names: &'n Names, made: &[Made], actors: &'n [ActorSpec], texts: &[String]) -> Self {
        Self { calls: candidates(made, actors, texts), actors, names }
    }

    /// The call that a point names. The point is not empty.
    pub(super) fn find(&self, text: &Text) -> Result<Named<'_>, Diagnostic> {
        let mut parts = parts(text)?;
        let column = self.take_column(&mut parts);
        let (name, step) = match parts.list.as_slice() {
            [name] => (name, None),
            [name, step] => (name, Some(step)),
            _ => {
                return Err(Diagnostic::new(text.whole(), "too many parts")
                    .help("a point is `COLUMN.CALL.STEP`; the column and the step may be left out"));
            }
        };
        let mut matches = self.calls_named(name.as_str(), column.as_ref());
        let mut own_step = None;
        let steps =
            if step.is_none() { self.steps_named(name.as_str(), column.as_ref()) } else { Vec::new() };
        // A name can be that of a call and that of a step; then both are considered.
        if matches.is_empty() {
            matches = steps;
            own_step = Some(name.as_str().to_owned());
        } else if let Some(extra) = steps.iter().find(|s| !matches.iter().any(|m| m.id == s.id)) {
            return Err(self.ambiguous(&parts.text, &[matches[0], extra]));
        }
        // A wrong column looks like a call, and the call after it like a step.
        if let Some(step) = step.filter(|_| !matches.is_empty()) {
            unknown::check_anchor(step.as_str(), step.whole(), matches.first().and_then(|call| call.row))?;
        }
        let call = self.pick(&parts, name, column.as_ref(), &matches)?;
        if let (Some(step), Some(row)) = (step, call.own) {
            unknown::check_step(step.as_str(), step.whole(), &call.shown, row)?;
        }
        Ok(Named { call, step: step.map(|s| s.as_str().to_owned()).or(own_step) })
    }

    fn pick<'c>(
        &self,
        parts: &Parts,
        name: &Text,
        column: Option<&Within>,
        matches: &[&'c Candidate],
    ) -> Result<&'c Candidate, Diagnostic> {
        match (matches, parts.nth) {
            ([], _) => Err(self.unmatched(name, column, parts)),
            ([one], None) => Ok(one),
            (several, None) => Err(self.ambiguous(&parts.text, several)),
            (several, Some(nth)) => several.get(nth - 1).copied().ok_or_else(|| {
                let message = match several.len() {
                    1 => format!("there is only one of these, not {nth}"),
                    all => format!("there are only {all} of these, not {nth}"),
                };
                Diagnostic::new(parts.text.whole(), message).help(format!("it matches {}", shown(several)))
            }),
        }
    }

    /// Takes the first part if it is a column, or an mm before memory.
    fn take_column(&self, parts: &mut Parts) -> Option<Within> {
        if parts.list.len() < 2 {
            return None;
        }
        let first = parts.list[0].as_str();
        let wanted = key(first);
        let within = match self.actors.iter().position(|a| key(&a.name) == wanted) {
            Some(actor) => Within::Actor(actor),
            None if parts.list[1].as_str().contains('[') => {
                Within::Mm(self.names.mms.iter().position(|m| m.name == first)?)
            }
            None => return None,
        };
        parts.list.remove(0);
        Some(within)
    }

    fn within(&self, column: Option<&Within>) -> impl Iterator<Item = &Candidate> {
        let column = column.copied();
        self.calls.iter().filter(move |c| match column {
            None => true,
            Some(Within::Actor(actor)) => c.actor == actor,
            Some(Within::Mm(mm)) => c.mm == Some(mm),
        })
    }

    fn calls_named(&self, name: &str, column: Option<&Within>) -> Vec<&Candidate> {
        let asked = syscall::find(name).map(Syscall::name);
        let named = |c: &&Candidate| {
            c.row.is_some_and(|row| Some(row.name()) == asked)
                || (c.store && c.place.as_deref() == Some(name))
                || c.dest.as_deref() == Some(name)
        };
        let found: Vec<&Candidate> = self.within(column).filter(named).collect();
        if found.is_empty() {
            // For a word that no cell stores to, only the load can be meant.
            return self.within(column).filter(|c| c.place.as_deref() == Some(name)).collect();
        }
        found
    }

    fn steps_named(&self, name: &str, column: Option<&Within>) -> Vec<&Candidate> {
        let fixed = |c: &&Candidate| c.row.is_some_and(|row| row.marks.contains(&name));
        let found: Vec<&Candidate> = self.within(column).filter(fixed).collect();
        if !found.is_empty() || !anchors::names().any(|n| n == name) {
            return found;
        }
        let drawn = |c: &&Candidate| c.anchors.iter().any(|a| a == name);
        let found: Vec<&Candidate> = self.within(column).filter(drawn).collect();
        if found.is_empty() && column.is_some() {
            // Any call may have the step. If the column has only one call, it is that call.
            return self.within(column).collect();
        }
        found
    }

    fn ambiguous(&self, text: &Text, several: &[&Candidate]) -> Diagnostic {
        let message = format!("{} is ambiguous", quote(text.as_str()));
        // Of calls that have the same name in the same column, only a number picks one.
        let names = |call: &Candidate| (call.actor, call.row.map(Syscall::name), call.place.clone());
        let are_alike = several.iter().all(|call| call.dest.is_none() && names(call) == names(several[0]));
        let first = if are_alike { "put" } else { "put the column or the call before it, or" };
        Diagnostic::new(text.whole(), message)
            .help(format!("it matches {}; {first} `#2` after it for the second", shown(several)))
    }

    fn unmatched(&self, name: &Text, column: Option<&Within>, parts: &Parts) -> Diagnostic {
        let word = name.as_str();
        if parts.list.len() == 2 && column.is_none() && !lvalue(word) && syscall::find(word).is_none() {
            let columns = self.actors.iter().map(|a| key(&a.name)).collect::<Vec<_>>();
            if let Some(help) = did_you_mean(&key(word), columns.iter().map(String::as_str)) {
                return Diagnostic::new(name.whole(), format!("unknown column {}", quote(word))).help(help);
            }
        }
        let message = match column {
            Some(Within::Actor(actor)) => {
                format!("column `{}` has no {}", self.actors[*actor].name, quote(word))
            }
            _ => format!("the diagram has no {}", quote(word)),
        };
        let mut words: Vec<&str> = Vec::new();
        for call in self.within(column) {
            words.extend(
                call.row.iter().flat_map(|row| std::iter::once(row.name()).chain(row.marks.iter().copied())),
            );
            words.extend(call.place.as_deref());
            words.extend(call.dest.as_deref());
        }
        let diagnostic = Diagnostic::new(name.whole(), message);
        if let Some(near) = did_you_mean(word, words.iter().copied()) {
            return diagnostic.help(near);
        }
        if anchors::names().any(|n| n == word) {
            return diagnostic
                .help(format!("name the call of the step, for example `thread1.buf[1].{word}`"));
        }
        words.sort_unstable();
        words.dedup();
        words.truncate(20);
        let list: Vec<String> = words.iter().map(|w| format!("`{w}`")).collect();
        diagnostic.help(format!(
            "a point is a call, a word that is stored to, a variable or a step: {}",
            list.join(", ")
        ))
    }
}

/// Where to look.
#[derive(Clone, Copy, Debug)]
enum Within {
    Actor(usize),
    Mm(usize),
}

fn lvalue(word: &str) -> bool {
    word.contains('[')
}

fn shown(candidates: &[&Candidate]) -> String {
    const MOST: usize = 6;
    let mut list: Vec<&str> = candidates.iter().take(MOST).map(|c| c.shown.as_str()).collect();
    if candidates.len() > MOST {
        list.push("others");
    }
    list.join(", ")
}

/// Takes `#n` out, wherever it stands, and splits the rest at dots.
fn parts(text: &Text) -> Result<Parts, Diagnostic> {
    let mut nth = None;
    let mut list = Vec::new();
    for part in text.split(&['.']) {
        let Some(hash) = part.as_str().find('#') else {
            list.push(part);
            continue;
        };
        let number = part.as_str()[hash + 1..].trim().parse().ok().filter(|&n: &usize| n > 0);
        if number.is_none() || nth.is_some() {
            return Err(Diagnostic::new(part.whole(), "expected one number after `#`")
                .help("for example, `read#2` is the second `read` of the file"));
        }
        nth = number;
        list.push(part.trimmed(0..hash));
    }
    if let Some(empty) = list.iter().find(|p| p.as_str().is_empty()) {
        return Err(Diagnostic::new(empty.whole(), "expected a name here")
            .help("a point is `COLUMN.CALL.STEP`; the column and the step may be left out"));
    }
    Ok(Parts { text: text.clone(), list, nth })
}
