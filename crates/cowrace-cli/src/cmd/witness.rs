//! `cowrace witness`: the smallest scenario that tells a kernel with a part from one without.

use cowrace_check::{Toggles, suggest};
use cowrace_hunt::campaign::Shape;
use cowrace_hunt::confirm::Confirmed;
use cowrace_hunt::hunt::{Hunt, Quest};
use cowrace_hunt::outcome::Wanted;
use cowrace_hunt::witness::Witness;
use cowrace_mm::Era;
use cowrace_mm::era::{Effect, PRESETS, Safeguard, SafeguardKind, commit};
use cowrace_render as render;
use cowrace_report::hunt::{Told, Witnessed};

use crate::args::WitnessArgs;
use crate::batch;
use crate::cmd::hunt;
use crate::hunt_watch::HuntWatch;
use crate::{Exit, Failure, Interrupt, Out};

/// Carries out the command.
///
/// # Errors
///
/// If the era, the commit, the safeguard or a call is not known, or the output cannot be written.
pub(crate) fn run(args: &WitnessArgs, out: &mut Out<'_>, interrupt: &Interrupt) -> Result<Exit, Failure> {
    let (with, without) = kernels(args)?;
    let shape = Shape { calls: args.calls.into(), columns: args.tried.columns.into() };
    hunt::is_possible(shape)?;
    let quest = Quest {
        beside: Some((without, Wanted::Difference)),
        ..hunt::quest(with, args.arch, shape, args.limits.limits())
    };
    let quest = hunt::chosen(quest, &args.tried)?;
    let tried = Hunt::new(quest.clone());
    if let Some(name) = args.tried.only.iter().find(|name| !tried.tries(name)) {
        return Err(Failure::usage(format!("a hunt does not try `{name}` under these kernels")));
    }
    let watch = HuntWatch::new(interrupt, args.limits.max_time);
    let told = search(quest, args.tried.jobs.map_or_else(batch::cores, usize::from), &watch);
    watch.finish();
    hunt::Teller::new(out, args.format.into()).tell(&told, render::witnessed)?;
    Ok(match &told {
        Witnessed { unconfirmed: 1.., .. } => Exit::Disagree,
        Witnessed { witness: None, complete: false, same: false, .. }
        | Witnessed { witness: None, bounded: 1.., .. } => Exit::Bounded,
        _ => Exit::Ok,
    })
}

/// Searches level by level, until there is a witness.
pub(super) fn search(quest: Quest, threads: usize, watch: &HuntWatch<'_>) -> Witnessed {
    let (with, calls) = (&quest.era, quest.shape.calls);
    let without = quest.beside.as_ref().map_or(with, |(without, _)| without);
    let mut told = Witnessed {
        with: with.label(),
        without: without.label(),
        decided: 0,
        complete: true,
        same: with.rules() == without.rules(),
        tried: hunt::tried(&quest),
        columns: quest.shape.columns as u64,
        blocked: 0,
        bounded: 0,
        witness: None,
        unconfirmed: 0,
    };
    if told.same {
        return told;
    }
    let mut hunt = Hunt::new(quest);
    while told.witness.is_none() {
        let Some(level) = hunt.next_level(threads, watch) else { break };
        told.decided = level.calls as u64;
        told.bounded += level.tally.bounded;
        told.blocked += level.tally.blocked;
        if level.tally.violated > 0 {
            let (witness, unconfirmed) = hunt.witness(&watch.sorting());
            told.unconfirmed = unconfirmed;
            match witness {
                Confirmed::Yes(witness) => {
                    told.witness = Some(self::told(witness, (&told.with, &told.without)));
                }
                Confirmed::No => {}
                Confirmed::NotKnown => {
                    told.decided -= 1;
                    break;
                }
            }
        }
    }
    told.complete = told.witness.is_some() || told.decided == calls as u64;
    told
}

fn told(Witness { scenario, calls, under_second, report }: Witness, (with, without): (&str, &str)) -> Told {
    let (violated, holds) = if under_second { (without, with) } else { (with, without) };
    Told {
        scenario,
        calls: calls as u64,
        violated: violated.to_owned(),
        holds: holds.to_owned(),
        class: report.class,
        finding: report.finding,
        detail: report.detail,
    }
}

/// The kernel with the part, and the one without.
fn kernels(args: &WitnessArgs) -> Result<(Era, Era), Failure> {
    let era = match &args.era {
        Some(name) => hunt::one_era(name, &Toggles::default())?,
        None => newest()?,
    };
    let refused = |error: cowrace_mm::era::EraError| Failure::usage(error.to_string());
    if let Some(id) = &args.commit {
        if commit(id).is_ok_and(|commit| commit.effect == Effect::WeakMemory) {
            return Err(for_weak_memory(id));
        }
        return if era.has(id) {
            Ok((era.clone(), era.without(id).map_err(refused)?))
        } else {
            Ok((era.clone().with(id).map_err(refused)?, era))
        };
    }
    let key = args.safeguard.as_deref().unwrap_or_default();
    let all = || Safeguard::ALL.iter().filter(|safeguard| safeguard.is_in(era.rules(), args.arch));
    let Some(safeguard) = all().find(|safeguard| safeguard.toggle().0 == key) else {
        let hint = suggest::hint(key, all().map(|safeguard| safeguard.toggle().0));
        return Err(Failure::usage(format!(
            "{} has no safeguard `{key}`{hint}\n  `cowrace eras` lists them",
            era.label()
        )));
    };
    if safeguard.kind() == SafeguardKind::Barrier {
        return Err(for_weak_memory(key));
    }
    let (key, value) = safeguard.toggle();
    let without = era.clone().set(key, value).map_err(refused)?;
    Ok((era, without))
}

fn for_weak_memory(part: &str) -> Failure {
    Failure::usage(format!(
        "`{part}` makes a difference only under weak memory, and a hunt searches sequentially consistent memory: no scenario can \
         be a witness"
    ))
}

/// The newest release.
fn newest() -> Result<Era, Failure> {
    let newest = PRESETS.iter().rfind(|preset| preset.mainline);
    hunt::one_era(newest.map_or("", |preset| preset.name), &Toggles::default())
}
