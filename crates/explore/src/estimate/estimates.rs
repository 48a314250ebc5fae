//! How large a search is, before it is over.

use crate::checkpoint::SavedEstimates;
use crate::estimate::access_summary::AccessSummary;
use crate::estimate::persistent_sets::PersistentSets;
use crate::estimate::stochastic_enumeration::{Station, Walker};
use crate::explorer::Estimate;
use crate::random::Random;
use crate::reduction::moves::Sequence;
use crate::search::run::Search;
use crate::sync::{Number, Primitives};

/// How many walks at a time, and how much what they come to counts: few of them come to too little more often than
/// not.
#[derive(Clone, Copy, Debug)]
struct Abreast {
    walks: usize,
    weight: f64,
}

/// For the first report, when the search may be about to end.
const FEW: Abreast = Abreast { walks: 32, weight: 1.0 };
/// Later.
const MANY: Abreast = Abreast { walks: 96, weight: 9.0 };
/// Random schedules to see what actors touch, before the first walks. What they miss makes estimates too low: with 4 of
/// them a search of 6337 executions was expected to have 1650 in the mean over random numbers, with 40 it was right.
const GLANCES: usize = 64;
/// For so many requests of the search, walks may make one; about a twentieth of the time.
const SHARE: u64 = 64;
/// How far a sample of weight one is off: the logarithm of the factor that most are within. Measured; see
/// `docs/design/search.md`.
const SPREAD: f64 = 2.3;
/// So many times the standard deviation of the samples' logarithms.
const DISAGREEMENT: f64 = 2.0;
/// The least share of the search that counts as left, so that no sample counts for too much.
const LEAST: f64 = 0.35;

/// Samples of what was left so far, and what they come to.
#[derive(Debug)]
pub(crate) struct Estimates {
    touched: AccessSummary,
    random: Random,
    /// Requests that walks have made.
    walked: u64,
    /// The sum of the weights of all samples, and that of the sizes times the weights.
    weight: f64,
    sum: f64,
    /// The same of the sizes' logarithms, and of the squares of these.
    logarithms: f64,
    squares: f64,
}

impl Default for Estimates {
    fn default() -> Self {
        Self {
            touched: AccessSummary::default(),
            random: Random(0),
            walked: 0,
            weight: 0.0,
            sum: 0.0,
            logarithms: 0.0,
            squares: 0.0,
        }
    }
}

impl Estimates {
    /// With what a search has found out that this one goes on with.
    pub(crate) fn restored(saved: &SavedEstimates) -> Self {
        let [weight, sum, logarithms, squares] = saved.sums.map(f64::from_bits);
        let (walked, random) = (saved.walked, Random(saved.random));
        Self { touched: AccessSummary::default(), random, walked, weight, sum, logarithms, squares }
    }

    /// All of it, for a checkpoint.
    pub(crate) fn saved(&self) -> SavedEstimates {
        let sums = [self.weight, self.sum, self.logarithms, self.squares].map(f64::to_bits);
        SavedEstimates { walked: self.walked, random: self.random.0, sums }
    }

    /// Takes a sample of the size of the search, when a share of it was left: that share is all that can be wrong.
    fn note(&mut self, executions: f64, weight: f64, share: f64) {
        let weight = weight / share.clamp(LEAST, 1.0).powi(2);
        self.weight += weight;
        self.sum += executions * weight;
        let logarithm = executions.max(1.0).ln();
        self.logarithms += logarithm * weight;
        self.squares += logarithm * logarithm * weight;
    }

    /// The factor within which the mean is believed to be right: no better than samples of their weight were found to
    /// be, and no better than they agree.
    fn within(&self) -> f64 {
        let mean = self.logarithms / self.weight;
        let spread = (self.squares / self.weight - mean * mean).max(0.0).sqrt();
        (SPREAD / self.weight.sqrt()).max(DISAGREEMENT * spread).exp()
    }

    /// The mean of all samples.
    fn mean(&self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.sum / self.weight)
    }
}

impl<P: Primitives> Search<'_, P> {
    /// How many executions the whole search will have. Takes a sample of what is left, if it is time for that, and
    /// at the end of what is searched if there was only a small one.
    pub(crate) fn estimate(&mut self, at_the_end: bool) -> Option<Estimate> {
        if self.preemptions_are_bounded() || self.base > 0 {
            return None;
        }
        // What others have made is part of what is left, until it is taken over.
        let done = self.effort().executions as f64;
        let made = self.shared.executions.get() as f64;
        let requests = self.shared.events.get();
        let known = self.estimates.mean();
        let is_time = self.estimates.walked * SHARE < requests;
        if known.is_none() || is_time || at_the_end && self.estimates.weight < MANY.weight {
            let abreast = if known.is_none() && !at_the_end { FEW } else { MANY };
            if let Some(left) = self.walk(abreast.walks) {
                // If what was known is far too low, the sample itself may say so.
                let share = known.map_or(1.0, |known| (1.0 - done / known).max(left / (done + left)));
                self.estimates.note(done + left, abreast.weight, share);
            }
        }
        let executions = self.estimates.mean()?.max(done).max(made);
        Some(Estimate { executions, within: self.estimates.within() })
    }

    /// Estimates how many traces are left to explore.
    fn walk(&mut self, abreast: usize) -> Option<f64> {
        let way = self.way();
        let mut actors = self.spare.take(self.program).begin();
        let Estimates { touched, random, walked, .. } = &mut self.estimates;
        let is_first = touched.is_empty();
        let mut walker = Walker {
            program: self.program,
            memory: &self.shared.memory,
            actors: &mut actors,
            touched,
            way: &way,
            limit: self.shared.limits.steps,
            requests: 0,
            sets: PersistentSets::default(),
        };
        if is_first {
            (0..GLANCES).for_each(|_| walker.glance(random));
            // They are made once, and do not put off the next walks.
            walker.requests = 0;
        }
        let left = walker.estimate(abreast, |_| random.unit());
        *walked += walker.requests;
        self.spare.keep(actors);
        left
    }

    /// The way to the state at hand.
    fn way(&self) -> Vec<Station> {
        let events = self.history.len();
        let station = |state: usize| {
            let mut asleep = Sequence::default();
            for sleeper in self.sleepers.of(state) {
                asleep.push(sleeper.made, 0, self.sleepers.accesses(sleeper));
            }
            Station { asleep, made: (state < events).then(|| self.history.made(state as u32)) }
        };
        (0..=events).map(station).collect()
    }
}
