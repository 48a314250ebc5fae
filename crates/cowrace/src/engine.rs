//! The engine that answers a question.

#[cfg(any(feature = "loom", feature = "shuttle"))]
use cowrace_check::engine as engines;
use cowrace_check::{Exploration, Explore};
use cowrace_explore::Limits;

/// The engine that answers a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Engine {
    /// The project's own search: all executions under sequential consistency, one of each equivalence class.
    #[default]
    Explore,
    /// [loom](https://docs.rs/loom), under sequential consistency. It has threads for four columns, and is slow: for small
    /// scenarios.
    #[cfg(feature = "loom")]
    Loom,
    /// [shuttle](https://docs.rs/shuttle), with probabilistic concurrency testing:
    /// [`Check::max_executions`](crate::Check::max_executions) random schedules, or 1,000. Schedules that find
    /// nothing prove nothing, so the verdict is then [`Verdict::Bounded`](crate::Verdict::Bounded).
    #[cfg(feature = "shuttle")]
    Shuttle {
        /// The seed of the random numbers: the same seed gives the same schedules.
        seed: u64,
    },
}

impl Engine {
    /// The engine with its limits.
    pub(crate) fn within(self, limits: Limits) -> Box<dyn cowrace_check::Engine> {
        match self {
            Self::Explore => Box::new(Explore(Exploration { limits, ..Exploration::default() })),
            #[cfg(feature = "loom")]
            Self::Loom => Box::new(engines::Loom { limits, ..engines::Loom::default() }),
            #[cfg(feature = "shuttle")]
            Self::Shuttle { seed } => {
                /// Two changes of priority. With one, races that need a fork at the right moment stay unseen.
                const DEPTH: usize = 3;
                /// The default number of schedules.
                const SCHEDULES: u64 = 1000;
                let limits = Limits { executions: limits.executions.or(Some(SCHEDULES)), ..limits };
                Box::new(engines::Shuttle {
                    search: cowrace_shuttle::Search::Pct { seed, depth: DEPTH },
                    limits,
                })
            }
        }
    }
}
