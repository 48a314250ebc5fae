//! Samples of the size of a search, and the estimate that they make together.

use crate::checkpoint::SavedEstimates;
use crate::estimate::access_summary::AccessSummary;
use crate::random::Random;

/// The error of a sample of weight one: the logarithm of the factor that most samples are within. Measured; see
/// `docs/design/search.md`.
const SPREAD: f64 = 2.3;
/// The error from disagreement, as a multiple of the standard deviation of the samples' logarithms.
const DISAGREEMENT: f64 = 2.0;
/// The least share of the search that counts as left, so that no sample has too much weight.
const LEAST: f64 = 0.35;

/// All samples so far, and the state that the next ones start from.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    /// What actors have been seen to access.
    pub(crate) accesses: AccessSummary,
    pub(crate) random: Random,
    /// The number of requests that walks have made.
    pub(crate) walked: u64,
    /// The sum of the weights of all samples, and that of the sizes times the weights.
    weight: f64,
    sum: f64,
    /// The same of the sizes' logarithms, and of the squares of these.
    logarithms: f64,
    squares: f64,
}

impl Samples {
    /// The samples of the stopped search that this one resumes.
    pub(crate) fn restored(saved: &SavedEstimates) -> Self {
        let [weight, sum, logarithms, squares] = saved.sums.map(f64::from_bits);
        let (walked, random) = (saved.walked, Random(saved.random));
        Self { accesses: AccessSummary::default(), random, walked, weight, sum, logarithms, squares }
    }

    /// All samples, for a checkpoint.
    pub(crate) fn saved(&self) -> SavedEstimates {
        let sums = [self.weight, self.sum, self.logarithms, self.squares].map(f64::to_bits);
        SavedEstimates { walked: self.walked, random: self.random.0, sums }
    }

    /// Adds a sample of the size of the search, taken when this share of it was left: only that share can be wrong.
    pub(crate) fn note(&mut self, executions: f64, weight: f64, share: f64) {
        let weight = weight / share.clamp(LEAST, 1.0).powi(2);
        self.weight += weight;
        self.sum += executions * weight;
        let logarithm = executions.max(1.0).ln();
        self.logarithms += logarithm * weight;
        self.squares += logarithm * logarithm * weight;
    }

    /// The factor within which the mean is believed to be right: no smaller than the measured error of samples of this
    /// weight, and no smaller than their disagreement.
    pub(crate) fn within(&self) -> f64 {
        let mean = self.logarithms / self.weight;
        let spread = (self.squares / self.weight - mean * mean).max(0.0).sqrt();
        (SPREAD / self.weight.sqrt()).max(DISAGREEMENT * spread).exp()
    }

    /// The mean of all samples; `None` if there is no sample.
    pub(crate) fn mean(&self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.sum / self.weight)
    }
}
