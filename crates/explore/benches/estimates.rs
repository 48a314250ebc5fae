//! How good estimates are: the expected sizes of searches of the corpus, of the common problem and of random programs,
//! at several moments, against their true sizes. The table of docs/design/search.md.
#![expect(clippy::print_stdout, reason = "it is what a benchmark is for")]

use cowrace_testkit::estimates::{Case, MOMENTS, common_problems, compare, random_programs, scenarios};

fn table(name: &str, cases: &[Case]) {
    for (number, moment) in MOMENTS.iter().enumerate() {
        let comparison = compare(cases, number);
        let (ratios, factors) = (comparison.ratios, comparison.factors);
        let all = ratios.len();
        if all == 0 {
            continue;
        }
        let moment = if number == 0 { "first".to_owned() } else { format!("{:.0} %", moment * 100.0) };
        println!(
            "{name:<16}  {moment:>6}  {all:>8}  {:>6.2}  {:>6.2}  {:>6.2}  {:>6.2}  {:>6.2}  {:>5.0} %",
            ratios[all / 10],
            ratios[all / 2],
            ratios[all * 9 / 10],
            ratios.iter().sum::<f64>() / all as f64,
            factors[all / 2],
            100.0 * comparison.right as f64 / all as f64,
        );
    }
}

fn main() {
    // Test runners start benchmarks as well, to see that they start.
    if std::env::args().any(|arg| arg == "--bench") {
        println!(
            "{:<16}  {:>6}  {:>8}  {:>6}  {:>6}  {:>6}  {:>6}  {:>6}  {:>7}",
            "searches", "moment", "how many", "10 %", "median", "90 %", "mean", "factor", "within"
        );
        table("corpus", &scenarios(|_| true));
        table("common problem", &common_problems());
        table("random programs", &random_programs(60));
    }
}
