//! Single executions: they are replayed, followed along the rows of a diagram, and made easy to read.

pub(crate) mod counterfactual;
pub(crate) mod follow;
pub(crate) mod linearize;
pub(crate) mod minimize;
pub(crate) mod replay;
