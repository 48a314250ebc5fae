//! Judges the end of an execution: the scenario's predicates, then the model's own invariants.

use std::collections::BTreeMap;
use std::sync::Arc;

use cowrace_machine::{Memory, Obj};
use cowrace_report as report;
use cowrace_report::{Class, Detail, Finding, Holders};

use crate::cpu::Kernel;
use crate::era::AnonExclusive;
use crate::names::page_name;
use crate::narrate::variable_value;
use crate::objects::{
    ACTIVE, Batch, GUP_PIN_COUNTING_BIAS, MmStruct, Page, SwpEntry, ZERO_PAGE, pg, references, variable,
};
use crate::observe::owner_view;
use crate::pgtable::Pte;
use crate::value::Value;
use crate::world::{Expr, Modality, PAGES, Relation, Term};

/// Judges the end of an execution by a criterion from outside the model.
pub type Judge = Box<dyn Fn(&Arc<Kernel>, &Memory) -> Option<Finding> + Send + Sync>;

/// What is wrong with an end state, if anything.
#[must_use]
pub(crate) fn check(kernel: &Arc<Kernel>, memory: &Memory, judge: Option<&Judge>) -> Option<Finding> {
    predicates(kernel, memory)
        .or_else(|| judge.and_then(|judge| judge(kernel, memory)))
        .or_else(|| counts(kernel, memory))
        .or_else(|| exclusivity(kernel, memory))
}

fn predicates(kernel: &Kernel, memory: &Memory) -> Option<Finding> {
    for predicate in &kernel.world.predicates {
        let wanted = predicate.modality == Modality::Always;
        if holds(kernel, memory, &predicate.expr).is_some_and(|truth| truth != wanted) {
            let (text, values) = (predicate.text.clone(), values(kernel, memory, &predicate.expr));
            return Some(Finding {
                class: predicate.class,
                detail: Detail::Predicate { text, always: wanted, values },
            });
        }
    }
    None
}

/// The truth of a predicate; `None` if it refers to something that was never set.
fn holds(kernel: &Kernel, memory: &Memory, expr: &Expr) -> Option<bool> {
    match expr {
        Expr::Compare(left, relation, right) => {
            let (left, right) = (term(kernel, memory, left)?, term(kernel, memory, right)?);
            Some(match (relation, left, right) {
                (Relation::Equal, l, r) => l == r,
                (Relation::NotEqual, l, r) => l != r,
                (Relation::Less, Value::Number(l), Value::Number(r)) => l < r,
                (Relation::LessEqual, Value::Number(l), Value::Number(r)) => l <= r,
                (Relation::Greater, Value::Number(l), Value::Number(r)) => l > r,
                (Relation::GreaterEqual, Value::Number(l), Value::Number(r)) => l >= r,
                _ => false,
            })
        }
        Expr::And(a, b) => match (holds(kernel, memory, a), holds(kernel, memory, b)) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        },
        Expr::Or(a, b) => match (holds(kernel, memory, a), holds(kernel, memory, b)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        },
        Expr::Not(a) => holds(kernel, memory, a).map(|truth| !truth),
    }
}

fn term(kernel: &Kernel, memory: &Memory, term: &Term) -> Option<Value> {
    match *term {
        Term::Number(n) => Some(Value::Number(n)),
        Term::Errno(errno) => Some(Value::Errno(errno)),
        Term::Variable(var) => match Value::decode(memory.get(variable(var))) {
            Value::Unset => None,
            value => Some(value),
        },
        Term::Memory { target, word } => Some(Value::Number(owner_view(&kernel.world, memory, target, word))),
        Term::Copies(mm) => Some(Value::Number(memory.get(MmStruct(mm).copies()))),
    }
}

/// The values of the terms of a predicate, for its finding.
fn values(kernel: &Kernel, memory: &Memory, expr: &Expr) -> Vec<(report::Term, report::Value)> {
    let mut list = Vec::new();
    let world = &kernel.world;
    terms(expr, &mut |t| {
        let name = match *t {
            Term::Variable(var) => report::Term::Variable(world.variables[var].clone()),
            Term::Memory { target, word } => {
                let (mm, area) = (world.mms[target.mm].name.clone(), world.areas[target.va].name.clone());
                report::Term::Memory { mm, area, word }
            }
            Term::Copies(mm) => report::Term::Copies { mm: world.mms[mm].name.clone() },
            Term::Number(_) | Term::Errno(_) => return,
        };
        if let Some(value) = term(kernel, memory, t) {
            list.push((name, variable_value(world, value)));
        }
    });
    list
}

fn terms(expr: &Expr, see: &mut impl FnMut(&Term)) {
    match expr {
        Expr::Compare(left, _, right) => {
            see(left);
            see(right);
        }
        Expr::And(a, b) | Expr::Or(a, b) => {
            terms(a, see);
            terms(b, see);
        }
        Expr::Not(a) => terms(a, see),
    }
}

/// The holders of references to each page at the end.
fn holders(kernel: &Kernel, memory: &Memory) -> BTreeMap<Obj, Holders> {
    let mut all: BTreeMap<Obj, Holders> = BTreeMap::new();
    let world = &kernel.world;
    for mm in 0..world.mms.len() {
        for va in 0..world.areas.len() {
            let pte = Pte::from(memory.get(MmStruct(mm).pte(va)));
            if pte.present() {
                all.entry(head(memory, pte.page().obj)).or_default().mappings += 1;
            }
            let pmd = Pte::from(memory.get(MmStruct(mm).pmd(va)));
            if pmd.present() {
                all.entry(pmd.page().obj).or_default().mappings += 1;
            }
        }
    }
    for slot in 0..kernel.swap_slots {
        let pfn = memory.get(SwpEntry(slot).cache());
        if pfn != 0 {
            all.entry(Obj::from_pfn(pfn)).or_default().swap_cache += 1;
        }
    }
    for actor in 0..world.actors.len() {
        for batch in Batch::ALL {
            for nth in 0..memory.get(batch.nr(actor)) {
                let pfn = memory.get(batch.page(actor, nth));
                all.entry(Obj::from_pfn(pfn)).or_default().batches += 1;
            }
        }
    }
    for var in 0..world.variables.len() {
        if let Value::Handle(handle) = Value::decode(memory.get(variable(var)))
            && !handle.released
        {
            let entry = all.entry(head(memory, handle.page)).or_default();
            if handle.pin {
                entry.pins += 1;
            } else {
                entry.gets += 1;
            }
        }
    }
    all
}

/// I9: the references of a page are exactly those of mappings, the swap cache, batches and handles, and the mapcount is
/// the number of mappings. Handles that no variable keeps cannot be counted, so in that case there may be more
/// references.
fn counts(kernel: &Kernel, memory: &Memory) -> Option<Finding> {
    for (page, held) in holders(kernel, memory) {
        if page == ZERO_PAGE {
            continue;
        }
        let refs = memory.get(Page::from(page).refcount().addr);
        let cache = u64::from(!Page::from(page).is_anon());
        let expected = held.mappings
            + held.swap_cache
            + held.batches
            + held.gets
            + cache
            + held.pins * GUP_PIN_COUNTING_BIAS;
        let mapcount = mapcounts(memory, page);
        let refs_wrong = if kernel.drops_handles { refs < expected } else { refs != expected };
        if refs_wrong || mapcount != held.mappings || !memory.alive(page) {
            let (page, refcount) = (page_name(&kernel.world, page), references(refs));
            let detail = Detail::References { page, refcount, mapcount, holders: held };
            return Some(Finding { class: Class::Refcount, detail });
        }
    }
    None
}

/// The first page of the folio that a page is of.
fn head(memory: &Memory, page: Obj) -> Obj {
    match memory.get(Page::from(page).compound_head().addr) {
        0 => page,
        head => Obj::from_pfn(head),
    }
}

/// The pages of a folio, given by its head.
fn pages(memory: &Memory, head: Obj) -> impl Iterator<Item = Page> {
    let head = Page::from(head);
    let is_large = memory.get(head.flags().addr) & pg::HEAD != 0;
    (0..if is_large { PAGES as u8 } else { 1 }).map(move |nth| head.nth(nth))
}

/// The mappings that a folio counts. While it is mapped both ways, each page may count those by PMDs once (`PageDoubleMap`).
fn mapcounts(memory: &Memory, folio: Obj) -> u64 {
    let head = Page::from(folio);
    let by_pte: u64 = pages(memory, folio).map(|page| memory.get(page.mapcount().addr) & ACTIVE).sum();
    let is_double = memory.get(head.flags().addr) & pg::DOUBLE_MAP != 0;
    let double = if is_double { pages(memory, folio).count() as u64 } else { 0 };
    by_pte.wrapping_sub(double) + memory.get(head.entire_mapcount().addr)
}

/// I8: an exclusive page has one mapping, and a writable anonymous mapping maps an exclusive page.
fn exclusivity(kernel: &Kernel, memory: &Memory) -> Option<Finding> {
    if kernel.rules.reading().is(AnonExclusive::No) {
        return None;
    }
    for mm in 0..kernel.world.mms.len() {
        for va in 0..kernel.world.areas.len() {
            let pte = Pte::from(memory.get(MmStruct(mm).pte(va)));
            let pmd = Pte::from(memory.get(MmStruct(mm).pmd(va)));
            let Some(pte) = [pte, pmd].into_iter().find(|entry| entry.present() && entry.page().is_anon())
            else {
                continue;
            };
            let page = pte.page().obj;
            let exclusive = memory.get(Page::from(page).own_flags().addr) & pg::ANON_EXCLUSIVE != 0;
            let by_pmd = memory.get(Page::from(head(memory, page)).entire_mapcount().addr);
            let double = memory.get(Page::from(head(memory, page)).flags().addr) & pg::DOUBLE_MAP != 0;
            let by_pte = memory.get(Page::from(page).mapcount().addr) & ACTIVE;
            let mapcount = (by_pte + by_pmd).saturating_sub(u64::from(double));
            if (exclusive && mapcount > 1) || (pte.write() && !exclusive) {
                let (page, writable) = (page_name(&kernel.world, page), pte.write());
                let detail = Detail::Exclusivity { page, mapcount, writable, exclusive };
                return Some(Finding { class: Class::Refcount, detail });
            }
        }
    }
    None
}
