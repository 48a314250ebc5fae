//! Estimates of searches, compared with the true sizes. They are the same on every machine, except for the moments at
//! which they are reported.

use cowrace_testkit::estimates::{Case, MOMENTS, common_problems, compare, random_programs, scenarios};

/// True numbers lie within the stated factors in eight of ten cases, at all moments taken together and at the first;
/// and the mean is no further off than is expected of skewed samples, few of which are much too high.
fn calibrated(cases: &[Case], at_least: usize) {
    assert!(cases.len() >= at_least, "{} searches", cases.len());
    let (mut right, mut all) = (0, 0);
    for moment in 0..MOMENTS.len() {
        let comparison = compare(cases, moment);
        right += comparison.right;
        all += comparison.ratios.len();
        let few = comparison.ratios.len() < at_least;
        let mean = comparison.ratios.iter().sum::<f64>() / comparison.ratios.len().max(1) as f64;
        assert!(few || (0.4..2.0).contains(&mean), "{mean} at moment {moment}");
        if moment == 0 {
            assert!(right * 10 >= all * 8, "{right} of {all} at first");
            assert_eq!(all, cases.len(), "every search gets a first estimate");
        }
    }
    assert!(right * 10 >= all * 8, "{right} of {all}");
}

#[test]
fn estimates_of_the_common_problem() {
    calibrated(&common_problems(), 10);
}

#[test]
fn estimates_of_random_programs() {
    calibrated(&random_programs(40), 25);
}

#[test]
fn estimates_of_scenarios() {
    calibrated(&scenarios(|era| ["v5.7", "v5.18", "v6.12"].contains(&era)), 10);
}
