//! The programs of the corpus.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use cowrace_check::{Bounds, Specification, Task};
use cowrace_mm::Era;
use cowrace_reproduce::{Forecast, Plan, Refusal, plan, program};
use cowrace_scenario::{Scenario, load, parse};

/// Cells of the corpus: a scenario in one variant.
const CELLS: usize = 278;
/// Those that have a program for v6.18. The others are refused, each with its reason.
const PROGRAMS: usize = 161;

/// A cell of the corpus, its plan and its program.
type Made = (String, Result<(Plan, String), Refusal>);

/// What becomes of every cell of the corpus under an era, or of those of one scenario.
fn corpus(era: &str, only: Option<&str>) -> Vec<Made> {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let era = Era::preset(era).expect("a preset");
    let sources = load(&[directory]).expect("the corpus");
    let scenarios = sources.iter().map(|source| parse(&source.text).expect("a scenario"));
    let scenarios: Vec<Scenario> =
        scenarios.filter(|scenario| only.is_none_or(|only| scenario.name() == only)).collect();
    let mut made = Vec::new();
    for scenario in &scenarios {
        for variant in scenario.variants() {
            let specification = Specification::default();
            let task = Task {
                scenario,
                variant,
                era: &era,
                arch: Default::default(),
                specification: Some(&specification),
            };
            let name = match variant.name() {
                Some(variant) => format!("{}_{variant}", scenario.name()),
                None => scenario.name().to_owned(),
            };
            let program = plan(task, &Bounds::default()).map(|plan| {
                let text = program(task, &plan);
                (plan, text)
            });
            made.push((name, program));
        }
    }
    made
}

/// The program of a cell.
fn one(era: &str, scenario: &str, cell: &str) -> (Plan, String) {
    let made = corpus(era, Some(scenario)).into_iter().find(|(name, _)| name == cell);
    made.expect("it is in the corpus").1.unwrap_or_else(|refusal| panic!("{refusal}"))
}

#[test]
fn every_program_compiles() {
    let made = corpus("v6.18", None);
    assert_eq!(made.len(), CELLS);
    let programs: Vec<(&str, &(Plan, String))> =
        made.iter().filter_map(|(name, made)| Some((name.as_str(), made.as_ref().ok()?))).collect();
    assert_eq!(programs.len(), PROGRAMS);

    let directory = tempfile::tempdir().expect("a directory");
    let files = programs.iter().map(|(name, (_, text))| {
        let path = directory.path().join(format!("{name}.c"));
        std::fs::write(&path, text).expect("a file");
        path
    });
    let files: Vec<PathBuf> = files.collect();
    // Two calls of the compiler for all of them, side by side.
    let compilers = files.chunks(files.len().div_ceil(2)).map(|files| {
        Command::new("cc")
            .args(["-O2", "-Wall", "-Wextra", "-Werror", "-fsyntax-only"])
            .args(files)
            .stderr(Stdio::piped())
            .spawn()
            .expect("a C compiler: `cc`")
    });
    for compiler in compilers.collect::<Vec<_>>() {
        let done = compiler.wait_with_output().expect("it ends");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    let hits = programs.iter().filter(|(_, (plan, _))| plan.forecast() == Forecast::Hit);
    let hits: Vec<&str> = hits.map(|(name, _)| *name).collect();
    insta::assert_snapshot!("hits", hits.join("\n"));
    let refused =
        made.iter().filter_map(|(name, made)| Some(format!("{name}\n    {}", made.as_ref().err()?)));
    insta::assert_snapshot!("refused", refused.collect::<Vec<_>>().join("\n"));
}

#[test]
fn older_kernels_hold_pages_by_references() {
    let (plan, text) = one("v5.15", "pin-before-fork-wrong-cow", "pin-before-fork-wrong-cow_get");
    assert_eq!(plan.forecast(), Forecast::Hit);
    assert!(text.contains("fuse_take(&handle0, area_buf, 0, true)"), "{text}");
}

#[test]
fn a_program_is_read_from_top_to_bottom() {
    let (_, text) = one("v6.18", "dio-fuse-fork-lost-read", "dio-fuse-fork-lost-read");
    // The pieces of C that every program has are files of their own.
    let (head, _) = text.split_once("/* ---- Turns").expect("the pieces begin");
    let (_, own) = text.split_once("/* ---- The diagram ---- */").expect("the diagram's own part");
    insta::assert_snapshot!(format!("{head}[..]\n\n{own}"));
}

/// Programs that need nothing but this kernel, run here. It takes root, and changes nothing of the machine.
#[test]
#[ignore = "runs programs on this machine's kernel, as root"]
fn programs_run_here() {
    let directory = tempfile::tempdir().expect("a directory");
    for name in ["basic-cow", "iouring-fixed-buffer-swap-barrier", "dio-fuse-fork-lost-read"] {
        let (_, text) = one("v6.18", name, name);
        let (source, binary) = (directory.path().join("program.c"), directory.path().join("program"));
        std::fs::write(&source, &text).expect("a file");
        let compiled = Command::new("cc").args(["-O2", "-pthread", "-o"]).arg(&binary).arg(&source).status();
        assert!(compiled.expect("a C compiler: `cc`").success(), "{name}");
        let done = Command::new(&binary).output().expect("it runs");
        let text = String::from_utf8_lossy(&done.stdout);
        assert!(text.starts_with("TAP version 13\n1.."), "{text}");
        assert!(matches!(done.status.code(), Some(0 | 1 | 4)), "{text}");
    }
}
