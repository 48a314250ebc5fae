//! One execution of a scenario, judged.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cowrace_explore::{FollowError, follow};
use cowrace_machine::Program;
use cowrace_mm::Judge;
use cowrace_mm::world::ActorId;
use cowrace_report::{Event, Step, Trace};
use cowrace_spec::{Promises, Unknown, shows_in_order};

use crate::directives;
use crate::task::Task;

/// One execution.
#[derive(Debug)]
pub struct Judged {
    /// The execution.
    pub trace: Trace,
    /// Why it could not be checked against the specification, if it could not. An execution without a finding need
    /// not be sound then.
    pub unknown: Option<Unknown>,
}

impl Task<'_> {
    /// Runs the rows of the diagram in the order drawn. The environment acts after the last row.
    ///
    /// # Errors
    ///
    /// If a row is impossible where it stands.
    pub fn as_written(&self) -> Result<Trace, FollowError> {
        self.one(|program| follow(program, &directives::of(self.variant))).map(|one| one.trace)
    }

    /// Runs one execution, and judges it. The whole specification is explored only if the specification does not
    /// give the same observations with calls in the same order.
    ///
    /// # Errors
    ///
    /// Those of `run`.
    pub fn one<E>(&self, run: impl Fn(&Program) -> Result<Trace, E>) -> Result<Judged, E> {
        let trace = run(&self.program_unjudged())?;
        let world = self.variant.world();
        let Some(specification) = self.specification else { return Ok(Judged { trace, unknown: None }) };
        if !specification.is_known() {
            let order = ends_of_calls(&trace);
            let differs = Arc::new(AtomicBool::new(false));
            let (asked, noted) = (world.clone(), Arc::clone(&differs));
            let judge: Judge = Box::new(move |kernel, memory| {
                if !shows_in_order(&asked, &Promises::default(), &order, (kernel, memory)) {
                    noted.store(true, Ordering::Relaxed);
                }
                None
            });
            let trace = run(&self.judged(Some(judge)).0)?;
            if !differs.load(Ordering::Relaxed) {
                return Ok(Judged { trace, unknown: None });
            }
        }
        if let Some(unknown) = specification.unknown(world) {
            return Ok(Judged { trace, unknown: Some(unknown) });
        }
        Ok(Judged { trace: run(&self.program())?, unknown: None })
    }
}

/// The calls of an execution, each with its actor, in the order in which they ended.
fn ends_of_calls(trace: &Trace) -> Vec<(ActorId, u16)> {
    let ended = |event: &Event| event.call.filter(|&call| event.steps.contains(&Step::End(call)));
    let events = trace.events.iter();
    events.filter_map(|event| ended(event).map(|call| (usize::from(event.actor), call))).collect()
}
