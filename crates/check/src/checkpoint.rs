//! Where a search was stopped, and its notes so far.

use cowrace_explore as explore;
use cowrace_mm::World;
use serde::{Deserialize, Serialize};

use crate::side_findings::Noted;

/// Where a search was stopped, and its notes so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// A digest of what executions were judged by: the engine knows the program, but not the question.
    pub question: String,
    /// Where the search was stopped.
    pub search: explore::Checkpoint,
    /// Its notes so far.
    pub noted: Noted,
}

impl Checkpoint {
    /// The checkpoint of a search of a scenario.
    #[must_use]
    pub fn of(world: &World, search: explore::Checkpoint, noted: Noted) -> Self {
        Self { question: question(world), search, noted }
    }
}

/// A digest of everything that a scenario asks of executions.
#[must_use]
pub fn question(world: &World) -> String {
    digest(&format!("{} {:?}", env!("CARGO_PKG_VERSION"), world))
}

/// FNV-1a: it is the same in every process, and detects every change of a single byte.
#[must_use]
pub fn digest(text: &str) -> String {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{hash:016x}")
}
