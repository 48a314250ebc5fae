//! Follows the rows of a diagram as they were drawn.

use cowrace_machine::{Mark, Op, Placed, Prim, Program};
use cowrace_report::{Trace, Waits};

use crate::execution::interpreter::Interpreter;

/// The number of vectors of choices that are tried before the search for a finding is given up.
const VECTORS: u32 = 4096;

/// The number of requests that one directive may execute.
const STEPS: u32 = 5000;

/// One row of one column: let this actor run to this point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// The actor.
    pub actor: u8,
    /// The point to which it runs.
    pub until: Until,
}

/// How far an actor is to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Until {
    /// Until a call has begun, just before its first request.
    Begin(u16),
    /// Until a step of the current call is done.
    Step {
        /// A mark, a primitive or a kernel function.
        name: String,
        /// Which of its occurrences since the directive began, from 1.
        nth: u32,
    },
    /// Until a call has ended.
    End(u16),
    /// Until the actor has finished.
    Finish,
}

/// Why a diagram cannot be followed. Directives count from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FollowError {
    /// There is no such actor.
    #[error("there is no actor {actor}")]
    NoActor {
        /// The directive.
        directive: usize,
        /// The number that was given.
        actor: u8,
    },
    /// The actor cannot move at this point.
    #[error("{actor} cannot go on here")]
    Blocked {
        /// The directive.
        directive: usize,
        /// The actor's name.
        actor: String,
        /// What it waits for, and which actors hold it.
        waits: Waits,
    },
    /// The call ended without the step.
    #[error("{actor} does not reach `{step}` here: {why}")]
    NoStep {
        /// The directive.
        directive: usize,
        /// The actor's name.
        actor: String,
        /// The step.
        step: String,
        /// What the actor did instead.
        why: String,
    },
    /// The actor finished without making the call.
    #[error("{actor} finishes without this call")]
    NoCall {
        /// The directive.
        directive: usize,
        /// The actor's name.
        actor: String,
    },
    /// The actor does not stop.
    #[error("{actor} does not end here within {STEPS} steps")]
    Endless {
        /// The directive.
        directive: usize,
        /// The actor's name.
        actor: String,
    },
    /// All directives have been followed and some actors have not finished.
    #[error(
        "at the end of the diagram {} {} not finished",
        actors.join(" and "),
        if actors.len() > 1 { "have" } else { "has" }
    )]
    Unfinished {
        /// Their names.
        actors: Vec<String>,
    },
}

impl FollowError {
    /// The directive that cannot be followed; `None` if all could.
    #[must_use]
    pub const fn directive(&self) -> Option<usize> {
        match *self {
            Self::NoActor { directive, .. }
            | Self::Blocked { directive, .. }
            | Self::NoStep { directive, .. }
            | Self::NoCall { directive, .. }
            | Self::Endless { directive, .. } => Some(directive),
            Self::Unfinished { .. } => None,
        }
    }

    /// The names of the actors that the error is about.
    #[must_use]
    pub fn actors(&self) -> &[String] {
        match self {
            Self::NoActor { .. } => &[],
            Self::Blocked { actor, .. }
            | Self::NoStep { actor, .. }
            | Self::NoCall { actor, .. }
            | Self::Endless { actor, .. } => std::slice::from_ref(actor),
            Self::Unfinished { actors } => actors,
        }
    }

    /// How far the diagram could be followed.
    fn progress(&self) -> usize {
        self.directive().unwrap_or(usize::MAX)
    }
}

/// Runs a program along the rows of a diagram. The diagram does not give the answers to choices: these are tried in
/// every combination, up to a bound. The first execution that shows a finding is the result, or else the last one that
/// can follow the diagram.
///
/// # Errors
///
/// If no choices let the execution follow the diagram: what stopped the attempt that got furthest.
pub fn follow(program: &Program, directives: &[Directive]) -> Result<Trace, FollowError> {
    attempts(program, directives, |trace| trace.finding.is_some())
}

/// Like [`follow`], but the first execution that can follow the diagram is the result, however it ends: unless choices
/// matter, this costs one execution.
///
/// # Errors
///
/// If no choices let the execution follow the diagram: what stopped the attempt that got furthest.
pub fn follow_any(program: &Program, directives: &[Directive]) -> Result<Trace, FollowError> {
    attempts(program, directives, |_| true)
}

/// Follows a diagram with one vector of choices after the other until an execution is `due`. If there is none, returns
/// the last execution that could follow the diagram, or the error that occurred latest in the diagram.
fn attempts(
    program: &Program,
    directives: &[Directive],
    due: impl Fn(&Trace) -> bool,
) -> Result<Trace, FollowError> {
    let mut choices: Vec<Choice> = Vec::new();
    let mut result: Option<Result<Trace, FollowError>> = None;
    for _ in 0..VECTORS {
        let mut run = Guided::new(program, choices);
        match run.follow(directives) {
            Ok(()) => {
                choices = run.choices;
                let trace = run.run.finish();
                if due(&trace) {
                    return Ok(trace);
                }
                result = Some(Ok(trace));
            }
            Err(error) => {
                choices = run.choices;
                let is_further = match &result {
                    None => true,
                    Some(Err(earlier)) => error.progress() > earlier.progress(),
                    Some(Ok(_)) => false,
                };
                if is_further {
                    result = Some(Err(error));
                }
            }
        }
        // The next vector: the last choice changes first.
        while choices.last().is_some_and(|last| last.value + 1 >= last.of) {
            choices.pop();
        }
        match choices.last_mut() {
            Some(last) => last.value += 1,
            None => break,
        }
    }
    // The loop runs at least once.
    result.unwrap_or_else(|| Err(FollowError::Unfinished { actors: Vec::new() }))
}

/// The answer to a choice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    pub(crate) value: u32,
    /// How many possibilities there are.
    pub(crate) of: u32,
}

/// One execution along a diagram, with one vector of choices.
pub(crate) struct Guided<'p> {
    run: Interpreter<'p>,
    program: &'p Program,
    /// The answers, in the order of the execution.
    choices: Vec<Choice>,
    /// How many of them have been used.
    made: usize,
}

impl<'p> Guided<'p> {
    pub(crate) fn new(program: &'p Program, choices: Vec<Choice>) -> Self {
        Self { run: Interpreter::new(program), program, choices, made: 0 }
    }
}

impl Guided<'_> {
    fn follow(&mut self, directives: &[Directive]) -> Result<(), FollowError> {
        self.pass_barriers();
        for (directive, Directive { actor, until }) in directives.iter().enumerate() {
            if usize::from(*actor) >= self.program.actors.len() {
                return Err(FollowError::NoActor { directive, actor: *actor });
            }
            if !self.obey(directive, *actor, until)? {
                return Ok(());
            }
        }
        if self.ends() {
            return Ok(());
        }
        Err(FollowError::Unfinished { actors: self.run.names(&self.run.unfinished()) })
    }

    /// The execution, if it has ended.
    pub(crate) fn finish(mut self) -> Option<Trace> {
        self.ends().then(|| self.run.finish())
    }

    /// Whether the execution has ended. Only waits that can be passed may be left, and these are passed.
    fn ends(&mut self) -> bool {
        let waits = |op: &Op| matches!(op, Op::Join { .. } | Op::Barrier { .. });
        while let Some(actor) = self
            .run
            .unfinished()
            .into_iter()
            .find(|&a| self.run.ready(a) && self.run.request(a).is_some_and(|r| waits(&r.op)))
        {
            self.execute(actor);
        }
        self.run.unfinished().is_empty() || self.run.finding().is_some() || self.run.stuck()
    }

    /// Follows one directive; false if the execution has ended instead.
    pub(crate) fn obey(&mut self, directive: usize, actor: u8, until: &Until) -> Result<bool, FollowError> {
        let name = || self.program.actors[usize::from(actor)].name.clone();
        let mut seen = 0;
        let call = self.run.with_marks(actor, current);
        for _ in 0..STEPS {
            if self.run.finding().is_some() {
                return Ok(false);
            }
            let has = |mark| self.run.with_marks(actor, |marks| marks.iter().any(|m| m.mark == mark));
            let reached = match *until {
                Until::Begin(call) => has(Mark::Begin(call)),
                Until::End(call) => has(Mark::End(call)),
                Until::Step { nth, .. } => seen >= nth,
                Until::Finish => self.run.request(actor).is_none(),
            };
            if reached {
                return Ok(true);
            }
            if let (Until::Step { name: step, nth }, Some(call)) = (until, call)
                && has(Mark::End(call))
            {
                let why = match (*nth, seen) {
                    (1, _) | (_, 0) => "the call ends without it".to_owned(),
                    (_, seen) => format!("the call ends after {seen} of them"),
                };
                return Err(FollowError::NoStep { directive, actor: name(), step: step.clone(), why });
            }
            let Some(request) = self.run.request(actor).copied() else {
                return Err(match until {
                    Until::Step { name: step, .. } => {
                        let why = "it finishes without it".to_owned();
                        FollowError::NoStep { directive, actor: name(), step: step.clone(), why }
                    }
                    _ => FollowError::NoCall { directive, actor: name() },
                });
            };
            if !self.run.ready(actor) {
                if self.run.stuck() {
                    return Ok(false);
                }
                if self.pass_undrawn() {
                    continue;
                }
                return Err(FollowError::Blocked { directive, actor: name(), waits: self.run.waits(actor) });
            }
            self.execute(actor);
            if let Until::Step { name: step, .. } = until {
                let at = self.run.answered(actor);
                let marked = |m: &Placed| m.at == at && matches!(m.mark, Mark::Step(s) if s == step);
                let is_prim = |prim: Prim| prim.name() == step;
                let matches = is_prim(request.prim)
                    || request.function == step
                    || self.run.with_marks(actor, |marks| marks.iter().any(marked));
                seen += u32::from(matches);
            }
            self.pass_barriers();
        }
        Err(FollowError::Endless { directive, actor: name() })
    }

    /// Moves all actors past the barriers that they can pass.
    pub(crate) fn pass_barriers(&mut self) {
        let at_barrier = |run: &Interpreter<'_>, actor: u8| {
            run.request(actor).is_some_and(|r| matches!(r.op, Op::Barrier { .. })) && run.ready(actor)
        };
        while self.run.finding().is_none()
            && let Some(actor) = self.run.unfinished().into_iter().find(|&a| at_barrier(&self.run, a))
        {
            self.execute(actor);
        }
    }

    /// Moves an actor past a wait that is outside every call, such as the one for the mm in which a column runs; false
    /// if there is none. No row says when this happens, and a deadlock does not show before it has.
    fn pass_undrawn(&mut self) -> bool {
        let waits = |op: &Op| matches!(op, Op::Join { .. } | Op::Await { .. });
        let actor = self.run.unfinished().into_iter().find(|&a| {
            self.run.ready(a)
                && self.run.request(a).is_some_and(|r| waits(&r.op))
                && self.run.with_marks(a, current).is_none()
        });
        let Some(actor) = actor else { return false };
        self.execute(actor);
        self.pass_barriers();
        true
    }

    fn execute(&mut self, actor: u8) {
        let choice = match self.run.request(actor).map(|r| r.op) {
            Some(Op::Choose { n }) => {
                if self.made == self.choices.len() {
                    self.choices.push(Choice { value: 0, of: n });
                }
                self.made += 1;
                // A value from another execution may be too large here.
                Some(self.choices[self.made - 1].value).filter(|&choice| choice < n).or(Some(0))
            }
            _ => None,
        };
        self.run.execute(actor, choice);
    }
}

/// The current call of an actor.
fn current(marks: &[Placed]) -> Option<u16> {
    marks.iter().rev().find_map(|m| match m.mark {
        Mark::Begin(call) if !marks.iter().any(|m| m.mark == Mark::End(call)) => Some(call),
        _ => None,
    })
}
