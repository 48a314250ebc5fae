//! What is wrong with what was seen, in words: who wrote the value that was seen or missed says which damage it is.

use cowrace_mm::World;
use cowrace_mm::value::Value;
use cowrace_mm::world::{ActorId, Arg, Call, MmId, Target, Va};
use cowrace_report::{Class, Finding};

use crate::keepers::{calls, keepers, taken};
use crate::observation::{NOTHING, Observation, Sight, UNMAPPED};
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

/// Where the damage shows. Variables first: they are what the scenario draws.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shown {
    /// In a variable.
    Variable(String),
    /// In the failure of a call that no variable keeps.
    Failure,
    /// In the memory of a process at the end.
    Memory,
    /// Nowhere yet: a handle is cut off from the memory that it was taken on.
    Handle(String),
}

/// Whose value makes the damage.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Author {
    /// The name of the actor.
    pub actor: String,
    /// Its device wrote, not its CPU.
    pub device: bool,
    /// The value.
    pub value: u64,
    /// The value should have been seen and was not; else it was seen and should not have been.
    pub missed: bool,
}

/// What is wrong with what an execution has shown, and who is behind it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Blame {
    /// The gravest first.
    rank: usize,
    /// Where it shows.
    pub shown: Shown,
    text: String,
    /// What is wrong, without who is behind it.
    pub plain: String,
    /// Whose value it is about, if that is known.
    pub author: Option<Author>,
    /// The memory that it is about: the mm, the area, and the word if it is one.
    pub memory: Option<(String, String, Option<u8>)>,
}

impl Blame {
    /// The class and the words.
    #[must_use]
    pub fn finding(&self) -> Finding {
        Finding { class: RANKS[self.rank], detail: self.text.clone().into() }
    }
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

/// Puts what was seen into words, beside what is allowed and most like it. What executions have shown by themselves
/// counts before what probes show; and where the owner sees what it wrote, it is no remedy to discard that.
pub(crate) fn blame(
    (world, promises): (&World, &Promises),
    sights: &[Sight],
    allowed: &Allowed,
    seen: &Observation,
) -> Blame {
    let judge = Judge { world, promises };
    let differences = |other: &'_ Observation| -> Vec<(Sight, u64, u64)> {
        let pairs = sights.iter().zip(seen.iter().zip(other));
        pairs.filter(|(_, (seen, should))| seen != should).map(|(at, (&a, &b))| (*at, a, b)).collect()
    };
    let mut told: Option<((bool, usize, usize), Blame)> = None;
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
    told.map(|(_, blame)| blame).unwrap_or_else(|| Blame {
        rank: rank(Class::Assertion),
        shown: Shown::Memory,
        text: "the specification has no execution".to_owned(),
        plain: "the specification has no execution".to_owned(),
        author: None,
        memory: None,
    })
}

struct Judge<'w> {
    world: &'w World,
    promises: &'w Promises,
}

impl Judge<'_> {
    fn tell(&self, sight: &Sight, seen: u64, should: u64) -> Blame {
        let (rank, written) = self.class(sight, seen, should);
        let (mut seen_text, mut should_text) = (text(sight, seen), text(sight, should));
        match written {
            Written::Seen(who) => seen_text.push_str(&self.wrote(who)),
            Written::Missed(who) => should_text.push_str(&self.wrote(who)),
            Written::Nobody => {}
        }
        let name = self.name(sight);
        let sentence = |seen: &str, should: &str| match (sight, should.strip_prefix("is ")) {
            (Sight::ToDevice(_) | Sight::ToOwner(_), _) => format!("{name} {seen}"),
            (_, Some(should)) => format!("{name} {seen}, not {should}"),
            (_, None) => format!("{name} {seen}; promised: it {should}"),
        };
        let plain = sentence(&text(sight, seen), &text(sight, should));
        let text = sentence(&seen_text, &should_text);
        let author = |who: Writer, bits: u64, missed: bool| {
            let actor = self.world.actors[who.actor].name.clone();
            number(sight, bits).map(|value| Author { actor, device: who.device, value, missed })
        };
        let author = match written {
            Written::Seen(who) => author(who, seen, false),
            Written::Missed(who) => author(who, should, true),
            Written::Nobody => None,
        };
        Blame { rank, shown: self.shown(sight), text, plain, author, memory: self.memory(sight) }
    }

    fn shown(&self, sight: &Sight) -> Shown {
        let variable = |var: usize| self.world.variables[var].clone();
        match sight {
            Sight::Variable(var) => Shown::Variable(variable(*var)),
            Sight::Failure(_) => Shown::Failure,
            Sight::Memory(..) => Shown::Memory,
            Sight::ToDevice(keeper) | Sight::ToOwner(keeper) => Shown::Handle(variable(keeper.variable)),
        }
    }

    fn memory(&self, sight: &Sight) -> Option<(String, String, Option<u8>)> {
        let (target, word) = match sight.probed() {
            Some(keeper) => (keeper.target, None),
            None => self.looked(sight).map(|looked| (looked.target, Some(looked.word)))?,
        };
        Some((self.world.mms[target.mm].name.clone(), self.world.areas[target.va].name.clone(), word))
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

    fn wrote(&self, who: Writer) -> String {
        let name = &self.world.actors[who.actor].name;
        if who.device {
            format!(", which a device wrote for {name}")
        } else {
            format!(", which {name} wrote")
        }
    }

    /// The word that a sight is of, if it is of one.
    fn looked(&self, sight: &Sight) -> Option<Looked> {
        match *sight {
            Sight::Memory(target, word) => Some(Looked { target, word, held: false }),
            Sight::Variable(var) => {
                let (actor, call) = calls(self.world).find(|(_, call)| call.dest == Some(var))?;
                let own = self.world.actors[actor].mm;
                match call.call {
                    Call::Load { va, word } => {
                        Some(Looked { target: Target { mm: own?, va }, word, held: false })
                    }
                    Call::DirectWrite { word, .. } => {
                        Some(Looked { target: taken(&call.call, own)?.0, word, held: true })
                    }
                    Call::DmaRead { handle, word } | Call::PipeRead { handle, word } => {
                        let keepers = keepers(self.world, self.promises);
                        let keeper = keepers.into_iter().find(|keeper| keeper.variable == handle)?;
                        Some(Looked { target: keeper.target, word, held: true })
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn is_soft_dirty(&self, sight: &Sight) -> bool {
        let Sight::Variable(var) = *sight else { return false };
        calls(self.world)
            .any(|(_, call)| call.dest == Some(var) && matches!(call.call, Call::SoftDirty { .. }))
    }

    /// Who may have written a value to a word, in whichever mm.
    fn writers(&self, value: u64, looked: Looked) -> Vec<Writer> {
        let mut writers = Vec::new();
        let mut note = |actor, mm, va: Va, word, arg: Arg, device| {
            let may = matches!(arg, Arg::Variable(_)) || arg == Arg::Number(value);
            if may && va == looked.target.va && word == looked.word {
                writers.push(Writer { actor, mm, device });
            }
        };
        for (actor, spec) in calls(self.world) {
            let own = self.world.actors[actor].mm.unwrap_or(0);
            match spec.call {
                Call::Store { va, word, value } => note(actor, own, va, word, value, false),
                Call::DirectRead { va, word, value, .. } | Call::Recvmsg { va, word, value } => {
                    note(actor, own, va, word, value, true);
                }
                Call::DmaWrite { handle, word, value } => {
                    let keepers = keepers(self.world, self.promises);
                    if let Some(keeper) = keepers.into_iter().find(|keeper| keeper.variable == handle) {
                        note(actor, keeper.target.mm, keeper.target.va, word, value, true);
                    }
                }
                _ => {}
            }
        }
        writers
    }

    fn name(&self, sight: &Sight) -> String {
        match *sight {
            Sight::Variable(var) => self.world.variables[var].clone(),
            Sight::Failure(id) => {
                let actor = calls(self.world).find(|(_, call)| call.id == id).map(|(actor, _)| actor);
                format!("a call of {}", actor.map_or("?", |actor| &self.world.actors[actor].name))
            }
            Sight::Memory(Target { mm, va }, word) => {
                format!("{}.{}[{word}]", self.world.mms[mm].name, self.world.areas[va].name)
            }
            Sight::ToDevice(keeper) | Sight::ToOwner(keeper) => {
                let (mm, va) = (keeper.target.mm, keeper.target.va);
                let (mm, area) = (&self.world.mms[mm].name, &self.world.areas[va].name);
                format!("{}, taken on {mm}.{area},", self.world.variables[keeper.variable])
            }
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

/// What was seen, as a part of a sentence.
fn text(sight: &Sight, seen: u64) -> String {
    match sight {
        Sight::Memory(..) if seen == UNMAPPED => "is not mapped".to_owned(),
        Sight::Memory(..) => format!("is {seen}"),
        Sight::Variable(_) | Sight::Failure(_) => match (seen, Value::decode(seen)) {
            (NOTHING, _) => "does not fail".to_owned(),
            (_, Value::Number(n)) => format!("is {n}"),
            (_, Value::Errno(errno)) => format!("is {}", errno.name()),
            _ => "is a handle".to_owned(),
        },
        Sight::ToDevice(_) if seen == 0 => "sees what its owner stores".to_owned(),
        Sight::ToDevice(_) if seen == 1 => "does not see what its owner stores".to_owned(),
        Sight::ToDevice(_) => "has an owner who cannot store".to_owned(),
        Sight::ToOwner(_) if seen == 0 => "shows its owner what the device stores".to_owned(),
        Sight::ToOwner(_) => "does not show its owner what the device stores".to_owned(),
    }
}
