//! The effort of a search: how much it has done.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub};

use serde::{Deserialize, Serialize};

/// Numbers of executions and requests. Sums and differences saturate, since some of the numbers are read from files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Effort {
    /// The number of executions explored to their end.
    pub executions: u64,
    /// The number of requests executed.
    pub requests: u64,
}

impl Add for Effort {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            executions: self.executions.saturating_add(other.executions),
            requests: self.requests.saturating_add(other.requests),
        }
    }
}

impl AddAssign for Effort {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Effort {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            executions: self.executions.saturating_sub(other.executions),
            requests: self.requests.saturating_sub(other.requests),
        }
    }
}

impl Sum for Effort {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Self::add)
    }
}
