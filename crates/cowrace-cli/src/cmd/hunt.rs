//! `cowrace hunt`: every small scenario under a kernel.

mod beyond;
mod corpus;
mod finds;
mod teller;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use cowrace_check::{Toggles, kernel, suggest};
use cowrace_explore::Limits;
use cowrace_hunt::campaign::{Shape, Shard};
use cowrace_hunt::costs::AllCostlier;
use cowrace_hunt::family::Families;
use cowrace_hunt::hunt::{Hunt, Quest, Sorted};
use cowrace_hunt::outcome::Wanted;
use cowrace_hunt::start::{self, Start, Unknown};
use cowrace_machine::Arch;
use cowrace_mm::Era;
use cowrace_mm::syscall::names;
use cowrace_render as render;
use cowrace_report::hunt::{Costlier, Hunted, Level, Named, Rediscovered, Tried};

use crate::args::{HuntArgs, TriedArgs};
use crate::batch;
use crate::decided_file::{self, DecidedFile};
use crate::hunt_watch::HuntWatch;
use crate::{Exit, Failure, Interrupt, Out};

use finds::Finds;
pub(super) use teller::Teller;

/// The largest number of calls of scenarios with columns side by side: there are millions of parts of more.
const MOST_BESIDE: usize = 4;

/// Carries out the command.
///
/// # Errors
///
/// If the era or a call is not known, or the output cannot be written.
pub(crate) fn run(args: &HuntArgs, out: &mut Out<'_>, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let era = one_era(&args.era, &args.toggles.toggles())?;
    let shape = Shape { calls: args.calls.into(), columns: args.tried.columns.into() };
    is_possible(shape)?;
    let base = args.base.as_ref().map(|name| one_era(name, &Toggles::default())).transpose()?;
    let mut known = decided_file::read(&args.merge)?;
    let file = args.resume.as_deref().map(|path| DecidedFile::open(path, &mut known)).transpose()?;
    let quest = Quest {
        known: Arc::new(known),
        beside: base.map(|base| (base, if args.costs { Wanted::Costlier } else { Wanted::OnlyInFirst })),
        shard: args.shard.unwrap_or_default(),
        ..quest(era.clone(), args.toggles.arch, shape, args.limits.limits())
    };
    let quest = chosen(quest, &args.tried)?;
    let tried = tried(&quest);
    if let Some(dir) = &args.out {
        fs::create_dir_all(dir).map_err(|error| Failure::tool(format!("{}: {error}", dir.display())))?;
    }
    let corpus = if args.costs { None } else { corpus::place(args.corpus.as_deref())? };
    let watch = HuntWatch::new(interrupt, args.limits.max_time).writing(file);
    let threads = args.tried.jobs.map_or_else(batch::cores, usize::from);
    let mut hunt = Hunt::new(quest.clone());
    if let Some(name) = args.tried.only.iter().find(|name| !hunt.tries(name)) {
        let base = hunt.base().map_or_else(String::new, |base| format!(" and {}", base.label()));
        return Err(Failure::usage(format!("a hunt does not try `{name}` under {}{base}", era.label())));
    }
    if let Some(base) = hunt.base() {
        let lacking = hunt.lacking();
        if !lacking.is_empty() {
            let it = if lacking.len() == 1 { "it" } else { "them" };
            let (base, lacking) = (base.label(), lacking.join(", "));
            batch::print_notes(&[format!("{base} lacks {lacking}: scenarios with {it} are not tried")]);
        }
    }
    let (calls, states) = hunt.extent();
    let mut teller = Teller::new(out, args.format);
    teller.say(&render::hunting(&era.label(), (calls, states), shape.columns))?;
    let shard = args.shard.map(|Shard { nth, of }| format!("{}/{of}", nth + 1));
    let (mut decided, mut begun, mut bounded) = (0, Instant::now(), 0);
    while let Some(level) = hunt.next_level(threads, &watch) {
        let level = Level {
            era: era.label(),
            calls: level.calls as u64,
            columns: shape.columns as u64,
            scenarios: level.tally.scenarios,
            violated: if args.costs { 0 } else { level.tally.violated },
            elsewhere: level.tally.elsewhere,
            costlier: args.costs.then_some(level.tally.violated),
            blocked: level.tally.blocked,
            bounded: level.tally.bounded,
            tries: level.tries,
            known: level.known,
            shard: shard.clone().filter(|_| level.calls == shape.calls),
            states: level.nodes as u64,
            seconds: begun.elapsed().as_secs_f64(),
        };
        begun = Instant::now();
        decided = level.calls;
        bounded += level.bounded;
        watch.aside(|| teller.tell(&level, render::level))?;
    }
    let complete = decided == u64::from(args.calls);
    let Count { found, named, rediscovered, unnamed, needed, sorted } = if args.costs {
        watch.finish();
        costlier(&hunt, (threads, &watch), &mut teller)?
    } else {
        let mut families = Families::default();
        let mut sorted = hunt.sort(threads, &watch.sorting(), &mut families);
        if let Some(calls) = args.beyond.filter(|_| complete) {
            let shape = Shape { calls: calls.into(), ..shape };
            let (guided, search) = beyond::go(args, &Quest { shape, ..quest }, threads, &watch)?;
            watch.aside(|| teller.tell(&guided, render::guided))?;
            sorted += search.sort(&hunt.judge(), threads, &watch.sorting(), &mut families);
        }
        watch.finish();
        let count = tell(&hunt, families, (args, corpus, complete), (interrupt, &watch), &mut teller)?;
        Count { sorted, ..count }
    };
    let Sorted { unconfirmed, unsorted } = sorted;
    let hunted = Hunted {
        era: era.label(),
        decided,
        complete,
        bounded,
        all: args.tried.is_all(),
        tried,
        families: found,
        named,
        rediscovered,
        unnamed,
        unsorted,
        unconfirmed,
        base: hunt.base().map(Era::label),
        shard,
        costs: args.costs,
        needed,
    };
    teller.tell(&hunted, render::hunted)?;
    teller.finish()?;
    watch.written()?;
    Ok(match (found, complete && bounded == 0 && needed == 0 && unsorted == 0 && args.beyond.is_none()) {
        _ if unconfirmed > 0 => Exit::Disagree,
        (0, true) => Exit::Ok,
        (0, false) => Exit::Bounded,
        _ => Exit::Unexpected,
    })
}

/// How much was found.
#[derive(Default)]
struct Count {
    /// Families.
    found: u64,
    /// Those that are races of the corpus, if there is one.
    named: Option<u64>,
    /// The races of the corpus that are among them, if all were looked for.
    rediscovered: Option<Rediscovered>,
    /// Those that were not compared with it, since the hunt was stopped.
    unnamed: u64,
    /// Scenarios that cost more and need it.
    needed: u64,
    /// What became of the others.
    sorted: Sorted,
}

/// Prints the families that were found.
fn tell(
    hunt: &Hunt,
    families: Families,
    (args, corpus, complete): (&HuntArgs, Option<PathBuf>, bool),
    (interrupt, watch): (&Interrupt, &HuntWatch<'_>),
    teller: &mut Teller<'_, '_>,
) -> Result<Count, Failure> {
    let families = families.into_sorted();
    // Whether a race that is not among the finds was missed.
    let is_whole = complete && args.tried.is_all() && args.base.is_none() && args.shard.is_none();
    // Only now: what is found must not depend on what is known.
    let judge = hunt.judge();
    let corpus = corpus
        .filter(|_| !families.is_empty() || is_whole)
        .and_then(|place| corpus::read(place, &judge, &watch.sorting()));
    let finds = Finds {
        judge: &judge,
        corpus: corpus.as_ref(),
        why: args.why,
        dir: args.out.as_deref(),
        interrupt,
        watch: &watch.sorting(),
    };
    let mut named = corpus.as_ref().map(|_| 0);
    let mut unnamed = 0;
    for (nth, family) in families.iter().enumerate() {
        let family = finds.told(family, nth + 1)?;
        match (&mut named, &family.named) {
            (Some(named), Some(Named::Same(_))) => *named += 1,
            (Some(_), None) => unnamed += 1,
            _ => {}
        }
        if teller.makes_page() {
            teller.family(&family, finds.page(&family)?);
        }
        teller.tell(&family, if args.kinds { render::family_by_kinds } else { render::family })?;
    }
    let compared = corpus.filter(|_| is_whole);
    let rediscovered = compared.and_then(|corpus| corpus.rediscovered(&families, &watch.sorting()));
    Ok(Count { found: families.len() as u64, named, rediscovered, unnamed, ..Count::default() })
}

/// Prints what costs more than under the base without need.
fn costlier(
    hunt: &Hunt,
    (threads, watch): (usize, &HuntWatch<'_>),
    teller: &mut Teller<'_, '_>,
) -> Result<Count, Failure> {
    let AllCostlier { kinds, needed, unsorted } = hunt.costlier(threads, &watch.sorting());
    let base = hunt.base().map(Era::label).unwrap_or_default();
    for of in &kinds {
        let told = Costlier {
            era: hunt.era().label(),
            base: base.clone(),
            kinds: of.kinds.iter().map(|kind| kind.name().to_owned()).collect(),
            scenarios: of.minimal,
            scenario: of.scenario.clone(),
            costs: of.costs,
            under_base: of.base,
        };
        teller.tell(&told, render::costlier)?;
    }
    let sorted = Sorted { unsorted, ..Sorted::default() };
    Ok(Count { found: kinds.len() as u64, needed, sorted, ..Count::default() })
}

/// Refuses scenarios of which there are too many.
pub(super) fn is_possible(shape: Shape) -> Result<(), Failure> {
    if shape.columns > 1 && shape.calls > MOST_BESIDE {
        return Err(Failure::usage(format!(
            "with columns side by side, there are too many scenarios of more than {MOST_BESIDE} calls: leave out --columns, or say \
             `--calls {MOST_BESIDE}`"
        )));
    }
    Ok(())
}

/// A hunt in one kernel, for all calls.
pub(super) fn quest(era: Era, arch: Arch, shape: Shape, limits: Limits) -> Quest {
    Quest { limits, ..Quest::new(era, arch, shape) }
}

/// Only what is to be tried of it.
pub(super) fn chosen(quest: Quest, tried: &TriedArgs) -> Result<Quest, Failure> {
    tried.only.iter().chain(&tried.except).try_for_each(|name| is_call(name))?;
    let (only, except, start) = (tried.only.clone(), tried.except.clone(), tried.start());
    let quest = Quest { only, except, start, ..quest };
    match start::unknown(&quest) {
        Some(unknown) => Err(no_start(&unknown)),
        None => Ok(quest),
    }
}

/// Which scenarios are tried, to be told.
pub(super) fn tried(Quest { only, except, start, .. }: &Quest) -> Tried {
    let Start { areas, child } = start.clone();
    Tried { only: only.clone(), except: except.clone(), start: areas, child }
}

/// What there is instead of words with which nothing begins.
fn no_start(Unknown { start, known, next }: &Unknown) -> Failure {
    let last = start[known.len()..].split_whitespace().next().unwrap_or_default();
    let hint = suggest::hint(last, next.iter().map(String::as_str));
    let next = next.join(", ");
    let after = match (known.as_str(), next.as_str()) {
        ("", next) => format!("the first word is one of {next}"),
        (known, "") => format!("nothing comes after `{known}`"),
        (known, next) => format!("after `{known}` comes one of {next}"),
    };
    Failure::usage(format!("no scenario begins with `{start}`: {after}{hint}"))
}

/// Refuses a name that is no call.
fn is_call(name: &str) -> Result<(), Failure> {
    if names().any(|known| known == name) {
        return Ok(());
    }
    let hint = suggest::hint(name, names());
    Err(Failure::usage(format!("there is no call `{name}`{hint}\n  `cowrace list --calls` lists them")))
}

/// The kernel to hunt in.
pub(super) fn one_era(name: &str, toggles: &Toggles) -> Result<Era, Failure> {
    let selection = kernel::select(&[name.to_owned()], toggles)?;
    batch::print_notes(&selection.notes);
    let mut eras = selection.eras;
    match eras.pop() {
        Some(era) if eras.is_empty() => Ok(era),
        _ => Err(Failure::usage("a hunt takes one kernel: name only one, for example `--era v6.15`")),
    }
}
