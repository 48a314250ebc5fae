//! Every scenario without its assertions: ideal memory finds by itself what they say, with the same class.
//!
//! What is left in are questions about costs, of which user space sees nothing: `copies(A)`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;

use cowrace::explore::Limits;
use cowrace::machine::Arch;
use cowrace::mm::Era;
use cowrace::scenario::{load, parse};
use cowrace::{Promised, Task};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    // The package alone, without the repository around it, has no corpus.
    let sources = load(std::slice::from_ref(&corpus)).unwrap_or_default();
    let trials = sources.into_iter().map(|source| {
        let name = source.path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        Trial::test(name, move || without_assertions(&source.text))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit_code()
}

fn without_assertions(text: &str) -> Result<(), Failed> {
    let is_assertion = |line: &&str| line.starts_with("always ") || line.starts_with("never ");
    let bare: Vec<&str> =
        text.lines().filter(|line| !is_assertion(line) || line.contains("copies(")).collect();
    let scenario = parse(&bare.join("\n")).map_err(|errors| format!("it does not parse: {errors:#?}"))?;
    let mut wrong = String::new();
    for variant in scenario.variants() {
        let promised = Promised::default();
        for era in Era::presets() {
            let task = Task {
                scenario: &scenario,
                variant,
                era: &era,
                arch: Arch::default(),
                promised: Some(&promised),
            };
            let report = task.check(Limits::default(), &mut ());
            if report.as_expected != Some(true) {
                let _ = writeln!(wrong, "{}", cowrace::render::line(&report));
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
}
