//! The class of damage of an observation: it depends on the writer of the value that was seen or missed.

use cowrace_mm::World;
use cowrace_mm::syscall::Gives;
use cowrace_mm::value::Value;
use cowrace_mm::world::{ActorId, Arg, CallSpec, MmId, Target};
use cowrace_report::{Author, Broken, Class, Detail, Finding, Place, Seen, Subject, Through};

use crate::keepers::keepers;
use crate::observation::{HANDLE, NOTHING, Observation, Sight, UNMAPPED};
use crate::oracle::Allowed;
use crate::promises::Promises;
use crate::start::Start;

/// The writer of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Writer {
    /// The actor that made the call.
    actor: ActorId,
    /// The mm that was written to.
    mm: MmId,
    /// Whether a device wrote, not a CPU.
    device: bool,
}

/// The value that makes the damage.
#[derive(Clone, Copy, Debug)]
enum Written {
    /// The value that was seen, by its writer.
    Seen(Writer),
    /// The value that was missed, by its writer.
    Missed(Writer),
    /// A value without a known writer.
    Unknown,
}

/// A word, and the way in which it was read.
#[derive(Clone, Copy, Debug)]
struct Looked {
    target: Target,
    word: u8,
    /// Whether it was read through a handle, or by a device.
    held: bool,
}

/// What is wrong with an observation, and its severity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ranked {
    /// The rank; the most severe damage has the lowest.
    rank: usize,
    broken: Broken,
}

/// The classes, the most severe first. A value of a device that another mm sees ranks low: as a rule its owner misses
/// the value, and that is the damage.
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

/// The rank of a leak of a device's write.
const BY_DEVICE: usize = 3;

fn rank(class: Class) -> usize {
    RANKS.iter().position(|&other| other == class).unwrap_or(RANKS.len() - 1)
}

/// Compares an observation with the most similar ones that are allowed. Values that executions have shown by themselves
/// count before results of probes; and if the owner sees its own write, an allowed observation that discards it is
/// considered last.
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
            Written::Unknown => None,
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
        let area = match word {
            Some(_) => self.world.areas[va].name.clone(),
            None => self.world.label(va).unwrap_or_default(),
        };
        Place { mm: self.world.mms[mm].name.clone(), area, word }
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
            return (rank(class), Written::Unknown);
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
            None if looked.held => (Class::StalePin, Written::Unknown),
            None => match theirs.first() {
                Some(who) => (Class::PrivateWrite, Written::Seen(*who)),
                None => (Class::LostWrite, Written::Unknown),
            },
        };
        (rank(class), written)
    }

    /// The word of a sight, if it has one.
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

    /// The possible writers of a value to a word, in any mm.
    fn writers(&self, value: u64, looked: Looked) -> Vec<Writer> {
        let mut writers = Vec::new();
        let places = self.world.places(looked.target.va);
        for (actor, spec) in self.world.calls() {
            let Some(access) = spec.call.access().filter(|access| access.writes()) else { continue };
            let Some(target) = self.place_of(actor, spec) else { continue };
            let may = matches!(spec.call.value(), Some(Arg::Variable(_)))
                || spec.call.value() == Some(Arg::Number(value));
            if may && places.contains(&target.va) && spec.call.word() == Some(looked.word) {
                writers.push(Writer { actor, mm: target.mm, device: !access.is_by_user() });
            }
        }
        writers
    }

    /// The memory whose word a call transfers: its argument, or the memory on which its argument, a handle, was taken.
    fn place_of(&self, actor: ActorId, spec: &CallSpec) -> Option<Target> {
        let keeper = |handle| {
            let keepers = keepers(self.world, self.promises, &Start::of(self.world));
            keepers.into_iter().find(|keeper| keeper.variable == handle)
        };
        match spec.call.handle() {
            Some(handle) => keeper(handle).map(|keeper| keeper.target),
            None => spec.call.memory(self.world.actors[actor].mm),
        }
    }
}

/// The number that a sight shows, if it shows one.
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

/// The result of a probe.
const fn through(seen: u64) -> Through {
    match seen {
        0 => Through::Seen,
        1 => Through::Missed,
        _ => Through::Refused,
    }
}
