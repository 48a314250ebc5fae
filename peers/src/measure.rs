//! How long a checker takes.

use std::time::{Duration, Instant};

use crate::peer::{Collect, End, Ready, Reason, Run};

/// What is shorter is repeated until it takes as long.
const SHORTEST: Duration = Duration::from_millis(50);

/// A checker's answer and how long it took.
pub(crate) struct Measured {
    /// The run that was looked at, with outcomes.
    pub(crate) run: Run,
    /// Executions or states of the median run.
    pub(crate) count: u64,
    pub(crate) end: End,
    /// Of the median run.
    pub(crate) time: Duration,
    pub(crate) build: Option<Duration>,
}

/// The mean of as many runs as make a measurable time.
struct Sample {
    time: Duration,
    count: u64,
    end: End,
}

/// Runs a checker once to look at its outcomes, and then `runs` times for the time. One that has come to the
/// limit is not asked again.
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
        // One that differs from the others has come to the limit.
        end = if run.end == End::Limit { Some(End::Limit) } else { end.or(Some(run.end)) };
    }
    let time = started.elapsed() / repeat;
    Ok(Sample { time, count: count / u64::from(repeat), end: end.unwrap_or(End::Limit) })
}
