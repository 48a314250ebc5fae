//! Choices by weight, made by a generator with a seed.

use fastrand::Rng;

/// A number below `n`, which is not 0. It is the same on machines with other words.
pub(crate) fn below(rng: &mut Rng, n: usize) -> usize {
    rng.u64(..n as u64) as usize
}

/// Weights that change one at a time, and of which one is drawn by its share of their sum: a binary indexed tree.
#[derive(Clone, Debug, Default)]
pub(crate) struct Weights {
    weights: Vec<u64>,
    /// At `n - 1`, the sum of the weights from `n - (n & -n)` to `n - 1`.
    sums: Vec<u64>,
    total: u64,
}

impl Weights {
    /// One more.
    pub(crate) fn push(&mut self, weight: u64) {
        let n = self.weights.len() + 1;
        let mut sum = weight;
        let mut part = n - 1;
        let first = n - lowest_bit(n);
        while part > first {
            sum += self.sums[part - 1];
            part -= lowest_bit(part);
        }
        self.weights.push(weight);
        self.sums.push(sum);
        self.total += weight;
    }

    /// Changes one.
    pub(crate) fn set(&mut self, nth: usize, weight: u64) {
        let old = std::mem::replace(&mut self.weights[nth], weight);
        self.total = self.total - old + weight;
        let mut n = nth + 1;
        while n <= self.sums.len() {
            self.sums[n - 1] = self.sums[n - 1] - old + weight;
            n += lowest_bit(n);
        }
    }

    /// The number of one of them, drawn by weight; `None` if all are 0.
    pub(crate) fn draw(&self, rng: &mut Rng) -> Option<usize> {
        let mut rest = (self.total > 0).then(|| rng.u64(..self.total))?;
        let mut before = 0;
        let mut step = self.sums.len().checked_ilog2().map_or(0, |bits| 1 << bits);
        while step > 0 {
            if let Some(&sum) = self.sums.get(before + step - 1).filter(|&&sum| sum <= rest) {
                rest -= sum;
                before += step;
            }
            step /= 2;
        }
        Some(before)
    }
}

const fn lowest_bit(n: usize) -> usize {
    n & n.wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_drawn_as_often_as_it_weighs() {
        let mut weights = Weights::default();
        (0..9).for_each(|weight| weights.push(weight));
        weights.set(8, 0);
        weights.set(0, 2);
        weights.set(3, 5);
        let mut rng = Rng::with_seed(1);
        let mut drawn = [0_u64; 9];
        for _ in 0..32_000 {
            drawn[weights.draw(&mut rng).expect("some weigh something")] += 1;
        }
        for (nth, weight) in [2, 1, 2, 5, 4, 5, 6, 7, 0].into_iter().enumerate() {
            assert!(drawn[nth].abs_diff(weight * 1000) <= weight * 120, "{nth}: {drawn:?}");
        }
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        let mut weights = Weights::default();
        assert_eq!(weights.draw(&mut Rng::with_seed(1)), None);
        weights.push(0);
        assert_eq!(weights.draw(&mut Rng::with_seed(1)), None);
    }
}
