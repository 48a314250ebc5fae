//! Every scenario of the corpus, in every variant, under every era, as a test of its own; and every case
//! of an expectation that names toggles.
//!
//! A test also compares the figures of the search with `scenarios/counts.txt`, draws the violation that it finds, and
//! replays the drawing.

use std::time::Duration;

use cowrace_check::{Specification, Task};
use cowrace_explain::{Drawing, picture};
use cowrace_explore::{Limits, linearize, replay};
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_mm::era::PRESETS;
use cowrace_report::{Report, Verdict};
use cowrace_scenario::{Scenario, Variant, parse, print};
use libtest_mimic::{Arguments, Failed, Trial};

use crate::counts::{COUNTS, Cell};
use crate::sources::sources;

/// A search that takes longer belongs to another scenario.
const PATIENCE: Duration = Duration::from_secs(240);

pub(crate) fn trials(arguments: &Arguments) -> Vec<Trial> {
    let mut trials = Vec::new();
    for source in sources(arguments) {
        let name = source.path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        match parse(&source.text) {
            Ok(scenario) if scenario.name() == name => {
                // Every test has the scenario for its own, since it may run in a process of its own.
                let scenario: &'static Scenario = Box::leak(Box::new(scenario));
                for (cell, variant, era) in of_scenario(scenario) {
                    COUNTS.has(cell.clone());
                    let label = cell.kernel.replace(" --set ", ":").replace(" --", ":").replace(' ', "=");
                    let name = format!("cells::{}::{label}", cell.scenario);
                    trials.push(Trial::test(name, move || one(scenario, variant, &era, cell)));
                }
            }
            Ok(scenario) => {
                trials.push(broken(&name, format!("the file calls itself `{}`", scenario.name())))
            }
            Err(errors) => trials.push(broken(&name, format!("it does not parse: {errors:#?}"))),
        }
    }
    trials.push(Trial::test("cells::of_counts_are_there", || Ok(COUNTS.are_of_cells()?)));
    trials
}

fn broken(name: &str, why: String) -> Trial {
    Trial::test(format!("cells::{name}::reads"), move || Err(why.into()))
}

/// All cells of one scenario.
fn of_scenario(scenario: &'static Scenario) -> Vec<(Cell, &'static Variant, Era)> {
    let mut cells = Vec::new();
    let cases = toggled(scenario);
    for variant in scenario.variants() {
        let name = match variant.name() {
            Some(name) => format!("{}:{name}", scenario.name()),
            None => scenario.name().to_owned(),
        };
        for era in Era::presets().into_iter().chain(cases.clone()) {
            if !era.toggles().is_empty() && scenario.expectation(&era, variant).is_none() {
                continue;
            }
            cells.push((Cell { scenario: name.clone(), kernel: era.label() }, variant, era));
        }
    }
    cells
}

fn one(scenario: &Scenario, variant: &Variant, era: &Era, cell: Cell) -> Result<(), Failed> {
    let specification = Specification::default();
    let task = Task { scenario, variant, era, arch: Arch::default(), specification: Some(&specification) };
    let limits = Limits { time: Some(PATIENCE), ..Limits::default() };
    let report = task.check(limits, &mut ());
    if report.as_expected != Some(true) {
        return Err(cowrace_render::line(&report).into());
    }
    if report.verdict == Verdict::Violated {
        redraw(task, &report)?;
    }
    Ok(COUNTS.compare(cell, &report)?)
}

/// A violation drawn is a scenario, and replayed as drawn it ends in the same violation.
fn redraw(task: Task<'_>, report: &Report) -> Result<(), Failed> {
    let schedule = report.schedule.as_ref().ok_or("a violation without a schedule")?;
    let program = task.program();
    let trace = replay(&program, &linearize(&program, schedule)).map_err(|e| format!("no replay: {e}"))?;
    let class = trace.finding.as_ref().map(|f| f.class);
    if class != report.class {
        return Err(format!("the replay finds {class:?} and the search {:?}", report.class).into());
    }
    let diagram = picture(task, &trace, Drawing::default()).to_string();
    let redrawn = parse(&diagram).map_err(|errors| format!("{diagram}\ndoes not parse: {errors:#?}"))?;
    let variant = redrawn.variant(task.variant.name()).ok_or("the drawing has no such variant")?;
    let specification = Specification::default();
    let again = Task { scenario: &redrawn, variant, specification: Some(&specification), ..task };
    let replayed = again.as_written().map_err(|e| format!("{diagram}\ncannot be followed: {e}"))?;
    if replayed.finding != trace.finding {
        let (found, due) = (replayed.finding, trace.finding);
        return Err(format!("{diagram}\nreplays to {found:?}, not to {due:?}").into());
    }
    let twice = picture(again, &replayed, Drawing::default());
    if twice.rows != picture(task, &trace, Drawing::default()).rows {
        return Err(format!("{diagram}\nis drawn again as\n{twice}").into());
    }
    Ok(())
}

/// The eras with toggles that the expectations of a scenario name, from their canonical form, as
/// `v5.12..v5.18, aa-cor with 9348b73c2e1b set wp_reuse=count lost-read`.
pub(crate) fn toggled(scenario: &Scenario) -> Vec<Era> {
    let mut eras: Vec<Era> = Vec::new();
    let text = print(scenario);
    let statements = text.lines().filter_map(|line| line.strip_prefix("expect "));
    let statements =
        statements.map(|s| match s.strip_prefix("variant ").and_then(|rest| rest.split_once(": ")) {
            Some((_, cases)) => cases,
            None => s,
        });
    for case in statements.flat_map(|cases| cases.split("; ")) {
        let words: Vec<&str> = case.split(' ').collect();
        let Some(first) = words.iter().position(|w| ["with", "without", "set"].contains(w)) else { continue };
        for name in words[..first].iter().flat_map(|w| presets(w.trim_end_matches(','))) {
            let toggles = words[first..words.len() - 1].chunks(2);
            let era = toggles.fold(Era::preset(name), |era, toggle| {
                let [kind, word] = toggle else { return era };
                match (*kind, word.split_once('=')) {
                    ("with", _) => era?.with(word),
                    ("without", _) => era?.without(word),
                    (_, Some((key, value))) => era?.set(key, value),
                    _ => era,
                }
            });
            match era {
                Ok(era) if !eras.contains(&era) => eras.push(era),
                // A toggle of a range need not apply to all of it.
                _ => {}
            }
        }
    }
    eras
}

/// The presets that a word of an expectation means.
fn presets(word: &str) -> Vec<&'static str> {
    let Some((from, to)) = word.split_once("..") else {
        return PRESETS.iter().filter(|p| p.name == word).map(|p| p.name).collect();
    };
    let mainline: Vec<&str> = PRESETS.iter().filter(|p| p.mainline).map(|p| p.name).collect();
    let at = |name: &str, default| mainline.iter().position(|m| *m == name).unwrap_or(default);
    mainline[at(from, 0)..=at(to, mainline.len() - 1)].to_vec()
}
