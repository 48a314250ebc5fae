//! The progress line of a hunt, and what ends it.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use cowrace_hunt::decided::{Decided, Name};
use cowrace_hunt::watch::{Progress, Watch};
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::decided_file::DecidedFile;
use crate::status::span;
use crate::{Failure, Interrupt};

/// Levels that are shorter need no line.
const QUIET: Duration = Duration::from_secs(1);

/// How long what was found is still sorted when the hunt is to end: otherwise nothing would be told of it.
const SORTING: Duration = Duration::from_secs(10);

/// Watches a hunt: a first Ctrl-C, the limit on time, or a file that cannot be written ends it. The line is shown only if standard
/// error is a terminal.
#[derive(Debug)]
pub(crate) struct HuntWatch<'i> {
    bar: ProgressBar,
    interrupt: &'i Interrupt,
    started: Instant,
    limit: Option<Duration>,
    /// Where what has been decided is written.
    file: Option<DecidedFile>,
    /// The level that is searched, by its number of calls, and when that began.
    level: Mutex<(usize, Instant)>,
    /// When sorting is to end, once the hunt is.
    sorted_by: OnceLock<Instant>,
}

impl<'i> HuntWatch<'i> {
    pub(crate) fn new(interrupt: &'i Interrupt, limit: Option<Duration>) -> Self {
        interrupt.arm();
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
            bar.set_style(style);
        }
        let started = Instant::now();
        let level = Mutex::new((0, started));
        Self { bar, interrupt, started, limit, file: None, level, sorted_by: OnceLock::new() }
    }

    /// Writes what has been decided to a file.
    pub(crate) fn writing(self, file: Option<DecidedFile>) -> Self {
        Self { file, ..self }
    }

    /// Tells whether something of that could not be written.
    ///
    /// # Errors
    ///
    /// If so.
    pub(crate) fn written(&self) -> Result<(), Failure> {
        self.file.as_ref().map_or(Ok(()), DecidedFile::end)
    }

    /// Watches what becomes of the finds: it may go on for a while when the hunt is to end.
    pub(crate) const fn sorting(&self) -> Sorting<'_> {
        Sorting(self)
    }

    /// Prints with the line out of the way.
    pub(crate) fn aside<R>(&self, print: impl FnOnce() -> R) -> R {
        self.bar.suspend(print)
    }

    /// Removes the line.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Watch for HuntWatch<'_> {
    fn stops(&self) -> bool {
        self.interrupt.asked()
            || self.limit.is_some_and(|limit| self.started.elapsed() >= limit)
            || self.file.as_ref().is_some_and(DecidedFile::has_failed)
    }

    fn keeps(&self) -> bool {
        self.file.is_some()
    }

    fn decided(&self, name: Name, decided: &Decided) {
        if let Some(file) = &self.file {
            file.add(name, decided);
        }
    }

    fn progress(&self, progress: &Progress) {
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        if level.0 != progress.calls {
            *level = (progress.calls, Instant::now());
        }
        let elapsed = level.1.elapsed();
        if elapsed < QUIET {
            return;
        }
        if self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        // Still hidden if standard error is not a terminal.
        if !self.bar.is_hidden() {
            self.bar.set_message(line(progress, elapsed));
        }
    }
}

/// Watches what becomes of the finds of a hunt.
#[derive(Debug)]
pub(crate) struct Sorting<'w>(&'w HuntWatch<'w>);

impl Watch for Sorting<'_> {
    fn stops(&self) -> bool {
        self.0.stops() && Instant::now() >= *self.0.sorted_by.get_or_init(|| Instant::now() + SORTING)
    }
}

/// How far the search of a level is. The states that are left take about as long as those before.
fn line(progress: &Progress, elapsed: Duration) -> String {
    let Progress { calls, runs, nodes, of } = *progress;
    let calls = if calls == 1 { "1 call".to_owned() } else { format!("{calls} calls") };
    let elapsed = elapsed.as_secs_f64();
    let left = if nodes == 0 {
        String::new()
    } else {
        format!(", {} left", span(elapsed / nodes as f64 * of.saturating_sub(nodes) as f64))
    };
    format!(
        "{calls}: after {} of {} states, {} runs, {} so far{left}",
        HumanCount(nodes),
        HumanCount(of),
        HumanCount(runs),
        span(elapsed)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_goes_by_what_is_done() {
        let progress = Progress { calls: 3, runs: 1_234_567, nodes: 10_000, of: 40_000 };
        assert_eq!(
            line(&progress, Duration::from_secs(20)),
            "3 calls: after 10,000 of 40,000 states, 1,234,567 runs, 0:20 so far, 1:00 left"
        );
        let begun = Progress { calls: 1, runs: 10, nodes: 0, of: 166 };
        assert_eq!(
            line(&begun, Duration::from_secs(1)),
            "1 call: after 0 of 166 states, 10 runs, 0:01 so far"
        );
    }
}
