//! How the rate of new states falls during a guided search: what there is to tell at its end, since nothing is proved.

use crate::guided::Round;

/// Runs, and those of them that reached a state that was not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// All of them.
    pub runs: u64,
    /// Those that reached a new state.
    pub new: u64,
}

impl Share {
    /// The new ones among all, as the Good-Turing estimate takes it: the probability that the next run reaches a state that
    /// has not been seen. It holds of runs that are chosen as these were.
    #[must_use]
    pub fn rate(self) -> f64 {
        self.new as f64 / self.runs.max(1) as f64
    }
}

/// The shares of each quarter of some rounds, in their order, or of each round if there are fewer than four; the last one is
/// the estimate of what is unseen.
#[must_use]
pub fn quarters(rounds: &[Round]) -> Vec<Share> {
    let quarters = rounds.len().min(4);
    let mut shares = vec![Share::default(); quarters];
    for (nth, round) in rounds.iter().enumerate() {
        let share = &mut shares[nth * quarters / rounds.len()];
        share.runs += round.runs;
        share.new += round.new;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_round_is_in_one_quarter() {
        let round = |new| Round { runs: 10, new, ..Round::default() };
        let shares = quarters(&[round(9), round(8), round(6), round(4), round(3)]);
        let counts: Vec<(u64, u64)> = shares.iter().map(|share| (share.runs, share.new)).collect();
        assert_eq!(counts, [(20, 17), (10, 6), (10, 4), (10, 3)]);
        assert!((shares[3].rate() - 0.3).abs() < 1e-9);
        assert_eq!(quarters(&[round(5)]), [Share { runs: 10, new: 5 }]);
        assert_eq!(quarters(&[]), []);
        assert!(Share::default().rate().abs() < 1e-9);
    }
}
