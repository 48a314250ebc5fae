//! Samples of the size of a search, and what they say together.

use crate::checkpoint::SavedEstimates;
use crate::estimate::access_summary::AccessSummary;
use crate::random::Random;

/// How far a sample of weight one is off: the logarithm of the factor that most are within. Measured; see
/// `docs/design/search.md`.
const SPREAD: f64 = 2.3;
/// So many times the standard deviation of the samples' logarithms.
const DISAGREEMENT: f64 = 2.0;
/// The least share of the search that counts as left, so that no sample counts for too much.
const LEAST: f64 = 0.35;

/// All samples so far, with what the next ones start from.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    /// What actors were seen to access.
    pub(crate) accesses: AccessSummary,
    pub(crate) random: Random,
    /// Requests that walks have made.
    pub(crate) walked: u64,
    /// The sum of the weights of all samples, and that of the sizes times the weights.
    weight: f64,
    sum: f64,
    /// The same of the sizes' logarithms, and of the squares of these.
    logarithms: f64,
    squares: f64,
}

impl Samples {
    /// With what a search has found out that this one goes on with.
    pub(crate) fn restored(saved: &SavedEstimates) -> Self {
        let [weight, sum, logarithms, squares] = saved.sums.map(f64::from_bits);
        let (walked, random) = (saved.walked, Random(saved.random));
        Self { accesses: AccessSummary::default(), random, walked, weight, sum, logarithms, squares }
    }

    /// All of it, for a checkpoint.
    pub(crate) fn saved(&self) -> SavedEstimates {
        let sums = [self.weight, self.sum, self.logarithms, self.squares].map(f64::to_bits);
        SavedEstimates { walked: self.walked, random: self.random.0, sums }
    }

    /// Takes a sample of the size of the search, when a share of it was left: that share is all that can be wrong.
    pub(crate) fn note(&mut self, executions: f64, weight: f64, share: f64) {
        let weight = weight / share.clamp(LEAST, 1.0).powi(2);
        self.weight += weight;
        self.sum += executions * weight;
        let logarithm = executions.max(1.0).ln();
        self.logarithms += logarithm * weight;
        self.squares += logarithm * logarithm * weight;
    }

    /// The factor within which the mean is believed to be right: no better than samples of their weight were found to
    /// be, and no better than they agree.
    pub(crate) fn within(&self) -> f64 {
        let mean = self.logarithms / self.weight;
        let spread = (self.squares / self.weight - mean * mean).max(0.0).sqrt();
        (SPREAD / self.weight.sqrt()).max(DISAGREEMENT * spread).exp()
    }

    /// The mean of all samples; none if there is no sample.
    pub(crate) fn mean(&self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.sum / self.weight)
    }

    /// The weight of all samples.
    pub(crate) const fn weight(&self) -> f64 {
        self.weight
    }
}
