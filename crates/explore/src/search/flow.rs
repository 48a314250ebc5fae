//! Whether a search continues, or why it does not.

use std::ops::ControlFlow;

use cowrace_report::Stop;

/// Breaks with the reason to stop, which is `None` if a finding ends the search.
pub(crate) type Flow<C = ()> = ControlFlow<Option<Stop>, C>;
