//! The outcomes of executions, as engines have seen them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use cowrace_explore::{Execution, Explorer, Observer, Progress, Purpose};
use cowrace_machine::{Addr, Memory, Program};
use cowrace_report::{Class, Schedule, Value};
use cowrace_thread_engine::{Opinion, Outcome};

/// The outcomes of the executions that an engine has seen.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    /// Memory at the end, and the damage of executions that ended so.
    ends: BTreeMap<Vec<(usize, u64)>, BTreeSet<Option<Class>>>,
    classes: BTreeSet<Class>,
    /// Outcomes of engines that run threads, each with an execution if the engine keeps one.
    all: BTreeMap<Outcome, Option<Schedule>>,
}

impl From<&Opinion> for Outcomes {
    fn from(opinion: &Opinion) -> Self {
        let mut outcomes = Self::default();
        for (outcome, schedule) in &opinion.outcomes {
            match outcome {
                Outcome::Sound(end) => {
                    outcomes.ends.entry(end.clone()).or_default().insert(None);
                }
                Outcome::Bad(class) => {
                    outcomes.classes.insert(*class);
                }
            }
            outcomes.all.insert(outcome.clone(), Some(schedule.clone()));
        }
        outcomes
    }
}

/// Collects outcomes, and passes the progress of the search on to another observer.
pub struct Collect<'o> {
    /// The outcomes so far.
    pub outcomes: Outcomes,
    /// The other observer.
    pub observer: &'o mut (dyn Observer + Send),
}

impl Observer for Collect<'_> {
    fn execution(&mut self, execution: &Execution<'_>) {
        self.outcomes.note(execution);
    }

    fn anew(&mut self, purpose: Purpose) {
        self.observer.anew(purpose);
    }

    fn progress(&mut self, now: &Progress) -> ControlFlow<()> {
        self.observer.progress(now)
    }

    fn stops(&mut self) -> bool {
        self.observer.stops()
    }
}

impl Outcomes {
    /// The outcomes of a program that is explored to the end.
    #[must_use]
    pub fn of(program: &Program) -> Self {
        let mut collect = Collect { outcomes: Self::default(), observer: &mut () };
        Explorer::new(program).exhaustive(true).run(&mut collect);
        collect.outcomes
    }

    fn note(&mut self, execution: &Execution<'_>) {
        let finding = execution.finding();
        let class = finding.map(|f| f.class);
        let end: Vec<_> = execution.memory().nonzero().collect();
        self.all.entry(Outcome::of(execution.memory(), finding)).or_default();
        self.ends.entry(end).or_default().insert(class);
        self.classes.extend(class);
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The classes of damage of some executions.
    #[must_use]
    pub const fn classes(&self) -> &BTreeSet<Class> {
        &self.classes
    }

    /// How many of them another engine has not seen.
    #[must_use]
    pub fn beyond(&self, other: &Self) -> usize {
        self.all.keys().filter(|&outcome| !other.all.contains_key(outcome)).count()
    }

    /// Whether another engine may have seen this. Additions whose result is unused commute, so explore executes one
    /// order of them, and the execution is bad if some order takes a count below zero. An engine that executes
    /// another order sees the outcome of that order.
    fn allow(&self, outcome: &Outcome) -> bool {
        match outcome {
            Outcome::Sound(end) => self
                .ends
                .get(end)
                .is_some_and(|classes| classes.contains(&None) || classes.contains(&Some(Class::Refcount))),
            Outcome::Bad(class) => self.classes.contains(class) || self.classes.contains(&Class::Refcount),
        }
    }

    /// What another engine has seen that these outcomes, which must be complete, do not allow; as text.
    #[must_use]
    pub fn against(&self, program: &Program, other: &Self) -> Option<String> {
        let (outcome, schedule) = other.all.iter().find(|&(outcome, _)| !self.allow(outcome))?;
        let schedule = schedule.as_ref().map(|schedule| format!("; schedule {schedule}")).unwrap_or_default();
        let what = match outcome {
            Outcome::Bad(class) => format!("an execution that is bad ({class})"),
            Outcome::Sound(end) => format!("an execution that ends with {}", whole(program, end)),
        };
        Some(format!(
            "it has seen {what}, which is not among the {} outcomes that explore has seen{schedule}",
            self.len()
        ))
    }
}

/// The scenario's variables at an end.
pub fn variables(program: &Program, end: &[(usize, u64)]) -> Vec<(String, Value)> {
    let mut memory = Memory::new();
    for &(index, value) in end {
        memory.set(Addr::at(index), value);
    }
    program.narrate.variables(&memory)
}

/// Variables as `r = 0, s = 1`.
pub fn in_words(variables: &[(String, Value)]) -> String {
    let words = variables.iter().map(|(name, value)| format!("{name} = {}", cowrace_render::value(value)));
    words.collect::<Vec<_>>().join(", ")
}

/// A final memory as variables, followed by all words.
fn whole(program: &Program, end: &[(usize, u64)]) -> String {
    let words = end.iter().map(|&(index, value)| format!("{:?}={value:#x}", Addr::at(index)));
    let words: Vec<String> = words.collect();
    format!("{} (words: {})", in_words(&variables(program, end)), words.join(" "))
}

#[cfg(test)]
mod tests {
    use cowrace_machine::Arch;
    use cowrace_mm::Era;
    use cowrace_scenario::parse;

    use super::*;
    use crate::task::Task;

    const COPY: &str = "\
race copy
mm A { buf: anon }
mm C = fork(A)

a @A        c @C
==========  ==========
buf[0] = 1  s = buf[0]

never s == 1 else leak
";

    /// The answer of another engine that has seen one outcome.
    fn of(outcome: Outcome) -> Outcomes {
        let schedule = Schedule { fingerprint: 0, turns: Vec::new() };
        Outcomes::from(&Opinion { outcomes: [(outcome, schedule)].into(), ..Opinion::default() })
    }

    #[test]
    fn an_outcome_that_explore_has_not_seen_is_told_in_words() {
        let scenario = parse(COPY).expect("it parses");
        let era = Era::preset("v6.1").expect("it is there");
        let variant = scenario.variant(None).expect("it is the only one");
        let task =
            Task { scenario: &scenario, variant, era: &era, arch: Arch::default(), specification: None };
        let program = task.program();
        let outcomes = Outcomes::of(&program);
        let known = outcomes.all.keys().next().expect("there is one").clone();
        assert_eq!(outcomes.against(&program, &of(known.clone())), None);
        assert_eq!(outcomes.beyond(&of(known.clone())), outcomes.len() - 1);

        let bad = outcomes.against(&program, &of(Outcome::Bad(Class::Leak))).expect("no leak there");
        assert!(bad.contains("an execution that is bad (leak)"), "{bad}");

        let Outcome::Sound(mut end) = known else { panic!("nothing is bad there") };
        // The scenario's variables are the words of the null object, which come first.
        end[0].1 += 7;
        let other = outcomes.against(&program, &of(Outcome::Sound(end))).expect("no such end there");
        assert!(other.contains("an execution that ends with s = 7"), "{other}");
    }
}
