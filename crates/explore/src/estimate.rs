//! How large a search is, before it is over.

use crate::explorer::Estimate;
use crate::search::Search;

/// Estimates so far, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Estimates(Vec<f64>);

/// How many to remember.
const MEMORY: usize = 64;

impl Estimates {
    /// Takes a new one, and says how far those of late differ.
    fn note(&mut self, executions: f64) -> Estimate {
        if self.0.len() == MEMORY {
            // Every other one: what is remembered spans the whole search.
            let mut keep = false;
            self.0.retain(|_| {
                keep = !keep;
                keep
            });
        }
        self.0.push(executions);
        let late = &self.0[self.0.len() / 2..];
        let most = late.iter().copied().fold(executions, f64::max);
        let least = late.iter().copied().fold(executions, f64::min);
        // A few estimates agree easily.
        let few = 1.0 + 4.0 / self.0.len() as f64;
        Estimate { executions, within: (most / least).max(1.1) * few }
    }
}

impl Search<'_> {
    /// How many executions the search of all that begins like this one will have. Takes what is left to try from a state to be as large as
    /// what was tried from there. What is left is not all known yet, so this is too low at first.
    pub(crate) fn estimate(&mut self) -> Option<Estimate> {
        let mut share = 1.0;
        let mut done = 0.0;
        for state in self.base..self.todo.len() {
            let tried = f64::from(self.sleepers.added(state));
            let all = tried + 1.0 + f64::from(self.wakeup.len(self.todo[state]));
            done += share * tried / all;
            share /= all;
        }
        let executions = (self.on_the_way().0 + self.behind.0) as f64;
        (done > 0.0).then(|| self.estimates.note((executions / done).max(executions)))
    }
}
