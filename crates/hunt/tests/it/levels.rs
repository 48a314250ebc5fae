//! Whole levels: against every scenario one by one, by any number of threads, and what is known to be found.

use cowrace_hunt::alphabet::Alphabet;
use cowrace_hunt::campaign::{Campaign, Level, Shape, Tally};
use cowrace_hunt::family::{Families, Family};
use cowrace_hunt::hunt::{Hunt, Quest};
use cowrace_hunt::moves::{Scene, parts};
use cowrace_hunt::outcome::Wanted;
use cowrace_hunt::part::Part;
use cowrace_hunt::stage::{Stage, beginnings, plain};
use cowrace_hunt::start::Start;
use cowrace_hunt::step::{Led, Runner, Situations};
use cowrace_machine::{Arch, Limits};
use cowrace_mm::Era;
use cowrace_mm::world::Backing;
use cowrace_report::Class;

use crate::runner;

fn era(name: &str) -> Era {
    Era::preset(name).expect("a preset")
}

fn quest(name: &str, shape: Shape, only: &[&str]) -> Quest {
    let only = only.iter().map(|&name| name.to_owned()).collect();
    Quest { only, ..Quest::new(era(name), Arch::Generic, shape) }
}

fn levels(hunt: &mut Hunt, threads: usize) -> Vec<Level> {
    std::iter::from_fn(|| hunt.next_level(threads, &|| false)).collect()
}

/// What became of every scenario that continues one, each run by itself.
fn one_by_one(
    (runner, alphabet): (&Runner, &Alphabet),
    situations: &Situations,
    shape: Shape,
    made: usize,
    tallies: &mut [Tally],
) {
    let scene = Scene::of(&runner.stage, situations);
    for part in parts(&runner.stage, alphabet, &scene, Shape { calls: shape.calls - made, ..shape }) {
        let calls = made + part.calls();
        let tally = &mut tallies[calls];
        tally.scenarios += 1;
        match runner.run(situations, &part) {
            Led::To(to) if calls < shape.calls => one_by_one((runner, alphabet), &to, shape, calls, tallies),
            Led::To(_) => {}
            Led::Violated => tally.violated += 1,
            Led::Blocked => tally.blocked += 1,
            Led::Bounded => tally.bounded += 1,
        }
    }
}

/// Merged or not, the same is decided of the same number of scenarios.
fn compare(name: &str, area: Backing, uffd_wp: bool, shape: Shape, only: &[&str]) {
    let stage = Stage::new(plain(area, uffd_wp), false, shape.columns);
    let mut alphabet = Alphabet::of(&stage, [&era(name)]);
    let is_tried = |names: &[&str]| names.is_empty() || names.iter().any(|name| only.contains(name));
    alphabet.retain(|names| only.is_empty() || is_tried(names));
    let runner = runner(&stage, &era(name));
    let mut tallies = vec![Tally::default(); shape.calls + 1];
    for beginning in beginnings(&stage) {
        let situations = Situations::from([runner.begin(&beginning)]);
        one_by_one((&runner, &alphabet), &situations, shape, 0, &mut tallies);
    }
    let mut campaign = Campaign::new(runner, alphabet, shape);
    for expected in &tallies[1..] {
        let level = campaign.next_level(2, &|| false).expect("a level");
        assert_eq!(level.tally, *expected, "{name}");
    }
    // Most memory of a newer kernel is safe in so few calls.
    assert!(only.is_empty() || tallies.iter().any(|tally| tally.violated > 0), "{tallies:?}");
}

/// A million scenarios, each run by itself.
#[test]
#[ignore = "takes minutes: `just nightly`"]
fn every_scenario_of_two_calls_at_length() {
    let shape = Shape { calls: 2, columns: 1 };
    for name in ["v5.18", "v6.15"] {
        for (area, uffd_wp) in [(Backing::Anon, false), (Backing::PrivateFile, false), (Backing::Anon, true)]
        {
            compare(name, area, uffd_wp, shape, &[]);
        }
    }
}

#[test]
fn what_is_merged_is_the_same() {
    let sequential = Shape { calls: 3, columns: 1 };
    compare("v5.9", Backing::Anon, false, sequential, &["pin_fast", "fork", "reclaim"]);
    compare("v5.9", Backing::PrivateFile, false, sequential, &["pin_fast", "fork", "dma_read", "madvise"]);
    compare(
        "v6.1",
        Backing::Anon,
        true,
        Shape { calls: 2, columns: 1 },
        &["UFFDIO_WRITEPROTECT", "pin_fast"],
    );
    compare(
        "v5.9",
        Backing::PrivateFile,
        false,
        Shape { calls: 2, columns: 2 },
        &["pin_fast", "fork", "munmap"],
    );
}

#[test]
fn threads_change_nothing() {
    let hunted = |threads: usize| {
        let mut hunt = Hunt::new(quest("v5.9", Shape { calls: 2, columns: 1 }, &["pin_fast", "fork"]));
        let levels = levels(&mut hunt, threads);
        let (families, unconfirmed) = hunt.families(threads);
        let told = |family: &Family| {
            let exemplar = family.exemplar.scenario.clone();
            (family.damage.signature(), family.kinds.clone(), family.minimal, exemplar)
        };
        (levels, families.iter().map(told).collect::<Vec<_>>(), unconfirmed)
    };
    let one = hunted(1);
    assert!(one.1.len() > 3, "{one:?}");
    assert_eq!(hunted(2), one);
    assert_eq!(hunted(4), one);
}

#[test]
fn the_newest_kernel_loses_shared_memory_that_is_given_up() {
    // docs/found.md: two calls are enough, if the page is clean and shared at the start.
    let mut hunt = Hunt::new(quest("v6.15", Shape { calls: 2, columns: 1 }, &["madvise", "reclaim"]));
    assert_eq!(levels(&mut hunt, 2).len(), 2);
    let (families, unconfirmed) = hunt.families(2);
    // The parent loses its memory, or the child.
    assert_eq!((families.len(), unconfirmed), (2, 0), "{families:#?}");
    for family in families {
        assert_eq!(family.damage.class, Class::LostWrite);
        let scenario = family.exemplar.scenario;
        assert!(scenario.contains("buf: anon clean"), "{scenario}");
    }
}

#[test]
fn a_hunt_can_be_stopped() {
    let mut hunt = Hunt::new(quest("v6.15", Shape { calls: 2, columns: 1 }, &["fork"]));
    assert!(hunt.next_level(2, &|| false).is_some());
    assert!(hunt.next_level(2, &|| true).is_none());
    assert!(hunt.families(1).0.is_empty());
}

/// What two kernels show of every scenario that continues one, each run by itself.
fn pairs_one_by_one(
    (runners, alphabet): (&[Runner], &Alphabet),
    situations: &[Situations],
    (shape, made): (Shape, usize),
    tallies: &mut [Tally],
) {
    let stage = &runners[0].stage;
    let scene = Scene::of(stage, situations.iter().flatten());
    for part in parts(stage, alphabet, &scene, Shape { calls: shape.calls - made, ..shape }) {
        let calls = made + part.calls();
        tallies[calls].scenarios += 1;
        let led: Vec<Led> = runners
            .iter()
            .zip(situations)
            .map(|(runner, situations)| runner.run(situations, &part))
            .collect();
        match (&led[0], &led[1]) {
            (Led::To(first), Led::To(second)) if calls < shape.calls => {
                let to = [first.clone(), second.clone()];
                pairs_one_by_one((runners, alphabet), &to, (shape, calls), tallies);
            }
            (Led::Violated, Led::Violated) => tallies[calls].elsewhere += 1,
            (Led::Violated, _) | (_, Led::Violated) => tallies[calls].violated += 1,
            (Led::Blocked, _) | (_, Led::Blocked) => tallies[calls].blocked += 1,
            _ => {}
        }
    }
}

#[test]
fn pairs_that_are_merged_are_the_same() {
    let shape = Shape { calls: 3, columns: 1 };
    let stage = Stage::new(plain(Backing::Anon, false), false, shape.columns);
    let eras = [era("v5.10"), era("v5.12")];
    let mut alphabet = Alphabet::of(&stage, &eras);
    alphabet.retain(|names| {
        names.is_empty() || names.iter().any(|name| ["pin_fast", "clear_refs", "fork"].contains(name))
    });
    let runners: Vec<Runner> = eras.iter().map(|era| runner(&stage, era)).collect();
    let mut tallies = vec![Tally::default(); shape.calls + 1];
    for beginning in beginnings(&stage) {
        let situations: Vec<_> =
            runners.iter().map(|runner| Situations::from([runner.begin(&beginning)])).collect();
        pairs_one_by_one((&runners, &alphabet), &situations, (shape, 0), &mut tallies);
    }
    let mut campaign = Campaign::of((runners, Wanted::Difference), alphabet, shape);
    for expected in &tallies[1..] {
        let level = campaign.next_level(2, &|| false).expect("a level");
        assert_eq!(level.tally, *expected);
    }
    assert!(tallies.iter().any(|tally| tally.violated > 0 && tally.elsewhere > 0), "{tallies:?}");
}

#[test]
fn threads_whose_cpus_differ_are_not_exchanged() {
    // How many parts of one thread there are, and of two.
    let of = |words: &str, columns: usize| {
        let shape = Shape { calls: 2, columns };
        let stage = Stage::new(plain(Backing::Anon, false), false, columns);
        let runner = runner(&stage, &era("v6.15"));
        let mut alphabet = Alphabet::of(&stage, [&runner.era]);
        alphabet.retain(|names| names == ["munmap"] || names == ["exit"] || names.is_empty());
        let beginning = beginnings(&stage).into_iter().find(|beginning| beginning.words == words);
        let scene = Scene::of(&stage, [&runner.begin(&beginning.expect("it is there"))]);
        let all = parts(&stage, &alphabet, &scene, shape);
        let is_thread =
            |part: &&Part| part.columns.iter().all(|column| stage.world.actors[column.actor].mm == Some(0));
        let threads = |n: usize| all.iter().filter(is_thread).filter(|part| part.columns.len() == n).count();
        (threads(1), threads(2))
    };
    // A load, a store, munmap and exit; and each but exit beside itself and the others.
    assert_eq!(of("anon", 2), (4, 6));
    // The thread that has an entry in its TLB may make the one or the other.
    assert_eq!(of("anon warm(a)", 2), (8, 9));
    // A batch is that of another CPU.
    assert_eq!(of("anon lru_batch(k)", 2), (4, 6));
    // With one column, there is one thread.
    assert_eq!(of("anon warm(a)", 1), (4, 0));
    // Two of three threads may be exchanged, and they may be the two that run.
    assert_eq!(of("anon", 3), (4, 6));
    assert_eq!(of("anon warm(a)", 3), (8, 15));
}

#[test]
fn a_thread_whose_cpu_differs_from_another_runs_alone() {
    // The other thread's CPU keeps its entry for the page that was copied.
    let era = era("v6.15").set("wp_copy_flush", "none").expect("a safeguard");
    let start = Start { areas: vec!["anon warm(a)".to_owned()], child: Some(true) };
    let except = vec!["exit".to_owned()];
    let shape = Shape { calls: 2, columns: 2 };
    let only = except.clone();
    let mut hunt = Hunt::new(Quest { start, only, except, ..Quest::new(era, Arch::Generic, shape) });
    assert_eq!(levels(&mut hunt, 2).len(), 2);
    let (families, unconfirmed) = hunt.families(2);
    let [family] = families.as_slice() else { panic!("{families:#?}") };
    assert_eq!((family.damage.class, unconfirmed), (Class::LostWrite, 0));
    let alone = "             buf[0] = 11\n=== a a2 ===\nx1 = buf[0]\n";
    assert!(family.exemplar.scenario.ends_with(alone), "{}", family.exemplar.scenario);
}

/// What a limit on executions leaves is told, depends on no thread, and hides nothing that it lets decide.
#[test]
fn a_limit_on_executions_leaves_some_undecided() {
    let shape = Shape { calls: 2, columns: 2 };
    let whole = Quest {
        start: Start { areas: vec!["anon".to_owned()], child: Some(false) },
        ..quest("v5.9", shape, &["fork", "pin_fast"])
    };
    let few = Limits { executions: Some(4), ..Limits::default() };
    let limited = Quest { limits: few, ..whole.clone() };
    let (mut all, mut some) = (Hunt::new(whole), Hunt::new(limited.clone()));
    let (all, one) = (levels(&mut all, 2), levels(&mut some, 1));
    assert_eq!(one, levels(&mut Hunt::new(limited), 2));
    let [Level { tally: Tally { bounded: 0, .. }, .. }, Level { tally, .. }] = all[..] else {
        panic!("{all:?}");
    };
    let left = one[1].tally;
    assert!(left.bounded > 0 && left.violated > 0, "{left:?}");
    assert!(
        left.violated <= tally.violated && tally.violated <= left.violated + left.bounded,
        "{left:?} {tally:?}"
    );
    let sorted = some.sort(2, &|| false, &mut Families::default());
    assert_eq!(sorted.unconfirmed, 0);
}
