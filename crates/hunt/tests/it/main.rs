//! Tests of hunts.

mod divided;
mod families;
mod guided;
mod levels;
mod limits;
mod whole;

use cowrace_explore::Limits;
use cowrace_hunt::stage::Stage;
use cowrace_hunt::step::Runner;
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_spec::Promises;

/// What runs scenarios on a stage, without limits.
fn runner(stage: &Stage, era: &Era) -> Runner {
    Runner {
        stage: stage.clone(),
        era: era.clone(),
        arch: Arch::Generic,
        promises: Promises::default(),
        limits: Limits::default(),
        counts_costs: false,
    }
}
