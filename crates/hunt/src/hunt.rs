//! A hunt: the campaigns on all stages, and what they find, sorted.

use std::iter;
use std::ops::AddAssign;
use std::sync::Arc;

use cowrace_explore::Limits;
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_mm::world::Backing;
use cowrace_spec::Promises;

use crate::alphabet::Alphabet;
use crate::campaign::{Campaign, Find, Level, Shape, Shard, Tally};
use crate::confirm::Confirmed;
use crate::decided::{Decided, Known, Name};
use crate::family::{Families, Family, Found};
use crate::judge::Judge;
use crate::outcome::Wanted;
use crate::setting::Setting;
use crate::side_by_side::side_by_side;
use crate::stage::{Stage, beginnings, plain};
use crate::start::Start;
use crate::step::Runner;
use crate::watch::{Progress, Watch};

/// What a hunt tries.
#[derive(Clone, Debug)]
pub struct Quest {
    /// The kernel.
    pub era: Era,
    /// Another kernel that scenarios are run under as well, and what is looked for then.
    pub beside: Option<(Era, Wanted)>,
    /// Which part of the scenarios is tried.
    pub shard: Shard,
    /// What was decided before.
    pub known: Arc<Known>,
    /// How scenarios may begin.
    pub start: Start,
    /// The architecture.
    pub arch: Arch,
    /// The size of scenarios.
    pub shape: Shape,
    /// The names of the only calls that are tried; all if there is none.
    pub only: Vec<String>,
    /// The names of calls that are not tried.
    pub except: Vec<String>,
    /// The limits of each search.
    pub limits: Limits,
}

/// A hunt.
#[derive(Debug)]
pub struct Hunt {
    quest: Quest,
    campaigns: Vec<Campaign>,
}

impl Hunt {
    /// A hunt that has not begun.
    #[must_use]
    pub fn new(quest: Quest) -> Self {
        let campaigns = stages(&quest, quest.eras()).into_iter().map(|stage| campaign(&quest, stage));
        Self { campaigns: campaigns.collect(), quest }
    }

    /// The kernel.
    #[must_use]
    pub const fn era(&self) -> &Era {
        &self.quest.era
    }

    /// The second kernel, if there is one.
    #[must_use]
    pub fn base(&self) -> Option<&Era> {
        self.quest.beside.as_ref().map(|(base, _)| base)
    }

    /// What the first kernel has and the second lacks, so that it is not tried: calls, and memory that userfaultfd watches.
    #[must_use]
    pub fn lacking(&self) -> Vec<&'static str> {
        let Some(base) = self.base() else { return Vec::new() };
        let mut lacking = Vec::new();
        for stage in stages(&self.quest, [self.era()]) {
            if base.lacks(&stage.world).is_some() {
                lacking.push("uffd_wp");
                continue;
            }
            let both = Alphabet::of(&stage, [self.era(), base]);
            for template in Alphabet::of(&stage, [self.era()]).templates() {
                if !both.templates().iter().any(|other| std::ptr::eq(other.row, template.row)) {
                    lacking.push(template.row.name());
                }
            }
        }
        lacking.sort_unstable();
        lacking.dedup();
        lacking
    }

    /// What it tries.
    pub(crate) const fn quest(&self) -> &Quest {
        &self.quest
    }

    /// The campaigns on all stages.
    pub(crate) fn campaigns(&self) -> &[Campaign] {
        &self.campaigns
    }

    /// How many calls it tries, and in how many states scenarios begin.
    #[must_use]
    pub fn extent(&self) -> (usize, u64) {
        let calls = self.campaigns.iter().map(Campaign::templates).max().unwrap_or(0);
        (calls, self.campaigns.iter().map(Campaign::beginnings).sum())
    }

    /// Whether a call of this name is tried.
    #[must_use]
    pub fn tries(&self, name: &str) -> bool {
        self.campaigns.iter().any(|campaign| campaign.tries(name))
    }

    /// Searches the scenarios of one call more; `None` if there are none, or if the watch ended the search.
    pub fn next_level(&mut self, threads: usize, watch: &dyn Watch) -> Option<Level> {
        let mut all: Option<Level> = None;
        let of = self.campaigns.iter().map(Campaign::ahead).sum();
        let mut before = Progress { calls: 0, runs: 0, nodes: 0, of };
        for campaign in &mut self.campaigns {
            let ahead = campaign.ahead();
            let level = campaign.next_level(threads, &After { watch, before: &before })?;
            before.nodes += ahead;
            before.runs += level.tries;
            let sum =
                all.get_or_insert(Level { tally: Tally::default(), tries: 0, known: 0, nodes: 0, ..level });
            sum.tally.add(1, &level.tally);
            sum.tries += level.tries;
            sum.known += level.known;
            sum.nodes += level.nodes;
        }
        all
    }

    /// The families of what was found, and how many scenarios should be among them and are not.
    #[must_use]
    pub fn families(&self, threads: usize) -> (Vec<Family>, u64) {
        let mut families = Families::default();
        let sorted = self.sort(threads, &|| false, &mut families);
        (families.into_sorted(), sorted.unconfirmed)
    }

    /// Sorts what was found into families, that of fewer calls first, until the watch ends it.
    pub fn sort(&self, threads: usize, watch: &dyn Watch, families: &mut Families) -> Sorted {
        let (judge, base) = (self.judge(), self.base_judge());
        let (mut told, mut minimal, mut is_violated) = (Sorted::default(), 0_u64, false);
        for calls in 1..=self.quest.shape.calls {
            for campaign in &self.campaigns {
                let finds: Vec<Find> =
                    campaign.finds().filter(|find| find.scenario.calls() == calls).collect();
                is_violated |= !finds.is_empty();
                // Nothing of those that are not minimal.
                let sort = |find: &Find| {
                    let judges = (&judge, base.as_ref());
                    let is_minimal = if watch.stops() { None } else { campaign.is_minimal(find, watch) };
                    match is_minimal {
                        Some(false) => None,
                        Some(true) => Some(Found::of(judges, campaign.stage(), &find.scenario, watch)),
                        None => Some(Confirmed::NotKnown),
                    }
                };
                for sorted in side_by_side(&finds, threads, sort).into_iter().flatten() {
                    match sorted {
                        Confirmed::Yes(found) => {
                            minimal += 1;
                            families.add(found);
                        }
                        Confirmed::No => told.unconfirmed += 1,
                        Confirmed::NotKnown => told.unsorted += 1,
                    }
                }
            }
        }
        if is_violated && minimal == 0 && told.unsorted == 0 {
            told.unconfirmed = told.unconfirmed.max(1);
        }
        told
    }

    /// Who confirms what is found.
    #[must_use]
    pub fn judge(&self) -> Judge {
        self.judge_under(&self.quest.era)
    }

    /// Who confirms that it is not there under the second kernel.
    pub(crate) fn base_judge(&self) -> Option<Judge> {
        self.base().map(|base| self.judge_under(base))
    }

    fn judge_under(&self, era: &Era) -> Judge {
        let Quest { arch, limits, .. } = self.quest;
        Judge { era: era.clone(), arch, limits }
    }
}

/// What became of finds that were to be sorted, beside their families.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sorted {
    /// Those that should be in families and are not: `check` does not confirm them, or something is violated and nothing is
    /// minimal.
    pub unconfirmed: u64,
    /// Those of which the watch, or a limit, has left undecided what they are.
    pub unsorted: u64,
}

impl AddAssign for Sorted {
    fn add_assign(&mut self, Self { unconfirmed, unsorted }: Self) {
        self.unconfirmed += unconfirmed;
        self.unsorted += unsorted;
    }
}

impl Quest {
    /// Every scenario of a size under one kernel, without limits.
    #[must_use]
    pub fn new(era: Era, arch: Arch, shape: Shape) -> Self {
        Self {
            era,
            beside: None,
            shard: Shard::default(),
            known: Arc::default(),
            start: Start::ANY,
            arch,
            shape,
            only: Vec::new(),
            except: Vec::new(),
            limits: Limits::default(),
        }
    }

    /// The kernels that scenarios are run under.
    pub(crate) fn eras(&self) -> impl Iterator<Item = &Era> + Clone {
        iter::once(&self.era).chain(self.beside.iter().map(|(era, _)| era))
    }
}

/// Tells how far a level is over all stages.
struct After<'w> {
    watch: &'w dyn Watch,
    before: &'w Progress,
}

impl Watch for After<'_> {
    fn stops(&self) -> bool {
        self.watch.stops()
    }

    fn progress(&self, Progress { calls, runs, nodes, .. }: &Progress) {
        let Progress { runs: runs_before, nodes: nodes_before, of, .. } = *self.before;
        self.watch.progress(&Progress {
            calls: *calls,
            runs: runs_before + runs,
            nodes: nodes_before + nodes,
            of,
        });
    }

    fn keeps(&self) -> bool {
        self.watch.keeps()
    }

    fn decided(&self, name: Name, decided: &Decided) {
        self.watch.decided(name, decided);
    }
}

/// The stages that are wanted and that some kernels have: anonymous memory, a file, and memory that userfaultfd watches, alone
/// and shared with a child.
pub(crate) fn stages<'e>(quest: &Quest, eras: impl IntoIterator<Item = &'e Era> + Clone) -> Vec<Stage> {
    let areas = [plain(Backing::Anon, false), plain(Backing::PrivateFile, false), plain(Backing::Anon, true)];
    let all = areas.into_iter().flat_map(|area| {
        let children = [false, true].into_iter().filter(|child| quest.start.has_stage(*child));
        children.map(move |child| Stage {
            starts: quest.start.areas.clone(),
            ..Stage::new(area.clone(), child, quest.shape.columns)
        })
    });
    let is_there = |stage: &Stage| eras.clone().into_iter().all(|era| era.lacks(&stage.world).is_none());
    all.filter(|stage| is_there(stage) && !beginnings(stage).is_empty()).collect()
}

fn campaign(quest: &Quest, stage: Stage) -> Campaign {
    let (runners, alphabet) = tried(quest, &stage);
    let wanted = quest.beside.as_ref().map_or(Wanted::Violated, |(_, wanted)| *wanted);
    Campaign::of((runners, wanted), alphabet, quest.shape).divided(quest.shard, Arc::clone(&quest.known))
}

/// What random choices are made from: every stage, and the calls that are tried on it under the first kernel.
#[must_use]
pub fn settings(quest: &Quest) -> Vec<Setting> {
    let settings = stages(quest, quest.eras()).into_iter().map(|stage| {
        let (mut runners, alphabet) = tried(quest, &stage);
        Setting::new(runners.swap_remove(0), alphabet)
    });
    settings.collect()
}

/// What runs scenarios on a stage, and the calls that are tried on it.
fn tried(quest: &Quest, stage: &Stage) -> (Vec<Runner>, Alphabet) {
    let mut alphabet = Alphabet::of(stage, quest.eras());
    let is_any = |list: &[String], names: &[&str]| list.iter().any(|name| names.contains(&name.as_str()));
    alphabet.retain(|names| {
        (quest.only.is_empty() || names.is_empty() || is_any(&quest.only, names))
            && !is_any(&quest.except, names)
    });
    let (arch, limits) = (quest.arch, quest.limits);
    let runner = |era: &Era| Runner {
        stage: stage.clone(),
        era: era.clone(),
        arch,
        promises: Promises::default(),
        limits,
        counts_costs: matches!(quest.beside, Some((_, Wanted::Costlier))),
    };
    (quest.eras().map(runner).collect(), alphabet)
}
