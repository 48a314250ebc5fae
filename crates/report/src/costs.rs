//! The costs of a scenario under an era.

use serde::{Deserialize, Serialize};

/// Page copies and page faults, over all executions, bad ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Costs {
    /// Pages copied.
    pub copies: Span,
    /// Page faults taken.
    pub faults: Span,
    /// The costs of the specification; `None` if it has too many executions to explore.
    pub needed: Option<Needed>,
}

/// The range from the fewest to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Span {
    /// In the cheapest execution.
    pub fewest: u64,
    /// In the most expensive execution.
    pub most: u64,
}

/// The fewest that the specification needed, over all of its executions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Needed {
    /// Pages copied.
    pub copies: u64,
    /// Page faults taken.
    pub faults: u64,
}

impl Span {
    /// The span of a single number.
    #[must_use]
    pub const fn of(number: u64) -> Self {
        Self { fewest: number, most: number }
    }

    /// The span that holds both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self { fewest: self.fewest.min(other.fewest), most: self.most.max(other.most) }
    }
}
