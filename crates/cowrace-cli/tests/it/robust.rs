//! Whatever is right to the reader is no problem for the rest, and whatever is wrong is said.

use std::fs;
use std::path::PathBuf;

use clap::Parser as _;
use cowrace_cli::Exit;
use cowrace_cli::{Cli, Interrupt, Out};
use cowrace_mm::Era;
use cowrace_report::Class;
use cowrace_scenario::{load, parse};
use cowrace_testkit::properties::{era, run};
use cowrace_testkit::{at_length, repository, runner, texts};
use proptest::prelude::*;

fn root() -> PathBuf {
    repository("")
}

proptest! {
    #![proptest_config(cowrace_testkit::cases(50))]

    #[test]
    fn any_scenario_runs(text in texts::file(6), era in prop::sample::select(Era::presets())) {
        run::runs(&parse(&text).expect("a scenario that is right"), &era);
    }
}

/// The same with other seeds, for as long as it is told to.
#[test]
#[ignore = "takes as long as it is told to: `just nightly`"]
fn any_scenario_runs_at_length() {
    at_length(|seed| {
        let any = (texts::file(6), prop::sample::select(Era::presets()));
        let done = runner(seed, 100).run(&any, |(text, era)| {
            run::runs(&parse(&text).expect("a scenario that is right"), &era);
            Ok(())
        });
        done.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    });
}

/// The deadlock shows only when the child has arrived at the barrier, which is in no row.
#[test]
fn the_diagram_of_a_deadlock_can_be_followed() {
    let text = "race stuck
mm A { buf: anon }

t0 @A   t1 @A       child @C
======  ==========  ==========
        C = fork()
wait C
=== all ===
                    buf[0] = 1
";
    let scenario = parse(text).expect("it is right");
    let era = Era::preset("v6.12").expect("a preset");
    let variant = &scenario.variants()[0];
    let task = cowrace_check::Task {
        scenario: &scenario,
        variant,
        era: &era,
        arch: Default::default(),
        specification: None,
    };
    let trace = task.as_written().expect("it can be followed");
    assert_eq!(trace.finding.map(|finding| finding.class), Some(Class::Deadlock));
    run::runs(&scenario, &era);
}

/// Fuzzing begins with these files.
#[test]
fn the_fixtures_run() {
    let sources = load(&[root().join("crates")]).expect("fixtures");
    let scenarios: Vec<_> = sources.iter().filter_map(|source| parse(&source.text).ok()).collect();
    assert!(scenarios.len() > 5);
    for era in Era::presets() {
        scenarios.iter().for_each(|scenario| run::runs(scenario, &era));
    }
}

/// Lines of era files, right and wrong.
const LINES: &[&str] = &[
    "name = \"mine\"",
    "name = \"v5.9\"",
    "name = \"\"",
    "name = 1",
    "base = \"v5.9\"",
    "base = \"v5.18\"",
    "base = \"\\u0000\"",
    "with = [\"57efa1fe5957\"]",
    "with = [\"57efa1fe5957\", \"57efa1fe5957\"]",
    "without = [\"09854ba94c6a\"]",
    "without = [\"\", \"0\"]",
    "without = {}",
    "set = { wp_reuse = \"mapcount\" }",
    "[set]",
    "wp_reuse = \"count\"",
    "fork_seq = \"yes\"",
    "fork_seq = true",
    "colour = \"\u{1b}[31m\"",
    "# nothing",
    "=",
    "[[",
];

proptest! {
    #![proptest_config(cowrace_testkit::cases(500))]

    #[test]
    fn any_bytes_as_an_era_file(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let directory = tempfile::tempdir().expect("a directory");
        era::reads_era(&directory.path().join("era.toml"), &bytes);
    }

    #[test]
    fn any_lines_as_an_era_file(lines in prop::sample::subsequence(LINES.to_vec(), 0..8).prop_shuffle()) {
        let directory = tempfile::tempdir().expect("a directory");
        era::reads_era(&directory.path().join("era.toml"), lines.join("\n").as_bytes());
    }
}

#[test]
fn the_seeds_of_fuzzing_as_era_files() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut read = 0;
    for entry in fs::read_dir(root().join("fuzz/seeds/era")).expect("the seeds are there") {
        let bytes = fs::read(entry.expect("a seed").path()).expect("a file");
        read += usize::from(era::reads_era(&directory.path().join("era.toml"), &bytes).is_some());
    }
    assert!(read >= 2, "{read} of the seeds are eras");
}

/// What a command line comes to; 2 if it cannot be read.
fn command(args: &[&str]) -> (Exit, String) {
    let mut out = Vec::new();
    let exit = match Cli::try_parse_from(std::iter::once("cowrace").chain(args.iter().copied())) {
        Err(_) => Exit::Usage,
        Ok(cli) => cowrace_cli::run(&cli, &mut Out::new(&mut out), &Interrupt::default())
            .unwrap_or_else(|failure| failure.exit),
    };
    (exit, String::from_utf8(out).expect("text"))
}

/// Every file of the corpus has the same kind of schedules, so one will do.
fn replay(schedule: &str, format: &str) -> (Exit, String) {
    let file = root().join("scenarios/odirect-clear-refs-lost-read.race");
    let schedule = format!("--schedule={schedule}");
    let file = file.to_str().expect("a path that is text");
    command(&["replay", file, "--era", "v5.9", &schedule, "--format", format])
}

/// The hash that schedules have here: without it, nothing would get past the first test.
fn hash() -> String {
    let file = root().join("scenarios/odirect-clear-refs-lost-read.race");
    let (exit, out) = command(&["check", file.to_str().expect("text"), "--era", "v5.9", "--format", "json"]);
    assert_eq!(exit, Exit::Ok);
    let (_, schedule) = out.split_once("\"schedule\":\"1:").expect("a schedule");
    schedule.split(':').next().expect("a hash").to_owned()
}

proptest! {
    #![proptest_config(cowrace_testkit::cases(300))]

    #[test]
    fn any_text_as_a_schedule_on_the_command_line(text in "(.|\n){0,80}") {
        prop_assert_eq!(replay(&text, "text").0, Exit::Usage);
    }
}

#[test]
fn any_steps_as_a_schedule_on_the_command_line() {
    let hash = hash();
    let steps = prop::collection::vec("[0-3](\\*[0-9]{1,2}|=[0-9])?", 0..30);
    let mut runner = proptest::test_runner::TestRunner::new(cowrace_testkit::cases(300));
    let done = runner.run(&(steps, prop::sample::select(vec!["text", "json"])), |(steps, format)| {
        let (exit, _) = replay(&format!("1:{hash}:{}", steps.join(".")), format);
        prop_assert!(matches!(exit, Exit::Ok | Exit::Usage | Exit::Gone | Exit::Bounded), "{:?}", exit);
        Ok(())
    });
    done.unwrap_or_else(|error| panic!("{error}"));
}
