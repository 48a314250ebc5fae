//! Ctrl-C, and the signals of `kill` and `timeout`: searches end early, and their results so far are printed.

use std::io::{self, Write as _};
use std::ops::Deref;
use std::process;
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use crate::Exit;

/// How long after the first signal another one is taken for the same. `timeout` sends one to the process and one to its
/// group, microseconds apart; a user does not press Ctrl-C twice so fast.
const THE_SAME: Duration = Duration::from_millis(200);

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
    /// A request that the first Ctrl-C makes, once a search has begun. The second Ctrl-C, unless it comes together with
    /// the first, ends the process at once, with exit code 130. Before the first search, while files are read, Ctrl-C has
    /// its default effect: otherwise the process would ignore it while it reads from a pipe.
    #[must_use]
    pub fn by_ctrl_c() -> Self {
        Self { signals: Some(Arc::new(Once::new())), ..Self::default() }
    }

    /// Called when a search begins. If signals cannot be handled, or are handled already, Ctrl-C keeps its effect.
    pub(crate) fn arm(&self) {
        let Some(signals) = &self.signals else { return };
        signals.call_once(|| {
            let (wish, mut signals) = (self.wish.clone(), Signals::default());
            let handled = ctrlc::set_handler(move || {
                wish.ask();
                if signals.end_at_once(Instant::now()) {
                    end_at_once();
                }
            });
            drop(handled);
        });
    }
}

/// The signals so far.
#[derive(Debug, Default)]
struct Signals {
    first: Option<Instant>,
}

impl Signals {
    /// Notes a signal. Returns whether it is a second one, which ends the process at once.
    fn end_at_once(&mut self, now: Instant) -> bool {
        now.saturating_duration_since(*self.first.get_or_insert(now)) >= THE_SAME
    }
}

/// Ends the process, and what it has found is lost.
fn end_at_once() -> ! {
    // An error means that standard error is closed, and is ignored.
    let _ = writeln!(
        io::stderr(),
        "ended at once by a second signal: results that had not been printed are lost"
    );
    process::exit(Exit::AtOnce as i32)
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

    /// How many have finished, in a line; `None` if all have.
    pub(crate) fn line(self) -> Option<String> {
        let Self { finished, all } = self;
        let searches = if all == 1 { "search" } else { "searches" };
        (finished < all).then(|| format!("interrupted: {finished} of {all} {searches} finished"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_that_come_together_are_one() {
        let (mut signals, first) = (Signals::default(), Instant::now());
        assert!(!signals.end_at_once(first));
        for (later, ends) in [(0, false), (1, false), (199, false), (200, true), (5000, true), (3, false)] {
            assert_eq!(signals.end_at_once(first + Duration::from_millis(later)), ends, "{later} ms");
        }
    }

    #[test]
    fn what_is_whole_was_not_interrupted() {
        let line = |finished, all| Extent { finished, all }.line();
        assert_eq!(line(12, 40).as_deref(), Some("interrupted: 12 of 40 searches finished"));
        assert_eq!(line(0, 1).as_deref(), Some("interrupted: 0 of 1 search finished"));
        assert_eq!(line(40, 40), None);
        assert_eq!(Extent { finished: 1, all: 1 }.announce(Exit::Gone), Exit::Gone);
    }
}
