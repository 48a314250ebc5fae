//! Compares the search that merges states with the one that explores every trace, and both with general state caching: a
//! depth-first search that remembers every state that it has visited, and turns back when it reaches one again. Runs on
//! scenarios that hold, all in one run; fails if two disagree on the verdict or on the memories with which executions
//! end. Then come searches that are too large for all but the first. An argument picks those whose names contain it.
//!
//! The cachings share the memory of the search, remember the requests of actors under their answers, and execute a
//! request that is independent of everything that others may do as the only move; such states are not even remembered.
//! They differ in what they consider the state of an actor:
//!
//! * `answers`: all answers that it got. This works for every program, but an actor may have forgotten some of them.
//! * `calls`: the answers that it got in its current call. This relies on a property of the model, which forgets
//!   answers at the end of each call.
//! * `frames`: what its frames remember, as the search does. It has no persistent sets.
//! * `hindsight`: places from which an actor continues in the same way, whatever happens, are the same. This is known
//!   only when everything has been explored, so it is not an algorithm but a bound for cachings in which the state of
//!   an actor is its position and its local variables.
#![expect(clippy::print_stdout, reason = "it is what a benchmark is for")]

mod holding;

use std::collections::{BTreeSet, HashSet};
use std::hash::BuildHasherDefault;
use std::process::ExitCode;
use std::time::Instant;

use cowrace_explore::{Execution, Explorer, Merging, Observer, Outcome};
use cowrace_machine::{ActorSet, Arch, Footprint, Program};
use cowrace_mm::{Era, World, program};
use cowrace_testkit::common_problem::{Rule, Variant, problem};
use cowrace_testkit::corpus::corpus;
use cowrace_testkit::scripts::states::{Fast, FastMap, Local, Moves, State, States};
use holding::{LARGER, LARGEST, SEARCHES};

/// The limits of a caching: the number of states, and the resident memory in MiB.
const STATES: usize = 20_000_000;
const LIMIT: u64 = 4096;

/// A short search is repeated for this many seconds; the fastest run counts.
const AT_LEAST: f64 = 1.0;

/// The memories with which executions end.
type Ends = BTreeSet<Vec<(usize, u64)>>;

#[derive(Default)]
struct Collect(Ends);

impl Observer for Collect {
    fn execution(&mut self, execution: &Execution<'_>) {
        self.0.insert(execution.memory().nonzero().collect());
    }
}

/// The caching exceeded its limits.
struct TooLarge;

type Result = std::result::Result<(), TooLarge>;

struct Caching<'p> {
    states: States<'p>,
    /// For each place the representative of the places that are the same; empty if no two are.
    same: Vec<u32>,
    plain: HashSet<State, BuildHasherDefault<Fast>>,
    /// The known states, with the actors that slept at every visit.
    sleep: FastMap<State, u32>,
    ended: HashSet<u32>,
    ends: Ends,
    wrong: bool,
}

impl<'p> Caching<'p> {
    fn new(states: States<'p>, same: Vec<u32>) -> Self {
        Self {
            wrong: states.wrong_at_once(),
            states,
            same,
            plain: HashSet::default(),
            sleep: FastMap::default(),
            ended: HashSet::default(),
            ends: Ends::new(),
        }
    }

    fn remembered(&self) -> usize {
        self.plain.len() + self.sleep.len()
    }

    /// The current state, as far as the caching distinguishes states.
    fn state(&mut self) -> State {
        let mut state = self.states.state();
        if !self.same.is_empty() {
            for at in &mut state[1..] {
                *at = self.same[*at as usize];
            }
        }
        state
    }

    /// Executes a request, and continues.
    fn go(&mut self, actor: u8, choice: Option<u32>, on: impl FnOnce(&mut Self) -> Result) -> Result {
        let moved = self.states.go(actor, choice);
        self.wrong |= moved.wrong;
        on(self)?;
        self.states.back(&moved);
        Ok(())
    }

    /// The actors to choose from. Requests that leave no choice are executed.
    fn able(&mut self, on: impl Fn(&mut Self) -> Result) -> std::result::Result<Option<ActorSet>, TooLarge> {
        match self.states.moves() {
            Moves::Any(able) => return Ok(Some(able)),
            Moves::Alone(actor, None) => self.go(actor, None, on)?,
            Moves::Alone(actor, Some(n)) => (0..n).try_for_each(|v| self.go(actor, Some(v), &on))?,
        }
        Ok(None)
    }

    fn plain(&mut self) -> Result {
        let Some(able) = self.able(Self::plain)? else { return Ok(()) };
        let state = self.state();
        if !self.plain.insert(state) {
            return Ok(());
        }
        self.visit(&state, able)?;
        able.iter().try_for_each(|actor| self.go(actor, None, Self::plain))
    }

    /// Sleep sets with remembered states: a move that slept at every visit so far and does not sleep now was never made
    /// there (Godefroid, 1996).
    fn sleep(&mut self, sleep: u32) -> Result {
        let Some(able) = self.able(|caching| caching.sleep(sleep))? else { return Ok(()) };
        let state = self.state();
        let (todo, mut sleep) = match self.sleep.get_mut(&state) {
            Some(slept) => {
                let todo = *slept & !sleep;
                *slept &= sleep;
                (todo, *slept)
            }
            None => {
                self.sleep.insert(state, sleep);
                self.visit(&state, able)?;
                (able.0 & !sleep, sleep)
            }
        };
        if todo == 0 {
            return Ok(());
        }
        let mut footprints = [Footprint::EMPTY; 8];
        for actor in ActorSet(todo | sleep).iter() {
            footprints[actor as usize] = self.states.footprint(actor);
        }
        for actor in ActorSet(todo).iter() {
            let mut after = ActorSet(sleep);
            for other in ActorSet(sleep).iter() {
                if footprints[other as usize].conflicts(&footprints[actor as usize]) {
                    after.remove(other);
                }
            }
            self.go(actor, None, |caching| caching.sleep(after.0))?;
            sleep |= 1 << actor;
        }
        Ok(())
    }

    /// Explores a new state.
    fn visit(&mut self, state: &State, able: ActorSet) -> Result {
        let remembered = self.remembered();
        if remembered >= STATES || remembered.is_multiple_of(1 << 16) && resident().is_some_and(|r| r > LIMIT)
        {
            return Err(TooLarge);
        }
        if able.is_empty() {
            let memory = self.states.memory();
            self.wrong |= !self.states.finished();
            if self.ended.insert(state[0]) {
                self.wrong |= (self.states.program().check)(memory).is_some();
                self.ends.insert(memory.nonzero().collect());
            }
        }
        Ok(())
    }
}

/// Resident memory of the process, in MiB, if the system tells it.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024)
}

/// The result of a caching.
struct Cached<'p> {
    states: usize,
    seconds: f64,
    /// Whether there is a finding, the ends, and what was learned about the actors; `None` if the caching exceeded a
    /// limit.
    found: Option<(bool, Ends, States<'p>)>,
}

/// Runs a caching. `hindsight` is what an earlier caching has learned.
fn cache<'p>(
    program: &'p Program,
    local: Local,
    sleep: bool,
    mut hindsight: Option<States<'p>>,
) -> Cached<'p> {
    let is_hindsight = hindsight.is_some();
    let same = hindsight.as_ref().map_or_else(Vec::new, States::same);
    let (mut seconds, started) = (f64::INFINITY, Instant::now());
    loop {
        let run = Instant::now();
        let states = hindsight.take().unwrap_or_else(|| States::new(program, local));
        let mut caching = Caching::new(states, same.clone());
        let result = if sleep { caching.sleep(0) } else { caching.plain() };
        seconds = seconds.min(run.elapsed().as_secs_f64());
        let remembered = caching.remembered();
        let Caching { states, wrong, ends, .. } = caching;
        if result.is_err() {
            return Cached { states: remembered, seconds, found: None };
        }
        if started.elapsed().as_secs_f64() > AT_LEAST {
            return Cached { states: remembered, seconds, found: Some((wrong, ends, states)) };
        }
        hindsight = is_hindsight.then_some(states);
    }
}

fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|g| str::from_utf8(g).ok()).collect();
    groups.join(",")
}

/// The outcome of a search, and the time of the fastest of several.
fn timed(program: &Program, merging: Merging) -> (Outcome, f64) {
    let (mut fastest, started) = (f64::INFINITY, Instant::now());
    loop {
        let run = Instant::now();
        let outcome = Explorer::new(program).merging(merging).run(&mut ());
        fastest = fastest.min(run.elapsed().as_secs_f64());
        if started.elapsed().as_secs_f64() > AT_LEAST {
            return (outcome, fastest);
        }
    }
}

/// The row of a search that merges states, as far as it does.
fn row(outcome: &Outcome, seconds: f64, than: f64) {
    let Outcome { states, state_bytes, executions, .. } = *outcome;
    let each = if states > 0 { state_bytes as f64 / states as f64 } else { 0.0 };
    let figures = format!("{} states, {each:.0} bytes each", thousands(states));
    println!(
        "  {:<34}{figures:>34}{seconds:>12.4}{:>10.4}",
        format!("merged after {} executions", thousands(executions)),
        seconds / than
    );
}

/// Compares searches of one program, and prints the figures.
fn compare(name: &str, program: &Program) {
    let mut ours = Collect::default();
    let outcome = Explorer::new(program).merging(Merging::Never).run(&mut ours);
    assert!(outcome.complete && outcome.finding.is_none(), "{name} does not hold: {outcome:?}");
    let mut merged = Collect::default();
    let again = Explorer::new(program).merging(Merging::Always).run(&mut merged);
    assert!(again.complete && again.finding.is_none() && merged.0 == ours.0, "{name}: {again:?}");
    let (_, traces) = timed(program, Merging::Never);
    let executions = format!("{} executions", thousands(outcome.executions));
    println!("{name}");
    println!("  {:<34}{executions:>34}{traces:>12.4}{:>10}", "not merged", 1);
    let (auto, seconds) = timed(program, Merging::Auto);
    row(&auto, seconds, traces);
    let mut learned = None;
    for (local, is_hindsight) in
        [(Local::Frames, false), (Local::Answers, false), (Local::Calls, false), (Local::Answers, true)]
    {
        for sleep in [false, true] {
            let hindsight = if is_hindsight { learned.take() } else { None };
            if is_hindsight && hindsight.is_none() {
                continue;
            }
            let cached = cache(program, local, sleep, hindsight);
            let more = if cached.found.is_some() { "" } else { "> " };
            let name = if is_hindsight { "hindsight".to_owned() } else { format!("{local:?}") };
            let row = format!("caching, {name}{}", if sleep { ", sleep sets" } else { "" }).to_lowercase();
            let states = format!("{more}{} states", thousands(cached.states as u64));
            let (seconds, ratio) = (cached.seconds, cached.seconds / traces);
            let (seconds, ratio) = (format!("{more}{seconds:.4}"), format!("{more}{ratio:.4}"));
            println!("  {row:<34}{states:>34}{seconds:>12}{ratio:>10}");
            if let Some((wrong, ends, states)) = cached.found {
                assert!(!wrong, "{name}: a caching finds something wrong");
                assert!(ends == ours.0, "{name}: {} ends, not {}", ends.len(), ours.0.len());
                if local == Local::Answers {
                    learned = Some(states);
                }
            }
        }
    }
}

fn main() -> ExitCode {
    // Test runners start benchmarks as well, to see that they start.
    if !std::env::args().any(|arg| arg == "--bench") {
        return ExitCode::SUCCESS;
    }
    let wanted = std::env::args().skip(1).find(|arg| !arg.starts_with("--")).unwrap_or_default();
    println!("{:<36}{:>34}{:>12}{:>10}", "fastest of several runs", "", "seconds", "ratio");
    let samples = corpus(".");
    let corpus = SEARCHES.iter().map(|&(name, era)| {
        let sample = samples.iter().find(|sample| sample.name == name);
        (name.to_owned(), sample.expect("the scenario is there").world.clone(), era)
    });
    let drawn = |&(text, era): &(&str, &'static str)| {
        let scenario = cowrace_scenario::parse(text).expect("the scenario parses");
        (scenario.name().to_owned(), scenario.variants()[0].world().clone(), era)
    };
    let preset =
        |world: &World, era: &str| program(world, &Era::preset(era).expect("a preset"), Arch::Generic);
    for (name, world, era) in corpus.chain(LARGER.iter().map(drawn)) {
        if name.contains(&wanted) {
            compare(&format!("{name} {era}"), &preset(&world, era));
        }
    }
    if "common problem".contains(&wanted) {
        compare("common problem, mapcount, 5 actors", &problem(Variant::new(5, Rule::Mapcount, true)));
    }
    for (name, world, era) in LARGEST.iter().map(drawn) {
        if !name.contains(&wanted) {
            continue;
        }
        let run = Instant::now();
        let outcome = Explorer::new(&preset(&world, era)).run(&mut ());
        println!("{name} {era}, complete: {}", outcome.complete);
        row(&outcome, run.elapsed().as_secs_f64(), f64::INFINITY);
    }
    ExitCode::SUCCESS
}
