//! Measures the time of a checker.

use std::time::{Duration, Instant};

use crate::peer::{Collect, End, Ready, Reason, Run};

/// A shorter run is repeated until it takes this long.
const SHORTEST: Duration = Duration::from_millis(50);

/// A checker's answer and its time.
pub(crate) struct Measured {
    /// The run whose outcomes were collected.
    pub(crate) run: Run,
    /// Executions or states of the median run.
    pub(crate) count: u64,
    pub(crate) end: End,
    /// The time of the median run.
    pub(crate) time: Duration,
    pub(crate) build: Option<Duration>,
}

/// The mean of as many runs as are needed for a measurable time.
struct Sample {
    time: Duration,
    count: u64,
    end: End,
}

/// Runs a checker once to collect its outcomes, and then `runs` times to measure its time. A checker that has reached
/// the limit is not run again.
pub(crate) fn measure(ready: &Ready, runs: usize) -> Result<Measured, Reason> {
    let started = Instant::now();
    let run = (ready.run)(Collect::Yes)?;
    let first = started.elapsed();
    let build = ready.build;
    if run.end == End::Limit {
        return Ok(Measured { count: run.count, end: End::Limit, time: first, run, build });
    }
    let once = sample(ready, 1)?;
    let repeat = SHORTEST.as_nanos().div_ceil(once.time.as_nanos().max(1)) as u32;
    let mut samples = (0..runs.max(1)).map(|_| sample(ready, repeat)).collect::<Result<Vec<_>, _>>()?;
    samples.sort_by_key(|sample| sample.time);
    let Sample { time, count, end } = samples.swap_remove(samples.len() / 2);
    Ok(Measured { run, count, end, time, build })
}

fn sample(ready: &Ready, repeat: u32) -> Result<Sample, Reason> {
    let started = Instant::now();
    let mut count = 0;
    let mut end = None;
    for _ in 0..repeat {
        let run = (ready.run)(Collect::No)?;
        count += run.count;
        // A run that ends differently from the others has reached the limit.
        end = if run.end == End::Limit { Some(End::Limit) } else { end.or(Some(run.end)) };
    }
    let time = started.elapsed() / repeat;
    Ok(Sample { time, count: count / u64::from(repeat), end: end.unwrap_or(End::Limit) })
}
