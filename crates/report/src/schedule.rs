//! Schedules: the order in which actors move, and the choices where the model leaves one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One step of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Turn {
    /// The actor that moves, as its index in the program.
    pub actor: u8,
    /// The answer to a `Choose`; `None` for every other request.
    pub choice: Option<u32>,
}

/// Everything that an execution needs in addition to the program: actors and data choices.
///
/// The text form is `1:HASH:STEPS`, small enough for a mail: `1` is the version of the form, `HASH`
/// the eight hex digits of [`Schedule::fingerprint`], and `STEPS` a list joined by dots in which
/// `2*14` means fourteen requests of actor 2, `2` one, and `2=1` a choice of actor 2 answered with 1.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Schedule {
    /// Hash of the model, the era, the architecture and the scenario for which the schedule was recorded.
    pub fingerprint: u32,
    /// The steps in order.
    pub turns: Vec<Turn>,
}

/// The reason why a text is not a schedule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseScheduleError {
    /// The text does not have the three parts.
    #[error("a schedule has three parts joined by colons, as in `1:9e3779b9:0*3.1=0`")]
    Shape,
    /// The version is not one that this build reads.
    #[error("schedule version `{0}` is not known; this build reads version 1")]
    Version(String),
    /// The hash is not eight hexadecimal digits.
    #[error("`{0}` is not a hash of eight hexadecimal digits")]
    Hash(String),
    /// One step cannot be read.
    #[error("step {index}, `{text}`, is not of the form `ACTOR`, `ACTOR*COUNT` or `ACTOR=CHOICE`")]
    Step {
        /// Position of the step, from 1.
        index: usize,
        /// The text found.
        text: String,
    },
    /// The schedule is longer than any execution may be.
    #[error("the schedule has more than {0} steps")]
    TooLong(usize),
}

impl Schedule {
    /// The longest schedule that is read: far above any execution, low enough that a hostile
    /// repeat count cannot exhaust memory.
    pub const MAX_TURNS: usize = 1_000_000;
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1:{:08x}:", self.fingerprint)?;
        let mut rest = self.turns.as_slice();
        let mut first = true;
        while let Some(&turn) = rest.first() {
            if !first {
                f.write_str(".")?;
            }
            first = false;
            let mut count = 1;
            match turn.choice {
                Some(choice) => write!(f, "{}={choice}", turn.actor)?,
                None => {
                    count = rest.iter().take_while(|&&t| t == turn).count();
                    if count == 1 {
                        write!(f, "{}", turn.actor)?;
                    } else {
                        write!(f, "{}*{count}", turn.actor)?;
                    }
                }
            }
            rest = &rest[count..];
        }
        Ok(())
    }
}

impl FromStr for Schedule {
    type Err = ParseScheduleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.trim().splitn(3, ':');
        let (Some(version), Some(hash), Some(steps)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(ParseScheduleError::Shape);
        };
        if version != "1" {
            return Err(ParseScheduleError::Version(version.to_owned()));
        }
        let bad_hash = || ParseScheduleError::Hash(hash.to_owned());
        if hash.len() != 8 || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(bad_hash());
        }
        let fingerprint = u32::from_str_radix(hash, 16).map_err(|_| bad_hash())?;
        let mut turns = Vec::new();
        for (i, step) in steps.split('.').enumerate() {
            if steps.is_empty() {
                break;
            }
            let bad = || ParseScheduleError::Step { index: i + 1, text: step.chars().take(40).collect() };
            let (actor, choice, count) = if let Some((actor, choice)) = step.split_once('=') {
                (actor, Some(choice.parse().map_err(|_| bad())?), 1)
            } else if let Some((actor, count)) = step.split_once('*') {
                (actor, None, count.parse::<usize>().map_err(|_| bad())?)
            } else {
                (step, None, 1)
            };
            let turn = Turn { actor: actor.parse().map_err(|_| bad())?, choice };
            if count == 0 {
                return Err(bad());
            }
            if count > Self::MAX_TURNS - turns.len() {
                return Err(ParseScheduleError::TooLong(Self::MAX_TURNS));
            }
            turns.extend(std::iter::repeat_n(turn, count));
        }
        Ok(Self { fingerprint, turns })
    }
}

/// A schedule as its text form, in what is serialised.
pub(crate) mod text {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Schedule;

    pub(crate) fn serialize<S: Serializer>(schedule: &Option<Schedule>, out: S) -> Result<S::Ok, S::Error> {
        match schedule {
            Some(schedule) => out.collect_str(schedule),
            None => out.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Schedule>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|t| t.parse().map_err(D::Error::custom)).transpose()
    }
}
