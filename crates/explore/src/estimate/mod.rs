//! Estimates of the size of a search, made while it runs.

pub(crate) mod access_summary;
pub(crate) mod persistent_sets;
pub(crate) mod samples;
pub(crate) mod stochastic_enumeration;
