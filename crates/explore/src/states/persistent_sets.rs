//! Persistent sets: actors of which none can be disturbed by any other, whatever the others do first.

use cowrace_machine::{ActorSet, Op};

use crate::states::configuration::Configuration;

/// Whether an actor can move, and no other can get in its way. Its request has been tried.
pub(super) fn is_alone(here: &mut Configuration<'_>, actor: u8) -> bool {
    let is_alone = here.is_enabled(actor)
        && here.actors().all(|other| other == actor || !may_disturb(here, other, actor));
    if is_alone {
        let mut set = ActorSet::default();
        set.insert(actor);
        rely(here, set, Where::Began);
    }
    is_alone
}

/// The actors to move from a state, so that it is enough to move these: as few as are easily found.
pub(super) fn persistent_set(here: &mut Configuration<'_>, enabled: ActorSet) -> ActorSet {
    let mut disturbed_by = [ActorSet::default(); 32];
    for actor in here.actors() {
        for other in here.actors().filter(|&other| other != actor && may_disturb(here, other, actor)) {
            disturbed_by[actor as usize].insert(other);
        }
    }
    let size = |set: ActorSet| ActorSet(set.0 & enabled.0).iter().count();
    let closed = enabled.iter().map(|actor| closure(&disturbed_by, actor));
    match closed.min_by_key(|&set| size(set)) {
        Some(set) if size(set) < size(enabled) => {
            rely(here, set, Where::Here);
            ActorSet(set.0 & enabled.0)
        }
        _ => enabled,
    }
}

/// The smallest set with an actor that contains with each actor all that may get in its way.
fn closure(disturbed_by: &[ActorSet], first: u8) -> ActorSet {
    let mut set = ActorSet::default();
    set.insert(first);
    let mut open = set;
    while let Some(actor) = open.iter().next() {
        open.remove(actor);
        let new = disturbed_by[actor as usize].0 & !set.0;
        (set.0, open.0) = (set.0 | new, open.0 | new);
    }
    set
}

/// Whether something that an actor may still do could come before the request of another and make a difference to it:
/// to what it does, or to whether it can be executed.
fn may_disturb(here: &Configuration<'_>, other: u8, actor: u8) -> bool {
    let (Some(request), Some(_)) = (here.request(actor), here.request(other)) else { return false };
    let waits_for = match request.op {
        Op::Join { actor } => actor == other,
        Op::Barrier { id } => !here.is_enabled(actor) && here.program.barriers[id as usize].contains(other),
        _ => false,
    };
    waits_for || here.may_get_in_the_way(other, actor)
}

/// Which state is to be looked at again if the search was wrong to rely on something.
#[derive(Clone, Copy)]
enum Where {
    /// The one in which the configuration was put last: something was executed at once from there.
    Began,
    /// The one at hand.
    Here,
}

/// Notes that no actor outside a set was taken to get in the way of one in it.
fn rely(here: &mut Configuration<'_>, set: ActorSet, whose: Where) {
    for actor in set.iter() {
        for other in here.actors().filter(|&other| !set.contains(other)) {
            let from = [actor, other].map(|actor| match whose {
                Where::Began => here.began_at()[actor as usize],
                Where::Here => here.position(actor),
            });
            here.rely(other, actor, from);
        }
    }
}
