//! Looking ahead: executions that are made only to learn what actors may do.
//!
//! The fewer surprises there are later, the fewer states have to be visited again.

use cowrace_report::Turn;

use crate::random::Random;
use crate::states::End;
use crate::states::configuration::Configuration;

/// How long an execution may get.
const LONGEST: usize = 1000;

/// How often another actor goes on, in the mean: after so many requests, one of these for each execution.
const CHANGES: [u64; 3] = [2, 8, 32];

/// Makes an execution in random order.
///
/// # Errors
///
/// If something is wrong with it, and that ends the search.
pub(super) fn walk(here: &mut Configuration<'_>, random: &mut Random) -> Result<(), End> {
    if here.treatment.is_blind {
        return Ok(());
    }
    here.begin();
    let change = CHANGES[random.below(CHANGES.len() as u64) as usize];
    let mut priorities: Vec<u64> = here.actors().map(|_| random.next()).collect();
    while here.len() < LONGEST {
        let enabled = here.enabled();
        let Some(actor) = enabled.iter().max_by_key(|&actor| priorities[actor as usize]) else { break };
        here.try_out(actor)?;
        if random.below(change) == 0 {
            priorities[actor as usize] = random.next();
        }
        let values = here.values(actor);
        let choice = (values > 0).then(|| random.below(u64::from(values)) as u32);
        if here.make(Turn { actor, choice })?.is_wrong {
            here.note_wrong()?;
        }
    }
    Ok(())
}

/// Runs an actor to its end, and others only while it waits for them, and takes that back.
///
/// # Errors
///
/// If something is wrong with it, and that ends the search. It is not taken back then.
pub(super) fn run_ahead(here: &mut Configuration<'_>, actor: u8) -> Result<(), End> {
    if here.treatment.is_blind {
        return Ok(());
    }
    let begin = here.len();
    while here.len() < begin + LONGEST && here.request(actor).is_some() {
        let next = if here.is_enabled(actor) { Some(actor) } else { here.enabled().iter().next() };
        let Some(next) = next else { break };
        here.try_out(next)?;
        let choice = (here.values(next) > 0).then_some(0);
        if here.make(Turn { actor: next, choice })?.is_wrong {
            here.note_wrong()?;
        }
    }
    here.rewind(begin);
    // What requests touch was noted on other memory meanwhile.
    here.try_out_all()?;
    Ok(())
}
