//! Whether a diagram can happen as it is drawn.

use serde::{Deserialize, Serialize};

use crate::Waits;

/// What becomes of the rows of a diagram in the order in which they are drawn. It says nothing of other orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case", tag = "rows")]
pub enum AsDrawn {
    /// An execution follows them.
    Possible {
        /// Cells that are remarks, and so were not followed.
        remarks: usize,
    },
    /// An actor cannot go on where a row says so.
    Impossible {
        /// The row, as one counts them: from 1.
        row: usize,
        /// The text of its cell.
        cell: String,
        /// Who cannot go on.
        actor: String,
        /// What it waits for.
        waits: Waits,
    },
    /// An actor does not come to the step of a row.
    NeverOccurs {
        /// The row, as one counts them: from 1.
        row: usize,
        /// The text of its cell.
        cell: String,
        /// Who does not come there.
        actor: String,
        /// What it does instead.
        instead: String,
    },
    /// The rows are over before the execution is.
    TooShort {
        /// The actors that have not finished.
        actors: Vec<String>,
    },
}
