//! Families: finds that are alike. Each has an exemplar, which is the smallest of them, and counts.

use std::collections::{BTreeMap, BTreeSet};

use cowrace_mm::world::{Area, Origin};
use cowrace_report::Report;

use crate::confirm::Confirmed;
use crate::judge::Judge;
use crate::kind::Kind;
use crate::part::Part;
use crate::signature::{Damage, Signature};
use crate::stage::Stage;
use crate::text::Scenario;
use crate::watch::Watch;

/// Violated scenarios with the same damage, which the same kind of call led to, for the same reason.
#[derive(Clone, Debug)]
pub struct Family {
    /// What went wrong in the exemplar.
    pub damage: Damage,
    /// How many scenarios belong to it that cannot do without any of their calls.
    pub minimal: u64,
    /// The same by the kinds of their calls: one for each call, sorted.
    pub kinds: BTreeMap<Vec<Kind>, Alike>,
    /// The kinds of calls of a scenario that leads to the same from a single process: a child that is there from the start
    /// has been forked.
    pub whole: BTreeSet<Vec<Kind>>,
    /// The smallest of them.
    pub exemplar: Exemplar,
}

/// Scenarios of a family with the same kinds of calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alike {
    /// How many there are.
    pub minimal: u64,
    /// The smallest of them, in the language.
    pub smallest: String,
    size: Size,
}

impl Alike {
    fn of(first: &Exemplar) -> Self {
        Self { minimal: 1, smallest: first.scenario.clone(), size: first.size }
    }

    fn add(&mut self, other: &Exemplar) {
        self.minimal += 1;
        // Of those that are equally large, the first is kept.
        if other.size < self.size {
            (self.smallest, self.size) = (other.scenario.clone(), other.size);
        }
    }
}

/// The scenario that stands for a family.
#[derive(Clone, Debug)]
pub struct Exemplar {
    /// The scenario, in the language.
    pub scenario: String,
    /// The kinds of its calls, sorted: one for each call.
    pub calls: Vec<Kind>,
    children: usize,
    /// What `check` says of it.
    pub report: Report,
    size: Size,
}

impl Exemplar {
    /// The kinds of its calls, and a fork for each child that is there from the start.
    #[must_use]
    pub fn whole(&self) -> Vec<Kind> {
        let mut whole = self.calls.clone();
        whole.extend((0..self.children).map(|_| Kind::Fork));
        whole.sort_unstable();
        whole
    }
}

/// How large a scenario is: the first difference counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Size {
    /// Calls.
    calls: usize,
    /// Calls just before that drain batches.
    drains: usize,
    /// Columns with calls.
    columns: usize,
    /// Words that say how it begins.
    words: usize,
    /// How often another column goes on.
    changes: usize,
}

impl Size {
    pub(crate) fn of(stage: &Stage, find: &Scenario) -> Self {
        let actors = |part: &Part| part.columns.iter().map(|column| column.actor).collect::<Vec<_>>();
        let all: BTreeSet<_> = find.parts.iter().flat_map(actors).collect();
        Self {
            calls: find.calls(),
            drains: find.moves().filter(|of| of.template.drains).count(),
            columns: all.len(),
            words: words(&find.area) + children(stage),
            changes: find.parts.windows(2).filter(|pair| actors(&pair[0]) != actors(&pair[1])).count(),
        }
    }
}

/// How many words say what an area is like, beside its kind.
pub(crate) fn words(area: &Area) -> usize {
    let Area { wrprotected, previously_shared, clean, soft_clean, lazyfree, read_only, uffd_wp, .. } = *area;
    let said = [wrprotected, previously_shared, clean, soft_clean, lazyfree, read_only, uffd_wp];
    let more = [area.lru_batch.is_some(), !area.warm.is_empty()];
    said.into_iter().chain(more).filter(|is_said| *is_said).count()
}

/// How many children are there from the start.
fn children(stage: &Stage) -> usize {
    stage.world.mms.iter().filter(|mm| matches!(mm.origin, Origin::ForkedAtBoot(_))).count()
}

/// A find that `check` confirms.
#[derive(Debug)]
pub struct Found {
    damage: Damage,
    exemplar: Exemplar,
}

impl Found {
    /// What `check` says of a find, if it confirms it. If there is a base, it is not violated there.
    #[must_use]
    pub fn of(
        (judge, base): (&Judge, Option<&Judge>),
        stage: &Stage,
        find: &Scenario,
        watch: &dyn Watch,
    ) -> Confirmed<Self> {
        let text = find.text(stage, "found");
        let Ok(scenario) = cowrace_scenario::parse(&text) else { return Confirmed::No };
        let Some(variant) = scenario.variants().first() else { return Confirmed::No };
        judge.confirm(&scenario, variant, watch).and_then(|(report, damage)| {
            match base.map(|base| base.confirm(&scenario, variant, watch)) {
                Some(Confirmed::Yes(_)) => return Confirmed::No,
                Some(Confirmed::NotKnown) => return Confirmed::NotKnown,
                Some(Confirmed::No) | None => {}
            }
            let mut calls: Vec<Kind> = find.moves().map(|of| Kind::of(&of.template)).collect();
            calls.sort_unstable();
            let size = Size::of(stage, find);
            let exemplar = Exemplar { scenario: text, calls, children: children(stage), report, size };
            Confirmed::Yes(Self { damage, exemplar })
        })
    }
}

/// Finds, sorted into families.
#[derive(Debug, Default)]
pub struct Families(BTreeMap<Signature, Family>);

impl Families {
    /// Adds a find that cannot do without any of its calls.
    pub fn add(&mut self, Found { damage, exemplar }: Found) {
        let (kinds, whole) = (exemplar.calls.clone(), exemplar.whole());
        match self.0.get_mut(&damage.signature()) {
            Some(family) => {
                family.minimal += 1;
                let alike = family.kinds.entry(kinds).and_modify(|alike| alike.add(&exemplar));
                alike.or_insert_with(|| Alike::of(&exemplar));
                family.whole.insert(whole);
                // Of those that are equally large, the first is kept.
                if exemplar.size < family.exemplar.size {
                    (family.exemplar, family.damage) = (exemplar, damage);
                }
            }
            None => {
                let kinds = BTreeMap::from([(kinds, Alike::of(&exemplar))]);
                let whole = BTreeSet::from([whole]);
                self.0.insert(damage.signature(), Family { damage, minimal: 1, kinds, whole, exemplar });
            }
        }
    }

    /// The families, in the order of their signatures.
    #[must_use]
    pub fn into_sorted(self) -> Vec<Family> {
        self.0.into_values().collect()
    }
}
