//! The memory that a long search needs, which must not grow with its length. Explores programs up to their ten
//! millionth execution, prints the peak of resident memory on the way, and fails if it exceeds the limit.
#![expect(clippy::print_stdout, reason = "it is what a benchmark is for")]

use std::process::ExitCode;
use std::time::Instant;

use cowrace_explore::{Execution, Explorer, Limits, Observer};
use cowrace_machine::{Arch, Program};
use cowrace_mm::{Era, program};
use cowrace_testkit::scripts::{Step, program as script};

/// The numbers of executions at which to measure.
const MARKS: [u64; 4] = [10_000, 100_000, 1_000_000, 10_000_000];

/// The limit on resident memory, in MiB.
const LIMIT: u64 = 200;

/// The whole model under v6.12: `O_DIRECT`, a fault, clear_refs, fork and speculative references around one
/// page. It has more than twice as many executions as the last mark, and holds.
const SCENARIO: &str = "race around-one-page-referenced
mm A { buf: anon }
env spec_ref

thread0 @A                 thread1 @A   other process  forker @A
=========================  ===========  =============  ==========
read(O_DIRECT, buf[0], 1)  buf[1] = 2   clear_refs(A)  B = fork()
r = buf[0]

always r == 1 else lost-read
";

/// Prints a line at each mark.
struct Meter {
    name: &'static str,
    executions: u64,
    started: Instant,
}

impl Observer for Meter {
    fn execution(&mut self, _: &Execution<'_>) {
        self.executions += 1;
        if MARKS.contains(&self.executions) {
            let seconds = self.started.elapsed().as_secs_f64();
            let rate = self.executions as f64 / seconds;
            let (name, executions) = (self.name, self.executions);
            println!("{name:<26}  {executions:>10}  {seconds:>7.1}  {rate:>12.0}  {:>13}", shown(peak()));
        }
    }
}

/// The most memory that the process has had so far, in MiB, if the system tells it.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib.div_ceil(1024))
}

fn shown(mib: Option<u64>) -> String {
    mib.map_or_else(|| "not available".to_owned(), |mib| mib.to_string())
}

/// Explores up to the last mark.
fn explore(name: &'static str, program: &Program) {
    // This limit only ensures that the search ends.
    let limits = Limits { executions: Some(MARKS[3] + MARKS[3] / 10), ..Limits::default() };
    let mut meter = Meter { name, executions: 0, started: Instant::now() };
    let outcome = Explorer::new(program).limits(limits).run(&mut meter);
    assert!(outcome.finding.is_none(), "{name}: {:?}", outcome.finding);
    assert!(meter.executions >= MARKS[3], "{name} is too small: {} executions", meter.executions);
}

fn main() -> ExitCode {
    // Test runners start benchmarks as well, to see that they start.
    if !std::env::args().any(|arg| arg == "--bench") {
        return ExitCode::SUCCESS;
    }
    println!(
        "{:<26}  {:>10}  {:>7}  {:>12}  {:>13}",
        "program", "executions", "seconds", "executions/s", "peak MiB"
    );
    // Four actors, four stores each to one word: 16! / 4!^4 = 63,063,000 executions.
    explore("4 x 4 stores", &script(&[0, 1, 2, 3].map(|actor| vec![Step::Store(0, actor); 4])));
    let scenario = cowrace_scenario::parse(SCENARIO).expect("the scenario parses");
    let era = Era::preset("v6.12").expect("a preset");
    explore("around-one-page-referenced", &program(scenario.variants()[0].world(), &era, Arch::Generic));
    match peak() {
        Some(mib) if mib > LIMIT => {
            println!("{mib} MiB are more than the {LIMIT} MiB that a search may need");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}
