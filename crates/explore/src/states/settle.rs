//! Executing what need not be compared with anything.

use cowrace_machine::ActorSet;
use cowrace_report::Turn;

use crate::states::End;
use crate::states::configuration::Configuration;
use crate::states::look_ahead::run_ahead;
use crate::states::persistent_sets::is_alone;

/// What is done where nothing is left that need not be compared; the flag says whether every actor is to be moved there.
pub(super) type Arrive<'a, 'p> = &'a mut dyn FnMut(&mut Configuration<'p>, bool) -> Result<(), End>;

/// Executes the next request of an actor, with every value if it is a choice; then what need not be compared.
pub(super) fn go<'p>(
    here: &mut Configuration<'p>,
    actor: u8,
    asleep: ActorSet,
    steps: usize,
    arrive: Arrive<'_, 'p>,
) -> Result<(), End> {
    let values = here.values(actor);
    for value in 0..values.max(1) {
        let begin = here.len();
        let closes = make(here, Turn { actor, choice: (values > 0).then_some(value) })?;
        settle(here, asleep, closes, steps, arrive)?;
        here.rewind(begin);
    }
    Ok(())
}

/// Executes requests that commute with everything that the other actors may ever do, one after the other, until there
/// is none; of a choice each value. Then calls `arrive`, unless one of them sleeps: what follows has been searched then.
///
/// If an actor has come round in a circle, `closes` is set, and every actor has to be moved where it has arrived: else
/// the others might wait for ever.
pub(super) fn settle<'p>(
    here: &mut Configuration<'p>,
    asleep: ActorSet,
    mut closes: bool,
    steps: usize,
    arrive: Arrive<'_, 'p>,
) -> Result<(), End> {
    let begin = here.len();
    here.try_out_all()?;
    loop {
        let free = here.actors().find(|&actor| here.is_free(actor));
        let mut alone = || here.actors().find(|&actor| is_alone(here, actor));
        let next = if closes || free.is_some() { free } else { alone() };
        let Some(actor) = next else {
            arrive(here, closes)?;
            break;
        };
        if asleep.contains(actor) {
            break;
        }
        if here.len() > steps {
            return Err(End::Stopped(cowrace_report::Stop::Steps));
        }
        let values = here.values(actor);
        if values > 1 {
            for value in 0..values {
                let len = here.len();
                let closes = make(here, Turn { actor, choice: Some(value) })? || closes;
                settle(here, asleep, closes, steps, arrive)?;
                here.rewind(len);
            }
            break;
        }
        closes |= make(here, Turn { actor, choice: (values > 0).then_some(0) })?;
        here.try_out(actor)?;
    }
    here.rewind(begin);
    Ok(())
}

/// Executes the next request of an actor. Returns whether the actor may have come round in a circle.
fn make(here: &mut Configuration<'_>, turn: Turn) -> Result<bool, End> {
    let step = here.make(turn)?;
    if step.is_wrong {
        here.note_wrong()?;
    }
    if step.is_new {
        run_ahead(here, turn.actor)?;
    }
    Ok(step.closes)
}
