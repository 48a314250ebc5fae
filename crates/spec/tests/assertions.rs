//! Checks every scenario without its assertions: the specification finds the same violations by itself, with the same
//! class.
//!
//! Questions about costs, such as `copies(A)`, are left in, since user space does not observe costs.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use cowrace_explore::Explorer;
use cowrace_machine::Arch;
use cowrace_mm::{Era, RuleReads, program_and_rule_reads};
use cowrace_report::{Class, Finding, Verdict};
use cowrace_scenario::{load, parse};
use cowrace_spec::{Oracle, Promises};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The scenarios of this directory have no small versions for other engines, so they are not in the corpus.
    let corpus = [here.join("../../scenarios"), here.join("tests/scenarios")];
    // The package without its repository has no corpus.
    let sources = corpus.iter().flat_map(|path| load(std::slice::from_ref(path)).unwrap_or_default());
    let trials = sources.map(|source| {
        let name = source.path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        Trial::test(name, move || without_assertions(&source.text))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

/// A pipe may refer to what its source had at any moment. CVE-2022-1011 says that the pipe of a FUSE server must not
/// refer to it once write(2) has returned, and the file asks for this.
const ASKED_BY_FILE: &[&str] = &["fuse-direct-io-splice-leak"];

fn without_assertions(text: &str) -> Result<(), Failed> {
    let is_assertion = |line: &&str| line.starts_with("always ") || line.starts_with("never ");
    let bare: Vec<&str> =
        text.lines().filter(|line| !is_assertion(line) || line.contains("copies(")).collect();
    let scenario = parse(&bare.join("\n")).map_err(|errors| format!("it does not parse: {errors:#?}"))?;
    let mut wrong = String::new();
    for variant in scenario.variants() {
        let oracle = Oracle::new(variant.world(), &Promises::default()).map_err(|error| error.to_string())?;
        let oracle = Arc::new(oracle);
        // What searches have read of an era, with their results, which are the same under eras that agree on it.
        let mut known: Vec<(Vec<RuleReads>, Option<Finding>)> = Vec::new();
        for era in Era::presets().into_iter().filter(|era| era.lacks(variant.world()).is_none()) {
            let expected = scenario.expectation(&era, variant).ok_or("nothing is expected")?;
            let same = known.iter().find(|(read, _)| read.iter().all(|rule_reads| rule_reads.agrees(&era)));
            let found = same.map(|(_, found)| found.clone()).unwrap_or_else(|| {
                let mut read = Vec::new();
                let mut search = |judge| {
                    let (program, rule_reads) =
                        program_and_rule_reads(variant.world(), &era, Arch::default(), Some(judge));
                    read.push(rule_reads);
                    Explorer::new(&program).run(&mut ()).finding.map(|(finding, _)| finding)
                };
                // Like `check`: a handle that is cut off is the least severe damage.
                let found = search(Box::new(oracle.judge_without_probes()));
                let found = found.or_else(|| search(Box::new(oracle.judge())));
                known.push((read, found.clone()));
                found
            });
            let verdict = if found.is_some() { Verdict::Violated } else { Verdict::Holds };
            let class = found.as_ref().map(|finding| finding.class);
            // Windows have nothing to do with assertions.
            let due = expected.verdict().filter(|&due| due != Verdict::Vacuous).unwrap_or(Verdict::Holds);
            // A requirement of a single file is not a promise.
            let (due, of) = match expected.class() {
                _ if ASKED_BY_FILE.contains(&scenario.name()) => (Verdict::Holds, None),
                Some(Class::Assertion) => (Verdict::Holds, None),
                of => (due, of),
            };
            if verdict != due || of.is_some() && of != class {
                let (variant, era) = (variant.name().unwrap_or_default(), era.name());
                let _ = writeln!(wrong, "{variant} {era}: {found:?}, expected {expected}");
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
}
