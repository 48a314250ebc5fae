//! Whether a diagram can happen as it is drawn.

use serde::{Deserialize, Serialize};

use crate::Waits;

/// The result of replaying the rows of a diagram in the order in which they are drawn. It says nothing about other
/// orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", tag = "rows")]
pub enum AsDrawn {
    /// An execution follows them.
    Possible {
        /// The number of cells that are remarks, and therefore were not followed.
        remarks: usize,
    },
    /// An actor cannot go on where a row says so.
    Impossible {
        /// The number of the row, from 1.
        row: usize,
        /// The text of its cell.
        cell: String,
        /// The actor that cannot go on.
        actor: String,
        /// What it waits for.
        waits: Waits,
    },
    /// An actor does not reach the step of a row.
    NeverOccurs {
        /// The number of the row, from 1.
        row: usize,
        /// The text of its cell.
        cell: String,
        /// The actor that does not reach it.
        actor: String,
        /// What it does instead.
        instead: String,
    },
    /// The execution is not finished after the last row.
    TooShort {
        /// The actors that have not finished.
        actors: Vec<String>,
    },
}
