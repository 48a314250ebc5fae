//! The engines that a command line asks for.

use cowrace_explore::Threads;
use cowrace_loom::Memory;
use cowrace_machine::{Arch, Limits};
use cowrace_report::{Report, Verdict};
use cowrace_shuttle::Search;

use crate::args::{EngineArgs, EngineName, MemoryName, SchedulerName};
use crate::progress::Watch;
use cowrace_check::ResultCache;
use cowrace_check::Second;
use cowrace_check::agreement::{Collect, Outcomes};
use cowrace_check::{Exploration, Task};

use crate::Failure;

/// Schedules that shuttle tries if nobody says how many.
const SHUTTLE: u64 = 1000;
/// Executions that loom may try beside explore if nobody says how many.
const LOOM: u64 = 10_000;
/// The depth of PCT: two changes of priority. With one, races that need a fork at the right moment stay unseen.
const DEPTH: usize = 3;

/// What is asked of which engines.
#[derive(Clone, Debug)]
pub(crate) struct Engines {
    asked: Asked,
}

#[derive(Clone, Debug)]
enum Asked {
    Explore(Exploration<'static>),
    One(Second, Limits),
    /// explore, compared with the others.
    All(Exploration<'static>, Vec<(Second, Limits)>),
}

impl Engines {
    /// # Errors
    ///
    /// If the arguments do not fit each other.
    pub(crate) fn of(args: &EngineArgs, coverage: bool, arch: Arch, limits: Limits) -> Result<Self, Failure> {
        if coverage && !matches!(args.engine, EngineName::Explore | EngineName::All) {
            return Err(Failure::usage(
                "`--coverage` is explore's: leave it out, or say `--engine explore` or `--engine all`",
            ));
        }
        if args.memory == MemoryName::C11 && args.engine != EngineName::Loom {
            return Err(Failure::usage("only loom knows weak memory: add `--engine loom` to `--memory c11`"));
        }
        if args.preemptions.is_some() && args.engine == EngineName::Shuttle {
            return Err(Failure::usage(
                "`--preemptions` bounds explore and loom: leave it out, or say `--engine explore` or `--engine loom`",
            ));
        }
        let memory = if args.memory == MemoryName::C11 { Memory::C11(arch) } else { Memory::Sc };
        let loom = Second::Loom { memory, preemptions: args.preemptions.map(u32::from) };
        let (scheduler, seed) = (args.scheduler.unwrap_or_default(), args.seed.unwrap_or_default());
        let shuttle = Second::Shuttle(match scheduler {
            SchedulerName::Pct => Search::Pct { seed, depth: DEPTH },
            SchedulerName::Random => Search::Random { seed },
            SchedulerName::Exhaustive => Search::Exhaustive,
        });
        let asks = |engine| args.engine == engine || args.engine == EngineName::All;
        if (args.scheduler.is_some() || args.seed.is_some()) && !asks(EngineName::Shuttle) {
            return Err(Failure::usage("`--scheduler` and `--seed` are shuttle's: add `--engine shuttle`"));
        }
        if args.schedules.is_some() && args.engine == EngineName::Explore {
            return Err(Failure::usage(
                "`--schedules` is for loom and shuttle: add `--engine all`, or say `--max-executions`",
            ));
        }
        // The smaller of what was said, else a default.
        let within = |default: Option<u64>| {
            let said = args.schedules.into_iter().chain(limits.executions).min();
            Limits { executions: said.or(default), ..limits }
        };
        let is_all = args.engine == EngineName::All;
        let is_finite = scheduler == SchedulerName::Exhaustive && !is_all;
        let whole = Exploration { limits, coverage, ..Exploration::default() };
        let asked = match args.engine {
            EngineName::Explore => {
                Asked::Explore(Exploration { preemptions: args.preemptions.map(u32::from), ..whole })
            }
            EngineName::Loom => Asked::One(loom, within(None)),
            EngineName::Shuttle => Asked::One(shuttle, within((!is_finite).then_some(SHUTTLE))),
            EngineName::All => {
                // The others are compared with all outcomes that there are.
                let all = Exploration { exhaustive: true, ..whole };
                Asked::All(all, vec![(loom, within(Some(LOOM))), (shuttle, within(Some(SHUTTLE)))])
            }
        };
        Ok(Self { asked })
    }

    /// Whether engines are compared.
    pub(crate) const fn compare(&self) -> bool {
        matches!(self.asked, Asked::All(..))
    }

    /// Whether eras may have searches in common. Second opinions are asked for each.
    pub(crate) const fn share(&self) -> bool {
        matches!(self.asked, Asked::Explore(_))
    }

    /// Puts a task to the engines. The first report is the one that counts; the others are second opinions, and
    /// are missing where `watch` has stopped the search before.
    pub(crate) fn run(
        &self,
        task: &Task<'_>,
        watch: &mut Watch<'_>,
        threads: &Threads,
        results: &mut ResultCache,
    ) -> Vec<Report> {
        let other = watch.other();
        let (engine, memory) = match &self.asked {
            Asked::One(second, _) => (second.name(), second.memory()),
            Asked::Explore(_) | Asked::All(..) => ("explore", "sc"),
        };
        if let Some(report) = task.not_applicable(engine, memory) {
            return vec![report];
        }
        match &self.asked {
            Asked::Explore(how) => vec![results.explore(task, how.with(threads), watch)],
            Asked::One(second, limits) => vec![task.ask_watched(*second, *limits, false, other).report],
            Asked::All(how, seconds) => {
                let mut collect = Collect { outcomes: Outcomes::default(), observer: watch };
                let mut explored = task.explore(how.with(threads), &mut collect);
                let outcomes = collect.outcomes;
                explored.outcomes = Some(outcomes.len() as u64);
                let program = task.program_without_probes();
                let due = seconds.iter().take_while(|_| !watch.is_called_off());
                let answers = due.map(|&(second, limits)| {
                    let mut answer = task.ask_watched(second, limits, true, other.clone());
                    // Of a search that did not end, anything may be missing.
                    if explored.complete && answer.opinion.reason.is_none() {
                        answer.report.beyond = Some(outcomes.beyond(&answer.opinion) as u64);
                        let against = || outcomes.against(&program, &answer.opinion);
                        answer.report.disagreement = answer.report.disagreement.take().or_else(against);
                    }
                    // The file speaks of the whole: what explore says is judged, and the others by explore.
                    answer.report.as_expected = None;
                    answer.report
                });
                let answers: Vec<Report> = answers.collect();
                // A bad execution is one, whoever has found it.
                if let (Verdict::Bounded, Some(bad)) =
                    (explored.verdict, answers.iter().find(|a| a.schedule.is_some()))
                {
                    let found =
                        format!("{}, as {} has found", bad.detail.as_deref().unwrap_or_default(), bad.engine);
                    explored.as_expected = task.as_expected(Verdict::Violated, bad.class);
                    explored.verdict = Verdict::Violated;
                    (explored.class, explored.schedule) = (bad.class, bad.schedule.clone());
                    explored.detail = Some(found);
                }
                std::iter::once(explored).chain(answers).collect()
            }
        }
    }
}
