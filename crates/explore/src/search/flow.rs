//! How a search goes on, or why it does not.

use std::ops::ControlFlow;

use cowrace_report::Stop;

/// Breaks with the reason, which is none where a finding ends the search.
pub(crate) type Flow<C = ()> = ControlFlow<Option<Stop>, C>;
