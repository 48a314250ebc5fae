//! Looking ahead: executions that are made only to learn what actors may do.
//!
//! The fewer surprises there are later, the fewer states have to be visited again.

use cowrace_report::Turn;

use crate::random::Random;
use crate::states::configuration::Configuration;

/// How long an execution may get.
const LONGEST: usize = 1000;

/// How often another actor goes on, in the mean: after so many requests, one of these for each execution.
const CHANGES: [u64; 3] = [2, 8, 32];

/// Makes an execution in random order. Returns whether nothing is wrong with it, as far as it went.
pub(super) fn walk(here: &mut Configuration<'_>, random: &mut Random) -> bool {
    if here.is_blind {
        return true;
    }
    here.begin();
    let change = CHANGES[random.below(CHANGES.len() as u64) as usize];
    let mut priorities: Vec<u64> = here.actors().map(|_| random.next()).collect();
    while here.len() < LONGEST {
        let enabled = here.enabled();
        let Some(actor) = enabled.iter().max_by_key(|&actor| priorities[actor as usize]) else { break };
        here.try_out(actor);
        if random.below(change) == 0 {
            priorities[actor as usize] = random.next();
        }
        let values = here.values(actor);
        let choice = (values > 0).then(|| random.below(u64::from(values)) as u32);
        if here.make(Turn { actor, choice }).is_wrong {
            return false;
        }
    }
    true
}

/// Runs an actor to its end, and others only while it waits for them, and takes that back. Returns whether nothing is
/// wrong with it; if something is, it is not taken back.
pub(super) fn run_ahead(here: &mut Configuration<'_>, actor: u8) -> bool {
    if here.is_blind {
        return true;
    }
    let begin = here.len();
    while here.len() < begin + LONGEST && here.request(actor).is_some() {
        let next = if here.is_enabled(actor) { Some(actor) } else { here.enabled().iter().next() };
        let Some(next) = next else { break };
        here.try_out(next);
        let choice = (here.values(next) > 0).then_some(0);
        if here.make(Turn { actor: next, choice }).is_wrong {
            return false;
        }
    }
    here.rewind(begin);
    // What requests touch was noted on other memory meanwhile.
    here.actors().for_each(|actor| here.try_out(actor));
    true
}
