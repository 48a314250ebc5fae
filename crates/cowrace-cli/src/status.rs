//! The progress of a run, in one line for a terminal.

use std::time::Duration;

use cowrace_explore::{Estimate, Purpose};
use cowrace_render::about;
use indicatif::HumanCount;

/// The width of the bar. The most important part follows it, because the line may be cut off.
const BAR: usize = 10;

const HOUR: f64 = 3600.0;
const DAY: f64 = 24.0 * HOUR;
const YEAR: f64 = 365.25 * DAY;

/// The progress of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Status {
    /// The number of searches that have ended.
    pub(crate) done: usize,
    /// The number of all searches.
    pub(crate) all: usize,
    /// Executions of all searches.
    pub(crate) executions: u64,
    /// The states of a search that merges executions; 0 if it does not.
    pub(crate) states: u64,
    /// Whether states were given up for lack of memory.
    pub(crate) has_given_up_states: bool,
    /// The number of them that were made before the run began.
    pub(crate) earlier: u64,
    /// Since the first search began.
    pub(crate) elapsed: Duration,
    /// How large the search is, if there is only one.
    pub(crate) estimate: Option<Estimate>,
    /// The purpose of the search, if it comes after another one for the same question.
    pub(crate) purpose: Option<Purpose>,
}

impl Status {
    /// The line. With one search, the remaining time depends on its executions; with several, on the number of
    /// searches.
    pub(crate) fn line(&self) -> String {
        let again = self.purpose.map(|purpose| format!("; {}", another(purpose))).unwrap_or_default();
        let given_up =
            if self.has_given_up_states { "; states were given up for lack of memory" } else { "" };
        // What matters most comes first, because the line may be cut off.
        self.progress() + given_up + &again
    }

    fn progress(&self) -> String {
        let executions = HumanCount(self.executions);
        let rate = format!("{}/s", HumanCount(self.rate() as u64));
        if let Some(estimate) = self.usable() {
            let share = (self.executions as f64 / estimate.executions).min(0.99);
            let left = self.seconds_after(estimate);
            return format!(
                "{} {:.0} %  {} left ({}): {executions} of about {} executions, {rate}",
                bar(share),
                (share * 100.0).floor(),
                span(left),
                cowrace_render::within(estimate.within),
                about(estimate.executions),
            );
        }
        let so_far = span(self.elapsed.as_secs_f64());
        if self.merges_states() {
            return format!("{executions} executions, {} states, {so_far} so far", HumanCount(self.states));
        }
        if self.all == 1 {
            return format!("{executions} executions, {rate}, {so_far} so far");
        }
        let left = match self.done {
            0 => String::new(),
            done => {
                let each = self.elapsed.as_secs_f64() / done as f64;
                format!(", {} left", span(each * self.all.saturating_sub(done) as f64))
            }
        };
        format!("{}/{} searches, {executions} executions, {rate}, {so_far} so far{left}", self.done, self.all)
    }

    /// The estimated remaining time of the run; `None` if there is no estimate.
    pub(crate) fn left(&self) -> Option<Duration> {
        let seconds = self.seconds_after(self.usable()?);
        Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
    }

    /// With several searches, the estimate of one of them is of no use; and one that merges states may end long before it
    /// has explored every execution.
    fn usable(&self) -> Option<Estimate> {
        let is_of_use = self.all == 1 && !self.merges_states();
        self.estimate.filter(|e| is_of_use && e.executions.is_finite() && e.executions > 0.0)
    }

    /// Whether there is one search, which merges states.
    const fn merges_states(&self) -> bool {
        self.all == 1 && self.states > 0 && !self.has_given_up_states
    }

    fn seconds_after(&self, estimate: Estimate) -> f64 {
        (estimate.executions - self.executions as f64).max(0.0) / self.rate()
    }

    /// Executions a second, on average.
    fn rate(&self) -> f64 {
        self.executions.saturating_sub(self.earlier) as f64 / self.elapsed.as_secs_f64().max(0.001)
    }
}

fn bar(share: f64) -> String {
    let full = (share * BAR as f64) as usize;
    format!("[{}{}]", "#".repeat(full), "-".repeat(BAR - full))
}

/// What another search is for.
const fn another(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Anew => "again, because an assumption was wrong",
        Purpose::Locate => "again, for the first bad execution",
        Purpose::Costs => "again, for costs",
        Purpose::Base => "again, under the base kernel",
        Purpose::Toggle => "again, with other commits",
    }
}

/// A duration as on a clock, or in words if it is long.
pub(crate) fn span(seconds: f64) -> String {
    let whole = seconds as u64;
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60);
    match seconds {
        s if s < HOUR => format!("{minutes}:{rest:02}"),
        s if s < 2.0 * DAY => format!("{hours}:{minutes:02}:{rest:02}"),
        s if s < 2.0 * YEAR => format!("{:.0} days", s / DAY),
        s if s < 1e6 * YEAR => format!("{} years", HumanCount((s / YEAR) as u64)),
        _ => "more than a million years".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(executions: u64, seconds: u64, estimate: Option<(f64, f64)>) -> String {
        let estimate = estimate.map(|(executions, within)| Estimate { executions, within });
        let elapsed = Duration::from_secs(seconds);
        Status {
            done: 0,
            all: 1,
            executions,
            states: 0,
            has_given_up_states: false,
            earlier: 0,
            elapsed,
            estimate,
            purpose: None,
        }
        .line()
    }

    #[test]
    fn a_search_that_merges_states_counts_them() {
        let elapsed = Duration::from_secs(3);
        let mut status = Status {
            done: 0,
            all: 1,
            executions: 256,
            states: 45_000,
            has_given_up_states: false,
            earlier: 0,
            elapsed,
            estimate: Some(Estimate { executions: 59e6, within: 2.0 }),
            purpose: None,
        };
        assert_eq!(status.line(), "256 executions, 45,000 states, 0:03 so far");
        assert_eq!(status.left(), None);
        status.has_given_up_states = true;
        let line = status.line();
        assert!(line.contains("256 of about 59,000,000 executions"), "{line}");
        assert!(line.ends_with("85/s; states were given up for lack of memory"), "{line}");
    }

    #[test]
    fn one_search_goes_by_its_estimate() {
        assert_eq!(
            one(1_200_000, 40, Some((2_960_000.0, 2.0))),
            "[####------] 40 %  0:58 left (within a factor of 2): 1,200,000 of about 3,000,000 executions, \
             30,000/s"
        );
        assert_eq!(
            one(10, 2, Some((5e30, 1234.5))),
            "[----------] 0 %  more than a million years left (within a factor of 1235): 10 of about 5.0e30 \
             executions, 5/s"
        );
    }

    #[test]
    fn what_was_made_before_is_done_and_not_fast() {
        let estimate = Some(Estimate { executions: 3000.0, within: 2.0 });
        let elapsed = Duration::from_secs(10);
        let mut status = Status {
            done: 0,
            all: 1,
            executions: 2000,
            states: 0,
            has_given_up_states: false,
            earlier: 1900,
            elapsed,
            estimate,
            purpose: None,
        };
        let line = status.line();
        assert!(
            line.starts_with("[######----] 66 %  1:40 left") && line.ends_with("executions, 10/s"),
            "{line}"
        );
        status.purpose = Some(Purpose::Anew);
        assert_eq!(status.line(), format!("{line}; again, because an assumption was wrong"));
    }

    #[test]
    fn one_search_of_which_nothing_is_known_says_what_it_has_done() {
        let known = "1,200,000 executions, 30,000/s, 0:40 so far";
        for nothing in [None, Some((0.0, 2.0)), Some((f64::NAN, 2.0)), Some((f64::INFINITY, 2.0))] {
            assert_eq!(one(1_200_000, 40, nothing), known);
        }
        assert_eq!(one(0, 0, None), "0 executions, 0/s, 0:00 so far");
    }

    #[test]
    fn a_search_that_goes_on_beyond_its_estimate_is_not_at_its_end() {
        let line = one(300, 10, Some((200.0, 1.05)));
        assert!(line.starts_with("[#########-] 99 %  0:00 left (within a factor of 1.1): 300 of"), "{line}");
    }

    #[test]
    fn an_estimate_that_nobody_trusts_is_a_guess() {
        assert!(one(3, 1, Some((200.0, f64::INFINITY))).contains("(a guess)"));
        // Before the first execution has ended.
        assert!(one(0, 1, Some((200.0, 2.0))).contains("more than a million years left"));
    }

    #[test]
    fn what_is_left_of_one_search_is_known_from_its_estimate() {
        let status = |all, executions| {
            let estimate = Some(Estimate { executions, within: 2.0 });
            let elapsed = Duration::from_secs(10);
            Status {
                done: 0,
                all,
                executions: 100,
                states: 0,
                has_given_up_states: false,
                earlier: 0,
                elapsed,
                estimate,
                purpose: None,
            }
            .left()
        };
        assert_eq!(status(1, 150.0), Some(Duration::from_secs(5)));
        assert_eq!(status(1, 50.0), Some(Duration::ZERO));
        assert_eq!(status(1, 1e300), Some(Duration::MAX));
        assert_eq!(status(1, f64::INFINITY), None);
        assert_eq!(status(2, 150.0), None);
    }

    #[test]
    fn several_searches_go_by_searches() {
        let some = |done, estimate| {
            let elapsed = Duration::from_secs(90);
            Status {
                done,
                all: 40,
                executions: 45_000,
                states: 0,
                has_given_up_states: false,
                earlier: 0,
                elapsed,
                estimate,
                purpose: None,
            }
            .line()
        };
        let estimate = Estimate { executions: 100.0, within: 2.0 };
        let line = "12/40 searches, 45,000 executions, 500/s, 1:30 so far, 3:30 left";
        assert_eq!(some(12, None), line);
        assert_eq!(some(12, Some(estimate)), line);
        assert_eq!(some(0, None), "0/40 searches, 45,000 executions, 500/s, 1:30 so far");
        assert!(some(40, None).ends_with("0:00 left"));
    }

    #[test]
    fn times_have_the_unit_that_fits() {
        for (seconds, words) in [
            (59.9, "0:59"),
            (3599.0, "59:59"),
            (3600.0, "1:00:00"),
            (47.0 * HOUR + 61.0, "47:01:01"),
            (3.2 * DAY, "3 days"),
            (1234.5 * YEAR, "1,234 years"),
            (f64::INFINITY, "more than a million years"),
            (f64::NAN, "more than a million years"),
        ] {
            assert_eq!(span(seconds), words);
        }
    }
}
