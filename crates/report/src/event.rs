//! Events: what one step of an execution did.

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

/// Where in a call an event stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Step {
    /// The first event of call number `n` of the program.
    Begin(u16),
    /// The last event of call number `n`.
    End(u16),
    /// A named step of the model (an anchor) was completed by this event.
    Anchor(String),
    /// The call does not do what it is for, as this event shows.
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
    /// The kernel primitive, as `page_ref_add_unless`.
    pub primitive: String,
    /// The kernel function that issued it.
    pub function: String,
    /// Source position in the model, as `memory.rs:123`.
    pub site: String,
    /// What was asked and answered.
    pub access: Access,
    /// Words that the event changed.
    pub changes: Vec<Change>,
    /// Why the model took the branch that it took next.
    pub why: Vec<Reason>,
    /// Steps of calls that begin or end here.
    pub steps: Vec<Step>,
}

/// An execution, written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Trace {
    /// The names of the actors; [`Event::actor`] is an index into them.
    pub actors: Vec<String>,
    /// The events in order.
    pub events: Vec<Event>,
    /// The schedule that produces this very trace.
    pub schedule: Schedule,
    /// What is wrong with the execution, if anything.
    pub finding: Option<Finding>,
    /// The scenario's variables at the end, by name.
    pub variables: Vec<(String, Value)>,
}
