//! The guided search beyond the levels that were decided.

use std::time::Instant;

use cowrace_hunt::guided::{Guide, Guided, limits};
use cowrace_hunt::hunt::{Quest, settings};
use cowrace_hunt::unseen;
use cowrace_report::hunt as report;
use cowrace_scenario::{Variant, load, parse};

use crate::Failure;
use crate::args::HuntArgs;
use crate::hunt_watch::HuntWatch;

/// A guided search, and what there is to tell of it.
///
/// # Errors
///
/// If a file or directory with scenarios that are to be changed cannot be read.
pub(super) fn go(
    args: &HuntArgs,
    quest: &Quest,
    threads: usize,
    watch: &HuntWatch<'_>,
) -> Result<(report::Guided, Guided), Failure> {
    let begun = Instant::now();
    let limited = Quest { limits: limits(quest.shape), ..quest.clone() };
    let mut search = Guided::new(settings(&limited), quest.shape, args.seed, Guide::NewStates);
    let (mut seeds, mut left_out) = (0, 0);
    for source in load(&args.mutate).map_err(|error| Failure::usage(error.to_string()))? {
        let is_seed = parse(&source.text).is_ok_and(|scenario| {
            let adds = |variant: &Variant| search.add(variant.world());
            scenario.variants().iter().map(adds).fold(false, |any, added| any | added)
        });
        seeds += u64::from(is_seed);
        left_out += u64::from(!is_seed);
    }
    let mut rounds = Vec::new();
    while (rounds.len() as u64) < args.rounds {
        let Some(round) = search.next_round(threads, watch) else { break };
        rounds.push(round);
    }
    let quarters = unseen::quarters(&rounds);
    let guided = report::Guided {
        era: quest.era.label(),
        most_calls: quest.shape.calls as u64,
        columns: quest.shape.columns as u64,
        seed: args.seed,
        rounds: rounds.len() as u64,
        runs: rounds.iter().map(|round| round.runs).sum(),
        bounded: rounds.iter().map(|round| round.bounded).sum(),
        reached: search.states() as u64,
        rates: quarters.iter().map(|share| share.rate()).collect(),
        // Before a round, everything is unseen.
        unseen: quarters.last().map_or(1.0, |share| share.rate()),
        seeds,
        left_out,
        seconds: begun.elapsed().as_secs_f64(),
    };
    Ok((guided, search))
}
