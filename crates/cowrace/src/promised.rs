//! What user space was promised of a scenario: worked out once, for all eras.

use std::sync::{Arc, OnceLock};

use cowrace_ideal::{Oracle, Promises, TooLarge};
use cowrace_mm::{Judge, World};

/// What a scenario, in one variant, may show.
#[derive(Clone, Debug, Default)]
pub struct Promised(OnceLock<Result<Arc<Oracle>, TooLarge>>);

impl Promised {
    fn oracle(&self, world: &World) -> Result<&Arc<Oracle>, TooLarge> {
        let oracle = self.0.get_or_init(|| Oracle::new(world, &Promises::default()).map(Arc::new));
        oracle.as_ref().map_err(|&error| error)
    }

    /// Who judges the ends of executions; none if nothing can be said.
    pub(crate) fn judge(&self, world: &World) -> Option<Judge> {
        self.oracle(world).ok().map(|oracle| Box::new(oracle.judge()) as Judge)
    }

    /// Why nothing can be said, if that is so.
    pub(crate) fn unknown(&self, world: &World) -> Option<TooLarge> {
        self.oracle(world).err()
    }
}
