//! Events: what one step of an execution did, in words.

use serde::{Deserialize, Serialize};

use crate::{Finding, NoEffect, Schedule};

/// What a word is to those who read a story.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An entry of a page table.
    Pte,
    /// An entry of a TLB.
    Tlb,
    /// References, mappings or pins of a page.
    Count,
    /// Flags of a page, or of a mapping.
    Flags,
    /// What is in a page.
    Content,
    /// A sequence count, or another mark that one side leaves for the other.
    Mark,
    /// A swap slot or the swap cache.
    Swap,
    /// A page that is allocated or freed.
    Page,
    /// A variable of the scenario.
    Variable,
    /// What is of use to the machinery only: locks, lists, bookkeeping.
    #[default]
    Other,
}

/// A word of memory and what it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// What kind of word.
    pub kind: Kind,
    /// The word, as `X._refcount`.
    pub what: String,
    /// Its value, in the model's words.
    pub value: String,
}

/// A word that an event changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What kind of word.
    #[serde(default)]
    pub kind: Kind,
    /// The word, as `X._refcount`.
    pub what: String,
    /// Its value before, in the model's words.
    pub from: String,
    /// Its value after.
    pub to: String,
}

/// Where in a call an event stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    /// What was asked and answered, as `page_count(X) = 2`.
    pub text: String,
    /// Words that the event changed.
    pub changes: Vec<Change>,
    /// Why the model took the branch that it took next, as `page_count(X) == 2, so copy`.
    pub why: Vec<String>,
    /// Steps of calls that begin or end here.
    pub steps: Vec<Step>,
}

/// An execution, written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
    pub variables: Vec<(String, String)>,
}
