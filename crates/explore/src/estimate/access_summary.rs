//! Which words each actor has been seen to touch, and with which request last.

use cowrace_machine::{Access, ActorSet};

/// What actors touch, by word. The words that an actor has been seen to touch are assumed to be all that it can touch;
/// another execution may show more.
#[derive(Debug, Default)]
pub(crate) struct AccessSummary(Vec<Vec<Way>>);

/// A way in which an actor touches a word.
#[derive(Clone, Copy, Debug)]
struct Way {
    actor: u8,
    access: Access,
    /// The last request of the actor that touches the word in this way, counted from zero.
    last: u32,
}

impl AccessSummary {
    /// Whether no actor has been seen to touch anything.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Notes what the `nth` request of an actor touches.
    pub(crate) fn note(&mut self, actor: u8, nth: u32, accesses: &[Access]) {
        for &access in accesses {
            let word = access.addr.index();
            if word >= self.0.len() {
                self.0.resize_with(word + 1, Vec::new);
            }
            let ways = &mut self.0[word];
            match ways.iter_mut().find(|way| way.actor == actor && way.access == access) {
                Some(way) => way.last = way.last.max(nth),
                None => ways.push(Way { actor, access, last: nth }),
            }
        }
    }

    /// The actors that may still make an access that conflicts with one of `accesses`, when each has made as many
    /// requests as `done` says.
    pub(crate) fn by(&self, accesses: &[Access], done: &[u32]) -> ActorSet {
        let mut actors = ActorSet::default();
        for access in accesses {
            for way in self.0.get(access.addr.index()).into_iter().flatten() {
                if way.last >= done[way.actor as usize] && way.access.conflicts(access) {
                    actors.insert(way.actor);
                }
            }
        }
        actors
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::COUNTER;
    use cowrace_machine::Kind;

    #[test]
    fn what_an_actor_has_done_it_does_not_do_again() {
        let access = |kind| [Access { addr: COUNTER, mask: u64::MAX, kind }];
        let mut touched = AccessSummary::default();
        touched.note(0, 2, &access(Kind::Read));
        touched.note(1, 4, &access(Kind::Write));
        touched.note(1, 3, &access(Kind::Write));
        assert_eq!(touched.by(&access(Kind::Read), &[0, 4]), ActorSet(0b10));
        assert_eq!(touched.by(&access(Kind::Write), &[2, 0]), ActorSet(0b11));
        assert_eq!(touched.by(&access(Kind::Write), &[3, 5]), ActorSet(0));
    }
}
