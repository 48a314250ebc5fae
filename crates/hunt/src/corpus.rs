//! Names for finds: the races of a corpus that a kernel has.
//!
//! A find *is* a race of the corpus if the kernel has the race, and if leaving out calls of the race leaves the find: the
//! same kinds of calls, each as often, with the same damage, which the same kind of call leads to by the same rule.

use std::collections::{BTreeMap, BTreeSet};

use cowrace_explore::Limits;
use cowrace_mm::syscall::{Access, Argument};
use cowrace_mm::world::{Call, Origin};
use cowrace_report::hunt::{Named, Race, Rediscovered};
use cowrace_report::{Class, Verdict};
use cowrace_scenario::{CellKind, Scenario, Span};

use crate::family::Family;
use crate::judge::Judge;
use crate::kind::Kind;
use crate::signature::Cause;
use crate::watch::Watch;

/// How many executions the search of a race may take: races are small.
const EXECUTIONS: u64 = 20_000;
/// How many ways to leave out calls are tried for one find and race.
const WAYS: usize = 64;

/// How often there is a call of each kind.
type Counts = BTreeMap<Kind, usize>;

/// The races that a kernel has.
#[derive(Debug)]
pub struct Corpus {
    judge: Judge,
    entries: Vec<Entry>,
}

/// A race in one variant.
#[derive(Debug)]
struct Entry {
    race: Race,
    /// Its damage.
    class: Class,
    /// It without assertions: only what was promised counts, as for a find.
    bare: Scenario,
    calls: Vec<Part>,
    /// Children that are there from the start.
    children: usize,
}

/// A call of a race.
#[derive(Clone, Copy, Debug)]
struct Part {
    id: u16,
    kind: Kind,
    role: Role,
}

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// It takes part in the race.
    Acts,
    /// It shows what has happened, or ends what was begun: a race has it, and a find need not.
    Shows,
    /// It makes others wait, or drains batches: finds have parts, and drain where they reclaim.
    Helps,
}

impl Role {
    fn of(call: &Call) -> Self {
        let row = call.syscall();
        let gives_back = row.is_some_and(|row| {
            row.arguments.iter().any(|argument| matches!(argument, Argument::GivenBack { .. }))
        });
        match (call, call.access()) {
            (
                Call::LruAddDrainAll | Call::Set { .. } | Call::WaitVariable { .. } | Call::WaitExit { .. },
                _,
            ) => Self::Helps,
            (_, Some(Access::Load | Access::DeviceRead | Access::DeviceWrite)) => Self::Shows,
            _ if gives_back => Self::Shows,
            _ => Self::Acts,
        }
    }
}

impl Corpus {
    /// The races of some scenarios that a kernel has; of those that were asked before the watch ended it. There is no
    /// limit on the time of a search: a find would be new if there were not enough.
    #[must_use]
    pub fn of(scenarios: &[Scenario], judge: &Judge, watch: &dyn Watch) -> Self {
        let limits = Limits { executions: Some(EXECUTIONS), time: None, ..judge.limits };
        let judge = Judge { limits, ..judge.clone() };
        let mut entries = Vec::new();
        for scenario in scenarios {
            let Some(bare) = scenario.without_assertions() else { continue };
            for variant in scenario.variants() {
                if watch.stops() {
                    return Self { judge, entries };
                }
                let report = judge.check(scenario, variant);
                let Some(class) = report.class.filter(|_| report.verdict == Verdict::Violated) else {
                    continue;
                };
                let world = variant.world();
                let calls = world.calls().filter(|(actor, _)| *actor < world.columns());
                let calls = calls.filter_map(|(_, spec)| {
                    let kind = Kind::of_call(&spec.call)?;
                    Some(Part { id: spec.id, kind, role: Role::of(&spec.call) })
                });
                let at_boot = world.mms.iter().filter(|mm| matches!(mm.origin, Origin::ForkedAtBoot(_)));
                entries.push(Entry {
                    race: Race {
                        scenario: scenario.name().to_owned(),
                        variant: variant.name().map(str::to_owned),
                    },
                    class,
                    bare: bare.clone(),
                    calls: calls.collect(),
                    children: at_boot.count(),
                });
            }
        }
        Self { judge, entries }
    }

    /// What it says of a family: which race it is; if it is none, which race is the nearest.
    #[must_use]
    pub fn name(&self, family: &Family) -> Named {
        let all = all_counts(family);
        if let Some(race) = all.iter().find_map(|wanted| self.same(family, wanted)) {
            return Named::Same(race.clone());
        }
        let own = &all[0];
        let alike = self.entries.iter().filter(|entry| entry.class == family.damage.class);
        let near = alike.map(|entry| (entry, entry.in_common(own))).filter(|(_, common)| *common > 0);
        // Of equals, the first.
        let nearest = near.min_by_key(|(entry, common)| (usize::MAX - common, entry.beyond(own)));
        nearest.map_or(Named::New, |(entry, _)| Named::Nearest(entry.race.clone()))
    }

    /// Which races of the kernel are among the finds: what is left of them without some of their calls. A race that breaks no
    /// promise, and is one by its assertions alone, does not count. `None` if the watch ended that.
    #[must_use]
    pub fn rediscovered(&self, families: &[Family], watch: &dyn Watch) -> Option<Rediscovered> {
        let all: Vec<(&Family, Vec<Counts>)> =
            families.iter().map(|family| (family, all_counts(family))).collect();
        let is_find = |entry: &Entry| {
            let is_it = |family: &Family, wanted: &Counts| {
                entry.contains(wanted) && self.reduces(entry, family, wanted)
            };
            all.iter().any(|(family, counts)| counts.iter().any(|wanted| is_it(family, wanted)))
        };
        let mut races: BTreeMap<&str, bool> = BTreeMap::new();
        for entry in &self.entries {
            if watch.stops() {
                return None;
            }
            let name = entry.race.scenario.as_str();
            // One of its variants is enough.
            if races.get(name) != Some(&true) && self.breaks_a_promise(entry) {
                let is_found = is_find(entry);
                *races.entry(name).or_default() |= is_found;
            }
        }
        let missing = races.iter().filter(|(_, found)| !**found).map(|(name, _)| (*name).to_owned());
        Some(Rediscovered { races: races.len() as u64, missing: missing.collect() })
    }

    /// Whether a race is violated without its assertions.
    fn breaks_a_promise(&self, entry: &Entry) -> bool {
        let variant = entry.bare.variant(entry.race.variant.as_deref());
        variant.is_some_and(|variant| self.judge.check(&entry.bare, variant).verdict == Verdict::Violated)
    }

    /// The race that calls of these kinds are what is left of.
    fn same(&self, family: &Family, wanted: &Counts) -> Option<&Race> {
        let mut races: Vec<&Entry> = self.entries.iter().filter(|entry| entry.contains(wanted)).collect();
        // The smallest race is the nearest to the find; of several, the first.
        races.sort_by_key(|entry| (entry.class != family.damage.class, entry.beyond(wanted)));
        let same = races.into_iter().find(|entry| self.reduces(entry, family, wanted))?;
        Some(&same.race)
    }

    /// Whether leaving out calls of a race leaves a find.
    fn reduces(&self, entry: &Entry, family: &Family, wanted: &Counts) -> bool {
        let mut wanted = wanted.clone();
        take(&mut wanted, Kind::Fork, entry.children);
        let calls: Vec<Part> = entry.calls.iter().copied().filter(|call| call.role != Role::Helps).collect();
        let mut ways = Vec::new();
        choose(&calls, &mut wanted, &mut BTreeSet::new(), &mut ways);
        ways.iter().any(|kept| self.shows(entry, kept, family))
    }

    /// Whether a race shows the same as a find if only some calls are made.
    fn shows(&self, entry: &Entry, kept: &BTreeSet<u16>, family: &Family) -> bool {
        // What waits for a call that is left out is left out, too.
        let part = [true, false].into_iter().find_map(|with_helpers| entry.only(kept, with_helpers));
        let Some((part, name)) = part.zip(Some(entry.race.variant.as_deref())) else { return false };
        let Some(variant) = part.variant(name) else { return false };
        let (cause, class) = (family.damage.cause.as_ref().map(Cause::key), family.damage.class);
        let shown = self.judge.violated(&part, variant);
        shown.is_some_and(|(_, shown)| shown.class == class && shown.cause.as_ref().map(Cause::key) == cause)
    }
}

impl Entry {
    fn counts(&self) -> Counts {
        let mut counts = counted(self.calls.iter().map(|call| call.kind));
        *counts.entry(Kind::Fork).or_default() += self.children;
        counts
    }

    fn contains(&self, wanted: &Counts) -> bool {
        let own = self.counts();
        wanted.iter().all(|(kind, count)| own.get(kind).is_some_and(|own| own >= count))
    }

    /// How many kinds of calls it has in common with a find.
    fn in_common(&self, wanted: &Counts) -> usize {
        let own = self.counts();
        wanted.iter().map(|(kind, count)| own.get(kind).map_or(0, |own| *own.min(count))).sum()
    }

    /// How many calls take part in it beside those of a find.
    fn beyond(&self, wanted: &Counts) -> usize {
        let acts = self.calls.iter().filter(|call| call.role == Role::Acts).map(|call| call.kind);
        let counts = counted(acts);
        counts.iter().map(|(kind, own)| own.saturating_sub(wanted.get(kind).copied().unwrap_or(0))).sum()
    }

    /// It with only some calls, and perhaps those that help; `None` if that is not a scenario.
    fn only(&self, kept: &BTreeSet<u16>, with_helpers: bool) -> Option<Scenario> {
        let is_kept = |id: u16| {
            let call = self.calls.iter().find(|call| call.id == id);
            call.is_none_or(|call| {
                kept.contains(&id)
                    || call.role == Role::Helps && (with_helpers || call.kind == Kind::Other(DRAIN))
            })
        };
        let variant = self.bare.variant(self.race.variant.as_deref())?;
        let gone = variant.cells().iter().filter(|cell| match cell.kind {
            CellKind::Call(id) | CellKind::Open(id) | CellKind::Close(id) => !is_kept(id),
            CellKind::Anchor { call, .. } => !is_kept(call),
            CellKind::Barrier(_) | CellKind::Remark => false,
        });
        let gone: Vec<Span> = gone.map(|cell| cell.span.clone()).collect();
        self.bare.without_cells(&gone)
    }
}

/// The name of the call that drains batches.
const DRAIN: &str = "lru_add_drain_all";

/// The kinds of calls of a family: those of its exemplar, and then the others. All its scenarios are alike, and any of them may
/// be in a race.
fn all_counts(family: &Family) -> Vec<Counts> {
    let own = counted(family.exemplar.whole());
    let others = family.whole.iter().map(|kinds| counted(kinds.iter().copied()));
    let others: Vec<Counts> = others.filter(|other| *other != own).collect();
    std::iter::once(own).chain(others).collect()
}

fn counted(kinds: impl IntoIterator<Item = Kind>) -> Counts {
    let mut counts = Counts::new();
    kinds.into_iter().for_each(|kind| *counts.entry(kind).or_default() += 1);
    counts
}

fn take(counts: &mut Counts, kind: Kind, most: usize) {
    if let Some(count) = counts.get_mut(&kind) {
        *count = count.saturating_sub(most);
    }
}

/// Every way to choose calls of the kinds that are wanted, up to a limit.
fn choose(calls: &[Part], wanted: &mut Counts, kept: &mut BTreeSet<u16>, ways: &mut Vec<BTreeSet<u16>>) {
    if ways.len() == WAYS {
        return;
    }
    if wanted.values().all(|count| *count == 0) {
        ways.push(kept.clone());
        return;
    }
    let Some((first, rest)) = calls.split_first() else { return };
    if wanted.get(&first.kind).is_some_and(|count| *count > 0) {
        take(wanted, first.kind, 1);
        kept.insert(first.id);
        choose(rest, wanted, kept, ways);
        kept.remove(&first.id);
        *wanted.entry(first.kind).or_default() += 1;
    }
    choose(rest, wanted, kept, ways);
}
