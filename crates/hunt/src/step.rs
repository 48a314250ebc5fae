//! One step of a hunt: a part is run in a situation, by the model of a kernel and by the specification.

use std::collections::BTreeSet;
use std::sync::Arc;

use cowrace_explore::{Execution, Explorer, Limits, Observer, alone};
use cowrace_machine::{Arch, Memory, Program};
use cowrace_mm::{Contents, Era, Quiescent, World, program_from, start};
use cowrace_report::{Class, Shown};
use cowrace_spec::{Possible, Promises};

use crate::part::Part;
use crate::stage::{Beginning, Stage};

/// Where a scenario has led: the state of the kernel, and what the specification may be in after what was observed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Situation {
    /// The kernel.
    pub kernel: Quiescent,
    /// The specification.
    pub possible: Possible,
}

/// All situations to which the executions of a scenario lead. Scenarios that lead to the same are continued alike.
pub type Situations = BTreeSet<Situation>;

/// What a part leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Led {
    /// Every execution is allowed.
    To(Situations),
    /// Some execution is not.
    Violated,
    /// A call may wait for ever, as it may by the specification.
    Blocked,
    /// A limit ended a search, or the model has reached one of its own.
    Bounded,
}

/// A kernel that scenarios are run under.
#[derive(Clone, Debug)]
pub struct Runner {
    /// The stage.
    pub stage: Stage,
    /// The kernel.
    pub era: Era,
    /// The architecture.
    pub arch: Arch,
    /// What user space was promised.
    pub promises: Promises,
    /// The limits of each search.
    pub limits: Limits,
}

impl Runner {
    /// The situation in which scenarios begin.
    #[must_use]
    pub fn begin(&self, beginning: &Beginning) -> Situation {
        let kernel = start(&beginning.world, &self.era, self.arch);
        self.named(kernel, &Possible::at_first(&beginning.world))
    }

    fn named(&self, kernel: Quiescent, possible: &Possible) -> Situation {
        let mut contents = Contents::of(&self.stage.world);
        let kernel = kernel.named(&mut contents);
        Situation { kernel, possible: possible.named(&self.stage.world, &mut contents) }
    }

    /// Runs a part in every situation.
    #[must_use]
    pub fn run(&self, situations: &Situations, part: &Part) -> Led {
        self.lead(situations, part, true)
    }

    /// As [`run`](Self::run), but where every execution is allowed it does not say what they lead to.
    #[must_use]
    pub fn judge(&self, situations: &Situations, part: &Part) -> Led {
        self.lead(situations, part, false)
    }

    fn lead(&self, situations: &Situations, part: &Part, goes_on: bool) -> Led {
        let world = part.world(&self.stage);
        let mut all = Led::To(Situations::new());
        for situation in situations {
            all = match (all, self.run_in(situation, &world, goes_on)) {
                (_, Led::Violated) => return Led::Violated,
                (Led::To(mut to), Led::To(more)) => {
                    to.extend(more);
                    Led::To(to)
                }
                (Led::Bounded, _) | (_, Led::Bounded) => Led::Bounded,
                _ => Led::Blocked,
            };
        }
        all
    }

    fn run_in(&self, situation: &Situation, world: &World, goes_on: bool) -> Led {
        let Ok(allowed) = situation.possible.allow(world, &self.promises, &self.limits) else {
            return Led::Bounded;
        };
        let (program, kernel) = program_from(world, &self.era, self.arch, &situation.kernel);
        let Ends { memories, is_blocked, is_bounded, is_wrong, .. } = self.ends(&program);
        if is_wrong || is_blocked && !allowed.blocks() {
            return Led::Violated;
        }
        let mut to = Situations::new();
        for memory in &memories {
            if !allowed.allows(world, &kernel, memory) {
                return Led::Violated;
            }
            if !goes_on {
                continue;
            }
            let results = allowed.results(world, memory);
            let possible = allowed.after(&results);
            let held: Vec<_> = possible.held().collect();
            to.insert(self.named(Quiescent::of(memory, &held), &possible));
        }
        match (is_bounded, is_blocked) {
            (true, _) => Led::Bounded,
            (false, true) => Led::Blocked,
            (false, false) => Led::To(to),
        }
    }

    /// How executions end.
    fn ends(&self, program: &Program) -> Ends {
        let mut ends = Ends::default();
        if let Some(memory) = alone(program, self.limits.steps) {
            ends.is_wrong = (program.check)(&memory).is_some();
            ends.memories.push(memory);
            return ends;
        }
        let explorer = Explorer::new(program).limits(self.limits).exhaustive(true).ends_only(true);
        let outcome = explorer.run(&mut ends);
        match outcome.finding.map(|(finding, _)| finding.class) {
            Some(Class::Deadlock) => ends.is_blocked = true,
            Some(_) => ends.is_wrong = true,
            None => {}
        }
        // Where the model is at its limits, real kernels go on otherwise.
        ends.is_bounded =
            !outcome.complete || outcome.shown.iter().any(|shown| matches!(shown, Shown::Limit(_)));
        ends
    }
}

/// The ends of executions.
#[derive(Default)]
struct Ends {
    memories: Vec<Memory>,
    known: BTreeSet<Arc<[(usize, u64)]>>,
    is_blocked: bool,
    is_bounded: bool,
    is_wrong: bool,
}

impl Observer for Ends {
    fn execution(&mut self, execution: &Execution<'_>) {
        match execution.finding().map(|finding| finding.class) {
            Some(Class::Deadlock) => self.is_blocked = true,
            Some(_) => self.is_wrong = true,
            None => {
                let memory = execution.memory();
                if self.known.insert(memory.nonzero().collect()) {
                    self.memories.push(memory.clone());
                }
            }
        }
    }
}
