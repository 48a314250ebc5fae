//! `cowrace explain`: one execution, step by step.

use crate::Exit;
use cowrace_render::{Tone, conditions, explain, line, mail, painted, svg, with_variant};
use cowrace_report::Trace;

use crate::args::{ExplainArgs, ExplainFormat};
use crate::batch;
use crate::interrupt::Extent;
use crate::progress::{Progress, Watch};
use crate::single_run::{self, One};
use crate::{Failure, Interrupt, Out, exit_code};
use cowrace_check::Bounds;
use cowrace_check::{Judged, Task};
use cowrace_explain::{Counterexample, command, spelled, walkthrough};

use super::pages;
use super::replay::{print_impossible, way};

/// Carries out the command.
///
/// # Errors
///
/// If the scenario or the era cannot be had, or the output cannot be written.
pub(crate) fn run(args: &ExplainArgs, out: &mut Out<'_>, interrupt: &Interrupt) -> Result<Exit, Failure> {
    if args.format != ExplainFormat::Text && (args.draw.tabs || args.draw.verbose) {
        return Err(Failure::usage("`--tabs` and `--verbose` are for `--format text`: leave them out"));
    }
    let one = One::select(&args.one)?;
    let bounds = Bounds::new(args.one.limits.limits(), interrupt);
    let task = one.task(&bounds)?;
    if !args.as_written && args.schedule.is_none() {
        return violation(task, args, out, (interrupt, &bounds));
    }
    let way = way(args.schedule.as_ref());
    match one.run(task, way) {
        Ok(judged) => {
            let Judged { trace, unknown } = &judged;
            let explained = Told {
                headline: single_run::headline(&task, trace, unknown.as_ref(), way.name()),
                not_needed: &[],
                schedule: format!("schedule: {}", trace.schedule),
            };
            explained.print((task, task), trace, args, (out, &bounds))?;
            Ok(single_run::exit(&task, &judged, way))
        }
        Err(impossible) => {
            if args.format == ExplainFormat::Text {
                out.line(&format!("INCONCLUSIVE  {}  era {}", task.scenario.name(), task.era.label()))?;
            }
            print_impossible(&impossible);
            Ok(Exit::Bounded)
        }
    }
}

/// What is told of an execution beside its explanation.
struct Told<'t> {
    /// What was found, in a line.
    headline: String,
    /// The cells that the violation does not need.
    not_needed: &'t [String],
    /// The schedule, in a line.
    schedule: String,
}

impl Told<'_> {
    /// Explains an execution of a part of a task: the whole of it, or what the violation needs.
    fn print(
        self,
        (whole, part): (Task<'_>, Task<'_>),
        trace: &Trace,
        args: &ExplainArgs,
        (out, bounds): (&mut Out<'_>, &Bounds),
    ) -> Result<(), Failure> {
        let mut walkthrough = walkthrough(part, trace, args.draw.into(), bounds);
        match args.format {
            ExplainFormat::Text => {
                if args.draw.verbose {
                    let call =
                        |id| Some(part.variant.call_text(id).to_owned()).filter(|text| !text.is_empty());
                    walkthrough.accesses = explain(&spelled(part, trace), call);
                }
                let tone = if trace.finding.is_some() { Tone::Bad } else { Tone::Good };
                out.line(&out.paint().text(tone, &format!("# {}", self.headline)))?;
                if !self.not_needed.is_empty() {
                    let left_out = self.not_needed.join("; ");
                    out.line(&format!("# left out, because the violation does not need it: {left_out}"))?;
                }
                let told = walkthrough.painted(out.paint());
                out.text(&format!("\n{told}\n{}\n", self.schedule))
            }
            ExplainFormat::Html => {
                let mut page = pages::page("cowrace explain");
                page.summarise(self.headline);
                let not_needed = self.not_needed.to_vec();
                page.explain(pages::of(whole, &args.one.file, walkthrough, not_needed));
                out.text(&page.html())
            }
            ExplainFormat::Svg => {
                let scenario = with_variant(whole.scenario.name(), whole.variant.name());
                let title = format!("{scenario}, {}", whole.era.label());
                out.text(&svg(&title, &walkthrough))
            }
            ExplainFormat::Mail => {
                let options = command::options_of(part, &args.one.era);
                out.text(&mail(&walkthrough, &whole.era.label(), &options))
            }
        }
    }
}

/// Explains the violation that is easiest to read.
fn violation(
    task: Task<'_>,
    args: &ExplainArgs,
    out: &mut Out<'_>,
    (interrupt, bounds): (&Interrupt, &Bounds),
) -> Result<Exit, Failure> {
    let limits = args.one.limits.limits();
    let progress = Progress::new(1, interrupt.clone());
    let mut watch = Watch::new(&progress);
    let report = task.check(limits, &mut watch);
    progress.finish();
    match (&report.schedule, report.class) {
        (Some(schedule), Some(class)) => {
            let counterexample = Counterexample::within(task, class, schedule, bounds)?;
            let part = counterexample.task(task);
            let of = if counterexample.not_needed.is_empty() { "" } else { " of the whole scenario" };
            let explained = Told {
                headline: single_run::headline(&task, &counterexample.trace, None, "by search"),
                not_needed: &counterexample.not_needed,
                schedule: format!("schedule{of}: {}", counterexample.schedule),
            };
            explained.print((task, part), &counterexample.trace, args, (out, bounds))?;
        }
        _ if args.format != ExplainFormat::Text => {
            batch::print_notes(&[format!("there is nothing to draw: {}", line(&report))]);
        }
        _ => {
            out.line(&painted(&report, out.paint()))?;
            // Unexplored executions may be bad.
            let seen = if report.complete { "No execution is bad" } else { "No bad execution was seen" };
            out.line(&format!("\n{seen}, so there is none to explain ({}).", conditions(&report)))?;
            if let Some(detail) = &report.detail {
                out.line(detail)?;
            }
        }
    }
    let extent = Extent { finished: usize::from(!watch.has_stopped()), all: 1 };
    Ok(extent.announce(exit_code::exit(&report)))
}
