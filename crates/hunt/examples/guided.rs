//! How many states a guided search reaches and what it finds, beside plain random choice with as many runs:
//! `cargo run --release -p cowrace-hunt --example guided -- v6.15 8 1 500000 1 2 3` for eight calls, one column, and three
//! seeds.

use std::collections::BTreeSet;
use std::env;
use std::error::Error;
use std::io::{Write, stdout};

use cowrace_hunt::campaign::Shape;
use cowrace_hunt::guided::{Find, Guide, Guided, limits};
use cowrace_hunt::hunt::{Quest, settings};
use cowrace_machine::Arch;
use cowrace_mm::Era;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [kernel, calls, columns, runs, seeds @ ..] = arguments.as_slice() else {
        return Err("guided KERNEL CALLS COLUMNS RUNS SEED..".into());
    };
    let shape = Shape { calls: calls.parse()?, columns: columns.parse()? };
    let era = Era::preset(kernel).map_err(|_| format!("there is no kernel {kernel}"))?;
    let quest = Quest { limits: limits(shape), ..Quest::new(era, Arch::Generic, shape) };
    let most: u64 = runs.parse()?;
    for seed in seeds {
        for guide in [Guide::NewStates, Guide::Nothing] {
            let mut search = Guided::new(settings(&quest), quest.shape, seed.parse()?, guide);
            let (mut runs, mut bounded) = (0, 0);
            while runs < most {
                let Some(round) = search.next_round(2, &|| false) else { break };
                runs += round.runs;
                bounded += round.bounded;
            }
            let kinds: BTreeSet<_> = search.finds().iter().map(Find::kinds).collect();
            let (states, kinds) = (search.states(), kinds.len());
            writeln!(
                stdout(),
                "{kernel}, seed {seed}, {guide:?}: {runs} runs, {states} states, {bounded} bounded, finds of {kinds} sets of kinds"
            )?;
        }
    }
    Ok(())
}
