//! Estimates of how large a search is, before it is over.

pub(crate) mod access_summary;
pub(crate) mod persistent_sets;
pub(crate) mod samples;
pub(crate) mod stochastic_enumeration;
