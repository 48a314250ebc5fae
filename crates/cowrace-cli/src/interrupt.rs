//! Ctrl-C, and what `kill` and `timeout` send: searches end early, and what they have found is still told.

use std::io::{self, Write as _};
use std::ops::Deref;
use std::process;
use std::sync::{Arc, Once};

use crate::Exit;

/// The wish that all searches end early, which signals may make. Clones are the same wish.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    wish: cowrace_check::Interrupt,
    /// Whether signals make it, once there is something to end.
    signals: Option<Arc<Once>>,
}

impl Deref for Interrupt {
    type Target = cowrace_check::Interrupt;

    fn deref(&self) -> &Self::Target {
        &self.wish
    }
}

impl Interrupt {
    /// A wish that the first Ctrl-C makes, from when a search begins. The second one ends the process at once, with exit
    /// code 130. Until then, while files are read, Ctrl-C does what it did: a pipe into which nothing is written would
    /// otherwise keep the process, which would not hear of the wish.
    #[must_use]
    pub fn by_ctrl_c() -> Self {
        Self { signals: Some(Arc::new(Once::new())), ..Self::default() }
    }

    /// A search begins. If the system does not let signals be handled, or they are handled already, Ctrl-C does what it
    /// did.
    pub(crate) fn arm(&self) {
        let Some(signals) = &self.signals else { return };
        signals.call_once(|| {
            let wish = self.wish.clone();
            let handled = ctrlc::set_handler(move || {
                if wish.ask() {
                    process::exit(Exit::AtOnce as i32);
                }
            });
            drop(handled);
        });
    }
}

/// How many of the searches that were due have come to an end of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) finished: usize,
    pub(crate) all: usize,
}

impl Extent {
    /// Says on standard error if that is not all of them; then there is no complete answer, so `exit` is not 0.
    pub(crate) fn announce(self, exit: Exit) -> Exit {
        let Some(line) = self.line() else { return exit };
        // Nobody is left to tell if standard error is gone.
        let _ = writeln!(io::stderr(), "{line}");
        if exit == Exit::Ok { Exit::Bounded } else { exit }
    }

    fn line(self) -> Option<String> {
        let Self { finished, all } = self;
        let searches = if all == 1 { "search" } else { "searches" };
        (finished < all).then(|| format!("interrupted: {finished} of {all} {searches} finished"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_whole_was_not_interrupted() {
        let line = |finished, all| Extent { finished, all }.line();
        assert_eq!(line(12, 40).as_deref(), Some("interrupted: 12 of 40 searches finished"));
        assert_eq!(line(0, 1).as_deref(), Some("interrupted: 0 of 1 search finished"));
        assert_eq!(line(40, 40), None);
        assert_eq!(Extent { finished: 1, all: 1 }.announce(Exit::Gone), Exit::Gone);
    }
}
