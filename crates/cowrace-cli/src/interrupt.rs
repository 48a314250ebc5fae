//! Ctrl-C, and the signals of `kill` and `timeout`: searches end early, and their results so far are printed.

use std::io::{self, Write as _};
use std::ops::Deref;
use std::process;
use std::sync::{Arc, Once};

use crate::Exit;

/// A request that all searches end early, which signals may make. Clones share the request.
#[derive(Clone, Debug, Default)]
pub struct Interrupt {
    wish: cowrace_check::Interrupt,
    /// Whether signals make the request, once there is a search to end.
    signals: Option<Arc<Once>>,
}

impl Deref for Interrupt {
    type Target = cowrace_check::Interrupt;

    fn deref(&self) -> &Self::Target {
        &self.wish
    }
}

impl Interrupt {
    /// A request that the first Ctrl-C makes, once a search has begun. The second Ctrl-C ends the process at once,
    /// with exit code 130. Before the first search, while files are read, Ctrl-C has its default effect: otherwise
    /// the process would ignore it while it reads from a pipe.
    #[must_use]
    pub fn by_ctrl_c() -> Self {
        Self { signals: Some(Arc::new(Once::new())), ..Self::default() }
    }

    /// Called when a search begins. If signals cannot be handled, or are handled already, Ctrl-C keeps its effect.
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

/// How many of the searches have finished by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) finished: usize,
    pub(crate) all: usize,
}

impl Extent {
    /// Prints on standard error if not all of them have; then the answer is incomplete, so the exit code is not 0.
    pub(crate) fn announce(self, exit: Exit) -> Exit {
        let Some(line) = self.line() else { return exit };
        // An error means that standard error is closed, and is ignored.
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
