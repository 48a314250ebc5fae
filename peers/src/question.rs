//! The questions for every checker.

use std::fmt;

use crate::options::Options;
use crate::peer::{Goal, Kind, Task};
use cowrace_testkit::common_problem::{Rule, Variant};

/// One question for all checkers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    pub(crate) task: Task,
}

/// The rule, whether GUP-fast checks the sequence count, the goal, and the smallest number of actors.
const ASKED: [(Rule, bool, Goal, u8); 4] = [
    (Rule::Mapcount, true, Goal::Whole, 3),
    (Rule::Count, true, Goal::Whole, 3),
    (Rule::Count, true, Goal::First, 3),
    (Rule::Mapcount, false, Goal::First, 4),
];

impl Question {
    pub(crate) fn all(options: &Options) -> Vec<Self> {
        let mut all = Vec::new();
        for &frees in options.frees() {
            for &(rule, seq, goal, least) in &ASKED {
                for &actors in options.actors.iter().filter(|&&actors| actors >= least) {
                    let twice = options.twice && actors == 5;
                    let variant = Variant { seq, twice, frees, ..Variant::new(actors, rule, true) };
                    all.push(Self { task: Task { variant, goal, limit: options.limit() } });
                }
            }
        }
        all
    }

    /// Whether the question makes sense for a checker.
    pub(crate) fn is_for(&self, kind: Kind) -> bool {
        kind != Kind::Random || self.task.goal == Goal::First
    }

    pub(crate) fn rule(&self) -> &'static str {
        match (self.task.variant.rule, self.task.variant.seq) {
            (Rule::Count, _) => "page_count",
            (Rule::Mapcount, true) => "mapcount",
            (Rule::Mapcount, false) => "mapcount, no seqcount",
        }
    }

    pub(crate) fn asked(&self) -> &'static str {
        match self.task.goal {
            Goal::Whole => "all",
            Goal::First => "first",
        }
    }

    pub(crate) fn put_page(&self) -> &'static str {
        if self.task.variant.frees { "frees" } else { "adds" }
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rule, asked, put, actors) =
            (self.rule(), self.asked(), self.put_page(), self.task.variant.actors);
        write!(f, "{rule}, {asked}, put_page {put}, {actors} actors")
    }
}
