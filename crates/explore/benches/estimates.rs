//! How good estimates are: for whole searches of the corpus, the common problem and random programs, what was
//! expected at several moments, against what it came to.
#![expect(clippy::print_stdout, reason = "it is what a benchmark is for")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::ops::ControlFlow;

use common::common_problem::{Rule, Variant, problem};
use common::corpus::corpus;
use common::random::{Flavour, scripts};
use common::program as script;
use cowrace_explore::{Estimate, Explorer, Limits, Observer, Progress};
use cowrace_machine::{Arch, Program};
use cowrace_mm::era::PRESETS;
use cowrace_mm::{Era, program};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

#[derive(Default)]
struct Notes(Vec<(u64, Estimate)>);

impl Observer for Notes {
    fn anew(&mut self) {
        self.0.clear();
    }

    fn progress(&mut self, now: &Progress) -> ControlFlow<()> {
        self.0.extend(now.estimate.map(|estimate| (now.executions, estimate)));
        ControlFlow::Continue(())
    }
}

fn run(name: &str, program: &Program, exhaustive: bool, all: &mut Vec<(String, u64, Vec<Option<Estimate>>)>) {
    let mut notes = Notes::default();
    let limits = Limits { executions: None, ..Limits::default() };
    let started = std::time::Instant::now();
    let outcome = Explorer::new(program).exhaustive(exhaustive).limits(limits).run(&mut notes);
    if !outcome.complete || outcome.executions <= 1000 || (!exhaustive && outcome.finding.is_some()) {
        return;
    }
    let n = outcome.executions;
    if all.iter().any(|(other, m, _)| other.split(' ').next() == name.split(' ').next() && *m == n) {
        return;
    }
    let at = |share: f64| notes.0.iter().find(|(e, _)| *e as f64 >= share * n as f64).map(|x| x.1);
    let moments = vec![at(0.0), at(0.01), at(0.1), at(0.5), at(0.9)];
    let text: Vec<String> = moments
        .iter()
        .map(|m| m.map_or("-".into(), |m| format!("{:.3}({:.1})", m.executions / n as f64, m.within)))
        .collect();
    println!("{name:<50} {n:>9} {:>6.2} {} {}", started.elapsed().as_secs_f64(), if program.forgetful && !program.barriers.is_empty() { "B" } else { "-" }, text.join("  "));
    all.push((name.to_owned(), n, moments));
}

fn main() {
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let which = std::env::var("ONLY").unwrap_or_default();
    let mut all = Vec::new();
    if which.is_empty() || which == "common" {
        for (actors, rule, commute, twice) in [
            (4, Rule::Count, false, false), (4, Rule::Mapcount, false, true), (4, Rule::Count, false, true),
            (5, Rule::Count, false, false), (5, Rule::Mapcount, false, false), (5, Rule::Count, true, false), (5, Rule::Mapcount, true, false),
            (5, Rule::Count, false, true), (5, Rule::Mapcount, false, true), (5, Rule::Count, true, true), (5, Rule::Mapcount, true, true),
        ] {
            let variant = Variant { twice, ..Variant::new(actors, rule, commute) };
            run(&format!("common-{actors}-{rule:?}-{commute}-{twice}"), &problem(variant), true, &mut all);
        }
        summary(&all);
    }
    let mut all = Vec::new();
    if which.is_empty() || which == "random" {
        for (flavour, seed) in
            [(Flavour::Atomics, 31), (Flavour::Locks, 32), (Flavour::Waits, 33), (Flavour::All, 34)]
        {
            let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]));
            let strategy = (scripts(flavour), scripts(flavour));
            for case in 0..60 {
                let (some, more) = strategy.new_tree(&mut runner).expect("a program").current();
                let scripts: Vec<_> = some.into_iter().chain(more).take(4 + case % 3).collect();
                let program = script(&scripts);
                let limits = Limits { executions: Some(200_000), ..Limits::default() };
                if Explorer::new(&program).exhaustive(true).limits(limits).run(&mut ()).complete {
                    run(&format!("random-{flavour:?}-{case}"), &program, true, &mut all);
                }
            }
        }
        summary(&all);
    }
    let mut all = Vec::new();
    if which.is_empty() || which == "corpus" {
        for sample in corpus("") {
            for preset in PRESETS {
                let era = Era::preset(preset.name).expect("a preset");
                let program = program(&sample.world, &era, Arch::Generic);
                run(&format!("{} {}", sample.name, preset.name), &program, false, &mut all);
            }
        }
        summary(&all);
    }
}

fn summary(all: &[(String, u64, Vec<Option<Estimate>>)]) {
    for (at, moment) in ["first", "1%", "10%", "50%", "90%"].iter().enumerate() {
        let mut ratios: Vec<(f64, bool)> = all.iter().filter_map(|(_, n, m)| m[at].map(|e| {
            let ratio = e.executions / *n as f64;
            (ratio, ratio <= e.within && 1.0 / ratio <= e.within)
        })).collect();
        let mut factors: Vec<f64> = all.iter().filter_map(|(_, _, m)| m[at].map(|e| e.within)).collect();
        if ratios.is_empty() { continue }
        ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
        factors.sort_by(f64::total_cmp);
        let mut needed: Vec<f64> = all.iter().filter_map(|(_, n, m)| m[at].map(|e| (e.executions / *n as f64).ln().abs() / e.within.ln())).collect();
        needed.sort_by(f64::total_cmp);
        println!("       needed 80 % {:.2} 90 % {:.2} 100 % {:.2}", needed[(needed.len() - 1) * 8 / 10], needed[(needed.len() - 1) * 9 / 10], needed[needed.len() - 1]);
        let q = |p: f64| ratios[((ratios.len() - 1) as f64 * p) as usize].0;
        println!("{moment:<6} n {:>4}  ratio min {:.3} p10 {:.3} median {:.3} p90 {:.3} max {:.3} mean {:.3}  within {:.0} %  median factor {:.2}",
            ratios.len(), q(0.0), q(0.1), q(0.5), q(0.9), q(1.0),
            ratios.iter().map(|r| r.0).sum::<f64>() / ratios.len() as f64,
            100.0 * ratios.iter().filter(|r| r.1).count() as f64 / ratios.len() as f64, factors[factors.len() / 2]);
    }
}
