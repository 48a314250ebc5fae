//! One step of a hunt: a part is run in situations, by the model of a kernel and by the specification.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::slice;
use std::sync::Arc;

use cowrace_explore::{Execution, Explorer, Limits, Observer, alone};
use cowrace_machine::{Arch, Memory, Program};
use cowrace_mm::costs::Cost;
use cowrace_mm::{Contents, Continuation, Era, Quiescent, World, start};
use cowrace_report::{Class, Shown};
use cowrace_spec::{Allowed, Possible, Promises};
use foldhash::quality::FixedState;

use crate::part::Part;
use crate::stage::{Beginning, Stage};

/// Where a scenario has led: the state of the kernel, and what the specification may be in after what was observed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Situation {
    /// The kernel.
    pub kernel: Quiescent,
    /// The specification. Many situations have the same.
    pub possible: Arc<Possible>,
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
    /// Whether it is counted what calls cost.
    pub counts_costs: bool,
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
        Situation { kernel, possible: Arc::new(possible.named(&self.stage.world, &mut contents)) }
    }

    /// Runs a part in every situation.
    #[must_use]
    pub fn run(&self, situations: &Situations, part: &Part) -> Led {
        Runs::of(slice::from_ref(self), part).run(0, situations, true)
    }

    /// As [`run`](Self::run), but where every execution is allowed it does not say what they lead to.
    #[must_use]
    pub fn judge(&self, situations: &Situations, part: &Part) -> Led {
        Runs::of(slice::from_ref(self), part).run(0, situations, false)
    }
}

/// The runs of one part in many situations, by one kernel or by several on the same stage. What does not differ from one to
/// the next is made once: the specification of a part depends on what is possible before it, and not on the kernel.
#[derive(Debug)]
pub struct Runs<'r> {
    runners: &'r [Runner],
    world: Arc<World>,
    kernels: Vec<Continuation>,
    /// What is allowed after what was possible before; `None` where a limit ended the search for it.
    allowed: HashMap<Arc<Possible>, Option<Allowed>, FixedState>,
    /// What the last run cost at most.
    cost: Cost,
    /// Whether a limit has ended a search.
    is_cut: bool,
}

impl<'r> Runs<'r> {
    /// The runs of a part.
    #[must_use]
    pub fn of(runners: &'r [Runner], part: &Part) -> Self {
        let world = Arc::new(part.world(&runners[0].stage));
        let kernels = runners
            .iter()
            .map(|runner| Continuation::new(&world, &runner.era, runner.arch, runner.counts_costs));
        Self {
            kernels: kernels.collect(),
            runners,
            world,
            allowed: HashMap::default(),
            cost: Cost::default(),
            is_cut: false,
        }
    }

    /// Runs the part in every situation, by one of the kernels. Unless it `goes_on`, it is not said what executions lead to
    /// where all are allowed.
    #[must_use]
    pub fn run(&mut self, kernel: usize, situations: &Situations, goes_on: bool) -> Led {
        self.cost = Cost::default();
        let mut all = Led::To(Situations::new());
        for situation in situations {
            all = match (all, self.run_in(kernel, situation, goes_on)) {
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

    /// What the last run cost at most, if that is counted.
    #[must_use]
    pub const fn cost(&self) -> Cost {
        self.cost
    }

    /// Whether a limit has ended a search of any run.
    #[must_use]
    pub const fn is_cut(&self) -> bool {
        self.is_cut
    }

    fn run_in(&mut self, kernel: usize, situation: &Situation, goes_on: bool) -> Led {
        let Self { runners, world, kernels, allowed, cost, is_cut } = self;
        let (runner, possible) = (&runners[kernel], &situation.possible);
        if !allowed.contains_key(possible) {
            let of = possible.allow(world, &runner.promises, &runner.limits);
            *is_cut |= of.is_err();
            allowed.insert(Arc::clone(possible), of.ok());
        }
        let Some(Some(allowed)) = allowed.get(possible) else { return Led::Bounded };
        let (program, kernel) = kernels[kernel].begin_in(&situation.kernel);
        let ends = ends(program, runner.limits);
        *is_cut |= ends.is_cut;
        let Ends { memories, is_alone, is_blocked, is_bounded, is_wrong, .. } = ends;
        if is_wrong || is_blocked && !allowed.blocks() {
            return Led::Violated;
        }
        let mut to = Situations::new();
        for memory in memories.iter().chain(is_alone.then_some(&program.memory)) {
            *cost = cost.most(Cost::of(memory));
            if !allowed.allows(world, kernel, memory) {
                return Led::Violated;
            }
            if goes_on {
                let possible = allowed.after(&allowed.results(world, memory));
                let held: Vec<_> = possible.held().collect();
                to.insert(runner.named(Quiescent::of(memory, &held), &possible));
            }
        }
        match (is_bounded, is_blocked) {
            (true, _) => Led::Bounded,
            (false, true) => Led::Blocked,
            (false, false) => Led::To(to),
        }
    }
}

/// How executions end.
fn ends(program: &mut Program, limits: Limits) -> Ends {
    let mut ends = Ends::default();
    if alone(program, limits.steps) {
        ends.is_wrong = (program.check)(&program.memory).is_some();
        ends.is_alone = true;
        return ends;
    }
    let explorer = Explorer::new(program).limits(limits).exhaustive(true).ends_only(true).estimates(false);
    let outcome = explorer.run(&mut ends);
    match outcome.finding.map(|(finding, _)| finding.class) {
        Some(Class::Deadlock) => ends.is_blocked = true,
        Some(_) => ends.is_wrong = true,
        None => {}
    }
    ends.is_cut = outcome.stopped.is_some();
    // Where the model is at its limits, real kernels go on otherwise.
    ends.is_bounded = !outcome.complete || outcome.shown.iter().any(|shown| matches!(shown, Shown::Limit(_)));
    ends
}

/// The ends of executions.
#[derive(Default)]
struct Ends {
    /// Whether there is one, and the program's memory is that of its end.
    is_alone: bool,
    memories: Vec<Memory>,
    known: HashSet<Box<[(usize, u64)]>, FixedState>,
    is_blocked: bool,
    is_bounded: bool,
    /// Whether a limit ended the search.
    is_cut: bool,
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
