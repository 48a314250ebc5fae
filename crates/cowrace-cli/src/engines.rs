//! The engines that a command line selects.

use cowrace_check::engine::{Loom, Shuttle};
use cowrace_check::{Engine, Exploration, Explore, ResultCache, Task, agreement};
use cowrace_explore::Threads;
use cowrace_loom::Memory;
use cowrace_machine::{Arch, Limits};
use cowrace_report::Report;
use cowrace_shuttle::Search;

use crate::args::{EngineArgs, EngineName, MemoryName, SchedulerName};
use crate::progress::Watch;

use crate::Failure;

/// The default number of schedules that shuttle tries.
const SHUTTLE: u64 = 1000;
/// The default number of executions that loom tries if it is compared with explore.
const LOOM: u64 = 10_000;
/// The depth of PCT: two changes of priority. With one, races that need a fork at the right moment stay unseen.
const DEPTH: usize = 3;

/// The selected engines and their settings.
#[derive(Debug)]
pub(crate) struct Engines {
    asked: Asked,
}

#[derive(Debug)]
enum Asked {
    Explore(Exploration<'static>),
    One(Box<dyn Engine>),
    /// explore, compared with the others.
    All(Exploration<'static>, Vec<Box<dyn Engine>>),
}

impl Engines {
    /// # Errors
    ///
    /// If the arguments do not fit each other.
    pub(crate) fn of(args: &EngineArgs, coverage: bool, arch: Arch, limits: Limits) -> Result<Self, Failure> {
        if coverage && !matches!(args.engine, EngineName::Explore | EngineName::All) {
            return Err(Failure::usage(
                "`--coverage` is for explore: leave it out, or use `--engine explore` or `--engine all`",
            ));
        }
        if args.memory == MemoryName::C11 && args.engine != EngineName::Loom {
            return Err(Failure::usage(
                "only loom supports weak memory: add `--engine loom` to `--memory c11`",
            ));
        }
        if args.preemptions.is_some() && args.engine == EngineName::Shuttle {
            return Err(Failure::usage(
                "`--preemptions` is for explore and loom: leave it out, or use `--engine explore` or \
                 `--engine loom`",
            ));
        }
        if args.preemptions.is_some() && args.engine == EngineName::Explore {
            if coverage {
                return Err(Failure::usage("`--coverage` is of a whole search: leave out `--preemptions`"));
            }
            if limits.executions.is_some() {
                return Err(Failure::usage(
                    "with `--preemptions` explore searches states and counts no executions: use `--max-time` or \
                     `--max-memory` instead of `--max-executions`",
                ));
            }
        }
        let memory = if args.memory == MemoryName::C11 { Memory::C11(arch) } else { Memory::Sc };
        let preemptions = args.preemptions.map(u32::from);
        let loom = |limits| -> Box<dyn Engine> { Box::new(Loom { memory, preemptions, limits }) };
        let (scheduler, seed) = (args.scheduler.unwrap_or_default(), args.seed.unwrap_or_default());
        let search = match scheduler {
            SchedulerName::Pct => Search::Pct { seed, depth: DEPTH },
            SchedulerName::Random => Search::Random { seed },
            SchedulerName::Exhaustive => Search::Exhaustive,
        };
        let shuttle = |limits| -> Box<dyn Engine> { Box::new(Shuttle { search, limits }) };
        let asks = |engine| args.engine == engine || args.engine == EngineName::All;
        if (args.scheduler.is_some() || args.seed.is_some()) && !asks(EngineName::Shuttle) {
            return Err(Failure::usage("`--scheduler` and `--seed` are for shuttle: add `--engine shuttle`"));
        }
        if args.schedules.is_some() && args.engine == EngineName::Explore {
            return Err(Failure::usage(
                "`--schedules` is for loom and shuttle: add `--engine all`, or use `--max-executions`",
            ));
        }
        // The smaller of the given limits, or else a default.
        let within = |default: Option<u64>| {
            let said = args.schedules.into_iter().chain(limits.executions).min();
            Limits { executions: said.or(default), ..limits }
        };
        let is_all = args.engine == EngineName::All;
        let is_finite = scheduler == SchedulerName::Exhaustive && !is_all;
        let whole = Exploration { limits, coverage, ..Exploration::default() };
        let asked = match args.engine {
            EngineName::Explore => Asked::Explore(Exploration { preemptions, ..whole }),
            EngineName::Loom => Asked::One(loom(within(None))),
            EngineName::Shuttle => Asked::One(shuttle(within((!is_finite).then_some(SHUTTLE)))),
            EngineName::All => {
                // The other engines are compared with all outcomes.
                Asked::All(whole, vec![loom(within(Some(LOOM))), shuttle(within(Some(SHUTTLE)))])
            }
        };
        Ok(Self { asked })
    }

    /// Whether engines are compared.
    pub(crate) const fn compare(&self) -> bool {
        matches!(self.asked, Asked::All(..))
    }

    /// How explore searches, if it is asked.
    pub(crate) fn how(&self) -> Exploration<'static> {
        match &self.asked {
            Asked::Explore(how) | Asked::All(how, _) => *how,
            Asked::One(_) => Exploration::default(),
        }
    }

    /// Runs a task with the engines. The first report counts; the others are second opinions, and are missing if
    /// `watch` stopped the search before.
    pub(crate) fn run(
        &self,
        task: &Task<'_>,
        watch: &mut Watch<'_>,
        threads: &Threads,
        results: &mut ResultCache,
    ) -> Vec<Report> {
        let (engine, memory) = match &self.asked {
            Asked::One(engine) => (engine.name(), engine.memory()),
            Asked::Explore(_) | Asked::All(..) => (Explore::NAME, Explore::MEMORY),
        };
        if let Some(report) = task.not_applicable(engine, memory) {
            return vec![report];
        }
        match &self.asked {
            Asked::Explore(how) => vec![results.explore(task, how.with(threads), watch)],
            Asked::One(engine) => vec![engine.answer(task, false, watch).report],
            Asked::All(how, others) => agreement::compared(task, &Explore(how.with(threads)), others, watch),
        }
    }
}
