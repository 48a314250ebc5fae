//! Events: the effects of one step of an execution.

use serde::{Deserialize, Serialize};

use crate::{Access, Finding, NoEffect, Reason, Schedule, Value, Word};

/// A word that an event changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Change {
    /// The word.
    pub word: Word,
    /// Its value before.
    pub from: Value,
    /// Its value after.
    pub to: Value,
}

/// The position of an event in a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Step {
    /// The first event of call number `n` of the program.
    Begin(u16),
    /// The last event of call number `n`.
    End(u16),
    /// A named step of the model (an anchor) was completed by this event.
    Anchor(String),
    /// The call does not have its intended effect, as this event shows.
    NoEffect(NoEffect),
}

/// One executed request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Event {
    /// Index of the actor.
    pub actor: u8,
    /// The call of the scenario that this event belongs to, if any.
    pub call: Option<u16>,
    /// The kernel primitive, such as `page_ref_add_unless`.
    pub primitive: String,
    /// The kernel function that issued it.
    pub function: String,
    /// Source position in the model, such as `memory.rs:123`.
    pub site: String,
    /// The access and its result.
    pub access: Access,
    /// Words that the event changed.
    pub changes: Vec<Change>,
    /// The reasons for the next branch of the model.
    pub why: Vec<Reason>,
    /// The steps of calls that begin or end here.
    pub steps: Vec<Step>,
}

/// A recorded execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Trace {
    /// The names of the actors; [`Event::actor`] is an index into them.
    pub actors: Vec<String>,
    /// The events in order.
    pub events: Vec<Event>,
    /// The schedule that produces this trace.
    pub schedule: Schedule,
    /// What is wrong with the execution, if anything.
    pub finding: Option<Finding>,
    /// The scenario's variables at the end, by name.
    pub variables: Vec<(String, Value)>,
}
