//! Where a search was stopped, and what it had noted by then.

use cowrace_explore as explore;
use cowrace_mm::World;
use serde::{Deserialize, Serialize};

use crate::side_findings::Noted;

/// Where a search was stopped, and what it had noted by then.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// What executions were judged by: the engine knows what was run, and not what was asked of it.
    pub question: String,
    /// Where the search was stopped.
    pub search: explore::Checkpoint,
    /// What it had noted by then.
    pub noted: Noted,
}

impl Checkpoint {
    /// Of a search of a scenario.
    #[must_use]
    pub fn of(world: &World, search: explore::Checkpoint, noted: Noted) -> Self {
        Self { question: question(world), search, noted }
    }
}

/// A number for all that a scenario asks of executions.
#[must_use]
pub fn question(world: &World) -> String {
    digest(&format!("{} {:?}", env!("CARGO_PKG_VERSION"), world))
}

/// FNV-1a: the same in every process, and no change of one byte goes unnoticed.
#[must_use]
pub fn digest(text: &str) -> String {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{hash:016x}")
}
