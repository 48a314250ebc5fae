//! A visit of a state.

use cowrace_machine::ActorSet;

use crate::states::End;
use crate::states::configuration::Configuration;
use crate::states::independence::{Touch, commute};
use crate::states::paths::NONE;
use crate::states::settle::{go, settle};
use crate::states::table::Visit;

/// What is done in a state that was reached: which actors sleep there, and whether every actor is to be moved.
pub(super) type Reach<'a, 'p> = &'a mut dyn FnMut(&mut Configuration<'p>, ActorSet, bool) -> Result<(), End>;

/// Makes visits.
#[derive(Debug)]
pub(super) struct Visitor {
    /// For each actor, what its next request touches in the state that is visited.
    touches: Vec<Vec<Touch>>,
    /// How many requests may be executed in one visit, one after the other.
    steps: usize,
}

impl Visitor {
    /// A visitor, for this many actors.
    pub(super) fn new(actors: usize, steps: u32) -> Self {
        Self { touches: vec![Vec::new(); actors], steps: steps as usize }
    }

    /// Moves the actors that are to be moved in the state at hand.
    ///
    /// # Errors
    ///
    /// If that ends the search, or shows something that is not known and cannot be learned now.
    pub(super) fn visit<'p>(
        &mut self,
        here: &mut Configuration<'p>,
        Visit { state, mut asleep, todo }: Visit,
        reach: Reach<'_, 'p>,
    ) -> Result<(), End> {
        let Self { touches, steps } = self;
        if state == NONE {
            return settle(here, asleep, true, *steps, &mut |here, closes| reach(here, asleep, closes));
        }
        for actor in ActorSet(asleep.0 | todo.0).iter() {
            here.try_out(actor)?;
            here.touches(actor, &mut touches[actor as usize]);
        }
        for actor in todo.iter() {
            let mut after = asleep;
            for other in asleep.iter() {
                if !commute(&touches[actor as usize], &touches[other as usize], &here.memory) {
                    after.remove(other);
                }
            }
            go(here, actor, after, *steps, &mut |here, closes| reach(here, after, closes))?;
            asleep.insert(actor);
        }
        Ok(())
    }
}
