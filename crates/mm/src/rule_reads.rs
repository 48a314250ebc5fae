//! What a search has asked of an era.

use std::sync::Arc;

use crate::cpu::Kernel;
use crate::era::{Era, Safeguard};

/// The rules that the code of one program has read so far. Code that asks only whether a rule has some value has read
/// that answer, not the value.
///
/// With the scenario and the architecture given, a program is a pure function of the answers that its actors get
/// and of the rules that its code reads: how memory is at first, each next request, and the judgement at the end.
/// The search is deterministic: what it does next depends on what it has seen of the program. So compare it with the
/// search of the same scenario under another era, step by step. As long as both have seen the same, both do the same
/// next, and the code of both reads the same rule next; if the eras agree there, both go on to see the same. So if
/// the other era agrees in all that was read in a whole search, its own search would be the same to the end,
/// whatever the other rules are: the same executions, verdict and turns.
///
/// Which rules are read depends on which executions are explored, so ask *after* the search. What is not deterministic
/// is not covered: a search that was ended by a clock or by a hand says nothing of another. Rules that are read in
/// addition, by a replay or by threads that did more than they had to, only make fewer eras agree.
#[derive(Clone, Debug)]
pub struct RuleReads(Arc<Kernel>);

impl RuleReads {
    pub(crate) const fn new(kernel: Arc<Kernel>) -> Self {
        Self(kernel)
    }

    /// Whether all that was read so far would have been the same under another era.
    #[must_use]
    pub fn agrees(&self, era: &Era) -> bool {
        self.0.rules.agrees(era.rules())
    }

    /// The safeguards that the code depended on so far.
    #[must_use]
    pub fn safeguards(&self) -> Vec<Safeguard> {
        self.0.rules.safeguards()
    }

    /// The keys of the rules of which something was read so far.
    #[must_use]
    pub fn keys(&self) -> Vec<&'static str> {
        self.0.rules.keys()
    }
}
