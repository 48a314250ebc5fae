//! Tests on random drafts: rounds with fixed seeds, and as many as time allows.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestCaseResult, TestError, TestRng, TestRunner};

use crate::{Draft, drafts};

/// A configuration for this many cases, which keeps failures in no file.
#[must_use]
pub fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// A runner whose values depend only on the seed; there are very many seeds.
#[must_use]
pub fn runner(seed: u64, number: u32) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRunner::new_with_rng(cases(number), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// A runner whose values depend only on the seed, which must differ from those of other tests.
#[must_use]
pub fn fixed(seed: u8, number: u32) -> TestRunner {
    let config = ProptestConfig { max_shrink_iters: 20_000, ..cases(number) };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]))
}

/// Tests `number` random drafts, each with one of the values. The message of a failure names the value.
///
/// # Panics
///
/// If the test fails for a draft: with the smallest draft for which it still fails.
pub fn round<T: Clone + Debug + 'static>(
    seed: u64,
    cases: u32,
    values: Vec<T>,
    test: impl Fn(&Draft, &T) -> TestCaseResult,
) {
    let all = (drafts(), prop::sample::select(values));
    match runner(seed, cases).run(&all, |(draft, value)| test(&draft, &value)) {
        Ok(()) => {}
        Err(TestError::Fail(why, (draft, _))) => panic!("seed {seed}: {why}\n{draft}"),
        Err(TestError::Abort(why)) => panic!("seed {seed}: {why}"),
    }
}

/// Calls `each` with one seed after the other, beginning with `COWRACE_SEED` or 0, for `COWRACE_SECONDS`.
///
/// # Panics
///
/// If `COWRACE_SECONDS` is not set.
pub fn at_length(mut each: impl FnMut(u64)) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seconds = number("COWRACE_SECONDS").expect("set COWRACE_SECONDS, as `just nightly` does");
    let (started, duration) = (Instant::now(), Duration::from_secs(seconds));
    let mut seed = number("COWRACE_SEED").unwrap_or(0);
    while started.elapsed() < duration {
        each(seed);
        seed += 1;
    }
}
