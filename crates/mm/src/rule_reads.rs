//! The rules of an era that a search has read.

use std::sync::Arc;

use crate::cpu::Kernel;
use crate::era::{Answers, Era, Safeguard};

/// The rules that the code of one program has read so far. Code that only tests whether a rule has some value has read
/// that answer, not the value.
///
/// With the scenario and the architecture given, a program is a pure function of the answers that its actors get and of
/// the rules that its code reads: its initial memory, each next request, and the judgement at the end. The search is
/// deterministic: its next step depends only on what it has seen of the program. Compare it, step by step, with the
/// search of the same scenario under another era. As long as both have seen the same, both make the same next step, and
/// the code of both reads the same rule next; if the eras agree on it, both see the same again. So if the other era
/// agrees on everything that was read in a whole search, its own search would be the same to the end, whatever the
/// other rules are: the same executions, verdict and turns.
///
/// Which rules are read depends on which executions are explored, so ask *after* the search. This covers only
/// deterministic searches: a search that was ended by a clock or by hand tells nothing about another. Rules that are
/// read in addition, by a replay or by threads that did more than was needed, only make fewer eras agree.
#[derive(Clone, Debug)]
pub struct RuleReads(Arc<Kernel>);

impl RuleReads {
    pub(crate) const fn new(kernel: Arc<Kernel>) -> Self {
        Self(kernel)
    }

    /// Whether everything that was read so far would have been the same under another era.
    #[must_use]
    pub fn agrees(&self, era: &Era) -> bool {
        self.0.rules.agrees(era.rules())
    }

    /// All that was read so far, and the answers.
    #[must_use]
    pub fn answers(&self) -> Answers {
        self.0.rules.answers()
    }

    /// The safeguards on which the code has depended so far.
    #[must_use]
    pub fn safeguards(&self) -> Vec<Safeguard> {
        self.0.rules.safeguards()
    }

    /// The keys of the rules that have been read so far.
    #[must_use]
    pub fn keys(&self) -> Vec<&'static str> {
        self.0.rules.keys()
    }
}
