//! What is wrong with what was seen: whose value was seen or missed says which damage it is.

use cowrace_mm::World;
use cowrace_mm::syscall::Gives;
use cowrace_mm::value::Value;
use cowrace_mm::world::{ActorId, Arg, CallSpec, MmId, Target};
use cowrace_report::{Author, Broken, Class, Detail, Finding, Place, Seen, Subject, Through};

use crate::keepers::keepers;
use crate::observation::{HANDLE, NOTHING, Observation, Sight, UNMAPPED};
use crate::oracle::Allowed;
use crate::promises::Promises;

/// Who wrote a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Writer {
    /// Whose call it was.
    actor: ActorId,
    /// The mm that was written to.
    mm: MmId,
    /// A device wrote, not a CPU.
    device: bool,
}

/// Whose value makes the damage.
#[derive(Clone, Copy, Debug)]
enum Written {
    /// The one that was seen.
    Seen(Writer),
    /// The one that was missed.
    Missed(Writer),
    /// Nobody's that is known.
    Nobody,
}

/// A word, and how it was looked at.
#[derive(Clone, Copy, Debug)]
struct Looked {
    target: Target,
    word: u8,
    /// Through a handle, or by a device.
    held: bool,
}

/// What is wrong with what an execution has shown, and how grave that is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ranked {
    /// The gravest first.
    rank: usize,
    broken: Broken,
}

/// From the gravest on. What a device wrote and another mm sees comes late: its owner misses it, as a rule, and that
/// is the damage.
const RANKS: [Class; 9] = [
    Class::Leak,
    Class::LostRead,
    Class::LostWrite,
    Class::Leak,
    Class::LostSoftDirty,
    Class::LostUffdWp,
    Class::PrivateWrite,
    Class::StalePin,
    Class::Assertion,
];

/// The rank of a leak of what a device wrote.
const BY_DEVICE: usize = 3;

fn rank(class: Class) -> usize {
    RANKS.iter().position(|&other| other == class).unwrap_or(RANKS.len() - 1)
}

/// Compares what was seen with what is allowed and most like it. What executions have shown by themselves
/// counts before what probes show; and where the owner sees what it wrote, it is no remedy to discard that.
pub(crate) fn blame(
    (world, promises): (&World, &Promises),
    sights: &[Sight],
    allowed: &Allowed,
    seen: &Observation,
) -> Finding {
    let judge = Judge { world, promises };
    let differences = |other: &'_ Observation| -> Vec<(Sight, u64, u64)> {
        let pairs = sights.iter().zip(seen.iter().zip(other));
        pairs.filter(|(_, (seen, should))| seen != should).map(|(at, (&a, &b))| (*at, a, b)).collect()
    };
    let mut told: Option<((bool, usize, usize), Ranked)> = None;
    for (other, discarded) in allowed {
        let differences = differences(other);
        let probed = differences.iter().filter(|(sight, ..)| sight.probed().is_some()).count();
        let is_no_remedy = differences.iter().any(|&(sight, seen, _)| {
            judge.looked(&sight).is_some_and(|looked| {
                let (Target { mm, va }, writers) = (looked.target, number(&sight, seen));
                let writers = writers.map(|seen| judge.writers(seen, looked)).unwrap_or_default();
                !looked.held && discarded.contains(&(mm, va)) && writers.iter().any(|who| who.mm == mm)
            })
        });
        let distance = (is_no_remedy, differences.len() - probed, probed);
        if told.as_ref().is_some_and(|(least, _)| *least < distance) {
            continue;
        }
        for (sight, seen, should) in differences {
            let candidate = (distance, judge.tell(&sight, seen, should));
            if told.as_ref().is_none_or(|told| candidate < *told) {
                told = Some(candidate);
            }
        }
    }
    match told {
        Some((_, Ranked { rank, broken })) => {
            Finding { class: RANKS[rank], detail: Detail::Promise(Box::new(broken)) }
        }
        None => {
            let detail = "the specification has no execution".into();
            Finding { class: Class::Assertion, detail }
        }
    }
}

struct Judge<'w> {
    world: &'w World,
    promises: &'w Promises,
}

impl Judge<'_> {
    fn tell(&self, sight: &Sight, seen: u64, should: u64) -> Ranked {
        let (rank, written) = self.class(sight, seen, should);
        let author = |who: Writer, bits: u64, missed: bool| {
            let actor = self.world.actors[who.actor].name.clone();
            number(sight, bits).map(|value| Author { actor, device: who.device, value, missed })
        };
        let author = match written {
            Written::Seen(who) => author(who, seen, false),
            Written::Missed(who) => author(who, should, true),
            Written::Nobody => None,
        };
        let (subject, memory) = (self.subject(sight), self.memory(sight));
        let (seen, promised) = (typed(sight, seen), typed(sight, should));
        Ranked { rank, broken: Broken { subject, seen, promised, author, memory } }
    }

    fn subject(&self, sight: &Sight) -> Subject {
        match *sight {
            Sight::Variable(var) => Subject::Variable(self.world.variables[var].clone()),
            Sight::Failure(call) => {
                let actor =
                    self.world.calls().find(|(_, spec)| spec.id == call).map_or(0, |(actor, _)| actor);
                Subject::Call { actor: self.world.actors[actor].name.clone(), call }
            }
            Sight::Memory(target, word) => Subject::Memory(self.place(target, Some(word))),
            Sight::ToDevice(keeper) | Sight::ToOwner(keeper) => {
                let Place { mm, area, .. } = self.place(keeper.target, None);
                Subject::Handle { variable: self.world.variables[keeper.variable].clone(), mm, area }
            }
        }
    }

    fn place(&self, Target { mm, va }: Target, word: Option<u8>) -> Place {
        Place { mm: self.world.mms[mm].name.clone(), area: self.world.areas[va].name.clone(), word }
    }

    fn memory(&self, sight: &Sight) -> Option<Place> {
        let (target, word) = match sight.probed() {
            Some(keeper) => (keeper.target, None),
            None => self.looked(sight).map(|looked| (looked.target, Some(looked.word)))?,
        };
        Some(self.place(target, word))
    }

    fn class(&self, sight: &Sight, seen: u64, should: u64) -> (usize, Written) {
        let Some(looked) = self.looked(sight) else {
            let class = match sight {
                Sight::ToDevice(_) | Sight::ToOwner(_) => Class::StalePin,
                Sight::Variable(_) if self.is_soft_dirty(sight) => Class::LostSoftDirty,
                Sight::Failure(_) | Sight::Variable(_) if is_errno(should) => Class::PrivateWrite,
                _ => Class::Assertion,
            };
            return (rank(class), Written::Nobody);
        };
        let wrote = |value: Option<u64>| value.map(|v| self.writers(v, looked)).unwrap_or_default();
        let (theirs, missed) = (wrote(number(sight, seen)), wrote(number(sight, should)));
        let home = looked.target.mm;
        if let Some(stranger) = theirs.first().filter(|_| theirs.iter().all(|who| who.mm != home)) {
            let rank = if stranger.device { BY_DEVICE } else { rank(Class::Leak) };
            return (rank, Written::Seen(*stranger));
        }
        let (class, written) = match missed.iter().find(|who| who.mm == home) {
            Some(who) if looked.held => (Class::StalePin, Written::Missed(*who)),
            Some(who) if who.device => (Class::LostRead, Written::Missed(*who)),
            Some(who) => (Class::LostWrite, Written::Missed(*who)),
            None if looked.held => (Class::StalePin, Written::Nobody),
            None => match theirs.first() {
                Some(who) => (Class::PrivateWrite, Written::Seen(*who)),
                None => (Class::LostWrite, Written::Nobody),
            },
        };
        (rank(class), written)
    }

    /// The word that a sight is of, if it is of one.
    fn looked(&self, sight: &Sight) -> Option<Looked> {
        match *sight {
            Sight::Memory(target, word) => Some(Looked { target, word, held: false }),
            Sight::Variable(var) => {
                let (actor, call) = self.world.calls().find(|(_, call)| call.dest == Some(var))?;
                let access = call.call.access().filter(|access| !access.writes())?;
                let target = self.place_of(actor, call)?;
                Some(Looked { target, word: call.call.word()?, held: !access.is_by_user() })
            }
            _ => None,
        }
    }

    fn is_soft_dirty(&self, sight: &Sight) -> bool {
        let Sight::Variable(var) = *sight else { return false };
        self.world.calls().any(|(_, call)| call.dest == Some(var) && call.call.gives() == Gives::SoftDirty)
    }

    /// Who may have written a value to a word, in whichever mm.
    fn writers(&self, value: u64, looked: Looked) -> Vec<Writer> {
        let mut writers = Vec::new();
        for (actor, spec) in self.world.calls() {
            let Some(access) = spec.call.access().filter(|access| access.writes()) else { continue };
            let Some(target) = self.place_of(actor, spec) else { continue };
            let may = matches!(spec.call.value(), Some(Arg::Variable(_)))
                || spec.call.value() == Some(Arg::Number(value));
            if may && target.va == looked.target.va && spec.call.word() == Some(looked.word) {
                writers.push(Writer { actor, mm: target.mm, device: !access.is_by_user() });
            }
        }
        writers
    }

    /// The memory of which a call moves a word: what it is told, or what the handle that it is told was taken on.
    fn place_of(&self, actor: ActorId, spec: &CallSpec) -> Option<Target> {
        let keeper = |handle| {
            let keepers = keepers(self.world, self.promises);
            keepers.into_iter().find(|keeper| keeper.variable == handle)
        };
        match spec.call.handle() {
            Some(handle) => keeper(handle).map(|keeper| keeper.target),
            None => spec.call.memory(self.world.actors[actor].mm),
        }
    }
}

/// A value that somebody may have written.
const fn number(sight: &Sight, bits: u64) -> Option<u64> {
    match sight {
        Sight::Memory(..) if bits < UNMAPPED => Some(bits),
        Sight::Memory(..) => None,
        _ => match Value::decode(bits) {
            Value::Number(n) if bits != NOTHING => Some(n),
            _ => None,
        },
    }
}

fn is_errno(bits: u64) -> bool {
    bits < UNMAPPED && matches!(Value::decode(bits), Value::Errno(_))
}

/// What was seen.
fn typed(sight: &Sight, seen: u64) -> Seen {
    match sight {
        Sight::Memory(..) if seen == UNMAPPED => Seen::Unmapped,
        Sight::Memory(..) => Seen::Number(seen),
        Sight::Variable(_) | Sight::Failure(_) => match (seen, Value::decode(seen)) {
            (NOTHING, _) => Seen::Nothing,
            (HANDLE, _) => Seen::Handle,
            (_, Value::Number(n)) => Seen::Number(n),
            (_, Value::Errno(errno)) => Seen::Errno(errno.name().into()),
            _ => Seen::Child,
        },
        Sight::ToDevice(_) => Seen::OwnerStores(through(seen)),
        Sight::ToOwner(_) => Seen::DeviceStores(through(seen)),
    }
}

/// What became of a probe.
const fn through(seen: u64) -> Through {
    match seen {
        0 => Through::Seen,
        1 => Through::Missed,
        _ => Through::Refused,
    }
}
